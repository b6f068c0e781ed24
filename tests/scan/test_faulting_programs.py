"""Programs that go wrong: told with their line in the scan in which they do, other tasks unharmed, no hang possible.

The same table runs on virtual time in both back ends and in a real scan process.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runtime.core.binding import Bindings, OutputBinding
from runtime.core.diagnostic import Source
from runtime.core.fault import FaultCode
from runtime.image.frame import FrameReader
from runtime.image.manifest import Manifest, ManifestTask
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.snapshot import SnapshotReader
from runtime.image.statistics import task_figures
from runtime.lang.compile import compile_sources
from runtime.lang.interp import Interpreter
from runtime.lang.llvm.compile import compile_object
from runtime.lang.native import Native
from runtime.scan.faults import recorded_faults
from runtime.scan.virtual import VirtualScan

CHILD = Path(__file__).with_name("scanchild.py")
ROOT = Path(__file__).parents[2]
PATIENCE_S = 120
BUDGET = 20_000
FRAME = """\
VAR_GLOBAL
    n : DINT; zero : DINT; result : DINT; wrong : REAL; bad_runs : DINT; good_runs : DINT; row : ARRAY[1..3] OF DINT;
END_VAR
PROGRAM BAD
bad_runs := bad_runs + 1;
{statement}
END_PROGRAM
PROGRAM GOOD
good_runs := good_runs + 1;
END_PROGRAM
CONFIGURATION c
    TASK first(PRIORITY := 0);
    TASK second(PRIORITY := 1);
    PROGRAM bad_1 WITH first : BAD;
    PROGRAM good_1 WITH second : GOOD;
END_CONFIGURATION
"""
LINE = 6
CASES = {
    "endless loop": ("WHILE TRUE DO n := n + 1; END_WHILE", FaultCode.BUDGET_EXCEEDED),
    "division by zero": ("result := 7 / zero;", FaultCode.DIVISION_BY_ZERO),
    "index out of range": ("n := 4; row[n] := 1;", FaultCode.INDEX_OUT_OF_RANGE),
    "NaN converted": ("wrong := 0.0; result := REAL_TO_DINT(wrong / wrong);", FaultCode.NAN_TO_INTEGER),
}
NAN_OUTPUT = "wrong := 0.0; wrong := wrong / wrong;"
DEPTH = 200


def compiled(text):
    result = compile_sources([Source("main.st", text)])
    assert result.application is not None, result.diagnostics
    return result.application


BLOCK = """\
FUNCTION_BLOCK FB_{i}
VAR_INPUT x : DINT; END_VAR VAR_OUTPUT y : DINT; END_VAR VAR inner : FB_{next}; END_VAR
inner(x := x + 1); y := inner.y;
END_FUNCTION_BLOCK
"""
INNERMOST = """\
FUNCTION_BLOCK FB_{i}
VAR_INPUT x : DINT; END_VAR VAR_OUTPUT y : DINT; END_VAR
y := x;
END_FUNCTION_BLOCK
VAR_GLOBAL result : DINT; END_VAR
PROGRAM main VAR b : FB_1; END_VAR
b(x := 1); result := b.y;
END_PROGRAM
"""


def chain(depth):
    """FB_1 calls FB_2 and so on, `depth` function blocks deep."""
    return "".join(BLOCK.format(i=i, next=i + 1) for i in range(1, depth)) + INNERMOST.format(i=depth)


@pytest.fixture(scope="module")
def deep():
    """Application and object code of the chain: compiled once, not optimised, for else all of it is one function."""
    app = compiled(chain(DEPTH))
    return app, compile_object(app, speed_level=0)


def scans(app, code):
    machines = (Interpreter(app), Native(app, code))
    return tuple(VirtualScan(machine, period_ns=10_000_000, budget=BUDGET) for machine in machines)


@pytest.mark.parametrize("case", CASES)
def test_program_when_it_goes_wrong_on_virtual_time_then_told_in_its_scan_and_the_other_task_runs(case):
    statement, code = CASES[case]
    app = compiled(FRAME.format(statement=statement))
    one, other = scans(app, compile_object(app))
    for scan in (one, other):
        scan.scan(3)
        told = [(f.scan_no, f.site.code, f.site.file, f.site.line, f.site.pou) for f in scan.faults()]
        assert told == [(n, code, "main.st", LINE, "BAD") for n in (1, 2, 3)]
        assert (scan.get("good_runs"), scan.get("bad_runs")) == (3, 3)
    assert bytes(one.machine.memory) == bytes(other.machine.memory)


def test_calls_when_nested_200_deep_on_virtual_time_then_they_run(deep):
    for scan in scans(*deep):
        scan.scan(2)
        assert (scan.get("result"), scan.fault_count) == (DEPTH, 0)


class ScanProcess:
    """A real scan process of an application; `result` is its output."""

    def __init__(self, run_dir, app, code):
        outputs = tuple(OutputBinding(t.name, "d", t.type.default) for t in app.tags if t.name in ("result", "wrong"))
        self.manifest = Manifest(
            site="test",
            cycle_ns=2_000_000,
            budget=BUDGET,
            on_fault="stop",
            frame_valid_ns=100_000_000,
            tags=app.tags,
            tasks=tuple(ManifestTask(t.name, t.interval_ns, t.priority, site=t.site) for t in app.tasks),
            sites=app.sites,
            app_size=len(app.initial),
            quality_offset=app.quality_offset,
            stamp_offset=app.stamp_offset,
            app_hash=app.layout_hash,
            bindings=Bindings(inputs={}, outputs=outputs),
        )
        self.manifest.save(run_dir / "manifest.json")
        (run_dir / "programs.o").write_bytes(code)
        (run_dir / "initial.bin").write_bytes(app.initial)
        self.control_segment, self.image = ControlSegment.create(), ImageSegment.create(self.manifest.layout())
        self.control = self.control_segment.control
        self.control.run_switch = 1
        self.frames, self.snapshots = FrameReader(self.image), SnapshotReader(self.image)
        fds = (self.control_segment.fd, self.image.fd)
        self.child = subprocess.Popen(
            [sys.executable, str(CHILD), str(run_dir), *map(str, fds), "0"],
            pass_fds=fds,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )

    def wait_for_scans(self, count):
        give_up = time.monotonic() + PATIENCE_S
        while self.control.scan_no < count:
            assert time.monotonic() < give_up, "no scans"
            assert self.child.poll() is None, self.child.communicate()
            time.sleep(0.005)

    def value(self, name):
        return self.snapshots.latest().value(self.manifest.tags.find(name))

    def faults(self):
        return recorded_faults(self.snapshots.latest().memory, self.manifest.fault_sites)

    def close(self):
        self.child.send_signal(signal.SIGTERM)
        self.child.communicate(timeout=PATIENCE_S)
        self.image.close()
        self.control_segment.close()


@pytest.fixture
def start(tmp_path):
    started = []

    def started_with(app, code):
        started.append(ScanProcess(tmp_path, app, code))
        return started[-1]

    yield started_with
    for process in started:
        process.close()


@pytest.mark.parametrize("case", [*CASES, "NaN on an output"])
def test_program_when_it_goes_wrong_in_the_scan_process_then_told_outputs_stop_and_the_other_task_runs(start, case):
    statement, code = CASES.get(case, (NAN_OUTPUT, FaultCode.OUTPUT_NOT_FINITE))
    app = compiled(FRAME.format(statement=statement))
    process = start(app, compile_object(app))
    process.wait_for_scans(5)
    snapshot = process.snapshots.latest()
    first = recorded_faults(snapshot.memory, process.manifest.fault_sites)[0]
    place = (2, "wrong") if code is FaultCode.OUTPUT_NOT_FINITE else (LINE, "BAD")
    assert (first.scan_no, first.site.code, first.site.line, first.site.pou) == (max(1, first.number + 1), code, *place)
    assert snapshot.value(process.manifest.tags.find("good_runs")) == snapshot.scan_no
    assert (process.frames.latest().driving, process.control.fault_stop) == (False, 1)
    cut, unharmed = task_figures(process.image)
    assert (cut.cuts > 0) == (code is FaultCode.BUDGET_EXCEEDED)
    assert (unharmed.cuts, unharmed.faults) == (0, 0)


def test_calls_when_nested_200_deep_in_the_scan_process_then_they_run(start, deep):
    process = start(*deep)
    process.wait_for_scans(3)
    assert (process.value("result"), process.faults()) == (DEPTH, [])
