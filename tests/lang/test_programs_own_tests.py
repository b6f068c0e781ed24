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
QUICK = ("lib/", "examples/")
"""Others run many scans of whole plants: interpreted they take up to 80 seconds each, as slow tests."""
LONG = "examples/cascade.st"


def _name(unit):
    return str(Path(unit.file).relative_to(PROGRAMS))


def _is_quick(unit):
    return _name(unit).startswith(QUICK) and _name(unit) != LONG


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
    "unit", [pytest.param(unit, marks=() if _is_quick(unit) else pytest.mark.slow) for unit in UNITS], ids=_name
)
def test_tests_in_st_when_interpreted_then_all_pass(unit):
    _run(unit, Interpreter)


def test_programs_when_searched_then_there_are_tests_beside_blocks():
    assert sum(len(unit.tests) for unit in UNITS) >= 10
    assert LONG in {_name(unit) for unit in UNITS}
