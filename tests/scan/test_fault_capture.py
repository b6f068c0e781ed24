"""What the fault log tells of a fault: the values in the statement that did it, of the instance it came in."""

from collections.abc import Iterator

import pytest

from runtime.core.binding import Bindings
from runtime.gateway.faults.faultlog import FaultLog
from runtime.gateway.faults.keptfaults import KeptFaults
from runtime.image.segment import ControlSegment
from runtime.image.snapshot import SnapshotReader
from runtime.scan.kernel import Kernel
from tests.scan.versionline import Line

PROGRAM = """
VAR_GLOBAL total : DINT := 9; END_VAR
FUNCTION_BLOCK SHARE
VAR_INPUT parts : DINT; END_VAR
VAR_OUTPUT each : DINT; END_VAR
VAR turns : DINT; END_VAR
turns := turns + 1;
total := total + 1;
each := total / parts;
parts := 77;
total := 1000;
END_FUNCTION_BLOCK
PROGRAM main
VAR one, two : SHARE; rest : ARRAY[1..3] OF SHARE; last : SHARE; i : INT; END_VAR
one(parts := 2);
two(parts := 3);
FOR i := 1 TO 3 DO rest[i](parts := 2 - i); END_FOR
last(parts := 0);
END_PROGRAM
"""


@pytest.fixture
def line(kernel: Kernel) -> Iterator[Line]:
    control = ControlSegment.create()
    control.control.run_switch = 1
    control.control.term = 1
    made = Line(kernel, control)
    made.start(PROGRAM, Bindings(inputs={}, outputs=()))
    yield made
    control.close()


def told(line: Line) -> list[dict[str, object]]:
    """The values of each entry of the log."""
    return [{v["name"]: v["value"] for v in entry["values"]} for entry in log_of(line).entries(line.control.control)]


def log_of(line: Line, kept: KeptFaults | None = None) -> FaultLog:
    """A log that has seen the newest snapshot, after one that left these entries."""
    version = line.version
    captures = SnapshotReader(version.image, version.image.layout.fault_capture)
    log = FaultLog(version.manifest, captures, kept=kept)
    log.look(SnapshotReader(version.image).latest(), line.control.control.fault_ack)
    return log


def test_values_when_a_statement_faults_then_they_are_those_in_it_and_of_that_instance(line):
    line.scan()
    assert line.get("total") == 1000
    assert told(line) == [{"total": 1001, "main.rest[2].each": 0, "main.rest[2].parts": 0}]


def test_values_when_more_faults_follow_then_the_first_since_the_acknowledgement_is_told(line):
    line.scan(3)
    assert told(line) == [{"total": 1001, "main.rest[2].each": 0, "main.rest[2].parts": 0}]
    assert line.control.control.fault_count == 6
    line.control.control.fault_ack = 6
    line.scan()
    captured = SnapshotReader(line.version.image, line.version.image.layout.fault_capture).latest()
    assert captured is not None
    assert (captured.scan_no, captured.fault_count, line.control.control.fault_count) == (4, 7, 8)


INDEXED = """
FUNCTION_BLOCK PICK
VAR_INPUT i : INT; END_VAR
VAR k : ARRAY[1..3] OF DINT := [10, 20, 0]; m : ARRAY[0..1,0..1] OF INT; last : DINT; END_VAR
last := 100 / k[i] + m[i - 2, 1];
END_FUNCTION_BLOCK
PROGRAM main
VAR a, b : PICK; END_VAR
a(i := 2);
b(i := 3);
END_PROGRAM
"""


def test_values_when_an_element_is_named_by_variables_then_that_element_is_told(line):
    line.change(INDEXED, Bindings(inputs={}, outputs=()))
    line.scan()
    assert told(line) == [{"main.b.last": 0, "main.b.i": 3, "main.b.k[3]": 0}]


def test_log_when_the_programs_change_then_its_entries_stay_and_take_no_values_of_others(line):
    line.scan()
    before = log_of(line)
    (entry,) = before.entries(line.control.control)
    assert entry["values"]
    blank = entry | {"values": []}
    line.change(INDEXED, Bindings(inputs={}, outputs=()))
    line.scan()
    kept = KeptFaults()
    kept.add(blank)
    after = log_of(line, kept)
    assert [(e["line"], len(e["values"])) for e in after.entries(line.control.control)] == [(entry["line"], 0), (5, 3)]


TEMPORARY = """
FUNCTION SPLIT : REAL
VAR_INPUT amount : REAL; parts : INT; END_VAR
VAR whole : DINT; big : LINT; on : BOOL; far : ARRAY[1..3] OF UINT; END_VAR
whole := REAL_TO_DINT(amount);
big := -5_000_000_000;
on := parts = 0;
far[2] := 7;
SPLIT := DINT_TO_REAL(whole / parts) + LINT_TO_REAL(big) + UINT_TO_REAL(far[2]) + SEL(on, 1.0, amount);
amount := 0.0;
END_FUNCTION
PROGRAM main
VAR out : REAL; END_VAR
VAR_TEMP divisor : INT; END_VAR
divisor := 1;
IF out > 1.0E6 THEN divisor := 0; out := INT_TO_REAL(5 / divisor); END_IF
out := SPLIT(12.5, divisor - 1);
END_PROGRAM
"""


def test_values_when_the_statement_names_temporary_variables_then_they_are_told_as_they_were(line):
    line.change(TEMPORARY, Bindings(inputs={}, outputs=()))
    line.scan()
    assert told(line) == [
        {"SPLIT": 0.0, "whole": 12, "parts": 0, "big": -5_000_000_000, "far[2]": 7, "on": True, "amount": 12.5}
    ]


def test_values_when_a_program_has_temporary_variables_then_they_stand_beside_its_own(line):
    line.change(TEMPORARY.replace("1.0E6", "-1.0"), Bindings(inputs={}, outputs=()))
    line.scan()
    assert told(line)[0] == {"main.out": 0, "divisor": 0}


def test_values_when_the_programs_changed_then_the_new_version_captures_as_well(line):
    line.change(PROGRAM.replace("2 - i", "3 - i"), Bindings(inputs={}, outputs=()))
    line.scan()
    assert told(line) == [{"total": 1001, "main.rest[3].each": 0, "main.rest[3].parts": 0}]
