"""The channel protocol of layout.py, written as native code: for the primitives of all processes and for the kernel.

The writer marks a slot odd before it touches the payload and even after; the reader accepts a copy only if the slot
carried the same even mark before and after. The two fences keep the payload's bytes between the marks on machines
that reorder (aarch64): release after the odd mark, acquire before the second look.
"""

from runtime.image.deltacode import write_delta
from runtime.image.emit import I8, I32, I64, PTR, VOID, Code, Routine, Word
from runtime.image.layout import ALIGNMENT, SLOT_HEADER_SIZE

_CHANNEL = {"channel": PTR, "slots": I64, "stride": I64, "size": I64}


def write_primitives() -> str:
    """The module behind image/primitives.py."""
    code = Code("voltscan.primitives")
    write_channel(code, exported=True)
    for name, of in (("u32", I32), ("u64", I64)):
        with code.routine(f"vs_load_{name}", of, exported=True, address=PTR) as r:
            r.give(r["address"].load(of, "acquire"))
    for name, of in (("u8", I8), ("u32", I32), ("u64", I64)):
        with code.routine(f"vs_store_{name}", VOID, exported=True, address=PTR, value=of) as r:
            r["address"].store(r["value"], "release")
    with code.routine("vs_add_u64", I64, exported=True, address=PTR, amount=I64) as r:
        r.give(r["address"].fetch_add(r["amount"], "acq_rel"))
    write_delta(code)
    return code.text()


def write_channel(code: Code, *, exported: bool) -> None:
    """Write `vs_publish` and `vs_read` into a module."""
    with code.routine("vs_publish", I64, exported=exported, **_CHANNEL, source=PTR) as r:
        number, slot = open_slot(r, r["channel"], r["slots"], r["stride"])
        r.copy(slot.at(SLOT_HEADER_SIZE), r["source"], r["size"])
        close_slot(r["channel"], number, slot)
        r.give(number)
    with code.routine("vs_read", I64, exported=exported, **_CHANNEL, target=PTR) as r:
        number = r["channel"].load(I64, "acquire")
        with r.when(number.equals(0)):
            r.give(number)
        slot = slot_of(r["channel"], number, r["slots"], r["stride"])
        whole = number + number
        with r.when(slot.load(I64, "acquire").differs(whole)):
            r.give(r.word(0))
        r.copy(r["target"], slot.at(SLOT_HEADER_SIZE), r["size"])
        r.fence("acquire")
        unchanged = slot.load(I64, "monotonic").equals(whole)
        r.give(unchanged.choose(number, r.word(0)))


def open_slot(r: Routine, channel: Word, slots: Word, stride: Word) -> tuple[Word, Word]:
    """Begin a payload: its number and its slot, which `close_slot` hands to the readers.

    Between the two a writer may fill the slot as it likes: whole, or only where it differs (scan/phases/snapshot.py).
    """
    number = channel.load(I64, "monotonic") + 1
    slot = slot_of(channel, number, slots, stride)
    slot.store(number + number - 1, "monotonic")
    r.fence("release")
    return number, slot


def close_slot(channel: Word, number: Word, slot: Word) -> None:
    """The payload is whole, and the newest."""
    slot.store(number + number, "release")
    channel.store(number, "release")


def slot_of(channel: Word, number: Word, slots: Word, stride: Word) -> Word:
    """Where payload `number` goes."""
    return channel.at(ALIGNMENT).at(number.modulo(slots) * stride)
