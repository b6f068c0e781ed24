"""The decided semantics as data: each *.st here ends in a table of scans (scantable.py), run on both back ends.

Under TABLE every cell holds. Under WRONG stands what another reading of the rule would give: not one cell of it holds.
"""

from pathlib import Path

import pytest
from scantable import run_table, tables

FOLDER = Path(__file__).parent
TEXTS = {file.stem: file.read_text() for file in sorted(FOLDER.glob("*.st"))}


@pytest.mark.parametrize("name", TEXTS)
def test_program_when_scanned_then_it_does_as_its_table_says(name, machine):
    (rows,) = tables(TEXTS[name], "TABLE")
    cells = list(run_table(machine(TEXTS[name]), rows))
    assert cells
    assert [str(cell) for cell in cells if not cell.holds] == []


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if tables(text, "WRONG")])
def test_program_when_held_to_another_reading_of_its_rule_then_no_cell_holds(name, machine):
    for rows in tables(TEXTS[name], "WRONG"):
        cells = list(run_table(machine(TEXTS[name]), rows))
        assert cells
        assert [str(cell) for cell in cells if cell.holds] == []
