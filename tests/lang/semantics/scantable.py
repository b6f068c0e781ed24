"""Tables of scans, as they stand in a comment at the end of an ST file.

The comment begins with the word TABLE, or WRONG. Its first line names columns: `x :=` is set before the scan, `x` is
expected after it, `faults` is the number of faults since the start. A `-` leaves a value alone. `scans` repeats the
scan.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scanbench import ScanBench

from runtime.core.elementary import Elementary, Kind, Value
from runtime.lang.syntax.literals import read_literal

_TABLE = re.compile(r"\(\*\s*(TABLE|WRONG)\n(.*?)\*\)\s*", re.DOTALL)

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Cell:
    """What one expectation came to."""

    row: int
    column: str
    wanted: str
    got: object
    holds: bool

    def __str__(self) -> str:
        return f"row {self.row}: {self.column} is {self.got}, the table says {self.wanted}"


def tables(st_text: str, word: str) -> list[list[Row]]:
    """All tables under TABLE or WRONG: rows of column → cell."""
    return [_rows(body) for kind, body in _TABLE.findall(st_text) if kind == word]


def run_table(bench: ScanBench, rows: list[Row]) -> Iterator[Cell]:
    """Scan as the rows say; one Cell for each expectation."""
    for number, row in enumerate(rows, 1):
        for column, cell in row.items():
            if column.endswith(":=") and cell != "-":
                target = column.removesuffix(":=").strip()
                bench.set(target, _value(_type(bench, target), cell))
        bench.scan(int(row.get("scans", "1")))
        for column, cell in row.items():
            if not column.endswith(":=") and column != "scans" and cell != "-":
                yield _checked(bench, number, column, cell)


def _rows(body: str) -> list[Row]:
    lines = [[cell.strip() for cell in line.split("|")] for line in body.strip().splitlines()]
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def _checked(bench: ScanBench, number: int, column: str, cell: str) -> Cell:
    if column == "faults":
        return Cell(number, column, cell, bench.fault_count, bench.fault_count == int(cell))
    kind = _type(bench, column)
    expected, got = _value(kind, cell), bench.get(column)
    if kind.kind is Kind.REAL:
        expected = kind.unpack(kind.codec.pack(expected))
    return Cell(number, column, cell, got, got == expected or (got != got and expected != expected))


def _type(bench: ScanBench, name: str) -> Elementary:
    found = bench.app.tags.find(name)
    assert found is not None, f"no variable {name}"
    return found.type


def _value(kind: Elementary, text: str) -> Value:
    if kind.kind is Kind.REAL:
        return float(text)
    if kind.kind is Kind.TEXT:
        return text  # type: ignore[return-value]
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    read = read_literal(digits)
    assert not read.problem, f"{text}: {read.problem}"
    return sign * read.value if sign < 0 else read.value
