"""Each rule of the decided semantics (programs/LANGUAGE.md) is shown by tests that name it: by something that passes,
and by something that fails.

Passing: a table of scans `ruleNN_*.st` in this folder, on both back ends. Failing: a WRONG table in such a file, rows
in which faults are counted, or a golden `ruleNN_*.st` of refused programs. What only a whole controller can show is
named in ELSEWHERE.
"""

import ast
import re
from pathlib import Path

import pytest
from scantable import tables

TESTS = Path(__file__).parents[2]
TABLES = Path(__file__).parent
REFUSED = TESTS / "lang" / "front" / "golden"
RULES = range(1, 24)

ELSEWHERE = {
    14: (
        "lang/semantics/test_retained_leaves.py::test_leaves_when_their_section_or_what_is_around_them_is_retained_then_they_say_so",
        "lang/semantics/test_retained_leaves.py::test_located_variables_when_restored_then_their_addresses_hold_it_and_an_input_takes_what_is_latched",
        "scan/test_retaining.py::test_start_when_warm_then_retained_values_come_back_and_no_others",
        "scan/test_retaining.py::test_start_when_the_program_changed_then_values_go_by_name_and_type",
        "lang/front/golden/retain.st",
    ),
    21: (
        "scan/test_outputs_phase.py::test_output_when_not_finite_then_fault_at_its_site_and_fail_safe_value",
        "scan/test_outputs_phase.py::test_output_when_not_finite_and_faults_stop_then_fence_closes_in_the_same_scan",
    ),
}
"""Rule 14: what is kept over a warm start, and what is not, or is refused. Rule 21: what an output tag does then."""


def _texts(folder: Path, rule: int) -> list[str]:
    return [file.read_text() for file in sorted(folder.glob(f"rule{rule:02d}_*.st"))]


def _counts_faults(text: str) -> bool:
    return any(row.get("faults", "0").strip("-0") for table in tables(text, "TABLE") for row in table)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != 14])
def test_rule_when_listed_then_a_table_shows_it(rule):
    assert any(tables(text, "TABLE") for text in _texts(TABLES, rule))


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != 14])
def test_rule_when_listed_then_something_fails_by_it(rule):
    shown = [t for t in _texts(TABLES, rule) if tables(t, "WRONG") or _counts_faults(t)]
    refused = [t for t in _texts(REFUSED, rule) if re.search(r"// *L\d{4}", t)]
    assert shown or refused


@pytest.mark.parametrize("text", [t for rule in RULES for folder in (TABLES, REFUSED) for t in _texts(folder, rule)])
def test_file_of_a_rule_when_opened_then_it_says_which_rule_it_shows(text):
    assert re.match(r"\(\* Rules? \d+", text), text[:60]


@pytest.mark.parametrize("place", [place for places in ELSEWHERE.values() for place in places])
def test_rule_when_shown_elsewhere_then_that_is_there(place):
    file, _, name = place.partition("::")
    text = (TESTS / file).read_text()
    if name:
        assert name in {n.name for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)}
