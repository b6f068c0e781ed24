"""The snapshot: application memory as it is when a scan ends, copied into the next slot of its channel.

Values change in any scan and are copied in every one. Qualities and stamps, two thirds of the memory of a site with
many tags, change only where a page was moved or an input is forced. They are told apart in *blocks* of BLOCK_TAGS
tags: a byte a block has a bit for each slot of the channel that lacks what is in memory now. A slot that is filled
takes the blocks it lacks, and holds whole snapshots at any time.

The blocks take turns in being copied for no reason, one each time all slots have been filled once, so that bytes that
another process left in a slot do not stay there.
"""

from runtime.image.channelcode import close_slot, open_slot
from runtime.image.emit import I8, I64, PTR, Code, Routine, Word
from runtime.image.layout import SLOT_HEADER_SIZE
from runtime.scan.phases.view import View
from runtime.scan.plan import BLOCK_TAGS, STAMP_SIZE, Plan

_ALL_SLOTS = 0xFF


def mark_changed(r: Routine, blocks: Word, index: Word) -> None:
    """Quality or stamp of tag `index` (64 bits) has changed: no slot has it."""
    blocks.at(index.shifted_right(BLOCK_TAGS.bit_length() - 1)).store(r.word(_ALL_SLOTS, I8))


def mark_all_changed(r: Routine, plan: View) -> None:
    """All of memory has changed."""
    with r.each(plan["tag_block_count"]) as i:
        plan["tag_blocks"].at(i).store(r.word(_ALL_SLOTS, I8))


def write_snapshot(code: Code) -> None:
    """Write `publish_snapshot(plan)`."""
    _write_copy_blocks(code)
    with code.routine("publish_snapshot", plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        channel = plan.inner("snapshots")
        slots = channel["slots"]
        with r.when(slots.equals(0)):
            r.give()
        number, slot = open_slot(r, channel["address"], slots, channel["stride"])
        payload = slot.at(SLOT_HEADER_SIZE)
        with r.either(plan["alone"].differs(0)) as (in_part, whole):
            with in_part:
                turn = plan["scan_no"] // slots
                plan["tag_blocks"].at(turn.modulo(plan["tag_block_count"])).store(r.word(_ALL_SLOTS, I8))
                r.call(code["stream_out"], payload, plan["app"], r.word(0), plan["writable_end"])
                bit = r.word(1).shifted_left(number.modulo(slots)).narrowed(I8)
                r.call(code["copy_blocks"], r["plan"], payload, bit)
                r.fence("seq_cst")
            with whole:
                r.copy(payload, plan["app"], plan["app_size"])
        close_slot(channel["address"], number, slot)


def _write_copy_blocks(code: Code) -> None:
    """`copy_blocks(plan, payload, bit)`: qualities and stamps of the blocks that the slot of this bit lacks, those next
    to each other in one copy."""
    with code.routine("copy_blocks", plan=PTR, payload=PTR, bit=I8) as r:
        plan, payload = View(r, Plan, r["plan"]), r["payload"]
        app, blocks, app_size = plan["app"], plan["tag_blocks"], plan["app_size"]
        qualities, stamps = plan["writable_end"], plan["stamp_offset"]
        count, block = plan["tag_block_count"], r.local(I64, r.word(0))
        with r.loop() as each:
            first = block.get()
            each.leave_when(first >= count)
            with r.loop() as lacking:
                lacking.leave_when(block.get() >= count)
                known = blocks.at(block.get())
                lacked = known.load(I8)
                lacking.leave_when((lacked & r["bit"]).equals(0))
                known.store(lacked ^ r["bit"])
                block.set(block.get() + 1)
            with r.when(first.differs(block.get())):
                for start, end, size in ((qualities, stamps, BLOCK_TAGS), (stamps, app_size, BLOCK_TAGS * STAMP_SIZE)):
                    at, behind = start + first * size, start + block.get() * size
                    r.call(code["stream_out"], payload, app, at, (behind < end).choose(behind, end))
            block.set(block.get() + 1)
