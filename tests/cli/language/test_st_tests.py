"""`voltscan test`: what it runs, what it says, and how it ends."""

import json
import re
from xml.etree import ElementTree as ET

import pytest

from runtime.cli.language.test import TestOrder, list_tests, run_tests
from runtime.core.fault import ConfigFault

PUMP = """
VAR_GLOBAL
    level_m : REAL;
    speed   : INT;
END_VAR
PROGRAM PUMP
VAR
    n : DINT;
END_VAR
n := n + 1;
speed := SEL(IS_GOOD(level_m) AND level_m > 2.0, 0, 100);
END_PROGRAM
"""

TESTS = """
TEST 'runs above 2 m'
SET_QUALITY(level_m, GOOD);
level_m := 2.5;
ADVANCE(T#30ms);
ASSERT_EQ(speed, 100);
ASSERT_EQ(pump.n, 3);
END_TEST

TEST 'stands still with a bad level'
level_m := 2.5;
SET_QUALITY(level_m, BAD);
ADVANCE_SCANS(1);
ASSERT_EQ(speed, 0);
END_TEST
"""

FAILING = """
TEST 'wrong'
VAR
    wanted : INT := 50;
END_VAR
level_m := 2.5;
SET_QUALITY(level_m, GOOD);
ADVANCE(T#15ms);
ASSERT(speed > 0);
ASSERT_EQ(speed, wanted);
ASSERT(FALSE);
END_TEST
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def run(tmp_path, capsys):
    """`run(files, paths, order)` gives exit code and output; `files` are name → text."""

    def go(files, *, order=None, as_json=False, paths=("",)):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        code = run_tests([tmp_path / p for p in paths], order or TestOrder("interp"), as_json=as_json)
        return code, capsys.readouterr().out

    return go


@pytest.mark.parametrize("backend", ["interp", "llvm", "both"])
def test_tests_when_they_hold_then_exit_code_is_0(run, backend):
    code, out = run({"pump.st": PUMP + TESTS}, order=TestOrder(backend))
    assert code == 0
    assert f"{4 if backend == 'both' else 2} tests, 0 failed" in out


@pytest.mark.parametrize("backend", ["interp", "llvm"])
def test_test_when_an_assertion_fails_then_place_and_both_sides_are_told_and_the_rest_still_runs(run, backend):
    code, out = run({"pump.st": PUMP + FAILING + TESTS}, order=TestOrder(backend))
    line = (PUMP + FAILING).splitlines().index("ASSERT_EQ(speed, wanted);") + 1
    assert code == 1
    assert f"pump.st:{line}: does not hold: speed = wanted" in out
    assert "speed is 100, wanted is 50" in out
    assert "3 tests, 1 failed" in out


def test_tests_in_a_folder_tests_when_run_then_they_see_the_folder_above(run):
    code, out = run({"site/pump.st": PUMP, "site/tests/pump.st": TESTS, "other.st": "PROGRAM PUMP\nEND_PROGRAM\n"})
    assert code == 0
    assert "2 tests, 0 failed" in out


def test_test_when_it_names_files_then_it_is_compiled_with_them(run):
    plant = "PROGRAM TANK\nlevel_m := level_m + 1.0;\nSET();\nEND_PROGRAM\n".replace("SET();\n", "")
    test = "TEST 'coupled' WITH '../pump.st', 'plant.st'\nADVANCE(T#30ms);\nASSERT_NEAR(level_m, 3.0, 0.0);\nEND_TEST\n"
    assert run({"pump.st": PUMP, "t/plant.st": plant, "t/coupled.st": test})[0] == 0


def test_test_when_a_named_file_is_missing_then_it_says_where(run):
    with pytest.raises(ConfigFault, match=r"no file or folder 'nowhere\.st'"):
        run({"pump.st": PUMP + "TEST 'x' WITH 'nowhere.st'\nEND_TEST\n"})


def test_tests_when_filtered_then_only_those_run(run):
    code, out = run({"pump.st": PUMP + FAILING + TESTS}, order=TestOrder("interp", "*bad*"))
    assert code == 0
    assert "1 tests, 0 failed" in out


def test_tests_when_there_are_none_then_exit_code_is_1(run):
    code, out = run({"pump.st": PUMP})
    assert code == 1
    assert "no tests found" in out


def test_tests_when_the_program_is_wrong_then_diagnostics_are_told(run):
    code, out = run({"pump.st": PUMP + "TEST 'x'\nASSERT_EQ(sped, 1);\nEND_TEST\n"})
    assert code == 1
    assert "L3001" in out
    assert "did you mean speed?" in out


def test_test_when_its_end_is_missing_then_it_is_told(run):
    code, out = run({"pump.st": PUMP + "TEST 'x'\nASSERT(TRUE);\nend_tset // END_TEST\n"})
    assert code == 1
    assert "END_TEST" in out


def test_results_when_asked_for_as_json_then_they_are_one_document(run):
    code, out = run({"pump.st": PUMP + FAILING + TESTS}, as_json=True)
    told = json.loads(out)
    assert code == 1
    assert [t["passed"] for t in told["tests"]] == [False, True, True]
    assert told["tests"][0]["failure"]["detail"] == "speed is 100, wanted is 50"
    assert told["diagnostics"] == []


def test_results_when_written_as_junit_then_failures_are_in_it(run, tmp_path):
    run({"pump.st": PUMP + FAILING + TESTS}, order=TestOrder("interp", junit=tmp_path / "out.xml"))
    root = ET.parse(tmp_path / "out.xml").getroot()
    suite = root.find("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    assert "speed is 100, wanted is 50" in suite.find("testcase/failure").text


@pytest.mark.parametrize("backend", ["interp", "llvm"])
def test_test_when_a_program_faults_then_it_fails_with_the_place(run, backend):
    faulty = "VAR_GLOBAL\n    d : INT;\nEND_VAR\nPROGRAM P\nVAR\n    x : INT;\nEND_VAR\nx := 1 / d;\nEND_PROGRAM\n"
    code, out = run({"p.st": faulty + "TEST 'x'\nADVANCE_SCANS(1);\nEND_TEST\n"}, order=TestOrder(backend))
    assert code == 1
    assert "p.st:8" in out
    assert "division by zero" in out


@pytest.mark.parametrize("backend", ["interp", "llvm"])
def test_test_when_it_would_run_for_ever_then_it_ends_as_failed(run, backend):
    text = "TEST 'x'\nWHILE TRUE DO\n    ADVANCE(T#2h);\nEND_WHILE\nEND_TEST\n"
    code, out = run({"p.st": text}, order=TestOrder(backend))
    assert code == 1
    assert "more than 1000000 scans" in out


WRONG = {
    "ADVANCE(5);": "L2007",
    "ADVANCE_SCANS(T#5s);": "L2007",
    "ASSERT(5);": "L2003",
    "ASSERT();": "L3007",
    "ASSERT_EQ(1);": "L3007",
    "ASSERT_EQ(speed, T#5s);": "L2002",
    "ASSERT_NEAR(1.0, 2.0);": "L3007",
    "SET_QUALITY(local, GOOD);": "L3017",
    "SET_QUALITY(speed, T#1s);": "L2007",
}


@pytest.mark.parametrize("statement", WRONG)
def test_test_statement_when_wrong_then_it_is_a_diagnostic(run, statement):
    test = f"TEST 'x'\nVAR\n    local : INT;\nEND_VAR\n{statement}\nEND_TEST\n"
    code, out = run({"pump.st": PUMP + test})
    assert code == 1
    assert f"error {WRONG[statement]}" in out
    assert "1 error, 0 warnings" in out


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("(CYCLE := T#0s)", "longer than 0"),
        ("(CYCEL := T#1s)", "did you mean CYCLE?"),
    ],
)
def test_test_header_when_wrong_then_it_is_a_diagnostic(run, head, said):
    code, out = run({"pump.st": PUMP + f"TEST 'x' {head}\nEND_TEST\n"})
    assert code == 1
    assert said in out


def test_test_statements_when_outside_of_a_test_then_they_are_unknown(run):
    text = "PROGRAM P\nADVANCE(T#1s);\nEND_PROGRAM\nTEST 'x'\nEND_TEST\n"
    code, out = run({"p.st": text})
    assert code == 1
    assert "L3001" in out


COVERED = """
FUNCTION_BLOCK VALVE
VAR_INPUT
    want : INT;
END_VAR
VAR_OUTPUT
    open : BOOL;
END_VAR
IF want > 10 THEN
    open := TRUE;
ELSIF want < 0 THEN
    open := FALSE;
END_IF
CASE want OF
    1: open := TRUE;
    2, 3: open := FALSE;
END_CASE
END_FUNCTION_BLOCK
FUNCTION_BLOCK UNUSED
VAR
    n : INT;
END_VAR
n := n + 1;
END_FUNCTION_BLOCK
TEST 'opens'
VAR
    v : VALVE;
    i : INT;
END_VAR
v(want := 20);
FOR i := 2 TO 3 DO
    v(want := i);
END_FOR
END_TEST
"""


def test_coverage_when_asked_for_then_statements_and_branches_that_never_ran_are_named(run):
    code, out = run({"v.st": COVERED}, order=TestOrder("interp", coverage=True), as_json=True)
    assert code == 0
    valve, unused = sorted(json.loads(out)["coverage"], key=lambda p: p["pou"], reverse=True)
    assert valve["statements"] == {"all": 6, "run": 4}
    assert valve["branches"] == {"all": 6, "run": 4}
    assert [(m["line"], m["branch"]) for m in valve["missed"]] == [
        (9, "ELSIF 1"),
        (12, ""),
        (14, "label 1"),
        (15, ""),
    ]
    assert unused["statements"] == {"all": 1, "run": 0}


def test_coverage_when_printed_then_a_line_a_pou_and_what_is_missing(run):
    _, out = run({"v.st": COVERED}, order=TestOrder("llvm", coverage=True))
    assert re.search(r"VALVE +4/6 +67 % +4/6 +67 %", out)
    assert "never ran: 9 ELSIF 1, 12, 14 label 1, 15" in out


ANY_BOUNDS = """
FUNCTION_BLOCK SUM_OF
VAR_IN_OUT a : ARRAY [*] OF INT; END_VAR
VAR_OUTPUT sum : INT; END_VAR
IF UPPER_BOUND(a, 1) > 1 THEN
    sum := 2;
ELSE
    sum := 1;
END_IF
END_FUNCTION_BLOCK
TEST 'two bounds' (CYCLE := T#10ms)
VAR x, y : SUM_OF; one : ARRAY [1..1] OF INT; two : ARRAY [1..2] OF INT; END_VAR
x(a := one);
y(a := two);
ASSERT(y.sum > x.sum);
END_TEST
"""


def test_coverage_when_a_block_takes_arrays_of_any_bounds_then_it_counts_once(run):
    _, out = run({"v.st": ANY_BOUNDS}, order=TestOrder("interp", coverage=True), as_json=True)
    (block,) = json.loads(out)["coverage"]
    assert block["pou"] == "SUM_OF"
    assert block["statements"] == {"all": 3, "run": 3}
    assert block["branches"] == {"all": 2, "run": 2}


ROWS = """
FUNCTION QUOTIENT : INT
VAR_INPUT a, b : INT; END_VAR
QUOTIENT := a / b;
END_FUNCTION
PROGRAM main
VAR_INPUT d : INT := 1; END_VAR
VAR q : INT; END_VAR
q := QUOTIENT(100, d);
END_PROGRAM
TEST 'division' (CYCLE := T#100ms)
VAR rows, wanted : INT; END_VAR
ROWS (main.d, wanted)
    1, 100;
    4,  25;
    3,  34;
END_ROWS
rows := rows + 1;
ADVANCE_SCANS(2);
ASSERT_EQ(rows, 1);
ASSERT_EQ(main.q, wanted);
END_TEST
"""
FAULTS = """
TEST 'wanted'
main.d := 0;
ADVANCE_SCANS(30);
ASSERT_FAULT(DIVISION_BY_ZERO);
main.d := 1;
ADVANCE_SCANS(2);
END_TEST
TEST 'not there'
main.d := 0;
ADVANCE_SCANS(1);
ASSERT_FAULT(INDEX_OUT_OF_RANGE);
END_TEST
TEST 'comes again'
main.d := 0;
ADVANCE_SCANS(1);
ASSERT_FAULT(DIVISION_BY_ZERO);
ADVANCE_SCANS(1);
END_TEST
TEST 'of its own' (BUDGET := 100)
VAR n : DINT; END_VAR
n := n / (n - n);
ASSERT_FAULT(DIVISION_BY_ZERO);
WHILE TRUE DO n := n + 1; END_WHILE
END_TEST
"""


@pytest.mark.parametrize("backend", ["interp", "llvm"])
def test_rows_when_a_test_has_a_table_then_each_row_is_a_test_of_its_own(run, backend, tmp_path):
    order = TestOrder(backend, junit=tmp_path / "out.xml")
    code, out = run({"main.st": ROWS}, order=order)
    assert code == 1
    assert "ok    division (1, 100)" in out
    assert "ok    division (4, 25)" in out
    assert f"main.st:{ROWS.splitlines().index('ASSERT_EQ(main.q, wanted);') + 1}: does not hold: main.q = wanted" in out
    assert "main.q is 33, wanted is 34" in out
    suite = ET.parse(tmp_path / "out.xml").getroot().find("testsuite")
    assert [case.get("name") for case in suite.findall("testcase")] == [
        "division (1, 100)",
        "division (4, 25)",
        "division (3, 34)",
    ]


@pytest.mark.parametrize("backend", ["interp", "llvm"])
def test_fault_when_a_test_wants_it_then_only_what_it_did_not_want_fails(run, backend):
    _, out = run({"main.st": ROWS + FAULTS}, order=TestOrder(backend, "[!d]*"))
    assert re.findall(r"^  (\w+) +(.*)$", out, re.MULTILINE)[:1] == [("ok", "wanted")]
    assert "not recorded: a fault INDEX_OUT_OF_RANGE\n        recorded so far: DIVISION_BY_ZERO" in out
    assert "fault: " in out.split("comes again")[1].split("of its own")[0]
    assert "used up its budget" in out.split("of its own")[1]
    assert "in scan 1, in TEST 'of its own'" in out
    assert "4 tests, 3 failed" in out


def test_rows_and_faults_when_they_are_wrong_then_it_is_said_where(run):
    code, out = run({"main.st": ROWS.replace("4,  25;", "4;")})
    assert (code, "L3007" in out, "a row of this test has 2 values" in out) == (1, True, True)
    code, out = run({"main.st": ROWS + FAULTS.replace("INDEX_OUT_OF_RANGE", "INDEX_OUT_OF_RANG")})
    assert (code, "did you mean INDEX_OUT_OF_RANGE?" in out) == (1, True)
    code, out = run({"main.st": ROWS + FAULTS.replace("BUDGET := 100", "BUDGET := 0")})
    assert (code, "BUDGET must be more than 0" in out) == (1, True)


def test_tests_when_listed_then_nothing_runs(tmp_path, capsys):
    (tmp_path / "main.st").write_text(ROWS + FAULTS)
    assert list_tests([tmp_path], "", as_json=False) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[1] for line in told[:4]] == [
        "division (1, 100)",
        "division (4, 25)",
        "division (3, 34)",
        "wanted",
    ]
    assert list_tests([tmp_path], "of its", as_json=True) == 0
    assert [t["name"] for t in json.loads(capsys.readouterr().out)] == ["of its own"]
    assert list_tests([tmp_path], "none such", as_json=False) == 1
