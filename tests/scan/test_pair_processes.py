"""Two scan processes, started for real; the test is their redundancy. Asserted is what follows what, never how fast."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.core.appmemory import APPLIED_INDEX
from runtime.core.elementary import Value
from runtime.image.frame import FrameReader
from runtime.image.mailbox import MailboxWriter, WriteStatus
from runtime.image.manifest import Manifest
from runtime.image.mirror import MirrorEntry, MirrorWriter
from runtime.image.pairwords import PairWords
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.snapshot import Snapshot, SnapshotReader
from tests.scan.pairline import PROGRAM
from tests.scan.versionline import CYCLE_NS, MS, compiled

CHILD = Path(__file__).with_name("scanchild.py")
ROOT = Path(__file__).parents[2]
PATIENCE_S = 120
HOUR_NS = 3_600_000 * MS


class Controller:
    """One member: its segments, and its scan process while there is one."""

    def __init__(self, run_dir: Path, manifest: Manifest) -> None:
        self._run_dir, self.manifest = run_dir, manifest
        self.segment, self.image = ControlSegment.create(), ImageSegment.create(manifest.layout())
        self.control = self.segment.control
        self.control.run_switch, self.control.term, self.control.pair = 1, 1, 1
        self.words, self.mirror = PairWords(self.segment), MirrorWriter(self.image)
        self.snapshots, self.frames = SnapshotReader(self.image), FrameReader(self.image)
        self.mailbox = MailboxWriter(self.segment)
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        fds = (self.segment.fd, self.image.fd)
        command = [sys.executable, str(CHILD), str(self._run_dir), *(str(fd) for fd in fds), "0"]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        self.child = subprocess.Popen(command, pass_fds=fds, stderr=subprocess.DEVNULL, env=environment)

    def kill(self) -> None:
        if self.child is not None:
            self.child.kill()
            self.child.wait()
            self.child = None

    def close(self) -> None:
        self.kill()
        self.image.close()
        self.segment.close()

    def leads(self, term: int) -> None:
        lease_until_ns = time.monotonic_ns() + HOUR_NS
        self.words.give(lead_term=term, lease_until_ns=lease_until_ns, replicated_scan=0, solo=False)

    def latest(self) -> Snapshot:
        found = self.snapshots.latest()
        assert found is not None
        return found

    def get(self, name: str, at: Snapshot | None = None) -> Value:
        leaf = self.manifest.tags.find(name)
        assert leaf is not None
        return (at or self.latest()).value(leaf)


@dataclass
class Stream:
    """Hands the newest state of one controller on to the other."""

    source: Controller
    target: Controller
    term: int
    last: int = 0

    def copy(self) -> None:
        state = self.source.snapshots.latest()
        if state is None or state.scan_no <= self.last:
            return
        self.last = state.scan_no
        index = int.from_bytes(state.memory[APPLIED_INDEX : APPLIED_INDEX + 8], "little")
        now_ns = time.monotonic_ns()
        self.target.mirror.write(MirrorEntry(self.term, self.last, state.now_ns, now_ns, index, state.memory))


def until(holds: Callable[[], object], what: str, meanwhile: Callable[[], object] = lambda: None) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up, f"never: {what}"
        meanwhile()
        time.sleep(0.002)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Controller, Controller]]:
    manifest, code, initial = compiled(PROGRAM)
    manifest.save(tmp_path / "manifest.json")
    (tmp_path / "programs.o").write_bytes(code)
    (tmp_path / "initial.bin").write_bytes(initial)
    made = Controller(tmp_path, manifest), Controller(tmp_path, manifest)
    yield made
    for controller in made:
        controller.close()


def test_scan_processes_when_the_leader_is_killed_and_comes_back_then_programs_go_on_without_a_jump(pair):
    a, b = pair
    stream = Stream(a, b, term=4)
    order = a.manifest.tags.find("order")
    a.leads(4)
    a.start()
    b.start()
    until(lambda: a.control.scan_no > 40 and b.control.scan_no > 20, "a leads and b mirrors", stream.copy)
    assert (a.control.active_term, b.control.active_term, b.control.driving) == (4, 0, 0)
    assert b.frames.latest() is None
    done = a.mailbox.put(order, 3, index=1)
    until(lambda: a.mailbox.status(done) is WriteStatus.WRITTEN, "taken", stream.copy)
    until(lambda: b.get("fast.taken") == 3, "mirrored", stream.copy)
    a.kill()
    stream.copy()
    before = a.latest()
    again, new = b.mailbox.put(order, 3, index=1), b.mailbox.put(order, 4, index=2)
    _takes_over(b, before)
    assert b.get("fast.taken") == 7
    assert {b.mailbox.status(ticket) for ticket in (again, new)} == {WriteStatus.WRITTEN}
    _comes_back(a, b, before)
    assert a.get("fast.taken") == 7


def _takes_over(b: Controller, before: Snapshot) -> None:
    """After the leader's last state, in term 5."""
    at_ns = time.monotonic_ns()
    b.leads(5)
    until(lambda: b.control.scan_no > before.scan_no, "b leads")
    passed_ns = b.latest().now_ns - before.now_ns
    assert (passed_ns % CYCLE_NS, passed_ns >= CYCLE_NS) == (0, True)
    until(lambda: b.control.scan_no > before.scan_no + 30, "b goes on")
    frame, after = b.frames.latest(), b.latest()
    assert frame is not None
    assert (frame.term, frame.driving) == (5, True)
    assert b.get("fast.scans", after) == after.scan_no
    assert b.get("fast.energy", after) == 0.25 * after.scan_no
    assert b.get("fast.firsts") == 1
    assert after.now_ns - before.now_ns <= time.monotonic_ns() - at_ns + 20 * CYCLE_NS


def _comes_back(a: Controller, b: Controller, before: Snapshot) -> None:
    """The former leader, whose words still say that it leads in term 4; then it mirrors, then it leads in term 6."""
    started = a.control.scan_start_count
    a.start()
    until(lambda: a.control.scan_start_count > started, "a is back")
    clock_ns = a.control.scan_clock_ns
    until(lambda: a.control.scan_clock_ns > clock_ns, "a's loop runs")
    assert (a.control.active_term, a.control.driving) == (0, 0)
    a.leads(0)
    stream = Stream(b, a, term=5)
    until(lambda: a.control.scan_no > before.scan_no + 30, "a mirrors b", stream.copy)
    b.leads(0)
    until(lambda: b.control.active_term == 0, "b mirrors")
    stream.copy()
    swapped = b.latest()
    a.leads(6)
    until(lambda: a.control.scan_no > swapped.scan_no + 10, "a leads again")
    after = a.latest()
    assert a.get("fast.scans", after) == after.scan_no
    assert a.get("fast.firsts") == 1
