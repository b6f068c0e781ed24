"""Moving values of any kind: the routines that latch, forces and outputs share, and the record of a fault."""

from runtime.core.appmemory import FAULT_COUNT, FAULT_ENTRY_SIZE, FAULT_RING, FAULT_RING_LEN, SCAN_NO
from runtime.image.emit import I8, I16, I32, I64, PTR, Code, Routine, Word
from runtime.scan.plan import ValueKind

WIDTH = {
    ValueKind.BOOL: I8,
    ValueKind.BYTES_1: I8,
    ValueKind.BYTES_2: I16,
    ValueKind.BYTES_4: I32,
    ValueKind.BYTES_8: I64,
    ValueKind.REAL: I32,
    ValueKind.LREAL: I64,
}
WIDTH_BYTES = {kind: of.width // 8 for kind, of in WIDTH.items()}
_EXPONENT = {ValueKind.REAL: 0x7F80_0000, ValueKind.LREAL: 0x7FF0_0000_0000_0000}
"""All exponent bits set: NaN or infinity (IEEE 754, 3.4)."""
REALS = frozenset(_EXPONENT)


def load_value(source: Word, kind: ValueKind) -> Word:
    """The value in its own width; BOOL as 0 or 1."""
    raw = source.load(WIDTH[kind])
    return raw.differs(0).widened(I8) if kind is ValueKind.BOOL else raw


def is_finite(value: Word, kind: ValueKind) -> Word | None:
    """1 bit: neither NaN nor infinity. None for kinds that are always finite."""
    mask = _EXPONENT.get(kind)
    return None if mask is None else (value & mask).differs(mask)


def in_plc_time(r: Routine, stamp: Word, *, known: Word, offset: Word) -> Word:
    """A page's stamp as application memory has it; 0 for what was never read. What was read before PLC time began is
    as old as that."""
    shifted = stamp + offset
    return known.choose((shifted < 1).choose(r.word(1), shifted), r.word(0))


def write_values(code: Code) -> None:
    """Write `store_bits(target, bits, kind)` and `record_fault(app, site)` into the module."""
    with code.routine("store_bits", target=PTR, bits=I64, kind=I32) as r:
        for kind in WIDTH:
            with r.when(r["kind"].equals(kind)):
                _store_narrow(r, kind)
    with code.routine("record_fault", app=PTR, site=I32) as r:
        app = r["app"]
        count = app.at(FAULT_COUNT).load(I64)
        entry = app.at(FAULT_RING).at(count.modulo(FAULT_RING_LEN) * FAULT_ENTRY_SIZE)
        entry.store(r["site"].widened(I64))
        entry.at(8).store(app.at(SCAN_NO).load(I64))
        app.at(FAULT_COUNT).store(count + 1)


def _store_narrow(r: Routine, kind: ValueKind) -> None:
    value = r["bits"].narrowed(WIDTH[kind])
    r["target"].store(value.differs(0).widened(I8) if kind is ValueKind.BOOL else value)
