"""Puts neighbouring points into one Modbus request: reads as they are planned, writes as far as they may be joined."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from runtime.iomap.plan.plan import InputPoint, OutputPoint, ReadRequest
from runtime.iomap.wire import ModbusWire, Table

MAX_BITS = 2000
"""Most coils or discrete inputs in one read (Modbus Application Protocol V1.1b3, 6.1)."""


def merge_reads(
    points: Iterable[InputPoint],
    *,
    groups: dict[str, str],
    max_words: int,
    max_gap_words: int,
    unreadable: Mapping[Table, tuple[tuple[int, int], ...]] = MappingProxyType({}),
) -> tuple[ReadRequest, ...]:
    """The fewest reads, in order of address, that fetch all points, each point whole in one read.

    `groups`: poll group by point name; points of different groups or tables never share a read. A read crosses at most
    `max_gap_words` registers that no point asked for, and none of the `unreadable` (first and last address).
    """
    wired = [(p, p.wire) for p in points if isinstance(p.wire, ModbusWire)]
    wired.sort(key=lambda item: (groups[item[0].name], item[1].table, item[1].address, item[1].end))
    requests: list[ReadRequest] = []
    for point, wire in wired:
        last = requests[-1] if requests else None
        limit = MAX_BITS if wire.table.is_bits else max_words
        joins = (
            last is not None
            and last.group == groups[point.name]
            and last.table is wire.table
            and wire.address - (last.address + last.count) <= max_gap_words
            and wire.end - last.address <= limit
            and not _crosses(unreadable.get(wire.table, ()), last.address + last.count, wire.address)
        )
        if last is not None and joins:
            count = max(last.count, wire.end - last.address)
            requests[-1] = _request(point, wire, last.address, count, (*last.entries, point.entry), last.group)
        else:
            requests.append(_request(point, wire, wire.address, wire.words, (point.entry,), groups[point.name]))
    return tuple(requests)


def write_runs(outputs: Sequence[OutputPoint], *, alone: Collection[str]) -> tuple[tuple[int, ...], ...]:
    """Outputs, by place, whose whole registers lie next to each other in one table; runs of two and more.

    Not among them: those named in `alone`, and those that are read after each write.
    """
    found: list[list[tuple[int, ModbusWire]]] = []
    wired = [
        (place, point.wire)
        for place, point in enumerate(outputs)
        if isinstance(point.wire, ModbusWire) and not (point.wire.is_part or point.read_back or point.name in alone)
    ]
    for place, wire in sorted(wired, key=lambda item: (item[1].table, item[1].address)):
        last = found[-1][-1][1] if found else None
        if last is not None and last.table is wire.table and last.end == wire.address:
            found[-1].append((place, wire))
        else:
            found.append([(place, wire)])
    return tuple(tuple(place for place, _ in run) for run in found if len(run) > 1)


def _crosses(spans: tuple[tuple[int, int], ...], start: int, end: int) -> bool:
    return any(low < end and high >= start for low, high in spans)


def _request(
    point: InputPoint, wire: ModbusWire, address: int, count: int, entries: tuple[int, ...], group: str
) -> ReadRequest:
    return ReadRequest(
        group=group, table=wire.table, address=address, count=count, period_ns=point.period_ns, entries=entries
    )
