"""The scan process, started for real: it scans, it ends fail-safe, it survives its own death."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scanrig import APP_SIZE, BINDINGS, MS, QUALITY_OFFSET, SITES, STAMP_OFFSET, TAGS, offset

from runtime.core.elementary import REAL
from runtime.core.fault import FaultCode, FaultSite
from runtime.image.emit import F32, I64, PTR, Code
from runtime.image.frame import FrameReader
from runtime.image.manifest import Manifest, ManifestTask
from runtime.image.nativecode import object_code
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.snapshot import SnapshotReader
from runtime.scan.faults import recorded_faults

CHILD = Path(__file__).with_name("scanchild.py")
ROOT = Path(__file__).parents[2]
PATIENCE_S = 120
PROGRAM_SITE = FaultSite(FaultCode.DIVISION_BY_ZERO, "main", "main.st", 3, 7)


def wait_for(condition, what):
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up, f"no {what} within {PATIENCE_S} s"
        time.sleep(0.005)


class Controller:
    """What a supervisor holds of a scan process."""

    def __init__(self, run_dir, manifest):
        self.run_dir = run_dir
        self.layout = manifest.layout()
        self.control_segment, self.image = ControlSegment.create(), ImageSegment.create(self.layout)
        self.control = self.control_segment.control
        self.control.run_switch, self.control.term = 1, 5
        self.frames, self.snapshots = FrameReader(self.image), SnapshotReader(self.image)
        self.eventfd = os.eventfd(0, os.EFD_NONBLOCK)
        self.child = None
        self.manifest = manifest

    def start(self, *, priority=0):
        fds = (self.control_segment.fd, self.image.fd, self.eventfd)
        self.child = subprocess.Popen(
            [sys.executable, str(CHILD), str(self.run_dir), str(fds[0]), str(fds[1]), str(priority), str(fds[2])],
            pass_fds=fds,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            text=True,
        )

    def close(self):
        if self.child is not None and self.child.poll() is None:
            self.child.kill()
            self.child.communicate()
        self.image.close()
        self.control_segment.close()
        os.close(self.eventfd)


@pytest.fixture
def controller(tmp_path):
    code = Code("programs")
    with code.routine("vs_task_0", exported=True, app=PTR) as r:
        place = r["app"].at(offset("runs"))
        place.store(place.load(I64) + 1)
        r["app"].at(offset("out_real")).store(r["app"].at(offset("in_real")).load(F32))
    initial = bytearray(APP_SIZE)
    REAL.pack_into(initial, offset("in_real"), 2.5)
    manifest = Manifest(
        site="test",
        cycle_ns=2 * MS,
        budget=1000,
        on_fault="stop",
        frame_valid_ns=100 * MS,
        tags=TAGS,
        tasks=(ManifestTask("fast", 0, 0),),
        sites=(PROGRAM_SITE,),
        app_size=APP_SIZE,
        quality_offset=QUALITY_OFFSET,
        stamp_offset=STAMP_OFFSET,
        app_hash="process",
        bindings=BINDINGS,
    )
    assert manifest.fault_sites[:-1] == (PROGRAM_SITE, *SITES[:3])
    assert manifest.fault_sites[-1] == FaultSite(FaultCode.TASK_OVERRUN, "fast", "main.st", 3, 7)
    manifest.save(tmp_path / "manifest.json")
    (tmp_path / "programs.o").write_bytes(object_code(code.text()))
    (tmp_path / "initial.bin").write_bytes(initial)
    made = Controller(tmp_path, manifest)
    yield made
    made.close()


def test_scan_process_when_told_to_end_then_last_frame_is_fail_safe_and_no_compiler_was_imported(controller):
    controller.start(priority=80)
    wait_for(lambda: controller.control.scan_no > 20, "scans")
    frame = controller.frames.latest()
    assert (frame.term, frame.driving, frame.values[0]) == (5, True, 2.5)
    assert controller.control.cycle_ns == 2 * MS
    assert select.select([controller.eventfd], [], [], PATIENCE_S)[0]
    assert os.eventfd_read(controller.eventfd) >= 1
    controller.child.send_signal(signal.SIGTERM)
    _, log = controller.child.communicate(timeout=PATIENCE_S)
    assert (controller.child.returncode, "imported: []" in log) == (0, True), log
    frame = controller.frames.latest()
    assert (frame.driving, frame.values[0], controller.control.driving) == (False, -1.5, 0)
    assert controller.control.exit_request == 0


def test_scan_process_when_exit_is_requested_then_it_ends(controller):
    controller.start()
    wait_for(lambda: controller.control.scan_no > 0, "scan")
    controller.control.exit_request = 1
    controller.child.communicate(timeout=PATIENCE_S)
    assert controller.child.returncode == 0


def test_scan_process_when_killed_and_started_again_then_programs_begin_anew_and_faults_stay_latched(controller):
    controller.start()
    wait_for(lambda: controller.control.scan_no > 20, "scans")
    controller.child.kill()
    controller.child.communicate()
    before = controller.snapshots.latest().value(TAGS.tag("runs"))
    # as if it had died right after three faults that nobody acknowledged
    controller.control.fault_count = controller.control.stop_count = 3
    frame_number = controller.frames._end.published()
    controller.start()
    wait_for(lambda: controller.control.scan_start_count == 2 and controller.control.scan_no > 0, "second start")
    after = controller.snapshots.latest().value(TAGS.tag("runs"))
    assert 0 < after < before + 20
    assert controller.frames._end.published() > frame_number
    frame = controller.frames.latest()
    assert (frame.driving, frame.values[0], controller.control.fault_stop) == (False, -1.5, 1)
    controller.control.fault_ack = 3
    wait_for(lambda: controller.frames.latest().driving, "driving frame")
    assert controller.frames.latest().values[0] == 2.5


def test_scan_process_when_segment_belongs_to_other_programs_then_it_says_so_and_ends(controller):
    controller.image._word(16).value ^= 1
    controller.start()
    _, log = controller.child.communicate(timeout=PATIENCE_S)
    assert controller.child.returncode != 0
    assert "ConfigFault" in log
    assert "laid out for" in log


def test_scan_process_when_an_output_is_not_finite_then_the_fault_names_its_tag(controller):
    initial = bytearray((controller.run_dir / "initial.bin").read_bytes())
    REAL.pack_into(initial, offset("in_real"), float("nan"))
    (controller.run_dir / "initial.bin").write_bytes(initial)
    controller.start()
    wait_for(lambda: controller.control.scan_no > 0, "scan")
    faults = recorded_faults(controller.snapshots.latest().memory, controller.manifest.fault_sites)
    assert (faults[0].site.code, faults[0].site.pou) == (FaultCode.OUTPUT_NOT_FINITE, "out_real")
    frame = controller.frames.latest()
    assert (frame.driving, frame.values[0]) == (False, -1.5)
