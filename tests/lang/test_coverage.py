"""Programs that count what ran: the same counts in both back ends, and nothing else of the programs changed."""

from pathlib import Path

import pytest

from runtime.lang.interp import Interpreter
from runtime.lang.llvm import compile_object
from runtime.lang.native import Native
from runtime.lang.testing.coverage import counting
from runtime.lang.testing.testsources import find_tests
from runtime.scan.testrun import run_test

PROGRAMS = Path(__file__).parents[2] / "programs"
FILES = ("lib/tests/curve.st", "examples/batch.st", "examples/tests/pump_station.st")


def _memories(app, cases, machine_of):
    machine = machine_of(app)
    made = []
    for case in cases:
        assert run_test(machine, case, application_tasks=len(app.tasks) - len(cases)).passed
        made.append(bytes(machine.memory))
    return made


def _native(app):
    return Native(app, compile_object(app))


@pytest.mark.parametrize("file", FILES)
def test_counts_when_tests_run_in_both_back_ends_then_they_are_equal_and_all_else_is_as_without_them(file):
    for unit in find_tests([PROGRAMS / file]):
        compiled = unit.compile()
        app, cases = compiled.application, compiled.tests
        counted = counting(app)
        plain = _memories(app, cases, _native)
        native = _memories(counted.application, cases, _native)
        interpreted = _memories(counted.application, cases, Interpreter)
        for without, one, other in zip(plain, native, interpreted, strict=True):
            assert counted.counts(one) == counted.counts(other)
            assert sum(counted.counts(one)) > 0
            assert one[: len(without)] == without
