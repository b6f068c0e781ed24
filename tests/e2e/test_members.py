"""Three members as processes on the loopback, with real keys and disks: killed, returned, all killed at once."""

import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from runtime.cluster.group import load_group
from runtime.cluster.memberstate import found_member
from tests.e2e.membershell import COMPACT_AFTER

SHELL = Path(__file__).with_name("membershell.py")
GIVE_UP_S = 120.0
MISSED = COMPACT_AFTER + 1
"""Commands after which a log no longer holds what came before: who missed them is given a snapshot."""
VOLTSCAN = [sys.executable, "-m", "runtime.cli"]


class Process:
    """One member's process, and the lines that it has said."""

    def __init__(self, command: list[str], cwd: Path) -> None:
        self.popen = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=cwd
        )
        self.said: list[str] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            if line.endswith("\n"):  # else it was killed while it spoke
                self._lines.put(line.strip())

    def new(self) -> list[str]:
        lines = []
        while not self._lines.empty():
            lines.append(self._lines.get())
        self.said += lines
        return lines

    def tell(self, line: str) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write(line + "\n")
        self.popen.stdin.flush()

    def kill(self, number: int = signal.SIGKILL) -> int:
        os.kill(self.popen.pid, number)
        code = self.popen.wait(timeout=GIVE_UP_S)
        self._thread.join()
        for pipe in (self.popen.stdin, self.popen.stdout):
            assert pipe is not None
            pipe.close()
        self.new()
        return code


class Trio:
    """Controllers a and b, and the witness, each with its own keys and folder below `folder`."""

    def __init__(self, folder: Path) -> None:
        """In a folder with its files and the state of its witness."""
        self.folder = folder
        self.running: dict[str, Process] = {}
        group, mistakes = load_group(folder / "group.toml")
        assert group is not None, mistakes
        for name in ("a", "b"):
            plan = group.plan(name, key_file=folder / f"{name}.key", state_dir=folder / "state")
            found_member(plan)
            (folder / f"{name}.json").write_text(plan.to_json())

    def start(self, *names: str) -> None:
        for name in names:
            run = (
                [*VOLTSCAN, "witness", "witness.toml"] if name == "w" else [sys.executable, str(SHELL), f"{name}.json"]
            )
            self.running[name] = Process(run, self.folder)

    def kill(self, *names: str) -> None:
        for name in names:
            os.kill(self.running[name].popen.pid, signal.SIGKILL)
        for name in names:
            self.running.pop(name).kill()

    @property
    def shells(self) -> dict[str, Process]:
        return {name: process for name, process in self.running.items() if name != "w"}

    def leader(self) -> str:
        """Wait for one."""
        return self._until(lambda: next((n for n in self.shells if self._situation(n).startswith("leads")), ""))

    def acknowledged(self, *seqs: int) -> None:
        """Give these commands to whoever leads, until the leader has them agreed on."""
        for seq in seqs:
            begun = {name: len(process.said) for name, process in self.shells.items()}
            due = [0.0]

            def accepted(seq: int = seq, begun: dict[str, int] = begun, due: list[float] = due) -> bool:
                if time.monotonic() >= due[0]:  # a client takes silence for "perhaps", and asks again
                    self.shells[self.leader()].tell(f"propose {seq}")
                    due[0] = time.monotonic() + 1.0
                self._hear()
                return any(f"applied {seq}" in process.said[begun[n] :] for n, process in self.shells.items())

            self._until(accepted)

    def agreed(self, name: str, seqs: list[int]) -> None:
        """Wait until that controller has applied exactly these, in order."""
        self._until(lambda: self.applied(name) == seqs)

    def applied(self, name: str) -> list[int]:
        """What that controller has applied by now."""
        process = self.running[name]
        self._hear()
        asked = len(process.said)
        process.tell("list")
        self._until(lambda: self._hear() or any(line.startswith("list") for line in process.said[asked:]))
        said = next(line for line in process.said[asked:] if line.startswith("list"))
        return [int(seq) for seq in said.split()[1:]]

    def heard(self, name: str, text: str) -> None:
        """Wait until that process has said so."""
        self._until(lambda: self._hear() or any(text in line for line in self.running[name].said))

    def _situation(self, name: str) -> str:
        self._hear()
        said = [line for line in self.running[name].said if line.startswith(("leads", "follows"))]
        return said[-1] if said else ""

    def _hear(self) -> None:
        for process in self.running.values():
            process.new()

    def _until(self, done):
        give_up = time.monotonic() + GIVE_UP_S
        while not (found := done()):
            if time.monotonic() > give_up:
                told = {name: process.said[-8:] for name, process in self.running.items()}
                pytest.fail(f"it did not come to it; said last: {told}")
            time.sleep(0.005)
        return found


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder as the command line makes it, on an address of the loopback that is this process's own."""
    folder = tmp_path_factory.mktemp("made")
    pid = os.getpid()
    host = f"127.{pid >> 16 & 0xFF}.{pid >> 8 & 0xFF}.{max(2, pid & 0xFF)}"
    members = [f"{name}={host}:{port}" for name, port in (("a", 7420), ("b", 7422), ("w", 7424))]
    subprocess.run(
        [*VOLTSCAN, "keys", *members, "--out", str(folder), "--cycle", "100ms"], check=True, capture_output=True
    )
    (folder / "witness.toml").write_text('member = "w"\ngroup = "group.toml"\nkey = "w.key"\nstate_dir = "state"\n')
    subprocess.run([*VOLTSCAN, "witness", "witness.toml", "--found"], check=True, cwd=folder, capture_output=True)
    return folder


@pytest.fixture
def trio(made, tmp_path):
    group = Trio(Path(shutil.copytree(made, tmp_path / "trio")))
    yield group
    group.kill(*group.running)


def test_members_when_they_are_killed_one_by_one_and_all_at_once_then_nothing_acknowledged_is_lost(trio):
    trio.start("a", "b", "w")
    first = trio.leader()
    other = "b" if first == "a" else "a"
    trio.acknowledged(*range(1, 16))
    trio.heard("w", "follows ")

    trio.kill(first)
    assert trio.leader() == other
    trio.acknowledged(*range(16, 16 + MISSED))
    trio.start(first)
    trio.agreed(first, list(range(1, 16 + MISSED)))
    assert any(line.startswith("installed") for line in trio.running[first].said)

    last = 16 + MISSED
    trio.acknowledged(last, last + 1)
    trio.kill("a", "b", "w")
    trio.start("a", "b", "w")
    trio.acknowledged(last + 2)
    for name in ("a", "b"):
        trio.agreed(name, list(range(1, last + 3)))


@pytest.mark.slow
def test_members_when_all_are_killed_at_any_instant_again_and_again_then_nothing_acknowledged_is_lost(trio):
    random = Random()  # a seed would not bring the same instants again: processes are what they are
    seq, acknowledged = 0, set[int]()
    for _ in range(50):
        trio.start("a", "b", "w")
        for _ in range(random.randint(0, 4)):
            seq += 1
            trio.acknowledged(seq)
            acknowledged.add(seq)
        leader = trio.leader()
        for _ in range(random.randint(0, 12)):
            seq += 1
            trio.shells[leader].tell(f"propose {seq}")
            time.sleep(random.random() * 0.002)
        last = dict(trio.shells)
        trio.kill("a", "b", "w")
        acknowledged |= {int(line.split()[1]) for p in last.values() for line in p.said if line.startswith("applied")}
    trio.start("a", "b", "w")
    trio.acknowledged(seq + 1)
    for name in ("a", "b"):
        trio.agreed(name, applied := trio.applied(trio.leader()))
        assert acknowledged <= set(applied)
        assert len(set(applied)) == len(applied)
    assert len(acknowledged) > 100


def test_witness_when_it_runs_then_it_is_small_tells_the_service_manager_and_ends_in_order(trio, tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service:
        service.bind(str(tmp_path / "notify"))
        service.settimeout(GIVE_UP_S)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        trio.start("a", "b", "w")
        trio.acknowledged(1)
        trio.heard("w", "follows")
        told = b""
        while b"STATUS=follows" not in told:
            told += service.recv(4096) + b"\n"
        assert b"READY=1" in told
    witness = trio.running["w"]
    status = Path(f"/proc/{witness.popen.pid}/status").read_text()
    peak_kb = int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
    assert peak_kb < 40_000
    assert witness.kill(signal.SIGTERM) == 0
    del trio.running["w"]
    assert witness.said[-1] == "w: stopped"
    changes = [line for line in witness.said if "follows" in line or "knows no leader" in line]
    assert all(before != after for before, after in pairwise(changes)), "each change is told once"


def test_witness_when_its_state_is_damaged_then_it_does_not_vote_and_says_how_it_comes_back(trio):
    (file,) = (trio.folder / "state" / "w").iterdir()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 4
    file.write_bytes(content)
    ended = subprocess.run(
        [*VOLTSCAN, "witness", "witness.toml"], check=False, cwd=trio.folder, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert "the state of member w is damaged" in ended.stderr
    assert "under a new name, with `--join`" in ended.stderr
