"""A Modbus device that the program plays: its outputs are what a client reads, what a client writes are its inputs.

The registers follow from the same profile that a client polls, with the profile's types and rounding. While the program
does not drive, the device is busy (exception 6): a client sees no frozen values. A register that the profile does not
know is refused (exception 2), except in gaps that the profile lets a client read across, which read 0. A device of
fence class `term` refuses writes without a term and of an older one (exception 3). If the map says so, a file tells who
wrote what.
"""

from collections.abc import Sequence
from pathlib import Path

from runtime.drivers.base import LinkContext
from runtime.drivers.codec import mask_words, raw_of_words, words_of_raw
from runtime.drivers.modbus.pdu import ExceptionCode, ModbusRefusal
from runtime.drivers.modbus.pdu import Table as WireTable
from runtime.drivers.modbus.server import CLIENT
from runtime.iomap.plan.plan import DevicePlan, FencePlan, InputPoint, OutputPoint
from runtime.iomap.wire import ModbusWire, Numeric, Table
from runtime.sim.played.fence import PlayedFence
from runtime.sim.played.writelog import WriteLog

_TABLES = {
    WireTable.COILS: Table.COIL,
    WireTable.DISCRETE_INPUTS: Table.DISCRETE,
    WireTable.HOLDING: Table.HOLDING,
    WireTable.INPUT: Table.INPUT,
}
_WIRE_TABLES = {table: wire_table for wire_table, table in _TABLES.items()}


class PlayedUnit:
    """One played device under its unit identifier; answers a `drivers.modbus_server.ModbusServer`."""

    def __init__(self, context: LinkContext, plan: DevicePlan) -> None:
        self._context = context
        self._plan = plan
        self._page = context.pages[plan.name]
        self._statistics = context.statistics[plan.name]
        self._outputs: list[tuple[ModbusWire, OutputPoint]] = [(_modbus(p.wire), p) for p in plan.outputs]
        self._inputs: list[tuple[ModbusWire, InputPoint]] = [(_modbus(p.wire), p) for p in plan.inputs]
        self.fence = None if plan.fence is None else _fence(plan.fence, self._inputs)
        self._log = WriteLog(Path(plan.write_log)) if plan.write_log else None
        self._written: dict[tuple[Table, int], int] = {}
        """What clients wrote, by table and address, over what it holds by itself."""
        self._told: set[tuple[int | None, int]] = set()
        """Terms of refused writes, with the term that stood against them: each is told once."""
        for wire, held in plan.held:
            self._hold(wire, wire.number.encode(held) if isinstance(held, str) else held)
        wires = [wire for wire, _ in (*self._outputs, *self._inputs)] + [_modbus(wire) for wire in plan.spare]
        self._known = known_addresses(wires, plan.max_gap_words)
        self.points = frozenset((_WIRE_TABLES[w.table], at) for w in wires for at in range(w.address, w.end))
        self.gaps = frozenset((_WIRE_TABLES[t], at) for t, known in self._known.items() for at in known) - self.points
        """Addresses of registers, and those between them that may be read across."""
        self._writable = {
            (wire.table, at) for wire in wires if wire.table.is_writable for at in range(wire.address, wire.end)
        }

    async def read_bits(self, table: WireTable, address: int, count: int) -> Sequence[bool]:
        """See `drivers.modbus_server.Unit`."""
        return [bool(word) for word in self._read(_TABLES[table], address, count)]

    async def read_words(self, table: WireTable, address: int, count: int) -> Sequence[int]:
        """See `drivers.modbus_server.Unit`."""
        return self._read(_TABLES[table], address, count)

    async def write_bits(self, address: int, bits: Sequence[bool]) -> None:
        """See `drivers.modbus_server.Unit`."""
        self._write(Table.COIL, address, [int(bit) for bit in bits])

    async def write_words(self, address: int, words: Sequence[int]) -> None:
        """See `drivers.modbus_server.Unit`."""
        self._write(Table.HOLDING, address, words)

    def _read(self, table: Table, address: int, count: int) -> list[int]:
        self._statistics.requests += 1
        if not self._known[table].issuperset(range(address, address + count)):
            self._statistics.errors += 1
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
        words = [self._written.get((table, at), 0) for at in range(address, address + count)]
        now_ns = self._context.clock()
        for wire, point in self._outputs:
            if wire.table is table and address < wire.end and wire.address < address + count:
                value = self._context.sink.value(point, now_ns)
                if value is None:
                    raise ModbusRefusal(ExceptionCode.SERVER_DEVICE_BUSY)
                _lay_over(words, address, wire, words_of_raw(wire, self._number(wire, now_ns).encode(value)))
        return words

    def _write(self, table: Table, address: int, words: Sequence[int]) -> None:
        self._statistics.requests += 1
        if not self._writable.issuperset((table, at) for at in range(address, address + len(words))):
            self._statistics.errors += 1
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
        now_ns = self._context.clock()
        self._pass_fence(table, address, words, now_ns)
        self._written |= {(table, address + step): word for step, word in enumerate(words)}
        for wire, point in self._inputs:
            if wire.table is table and address < wire.end and wire.address < address + len(words):
                held = [self._written.get((table, at), 0) for at in range(wire.address, wire.end)]
                self._page.take(point.entry, raw_of_words(wire, held), now_ns, self._number(wire, now_ns))
        self._page.publish()
        self._statistics.last_good_ns = now_ns

    def _pass_fence(self, table: Table, address: int, words: Sequence[int], now_ns: int) -> None:
        fence = self.fence
        newest = 0 if fence is None else fence.newest
        accepted = fence is None or fence.takes(table, address, words)
        term = None if fence is None else fence.term_of(table, address, words)
        if self._log is not None:
            told = {"client": CLIENT.get(), "table": table.value}
            self._log.note(now_ns, self._plan.name, **told, address=address, words=words, term=term, accepted=accepted)
        if not accepted:
            self._statistics.errors += 1
            if (term, newest) not in self._told:
                self._told.add((term, newest))
                said = "without a term" if term is None else f"of term {term}"
                text = f"{self._plan.name} refuses a write {said}: it has taken one of term {newest}"
                self._context.on_event("warning", text)
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE)

    def _number(self, wire: ModbusWire, now_ns: int) -> Numeric:
        """How a point is scaled: by what the program gives as its exponent, if it drives that."""
        if wire.exponent is None:
            return wire.number
        source = next((p for _, p in self._outputs if p.name == wire.exponent.point), None)
        power = None if source is None else self._context.sink.value(source, now_ns)
        return wire.number if power is None else wire.scaled_by(int(power))

    def _hold(self, wire: ModbusWire, raw: float) -> None:
        words = [self._written.get((wire.table, at), 0) for at in range(wire.address, wire.end)]
        _lay_over(words, wire.address, wire, words_of_raw(wire, raw))
        self._written |= {(wire.table, wire.address + step): word for step, word in enumerate(words)}


def _fence(plan: FencePlan, inputs: Sequence[tuple[ModbusWire, InputPoint]]) -> PlayedFence:
    return PlayedFence(plan, [wire for wire, point in inputs if point.name not in plan.free])


def known_addresses(wires: Sequence[ModbusWire], max_gap_words: int) -> dict[Table, set[int]]:
    """The addresses of each table that answer: those of points, and gaps no wider than a client may read across."""
    known: dict[Table, set[int]] = {table: set() for table in Table}
    for table, addresses in known.items():
        end: int | None = None
        for wire in sorted((w for w in wires if w.table is table), key=lambda w: w.address):
            if end is not None and 0 < wire.address - end <= max_gap_words:
                addresses.update(range(end, wire.address))
            addresses.update(range(wire.address, wire.end))
            end = wire.end if end is None else max(end, wire.end)
    return known


def _lay_over(words: list[int], address: int, wire: ModbusWire, own: Sequence[int]) -> None:
    """Put the words of a point where they belong in a reply that starts at `address`."""
    masks = mask_words(wire) if wire.is_part else [0xFFFF] * wire.words
    for step, word in enumerate(own):
        place = wire.address + step - address
        if 0 <= place < len(words):
            words[place] = words[place] & ~masks[step] | word


def _modbus(wire: object) -> ModbusWire:
    assert isinstance(wire, ModbusWire), "the map puts only Modbus points on a Modbus link"
    return wire
