"""`voltscan exec`: which variables it prints, and how."""

import json

import pytest
from typer.testing import CliRunner

from runtime.cli.main import app
from runtime.core.fault import ConfigFault

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


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("'hello'", "'hello'"),
        ("hello", "'hello'"),
        ("'it$'s$N'", "'it$'s$N'"),
        ("", "''"),
        ("''", "''"),
        ('"x"', "'x'"),
    ],
)
def test_exec_when_a_string_is_set_then_the_quotes_of_the_language_are_not_part_of_it(told, written, shown):
    done = told("--set", f"main.name={written}", "--watch", "main.name")
    assert done.output.splitlines()[1].split() == ["main.name", shown]


def test_exec_when_a_string_is_not_closed_then_told_where_and_how(told):
    wrong = told("--set", "main.name='hello").exception
    assert isinstance(wrong, ConfigFault)
    assert (wrong.where, wrong.what) == ("--set", "'hello cannot be read: the closing ' is missing")


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
