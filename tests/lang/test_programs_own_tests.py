"""The tests in ST beside the programs pass in both back ends."""

from pathlib import Path

import pytest

from runtime.core.diagnostic import render
from runtime.lang.interp import Interpreter
from runtime.lang.llvm import compile_object
from runtime.lang.native import Native
from runtime.lang.testing.testsources import find_tests
from runtime.scan.testrun import run_test

PROGRAMS = Path(__file__).parents[2] / "programs"
UNITS = find_tests([PROGRAMS])
LONG = {
    "examples/cascade.st",
    "plant/tests/state_machine.st",
    "plant/tests/storage_plant.st",
    "sim/tests/cells.st",
    "sim/tests/rack.st",
    "sim/tests/site.st",
}
"""Many scans of large programs: the interpreter takes 20 to 80 seconds for each of these, as one of the slow tests."""


def _name(unit):
    return str(Path(unit.file).relative_to(PROGRAMS))


def _run(unit, machine_of):
    compiled = unit.compile()
    assert compiled.application is not None, "\n".join(render(d) for d in compiled.diagnostics)
    app = compiled.application
    machine = machine_of(app)
    for case in compiled.tests:
        result = run_test(machine, case, application_tasks=len(app.tasks) - len(compiled.tests))
        assert result.passed, f"{result.file}:{result.line}: {case.name}: {result.failure}; {result.detail}"


@pytest.mark.parametrize("unit", UNITS, ids=_name)
def test_tests_in_st_when_run_natively_then_all_pass(unit):
    _run(unit, lambda app: Native(app, compile_object(app)))


@pytest.mark.parametrize(
    "unit", [pytest.param(unit, marks=pytest.mark.slow if _name(unit) in LONG else ()) for unit in UNITS], ids=_name
)
def test_tests_in_st_when_interpreted_then_all_pass(unit):
    _run(unit, Interpreter)


def test_programs_when_searched_then_there_are_tests_beside_blocks():
    assert sum(len(unit.tests) for unit in UNITS) >= 10
    assert {_name(unit) for unit in UNITS} >= LONG
