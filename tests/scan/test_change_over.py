"""Online change on virtual time: one version of the programs hands over to the next between two scans."""

import ctypes
import os
import threading
import time
from collections.abc import Iterator

import pytest

from runtime.image.forces import ForceTable
from runtime.image.frame import FrameReader
from runtime.image.mailbox import MailboxWriter, WriteStatus
from runtime.image.recordring import RingReader
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.snapshot import SnapshotReader
from runtime.image.statistics import task_figures
from runtime.scan.kernel import Kernel
from runtime.scan.record.recorder import FlightRecorder, RecorderLimits
from runtime.scan.record.replay import Replay
from runtime.scan.record.verify import verify
from runtime.scan.running import RunningScan
from tests.scan.versionline import CYCLE_NS, Line

PROGRAM = """
VAR_GLOBAL p_kw : REAL; set_kw : REAL; lamp : BOOL; limit : INT := 5; END_VAR
PROGRAM slow VAR turns : LINT; firsts : INT; END_VAR
turns := turns + 1;
IF FIRST_SCAN() THEN firsts := firsts + 1; END_IF
END_PROGRAM
PROGRAM fast VAR scans : LINT; energy : LREAL; t : TON; firsts : INT; END_VAR
scans := scans + 1;
energy := energy + 0.25;
t(IN := TRUE, PT := T#1h);
set_kw := p_kw * 2.0;
IF FIRST_SCAN() THEN firsts := firsts + 1; END_IF
END_PROGRAM
CONFIGURATION c
    TASK quick (INTERVAL := T#10ms, PRIORITY := 0);
    TASK lazy (INTERVAL := T#50ms, PRIORITY := 1);
    PROGRAM fast WITH quick : fast;
    PROGRAM slow WITH lazy : slow;
END_CONFIGURATION
"""


@pytest.fixture
def line(kernel: Kernel) -> Iterator[Line]:
    control = ControlSegment.create()
    control.control.run_switch = 1
    control.control.term = 1
    made = Line(kernel, control)
    made.start(PROGRAM)
    yield made
    control.close()


GROWN = PROGRAM.replace("VAR_GLOBAL p_kw", "VAR_GLOBAL added : LREAL := 7.0; p_kw").replace(
    "VAR scans : LINT;", "VAR extra : ARRAY[1..9] OF INT; scans : LREAL;"
)

THIRD_TASK = "TASK more (INTERVAL := T#10ms, PRIORITY := 2); PROGRAM third WITH more : third;"
THIRD = """
PROGRAM third VAR firsts : INT; END_VAR
IF FIRST_SCAN() THEN firsts := firsts + 1; END_IF
END_PROGRAM
"""


def test_state_when_programs_change_then_counters_integrals_and_timers_go_on(line):
    line.scan(20)
    for round_, text in enumerate([GROWN, PROGRAM, GROWN, GROWN, PROGRAM], 1):
        line.change(text)
        assert line.control.control.version == round_ + 1
        line.scan(20)
        assert line.get("fast.scans") == 20 * (round_ + 1)
        assert line.get("fast.energy") == 5.0 * (round_ + 1)
        assert line.get("fast.t.ET") == CYCLE_NS * (20 * (round_ + 1) - 1)
        assert line.get("fast.firsts") == 1
    assert line.control.control.scan_no == 120


def test_tasks_when_programs_change_then_their_phase_and_figures_go_on(line):
    line.scan(23)  # turns of `lazy` in scans 1, 6, 11, 16, 21
    line.change(GROWN)
    line.scan(2)
    assert line.get("slow.turns") == 5
    line.scan(1)  # scan 26
    assert line.get("slow.turns") == 6
    line.change(GROWN.replace("T#50ms", "T#40ms"))  # turns in scans 1, 5, … 25, 29
    line.scan(2)
    assert line.get("slow.turns") == 6
    line.scan(1)
    assert line.get("slow.turns") == 7
    assert line.get("slow.firsts") == 1


def test_task_when_it_is_new_then_its_first_scan_is_told_it(line):
    line.scan(3)
    tasks = PROGRAM.replace("PROGRAM slow WITH lazy", f"{THIRD_TASK} PROGRAM slow WITH lazy")
    line.change(tasks + THIRD)
    line.scan(3)
    assert line.get("third.firsts") == 1
    assert line.get("fast.firsts") == 1
    assert [figures.cuts for figures in task_figures(line.version.image)] == [0, 0, 0]


def test_inputs_and_outputs_when_programs_change_then_no_scan_is_without(line):
    line.feed(3.0)
    line.scan(2)
    line.change(GROWN)
    line.scan(1)
    assert line.get("p_kw") == 3.0
    frame = FrameReader(line.version.image).latest()
    assert frame is not None
    assert (frame.driving, frame.values[0], frame.scan_no) == (True, 6.0, 3)


def test_forces_when_programs_change_then_they_stay_by_tag(line):
    ForceTable(line.version.image).set("p_kw", 11.0)
    ForceTable(line.version.image).set("lamp", True)
    line.scan(1)
    line.change(GROWN)
    assert ForceTable(line.version.image).list() == {"p_kw": 11.0, "lamp": True}
    line.scan(1)
    assert line.get("set_kw") == 22.0


def test_recording_when_programs_change_then_it_replays_bit_for_bit_and_no_scan_is_missing(line):
    reader = RingReader(line.version.image)
    recorder = FlightRecorder(reader.take, reader.ask_checkpoint, RecorderLimits(keep_ns=1 << 60, size_max=1 << 30))
    ForceTable(line.version.image).set("lamp", True)
    for value in range(40):
        line.feed(float(value))
        line.scan(1)
        recorder.poll()
        if value == 20:
            line.change(GROWN)
            reader = RingReader(line.version.image, from_start=True)
            recorder.follow(reader.take, reader.ask_checkpoint)
        recorder.note_state(value + 1, ctypes.string_at(line.version.app_address, line.version.image.layout.app_size))
    chunks = recorder.frozen()
    assert [(chunk.version, chunk.first, chunk.last) for chunk in chunks] == [(1, 2, 21), (2, 22, 40)]
    replays = {number: Replay(*loaded, line.kernel) for number, loaded in enumerate(line.loaded, 1)}
    found = verify(replays, chunks)
    assert (found.exact, found.gaps, found.scans) == (True, (), 39)
    assert found.states > 30
    kept, wrong = replays[2].initial, bytearray(replays[2].initial)
    wrong[line.version.manifest.tags.find("added").offset] ^= 1  # another value than the change-over gave it
    replays[2].initial = bytes(wrong)
    assert verify(replays, chunks).diverged == (21, "change-over")
    replays[2].initial = kept
    for replay in replays.values():
        replay.close()


def test_variables_when_held_and_programs_change_then_they_stay_held(line):
    ForceTable(line.version.image, line.version.manifest.tags).set("limit", 9)
    line.scan(1)
    line.change(GROWN)
    line.scan(1)
    assert ForceTable(line.version.image, line.version.manifest.tags).list() == {"limit": 9}
    assert line.get("limit") == 9


def test_variables_when_held_or_let_go_while_a_change_is_prepared_then_the_new_version_knows(line):
    table = ForceTable(line.version.image, line.version.manifest.tags)
    table.set("limit", 9)
    line.scan(1)
    running = RunningScan(line.version, line.control, line.kernel)
    line.load(GROWN)
    manifest, code, initial = line.loaded[-1]
    image = ImageSegment.create(manifest.layout())
    running.prepare(manifest, code, initial, image_fd=os.dup(image.fd), number=line.number)
    table.clear("limit")
    table.set("fast.energy", 3.5)
    changing = threading.Thread(target=running.change, args=(line.number,))
    changing.start()
    old = line.version.plan
    while not old.plan.change:
        time.sleep(0.001)
    line.kernel.change_over(old.address, old.plan.next)
    changing.join()
    assert ForceTable(image, manifest.tags).list() == {"fast.energy": 3.5}
    image.close()


def test_snapshot_when_programs_change_then_the_new_version_has_one_before_its_first_scan(line):
    line.scan(5)
    line.change(GROWN)
    snapshot = SnapshotReader(line.version.image).latest()
    assert snapshot is not None
    assert (snapshot.scan_no, snapshot.now_ns) == (5, line.now_ns - CYCLE_NS)
    assert snapshot.value(line.version.manifest.tags.find("fast.energy")) == 1.25


def test_held_output_when_programs_change_then_it_goes_on_holding(line):
    ForceTable(line.version.image).set("lamp", True)
    line.scan(1)
    line.control.control.run_switch = 0
    line.scan(1)
    line.change(GROWN)
    line.scan(1)
    frame = FrameReader(line.version.image).latest()
    assert frame is not None
    assert not frame.driving
    assert frame.values[1] is True


def test_write_when_meant_for_another_version_then_it_is_refused_and_touches_nothing(line):
    line.scan(1)
    old = line.version
    leaf = old.manifest.tags.tag("limit")
    assert leaf is not None
    writer = MailboxWriter(line.control, version=1)
    before = writer.put(leaf, 6)
    line.scan(1)
    after = writer.put(leaf, 7)
    line.change(GROWN)
    line.scan(1)
    assert before is not None
    assert after is not None
    assert (writer.status(before), writer.status(after)) == (WriteStatus.WRITTEN, WriteStatus.REFUSED)
    assert line.get("limit") == 6
    newer = line.version.manifest.tags.tag("limit")
    assert newer is not None
    ticket = MailboxWriter(line.control, version=2).put(newer, 8)
    line.scan(1)
    assert ticket is not None
    assert line.get("limit") == 8


def test_faults_when_programs_change_then_their_count_goes_on_and_nothing_old_is_told_wrongly(line):
    line.change(PROGRAM.replace("scans := scans + 1;", "scans := scans + 1; limit := limit / (limit - limit);"))
    line.scan(3)
    assert line.control.control.fault_count == 3
    line.change(PROGRAM)
    line.scan(1)
    assert line.control.control.fault_count == 3
    assert line.control.control.fault_stop == 1  # only an acknowledgement lets the outputs go
    line.control.control.fault_ack = 3
    line.scan(1)
    assert line.control.control.driving == 1
