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


@pytest.mark.parametrize("unit", UNITS, ids=[str(Path(u.file).relative_to(PROGRAMS)) for u in UNITS])
def test_tests_in_st_when_run_then_all_pass_in_both_back_ends(unit):
    compiled = unit.compile()
    assert compiled.application is not None, "\n".join(render(d) for d in compiled.diagnostics)
    app = compiled.application
    for machine in (Interpreter(app), Native(app, compile_object(app))):
        for case in compiled.tests:
            result = run_test(machine, case, application_tasks=len(app.tasks) - len(compiled.tests))
            assert result.passed, f"{result.file}:{result.line}: {case.name}: {result.failure}; {result.detail}"


def test_programs_when_searched_then_there_are_tests_beside_blocks():
    assert sum(len(unit.tests) for unit in UNITS) >= 10
