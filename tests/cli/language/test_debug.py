"""`voltscan debug`: scripts of commands and what they show."""

from pathlib import Path

import pytest

from runtime.cli.language.debug import Session, debug_files
from runtime.core.diagnostic import Source
from runtime.lang.compile import compile_sources

TRANSCRIPTS = Path(__file__).parent / "golden/debug"

PROGRAM = """\
VAR_GLOBAL
    level : REAL;
END_VAR
TYPE MODE : (IDLE, FILLING); END_TYPE
FUNCTION TWICE : INT
VAR_INPUT
    x : INT;
END_VAR
TWICE := x * 2;
END_FUNCTION
FUNCTION_BLOCK VALVE
VAR_INPUT
    want : INT;
END_VAR
VAR_OUTPUT
    moved : INT;
END_VAR
moved := moved + TWICE(want);
IF moved > 6 THEN
    moved := 0;
END_IF
END_FUNCTION_BLOCK
PROGRAM MAIN
VAR
    a, b : VALVE;
    n    : INT;
    mode : MODE := FILLING;
END_VAR
VAR_TEMP
    t : INT;
END_VAR
n := n + 1;
t := n * 10;
a(want := n);
b(want := 1);
END_PROGRAM
"""


@pytest.fixture
def session(tmp_path, monkeypatch, capsys):
    """`session("break 31", …)` runs the commands and gives what is printed, command by command."""

    def go(*commands):
        (tmp_path / "p.st").write_text(PROGRAM)
        (tmp_path / "script").write_text("\n".join(commands))
        monkeypatch.chdir(tmp_path)
        assert debug_files([tmp_path / "p.st"], period="10ms", commands=tmp_path / "script") == 0
        told = capsys.readouterr().out.replace(f"{tmp_path}/", "")
        return [part.split("\n", 1)[1].rstrip("\n") for part in told.split("(st) ")[1:]]

    return go


def line_of(text):
    return PROGRAM.splitlines().index(text) + 1


def test_step_when_a_program_begins_then_it_stops_before_each_statement_and_goes_into_calls(session):
    told = session("step", "step", "step", "step", "step", "step", "where")
    stops = [part.splitlines()[0] for part in told[:6]]
    assert stops == [
        f"scan 1, MAIN (MAIN), p.st:{line_of('n := n + 1;')}",
        f"scan 1, MAIN (MAIN), p.st:{line_of('t := n * 10;')}",
        f"scan 1, MAIN (MAIN), p.st:{line_of('a(want := n);')}",
        f"scan 1, VALVE (MAIN.a), p.st:{line_of('moved := moved + TWICE(want);')}",
        f"scan 1, TWICE, p.st:{line_of('TWICE := x * 2;')}",
        f"scan 1, VALVE (MAIN.a), p.st:{line_of('IF moved > 6 THEN')}",
    ]
    assert [line.split()[0] for line in told[6].splitlines()] == ["VALVE", "MAIN"]


def test_next_when_a_call_is_ahead_then_it_goes_over_it(session):
    told = session("break MAIN", "continue", "next", "next", "next", "next")
    assert told[4].splitlines()[0].endswith(f":{line_of('b(want := 1);')}")
    assert told[5].splitlines()[0].startswith("breakpoint MAIN: scan 2")


def test_finish_when_inside_a_block_then_it_stops_in_the_caller(session):
    told = session("break VALVE", "continue", "finish")
    assert told[1].startswith("breakpoint VALVE: scan 1, VALVE (MAIN.a)")
    assert told[2].splitlines()[0] == f"scan 1, MAIN (MAIN), p.st:{line_of('b(want := 1);')}"


def test_breakpoint_when_set_on_a_line_then_every_scan_stops_there_until_deleted(session):
    line = line_of("a(want := n);")
    told = session(f"b p.st:{line}", "c", "p n", "c", "p n", "delete", "c", "scan 3")
    assert told[0] == f"stops at p.st:{line}"
    assert (told[2].strip(), told[4].strip()) == ("n = 1", "n = 2")
    assert told[5] == "1 deleted"
    assert told[6].startswith("there is no breakpoint")
    assert told[7] == "after scan 4"


def test_breakpoint_when_the_line_has_no_statement_then_the_next_one_is_taken(session):
    told = session(f"break {line_of('PROGRAM MAIN')}", "break 999", "break NOBODY")
    assert told[0] == f"stops at p.st:{line_of('n := n + 1;')}"
    assert told[1] == "no statement at or below 999"
    assert told[2] == "no POU 'NOBODY' with a statement"


def test_print_when_asked_for_locals_members_globals_and_instances_then_all_are_shown(session):
    told = session(f"break {line_of('a(want := n);')}", "c", "p t", "p mode", "p a.want", "p level", "p a", "p wont")
    assert told[2:6] == ["  t = 10", "  mode = FILLING", "  a.want = 0", "  level = 0"]
    assert told[6].splitlines() == ["  MAIN.a.want = 0", "  MAIN.a.moved = 0"]
    assert told[7].startswith("no variable 'wont'")


def test_set_when_a_value_is_written_then_the_program_goes_on_with_it(session):
    told = session("break VALVE", "c", "set want 2", "set want TRUE", "finish", "p a.moved")
    assert told[2] == "  want = 2"
    assert "write INT" in told[3]
    assert told[5] == "  a.moved = 4"


def test_watch_when_set_then_each_stop_shows_it(session):
    told = session("watch n", "step", "step", "unwatch n", "step")
    assert told[0] == "  n = (not here)"
    assert told[1].splitlines()[-1] == "  n = 0"
    assert told[2].splitlines()[-1] == "  n = 1"
    assert "n =" not in told[4].splitlines()[-1].split("|")[0]


def test_scan_when_run_then_all_is_as_without_a_debugger(session):
    told = session("scan 10", "p main.n", "p main.a.moved", "p main.b.moved")
    assert told[0] == "after scan 10"
    assert told[1] == "  main.n = 10"


def test_list_when_stopped_then_the_source_around_is_shown_with_a_mark(session):
    told = session("list", "step", "list")
    assert told[0].startswith("no program runs")
    marked = [line for line in told[2].splitlines() if line.startswith("->")]
    assert marked == [f"->{line_of('n := n + 1;'):4d} | n := n + 1;"]


def test_commands_when_unknown_or_at_their_end_then_the_session_goes_on_or_ends(session):
    told = session("frobnicate", "help", "scan x", "quit", "step")
    assert told[0].startswith("no command 'frobnicate'")
    assert "breakpoint" in told[1]
    assert len(told) == 4


@pytest.mark.parametrize("script", sorted(TRANSCRIPTS.glob("*.commands")), ids=lambda f: f.stem)
def test_session_when_commands_are_given_then_the_transcript_is_the_golden_one(script, golden, monkeypatch, capsys):
    monkeypatch.chdir(TRANSCRIPTS)
    assert debug_files([Path("mover.st")], period="10ms", commands=script) == 0
    golden(script.with_suffix(".txt"), capsys.readouterr().out)


def test_completion_when_a_word_is_begun_then_commands_and_names_go_on_to_the_next_dot():
    source = Source("mover.st", (TRANSCRIPTS / "mover.st").read_text())
    session = Session(compile_sources([source]).application, {}, 10_000_000)
    assert session.completions("un") == ["until", "unwatch"]
    assert session.completions("MAIN") == ["MAIN."]
    assert session.completions("main.p") == ["MAIN.pt."]
    assert session.completions("MAIN.pt.m") == ["MAIN.pt.m"]
