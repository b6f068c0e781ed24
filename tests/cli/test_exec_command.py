"""`voltscan exec`: which variables it prints, and how."""

import json

import pytest
from typer.testing import CliRunner

from runtime.cli.main import app

PROGRAM = """
PROGRAM main
VAR lines : ARRAY[1..2] OF INT := [4, 5]; day : DATE := D#2024-02-29; name : STRING := 'a$N'; END_VAR
lines[1] := lines[1] + 1;
END_PROGRAM
"""


@pytest.fixture
def told(tmp_path):
    file = tmp_path / "main.st"
    file.write_text(PROGRAM)
    return lambda *options: CliRunner().invoke(app, ["exec", str(file), "--scans", "3", *options])


@pytest.mark.parametrize("backend", ["llvm", "interp"])
def test_exec_when_an_element_is_watched_then_its_brackets_are_a_name_before_a_pattern(told, backend):
    done = told("--watch", "main.lines[1]", "--backend", backend, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == {"scan": 3, "vars": {"main.lines[1]": 7}, "faults": []}


def test_exec_when_it_lists_then_values_are_as_the_language_writes_them(told):
    lines = [line.split() for line in told().output.splitlines()[1:]]
    assert dict(lines) == {
        "main.lines[1]": "7",
        "main.lines[2]": "5",
        "main.day": "DATE#2024-02-29",
        "main.name": "'a$N'",
    }


def test_exec_when_a_name_is_wrong_then_the_nearest_is_named(told):
    done = told("--watch", "main.dey")
    assert done.exit_code == 1
    assert "did you mean main.day?" in str(done.exception) + done.output
