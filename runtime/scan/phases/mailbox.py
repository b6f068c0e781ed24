"""Phase commands: writes that the gateway put into the mailbox, made between latch and run.

The mailbox is shared memory: each entry is copied first and then checked, and only the copy is used. At most
MAILBOX_LEN entries a scan; a head that lies further away is not a queue, and the scan lets go of all of it. So it is
with the text of an entry that writes into a string.

An entry that a pair's log asked for carries its index there. Memory keeps the highest one taken, whatever became of it,
so that a controller that takes over with that memory does not make a write again that the former one has made. The
parts of a long text share an index; each but the first goes on where the one before ended.
"""

import ctypes

from runtime.core.appmemory import APPLIED_INDEX, HEADER_SIZE
from runtime.image.control import MAILBOX_LEN, MAILBOX_TEXT_SIZE, Control, MailboxEntry
from runtime.image.emit import I32, I64, PTR, Code, Local, Routine, Word
from runtime.image.mailbox import WriteStatus
from runtime.image.view import View
from runtime.scan.phases.snapshot import mark_values
from runtime.scan.phases.texts import command_text_size
from runtime.scan.plan import Plan

_ENTRY_SIZE = ctypes.sizeof(MailboxEntry)
_SEQ_SIZE = 4


def write_commands(code: Code) -> None:
    """Write `commands(plan, now)`."""
    _write_one(code)
    with code.routine("commands", plan=PTR, now=I64) as r:
        plan = View(r, Plan, r["plan"])
        mailbox = View(r, Control, plan["control"]).inner("mailbox")
        head = mailbox.atomic("head", "acquire")
        with r.when(r.word(MAILBOX_LEN).below(head - plan["mailbox_tail"])):
            plan["mailbox_tail"] = head
        entries = mailbox.address("entries")
        plan["taken_count"] = r.word(0)
        texts = mailbox.address("texts")
        part_end = r.local(I64, r.word(0))
        with r.each(head - plan["mailbox_tail"]):
            number = plan["mailbox_tail"]
            entry = entries.at(number.modulo(MAILBOX_LEN) * _ENTRY_SIZE)
            version = plan["version"].narrowed(I32)
            taken = plan["taken"].at(plan["taken_count"] * _ENTRY_SIZE)
            text = texts.at(number.modulo(MAILBOX_LEN) * MAILBOX_TEXT_SIZE)
            taken_text = plan["taken_texts"].at(plan["taken_count"] * MAILBOX_TEXT_SIZE)
            r.copy(taken, entry, r.word(_ENTRY_SIZE))
            r.fence("acq_rel")  # from here on the entry itself is not looked at again
            r.copy(taken_text, text, command_text_size(r, View(r, MailboxEntry, taken)))
            status = r.local(I32, r.word(WriteStatus.WRITTEN.value, I32))
            with r.when(_is_new(r, plan, View(r, MailboxEntry, taken), part_end)):
                made = (plan["app"], plan["writable_end"], version, taken, taken_text, r["now"])
                status.set(r.call(code["make_write"], *made))
                with r.when(status.get().equals(WriteStatus.WRITTEN.value)):
                    _tell_written(code, r, plan, View(r, MailboxEntry, taken))
            plan["taken_count"] = plan["taken_count"] + 1
            View(r, MailboxEntry, entry).set_atomic("status", status.get(), "release")
            plan["mailbox_tail"] = number + 1
        mailbox.set_atomic("tail", plan["mailbox_tail"], "release")


def _tell_written(code: Code, r: Routine, plan: View, entry: View) -> None:
    told = command_text_size(r, entry)
    size = told.differs(0).choose(told, entry["size"].widened(I64))
    for offset, of in ((entry["offset"], size), (entry["seq_offset"], r.word(_SEQ_SIZE))):
        at = offset.widened(I64)
        plan["resting_touched"] = plan["resting_touched"] | r.call(code["meets_resting"], r["plan"], at, of)
        mark_values(r, plan["value_blocks"], at, of)


def _is_new(r: Routine, plan: View, entry: View, part_end: Local) -> Word:
    """1 bit: no entry of the log, or one that memory has not taken; from now on it has."""
    index, applied = entry["index"], plan["app"].at(APPLIED_INDEX)
    offset, told = entry["offset"].widened(I64), command_text_size(r, entry)
    taken = applied.load(I64)
    goes_on = index.equals(taken) & told.differs(0) & offset.equals(part_end.get())
    part_end.set(offset + told)
    newer = taken.below(index)
    applied.store(newer.choose(index, taken))
    return index.equals(0) | newer | goes_on


def _write_one(code: Code) -> None:
    """`make_write(app, end, version, entry, text, now) -> status`, of the scan's own copies of entry and text."""
    with code.routine("make_write", I32, app=PTR, end=I64, version=I32, entry=PTR, text=PTR, now=I64) as r:
        entry = View(r, MailboxEntry, r["entry"])
        offset, seq_offset = entry["offset"].widened(I64), entry["seq_offset"].widened(I64)
        told, size = command_text_size(r, entry), r.local(I64, entry["size"].widened(I64))
        source = r.local(PTR, entry.address("value"))
        of = size.get()
        wrong_size = of.differs(1) & of.differs(2) & of.differs(4) & of.differs(8) & told.equals(0)
        with r.when(told.differs(0)):
            size.set(told)
            source.set(r["text"])
        wrong_seq = seq_offset.differs(0) & _outside(r, seq_offset, r.word(_SEQ_SIZE))
        other_version = entry["version"].differs(r["version"])
        with r.when(wrong_size | wrong_seq | other_version | _outside(r, offset, size.get())):
            r.give(r.word(WriteStatus.REFUSED.value, I32))
        expires = entry["expires_ns"]
        with r.when(expires.differs(0) & (r["now"] > expires)):
            r.give(r.word(WriteStatus.EXPIRED.value, I32))
        r.copy(r["app"].at(offset), source.get(), size.get())
        with r.when(seq_offset.differs(0)):
            r.copy(r["app"].at(seq_offset), entry.address("seq"), r.word(_SEQ_SIZE))
        r.give(r.word(WriteStatus.WRITTEN.value, I32))


def _outside(r: Routine, offset: Word, size: Word) -> Word:
    """1 bit: not wholly between the header and the qualities. Both come from 32 bits, so the sum cannot wrap."""
    return offset.below(HEADER_SIZE) | r["end"].below(offset + size)
