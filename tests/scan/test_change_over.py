"""Online change on virtual time: one version of the programs hands over to the next between two scans."""

import ctypes
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from runtime.core.binding import Bindings, InputBinding, OutputBinding
from runtime.core.quality import Quality
from runtime.image.forces import ForceTable
from runtime.image.frame import FrameReader
from runtime.image.mailbox import MailboxWriter, WriteStatus
from runtime.image.manifest import Manifest, ManifestTask
from runtime.image.nativecode import object_code
from runtime.image.pages import PageReader, PageWriter
from runtime.image.recordring import RingReader
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.snapshot import SnapshotReader
from runtime.image.statistics import task_figures
from runtime.lang.compile import compile_sources
from runtime.lang.llvm.module import emit_module
from runtime.lang.syntax.source import Source
from runtime.scan.change.changeplan import ChangePlan, carry_pins, plan_change
from runtime.scan.change.loadedversion import LoadedVersion, load_version
from runtime.scan.kernel import Kernel
from runtime.scan.record.recorder import FlightRecorder, RecorderLimits
from runtime.scan.record.replay import Replay
from runtime.scan.record.verify import verify
from runtime.scan.running import RunningScan

MS = 1_000_000
CYCLE_NS = 10 * MS
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
BINDINGS = Bindings(
    inputs={"meter": (InputBinding("p_kw", 0),)},
    outputs=(OutputBinding("set_kw", "pcs", 0.0), OutputBinding("lamp", "pcs", None)),
)


@dataclass
class Line:
    """One controller through its versions."""

    kernel: Kernel
    control: ControlSegment
    version: LoadedVersion = field(init=False)
    number: int = 0
    now_ns: int = 1_000 * MS
    kept: list[object] = field(default_factory=list)
    loaded: list[tuple[Manifest, bytes, bytes]] = field(default_factory=list)

    def load(self, text: str, bindings: Bindings = BINDINGS) -> LoadedVersion:
        app = compile_sources([Source("main.st", text)]).application
        assert app is not None
        manifest = Manifest(
            site="s",
            cycle_ns=CYCLE_NS,
            budget=100_000,
            on_fault="stop",
            frame_valid_ns=50 * MS,
            tags=app.tags,
            tasks=tuple(ManifestTask(t.name, t.interval_ns, t.priority) for t in app.tasks),
            sites=app.sites,
            app_size=len(app.initial),
            quality_offset=app.quality_offset,
            stamp_offset=app.stamp_offset,
            app_hash=app.layout_hash,
            bindings=bindings,
        )
        self.number += 1
        image = ImageSegment.create(manifest.layout())
        code = object_code(emit_module(app))
        self.loaded.append((manifest, code, app.initial))
        return load_version(manifest, code, app.initial, control=self.control, image=image, number=self.number)

    def start(self, text: str) -> None:
        self.version = self.load(text)
        self.version.plan.plan.mailbox_tail = 0

    def change(self, text: str, bindings: Bindings = BINDINGS) -> LoadedVersion:
        """To another version; the former one is given back."""
        old, new = self.version, self.load(text, bindings)
        plan = plan_change(old.manifest, new.manifest, old_initial=old.initial, new_initial=new.initial)
        self.kept += [ChangePlan(old, new, plan), old]
        carry_pins(old, new)
        for device in new.image.layout.pages:
            if device in old.image.layout.pages:
                readings = PageReader(old.image, device).read()
                if readings is not None:
                    PageWriter(new.image, device).write(readings)
        self.kernel.change_over(old.plan.address, new.plan.address)
        self.version = new
        return old

    def scan(self, count: int = 1) -> None:
        for _ in range(count):
            self.kernel.step(self.version.plan.address, self.now_ns, 0)
            self.now_ns += CYCLE_NS

    def get(self, name: str) -> object:
        leaf = self.version.manifest.tags.find(name)
        assert leaf is not None, name
        return leaf.type.unpack(ctypes.string_at(self.version.app_address + leaf.offset, leaf.type.size))

    def feed(self, value: float) -> None:
        PageWriter(self.version.image, "meter").write([(value, Quality.GOOD, self.now_ns)])


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
    running = RunningScan(line.version, line.control)
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
