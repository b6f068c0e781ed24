"""Merging points into reads: a table of points, limits and the reads that come out."""

import pytest

from runtime.iomap.plan.merge import merge_reads
from runtime.iomap.plan.plan import InputPoint
from runtime.iomap.wire import ModbusWire, Numeric, RawType, Table

NUMBER = Numeric(bits=16, signed=False, floating=False)


def points(spec: str) -> tuple[list[InputPoint], dict[str, str]]:
    """`address:type[:table[:group]]` …; the point's name is its address."""
    made, groups = [], {}
    for entry, part in enumerate(spec.split()):
        address, kind, *rest = part.split(":")
        table, group = [*rest, *("input", "fast")[len(rest) :]]
        wire = ModbusWire(table=Table(table), address=int(address), type=RawType(kind), number=NUMBER)
        made.append(
            InputPoint(name=address, tag=f"x_1.p{address}", type_name="REAL", entry=entry, wire=wire, period_ns=1)
        )
        groups[address] = group
    return made, groups


def test_reads_when_registers_must_not_be_read_then_none_runs_across_them() -> None:
    made, groups = points("0:u16 2:u16 4:u16 6:u16:holding 8:u16:holding")
    merged = merge_reads(
        made,
        groups=groups,
        max_words=20,
        max_gap_words=9,
        unreadable={Table.INPUT: ((3, 3),), Table.HOLDING: ((9, 9),)},
    )
    assert [f"{r.table} {r.address}+{r.count}" for r in merged] == ["holding 6+3", "input 0+3", "input 4+1"]


@pytest.mark.parametrize(
    ("spec", "words", "gap", "reads"),
    [
        ("0:i32 2:i32 4:i32", 20, 0, ["input 0+6 [0, 1, 2]"]),
        ("4:i32 0:i32 2:i32", 20, 0, ["input 0+6 [1, 2, 0]"]),
        ("0:i32 3:i32", 20, 0, ["input 0+2 [0]", "input 3+2 [1]"]),
        ("0:i32 3:i32", 20, 1, ["input 0+5 [0, 1]"]),
        ("0:i32 2:i32 4:i32", 5, 0, ["input 0+4 [0, 1]", "input 4+2 [2]"]),
        ("0:f64 4:f64", 4, 99, ["input 0+4 [0]", "input 4+4 [1]"]),
        ("0:u16 1:u16:holding", 20, 9, ["holding 1+1 [1]", "input 0+1 [0]"]),
        ("0:u16:input:fast 1:u16:input:slow", 20, 9, ["input 0+1 [0]", "input 1+1 [1]"]),
        ("7:bit:coil 1900:bit:coil", 20, 2000, ["coil 7+1894 [0, 1]"]),
        ("0:bit:coil 2000:bit:coil", 20, 2000, ["coil 0+1 [0]", "coil 2000+1 [1]"]),
        ("5:u16 5:u16", 20, 0, ["input 5+1 [0, 1]"]),
        ("", 20, 0, []),
    ],
)
def test_reads_when_merged_then_the_fewest_within_the_limits(spec: str, words: int, gap: int, reads: list[str]) -> None:
    made, groups = points(spec)
    merged = merge_reads(made, groups=groups, max_words=words, max_gap_words=gap)
    assert [f"{r.table} {r.address}+{r.count} {list(r.entries)}" for r in merged] == reads
