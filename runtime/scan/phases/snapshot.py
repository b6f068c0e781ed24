"""The snapshot: application memory as it is when a scan ends, copied into the next slot of its channel.

Memory is told apart in *blocks*: VALUE_BLOCK_SIZE bytes of values, or qualities and stamps of BLOCK_TAGS tags. A byte a
block has a bit for each slot of the channel that lacks what is in memory now. A slot that is filled takes the blocks it
lacks, and holds whole snapshots at any time.

Values that programs may store into (lang/ir/stores.py) or the latch restores are *live*: their blocks are copied in
every scan. All else, and with the qualities and stamps that is most of the memory of a site with many tags, changes
only where a page was moved, or where a force, a pin or a command says so.

The others take turns in being copied for no reason, one each time all slots have been filled once, so that bytes that
another process left in a slot do not stay there.
"""

from collections.abc import Sequence

from runtime.image.channelcode import close_slot, open_slot
from runtime.image.emit import I8, I64, PTR, Code, Routine, Word
from runtime.image.layout import SLOT_HEADER_SIZE
from runtime.image.view import View
from runtime.scan.plan import BLOCK_TAGS, STAMP_SIZE, VALUE_BLOCK_SIZE, Plan

_ALL_SLOTS = 0xFF
_VALUE_BITS = VALUE_BLOCK_SIZE.bit_length() - 1
_BLOCKS = ("value", "tag")


def mark_changed(r: Routine, blocks: Word, index: Word) -> None:
    """Quality or stamp of tag `index` (64 bits) has changed: no slot has it."""
    blocks.at(index.shifted_right(BLOCK_TAGS.bit_length() - 1)).store(r.word(_ALL_SLOTS, I8))


def mark_value(r: Routine, blocks: Word, offset: Word) -> None:
    """A value at this offset (64 bits), naturally aligned, may have changed: no slot has it."""
    blocks.at(offset.shifted_right(_VALUE_BITS)).store(r.word(_ALL_SLOTS, I8))


def mark_values(r: Routine, blocks: Word, offset: Word, size: Word) -> None:
    """So may any of `size` bytes, at least one."""
    first = offset.shifted_right(_VALUE_BITS)
    with r.each((offset + size - 1).shifted_right(_VALUE_BITS) - first + 1) as i:
        blocks.at(first + i).store(r.word(_ALL_SLOTS, I8))


def mark_all_changed(r: Routine, plan: View) -> None:
    """All of memory has changed."""
    for name in _BLOCKS:
        with r.each(plan[f"{name}_block_count"]) as i:
            plan[f"{name}_blocks"].at(i).store(r.word(_ALL_SLOTS, I8))


def write_snapshot(code: Code) -> None:
    """Write `publish_snapshot(plan)`."""
    _write_copy_values(code)
    _write_copy_tags(code)
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
                bit = r.word(1).shifted_left(number.modulo(slots)).narrowed(I8)
                for name in _BLOCKS:
                    count = plan[f"{name}_block_count"]
                    plan[f"{name}_blocks"].at(turn.modulo(count)).store(r.word(_ALL_SLOTS, I8))
                    r.call(code[f"copy_{name}s"], r["plan"], payload, bit)
                r.fence("seq_cst")
            with whole:
                r.copy(payload, plan["app"], plan["app_size"])
        close_slot(channel["address"], number, slot)


def _write_copy_values(code: Code) -> None:
    """`copy_values(plan, payload, bit)`: the live blocks and those that the slot of this bit lacks."""
    with code.routine("copy_values", plan=PTR, payload=PTR, bit=I8) as r:
        plan = View(r, Plan, r["plan"])
        areas = ((r.word(0), plan["writable_end"], VALUE_BLOCK_SIZE),)
        _copy_lacking(code, r, "value", areas, live=plan["live_blocks"])


def _write_copy_tags(code: Code) -> None:
    """`copy_tags(plan, payload, bit)`: qualities and stamps of the blocks that the slot of this bit lacks."""
    with code.routine("copy_tags", plan=PTR, payload=PTR, bit=I8) as r:
        plan = View(r, Plan, r["plan"])
        qualities, stamps = plan["writable_end"], plan["stamp_offset"]
        areas = ((qualities, stamps, BLOCK_TAGS), (stamps, plan["app_size"], BLOCK_TAGS * STAMP_SIZE))
        _copy_lacking(code, r, "tag", areas)


def _copy_lacking(
    code: Code, r: Routine, name: str, areas: Sequence[tuple[Word, Word, int]], live: Word | None = None
) -> None:
    """Blocks next to each other in one copy an area (its start, its end, bytes of it in a block)."""
    plan = View(r, Plan, r["plan"])
    blocks, count, block = plan[f"{name}_blocks"], plan[f"{name}_block_count"], r.local(I64, r.word(0))
    app, others = plan["app"], r["bit"] ^ _ALL_SLOTS
    with r.loop() as each:
        first = block.get()
        each.leave_when(first >= count)
        with r.loop() as lacking:
            lacking.leave_when(block.get() >= count)
            known = blocks.at(block.get())
            lacked = known.load(I8)
            wanted = lacked if live is None else lacked | live.at(block.get()).load(I8)
            lacking.leave_when((wanted & r["bit"]).equals(0))
            known.store(lacked & others)
            block.set(block.get() + 1)
        with r.when(first.differs(block.get())):
            for start, end, size in areas:
                at, behind = start + first * size, start + block.get() * size
                r.call(code["stream_out"], r["payload"], app, at, (behind < end).choose(behind, end))
        block.set(block.get() + 1)
