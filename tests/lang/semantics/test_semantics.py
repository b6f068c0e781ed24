"""The decided semantics as data: each *.st here ends in a comment that is a table of scans, run on both back ends.

The comment begins with the word TABLE. Its first line names columns: `x :=` is set before the scan, `x` is expected
after it, `faults` is the number of faults since the start. A `-` leaves a value alone. `scans` repeats the scan.
"""

import re
from pathlib import Path

import pytest

from runtime.core.elementary import Elementary, Kind, Value
from runtime.lang.syntax.literals import read_literal

FOLDER = Path(__file__).parent
TABLE = re.compile(r"\(\*\s*TABLE\n(.*?)\*\)\s*\Z", re.DOTALL)


def _value(kind: Elementary, text: str) -> Value:
    if kind.kind is Kind.REAL:
        return float(text)
    if kind.kind is Kind.TEXT:
        return text
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    read = read_literal(digits)
    assert not read.problem, f"{text}: {read.problem}"
    return sign * read.value if sign < 0 else read.value


@pytest.mark.parametrize("name", sorted(p.stem for p in FOLDER.glob("*.st")))
def test_program_when_scanned_then_it_does_as_its_table_says(name, machine):
    text = (FOLDER / f"{name}.st").read_text()
    found = TABLE.search(text)
    assert found, f"{name}.st has no table at its end"
    rows = [[cell.strip() for cell in line.split("|")] for line in found[1].strip().splitlines()]
    bench = machine(text)
    for number, row in enumerate(rows[1:], 1):
        cells = dict(zip(rows[0], row, strict=True))
        for column, cell in cells.items():
            if column.endswith(":=") and cell != "-":
                target = column.removesuffix(":=").strip()
                bench.set(target, _value(bench.app.tags.find(target).type, cell))
        bench.scan(int(cells.get("scans", "1")))
        for column, cell in cells.items():
            if column.endswith(":=") or column == "scans" or cell == "-":
                continue
            if column == "faults":
                assert bench.fault_count == int(cell), f"{name} row {number}: faults {bench.faults}"
                continue
            leaf = bench.app.tags.find(column)
            assert leaf is not None, f"{name}: no variable {column}"
            expected = _value(leaf.type, cell)
            got = bench.get(column)
            if leaf.type.kind is Kind.REAL:
                expected = leaf.type.unpack(leaf.type.codec.pack(expected))
            same = got == expected or (got != got and expected != expected)
            assert same, f"{name} row {number}: {column} is {got}, expected {cell}"
