"""The fault log against a compiled program: which variables are told, whose, and from when."""

import pytest

from runtime.core import appmemory
from runtime.core.binding import Bindings
from runtime.core.diagnostic import Source
from runtime.core.faultlocals import FAULT_LOCALS_SIZE
from runtime.gateway.faults.faultlog import FaultLog
from runtime.gateway.faults.keptfaults import KeptFaults
from runtime.image.channel import ChannelEnd
from runtime.image.manifest import Manifest, ManifestTask
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.snapshot import Snapshot, SnapshotReader
from runtime.lang.compile import compile_sources
from runtime.lang.diagnostics.statement import statement_texts
from runtime.lang.interp import Interpreter
from runtime.scan.virtual import VirtualScan

TEXT = """\
VAR_GLOBAL total : DINT := 9; END_VAR
FUNCTION_BLOCK SHARE
VAR_INPUT parts : DINT; END_VAR
VAR_OUTPUT each : DINT; END_VAR
each := total / parts;
END_FUNCTION_BLOCK
PROGRAM main
VAR one, two, three, four : SHARE; parts : DINT := 77; END_VAR
one(parts := 3);
two(parts := 0);
END_PROGRAM
"""


@pytest.fixture
def controller():
    """An interpreted controller after one scan, its memory captured as the scan does it, and its log."""
    source = Source("main.st", TEXT)
    app = compile_sources([source]).application
    manifest = Manifest(
        site="s",
        cycle_ns=10_000_000,
        budget=1000,
        on_fault="stop",
        frame_valid_ns=50_000_000,
        tags=app.tags,
        tasks=tuple(ManifestTask(t.name, 0, 0, site=t.site) for t in app.tasks),
        sites=app.sites,
        app_size=len(app.initial),
        quality_offset=app.quality_offset,
        stamp_offset=app.stamp_offset,
        app_hash=app.layout_hash,
        bindings=Bindings(inputs={}, outputs=()),
        statements=statement_texts(app.sites, [source]),
    )
    image, control = ImageSegment.create(manifest.layout()), ControlSegment.create()
    scan = VirtualScan(Interpreter(app), period_ns=10_000_000)
    scan.scan()
    snapshot = Snapshot(bytes(scan.machine.memory), quality_offset=app.quality_offset, stamp_offset=app.stamp_offset)
    log = FaultLog(manifest, SnapshotReader(image, image.layout.fault_capture))
    capture = ChannelEnd(image, image.layout.fault_capture)
    yield log, snapshot, capture, control, scan
    image.close()
    control.close()


def test_log_when_a_block_faulted_then_globals_and_the_variables_of_that_instance_are_told(controller):
    log, snapshot, capture, control, _ = controller
    log.look(snapshot, 0)
    (entry,) = log.entries(control.control)
    assert (entry["pou"], entry["line"], entry["statement"]) == ("SHARE", 5, "each := total / parts;")
    assert (entry["acknowledged"], entry["values"]) == (False, [])
    capture.buffer[:] = snapshot.memory + bytes(FAULT_LOCALS_SIZE)
    capture.publish()
    control.control.fault_ack = 1
    (entry,) = log.entries(control.control)
    values = {value["name"]: value["value"] for value in entry["values"]}
    assert values == {
        "main.two.each": 0,
        "total": 9,
        "main.two.parts": 0,
    }
    assert entry["acknowledged"] is True


def test_log_when_the_capture_is_of_another_scan_then_no_values_are_told(controller):
    log, snapshot, capture, control, _ = controller
    memory = bytearray(snapshot.memory)
    memory[appmemory.SCAN_NO] = 99
    capture.buffer[:] = memory + bytes(FAULT_LOCALS_SIZE)
    capture.publish()
    log.look(snapshot, 0)
    assert [entry["values"] for entry in log.entries(control.control)] == [[]]


def test_log_when_a_place_faults_again_then_counted_until_acknowledged_and_then_told_anew(controller):
    log, snapshot, _, control, scan = controller

    def look(acknowledged):
        app = scan.machine.app
        memory = bytes(scan.machine.memory)
        log.look(Snapshot(memory, quality_offset=app.quality_offset, stamp_offset=app.stamp_offset), acknowledged)

    log.look(snapshot, 0)
    for _ in range(5):
        scan.scan(3)
        look(0)
    (entry,) = log.entries(control.control)
    assert (entry["scan"], entry["last_scan"], entry["count"], entry["acknowledged"]) == (1, 16, 16, False)
    control.control.fault_ack = 16
    scan.scan()
    look(16)
    first, second = log.entries(control.control)
    assert (first["acknowledged"], second["acknowledged"]) == (True, False)
    assert (second["number"], second["scan"], second["count"]) == (16, 17, 1)


def test_log_when_a_gateway_before_this_one_had_seen_faults_then_they_are_not_told_twice(controller, tmp_path):
    log, snapshot, _, control, _ = controller
    log.look(snapshot, 0)
    kept = KeptFaults(tmp_path / "faults.jsonl")
    for entry in log.entries(control.control):
        kept.add(entry)
    after = KeptFaults(tmp_path / "faults.jsonl")
    after.restore()
    next_log = FaultLog(log._manifest, log._captures, kept=after)
    next_log.look(snapshot, 0)
    assert [e["count"] for e in next_log.entries(control.control)] == [1]


def test_log_when_a_fault_came_before_the_last_start_then_nothing_waits_for_it(controller, tmp_path):
    log, snapshot, _, control, _ = controller
    log.look(snapshot, 0)
    kept = KeptFaults(term=2)
    for entry in log.entries(control.control):
        kept.add(entry)
    after = FaultLog(log._manifest, log._captures, kept=kept)
    after.look(snapshot, 0)
    assert [(e["term"], e["acknowledged"]) for e in after.entries(control.control)] == [(0, True), (2, False)]
