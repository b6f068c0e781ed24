"""A pair of its own for the end-to-end tests: two controllers, a witness, and a device that records what is written.

The program counts its scans, integrates, steps (SFC) and times itself into output registers: `sum` is the number of
scans as long as integral and steps go on from scan to scan. The device is served by this process.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from runtime.core.fault import PlcFault
from runtime.wire.client import Client
from runtime.wire.endpoints import endpoints
from tests.e2e.conftest import LIMIT_S
from tests.e2e.drive import Drive
from tests.e2e.namespaces import HOSTS, Namespaces
from tests.ports import free_port

PROGRAM = """
TYPE
    COMMAND_RESULT : USINT (NONE := 0, ACCEPTED := 1, DONE := 2, REFUSED := 3);
    ASKED : STRUCT value : INT; seq : UDINT; END_STRUCT;
    ANSWERED : STRUCT seq : UDINT; result : COMMAND_RESULT; END_STRUCT;
    DRIVE : STRUCT scans : UDINT; sum : UDINT; timed : UDINT; asked : UDINT; END_STRUCT;
END_TYPE
VAR_GLOBAL drive_1 : DRIVE; add_1 : ASKED; ack_add_1 : ANSWERED; END_VAR
FUNCTION_BLOCK TURNS (* a step a scan, so every other scan is a turn *)
VAR_OUTPUT n : UDINT; END_VAR
INITIAL_STEP odd: END_STEP
STEP even: count(P1); END_STEP
TRANSITION FROM odd TO even := TRUE; END_TRANSITION
TRANSITION FROM even TO odd := TRUE; END_TRANSITION
ACTION count: n := n + 1; END_ACTION
END_FUNCTION_BLOCK
PROGRAM main
VAR scans : UDINT; total : LREAL; turns : TURNS; t : TON; asked : UDINT; END_VAR
VAR bulk : ARRAY [0..{bulk_last}] OF UDINT; END_VAR
scans := scans + 1;
bulk[scans MOD {bulk_len}] := scans;
total := total + 0.5;
turns();
t(IN := TRUE, PT := T#100h);
IF add_1.seq <> ack_add_1.seq THEN
    asked := asked + INT_TO_UDINT(add_1.value);
    ack_add_1.seq := add_1.seq;
    ack_add_1.result := COMMAND_RESULT#DONE;
END_IF
drive_1.scans := scans;
drive_1.sum := LREAL_TO_UDINT(total * 2.0) + scans / 2 - turns.n;
drive_1.timed := TIME_TO_UDINT(t.ET);
drive_1.asked := asked;
END_PROGRAM
CONFIGURATION c
    TASK quick (INTERVAL := T#{cycle_ms}ms, PRIORITY := 0);
    PROGRAM main WITH quick : main;
END_CONFIGURATION
"""
PROFILE = """
maker = "Test"
model = "Drive"
natures = ["sensor"]
version = "1"
protocol = "modbus"
source = { document = "none", page = "1" }
[modbus]
table = "holding"
[groups]
fast = { period_ms = 50 }
[points]
scans = { register = 0, type = "u32", access = "w" }
sum = { register = 2, type = "u32", access = "w" }
timed = { register = 4, type = "u32", access = "w" }
asked = { register = 6, type = "u32", access = "rw", group = "fast" }
leader_term = { register = 8, type = "u32", access = "w" }
"""
REFRESH_MS = 100
RESTING = {"term": "", "time": f", refresh_ms = {REFRESH_MS}, read_back = true"}
"""What a device of a class needs for an output that rests: by a refresh a former leader's late write is found."""
FENCES = {"time": '"time"', "term": '{ class = "term", point = "leader_term" }'}
IO_MAP = """
site = "{name}"
fail_safe_after_ms = 2000
[links.field]
kind = "modbus_tcp"
host = "{host}"
port = {port}
backoff_max_ms = 300
[devices.drive_1]
profile = "drive"
link = "field"
unit = 1
fence = {fence}
[devices.drive_1.points]
scans = {{ fail_safe = "hold" }}
sum = {{ fail_safe = "hold" }}
timed = {{ fail_safe = "hold" }}
asked = {{ fail_safe = "hold"{asked} }}
[commands]
add = {{ request = "add_1", ack = "ack_add_1" }}
"""
SITE = """
name = "{name}"
cycle = "{cycle_ms}ms"
programs = ["pair.st"]
io_map = "sites/{name}.toml"
state_dir = "state_{member}"
[recorder]
keep = "0s"
[pair]
member = "{member}"
group = "keys/group.toml"
key = "keys/{member}.key"
"""
PATIENT_SITE = 'wait_for_standby = "2s"'
PATIENT_GROUP = '\n[times]\nheartbeat = "100ms"\nelection_min = "1s"\nlease = "900ms"\neffect = "50ms"\n'
"""Times that outlast what a busy machine takes a process off its processor for."""
WITNESS = """
member = "w"
group = "keys/group.toml"
key = "keys/w.key"
state_dir = "state_w"
"""


TRIES_MAX = 5
RESTARTING = (PlcFault, FileNotFoundError)
"""What a controller that restarts is the reason of: it does not answer, says that it cannot yet, its notes are gone."""


class PairSite:
    """The three members in a folder, as processes. `kill` is of a whole controller, supervisor and all.

    With `spaces` each member and the device are in a network namespace of their own, else all are on the loopback.
    `patient`: nobody takes over because the machine stands still for a moment. `state_bytes`: of the program's memory,
    beside its counters.
    """

    def __init__(
        self,
        folder: Path,
        *,
        cycle_ms: int = 50,
        fence: str = "term",
        spaces: Namespaces | None = None,
        patient: bool = False,
        state_bytes: int = 4,
    ) -> None:
        self.folder = folder
        self.cycle_ms = cycle_ms
        self.made_ns = time.monotonic_ns()
        self._spaces = spaces
        hosts = dict.fromkeys(HOSTS, "127.0.0.1") if spaces is None else HOSTS
        enter = partial(spaces.enter, "device") if spaces is not None else lambda: None
        self.drive = Drive(host=hosts["device"], enter=enter)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        state = {"XDG_RUNTIME_DIR": str(folder), "XDG_STATE_HOME": str(folder / "xdg")}
        self.env = os.environ | state
        ports = {name: _four_free_ports() for name in "abw"}
        members = [f"{name}={hosts[name]}:{port}" for name, port in ports.items()]
        self.voltscan("keys", *members, "--cycle", f"{cycle_ms}ms", "--out", "keys")
        if patient:
            with (folder / "keys" / "group.toml").open("a") as group:
                group.write(PATIENT_GROUP)
        (folder / "pair.st").write_text(_program(cycle_ms, state_bytes))
        for kind in ("profiles", "sites"):
            (folder / kind).mkdir()
        (folder / "profiles" / "drive.toml").write_text(PROFILE)
        (folder / "witness.toml").write_text(WITNESS)
        for member in "ab":
            name = f"pair_{member}"
            site = SITE.format(name=name, member=member, cycle_ms=cycle_ms)
            (folder / f"{name}.toml").write_text(site + PATIENT_SITE * patient)
            (folder / "sites" / f"{name}.toml").write_text(
                IO_MAP.format(
                    name=name, host=self.drive.host, port=self.drive.port, fence=FENCES[fence], asked=RESTING[fence]
                )
            )
        self.voltscan("witness", "witness.toml", "--found")
        for member in "ab":
            self.voltscan("run", f"pair_{member}.toml", "--found")

    def voltscan(self, *words: str) -> str:
        """Run a command of the command line to its end, which must be good; what it printed."""
        done = self.try_voltscan(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def try_voltscan(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the command line to its end."""
        return subprocess.run(
            [sys.executable, "-m", "runtime.cli", *words],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self, *members: str) -> None:
        for member in members:
            words = ("witness", "witness.toml") if member == "w" else ("run", f"pair_{member}.toml", "--no-hmi")
            before = self._spaces.command(member) if self._spaces is not None else ()
            with (self.folder / f"{member}.log").open("a") as log:
                self.processes[member] = subprocess.Popen(
                    [*before, sys.executable, "-m", "runtime.cli", *words],
                    env=self.env,
                    cwd=self.folder,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )

    def pids(self, member: str) -> list[int]:
        """Of the whole member, the supervisor first: it would start the others again."""
        return list(self.named_pids(member).values())

    def named_pids(self, member: str) -> dict[str, int]:
        """Of the whole member by name."""
        found = {"supervisor": self.processes[member].pid}
        with suppress(FileNotFoundError):
            found |= json.loads((self._run_dir(member) / "processes.json").read_text())
        return found

    def has_io(self, member: str) -> bool:
        """Whether its io has started: it says so at once. One that only writes has asked nothing of the device yet."""
        return (self._run_dir(member) / "io.json").exists()

    def _run_dir(self, member: str) -> Path:
        return self.folder / "voltscan" / f"pair_{member}"

    def signal(self, member: str, what: signal.Signals) -> None:
        for pid in self.pids(member):
            with suppress(ProcessLookupError):
                os.kill(pid, what)

    def kill(self, member: str) -> int:
        """The monotonic time (ns) at which the whole member was killed."""
        pids = self.pids(member)
        at_ns = time.monotonic_ns()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.processes.pop(member).wait()
        for note in ("processes.json", "io.json"):  # what they say is of another life from now on
            (self._run_dir(member) / note).unlink(missing_ok=True)
        return at_ns

    def stop(self, member: str) -> int:
        """Stop it in order; its exit code."""
        process = self.processes.pop(member)
        process.send_signal(signal.SIGTERM)
        return process.wait(LIMIT_S)

    def client(self, member: str, *, timeout_ms: int = 8000) -> Client:
        return Client(endpoints(self._run_dir(member)), timeout_ms=timeout_ms)

    def status(self, member: str, *, timeout_ms: int = 8000) -> dict:
        with self.client(member, timeout_ms=timeout_ms) as client:
            return client.request("pair")

    def leader(self) -> str:
        """Who drives; empty when nobody says so."""
        for member in "ab":
            if member in self.processes:
                with suppress(*RESTARTING):
                    if self.status(member)["drives"]:
                        return member
        return ""

    def versions(self) -> set[str]:
        """Of the programs that the controllers which run say they run."""
        runs = [member for member in "ab" if member in self.processes]
        notes = [self.folder / "voltscan" / f"pair_{member}" / "version.json" for member in runs]
        return {json.loads(note.read_text())["hash"] for note in notes}

    def edit_programs(self, *, adds: int) -> None:
        """Have the programs show a number more as `asked`, out of a variable that is new."""
        text = (self.folder / "pair.st").read_text()
        text = text.replace("VAR scans : UDINT;", f"VAR scans : UDINT; more : UDINT := {adds};")
        (self.folder / "pair.st").write_text(text.replace("asked := asked;", "asked := asked + more;"))

    def at_leader(self, what: str, has_come: Callable[[], bool]) -> None:
        """`download` or `rollback` at the leader, whoever that is by then, until what it leads to has come: a leader
        that loses its lease in the very moment of the change leaves the programs as they were."""

        def done() -> bool:
            leader = self.leader()
            site = {"download": (f"pair_{leader}.toml",), "rollback": ("--site", f"pair_{leader}")}[what]
            if leader and self.try_voltscan(what, *site).returncode == 0:
                with suppress(AssertionError):
                    until(has_come, limit_s=20)
            return has_come()

        until(done)

    def wait_in_sync(self) -> str:
        """Until both controllers say that both are in sync and nothing is degraded; the leader."""
        return until(self.whole)

    def whole(self) -> str:
        """Who leads, where both controllers say that both are in sync, and the leader that nothing is degraded.

        The leader's word alone is not enough: in the moment of a take-over it still knows the former one as in sync.
        """
        if not all(member in self.processes and "gateway" in self.named_pids(member) for member in "ab"):
            return ""
        told = {}
        with suppress(PlcFault):
            told = {member: self.status(member) for member in "ab"}
        followed = {(one["leader"], one["term"]) for one in told.values()}
        if len(followed) != 1 or any(len(one["in_sync"]) < 2 for one in told.values()):
            return ""
        leading = next((one for one in told.values() if one["drives"]), None)
        if leading is None or leading["alarms"] or not all(m["votes"] for m in leading["members"]):
            return ""
        return str(leading["name"])

    def without_leader(self, end: Callable[[str], object]) -> tuple[str, str]:
        """End the leader while its standby is in sync, until that leads: who ended, and who leads.

        A standby that fell behind just then (a busy machine) takes nothing over, as it must not; so it is tried again.
        """
        for _ in range(TRIES_MAX):
            ended = self.wait_in_sync()
            other = "b" if ended == "a" else "a"
            end(ended)
            if until(partial(self._outcome, other)) == other:
                return ended, other
            self.start(ended)
        raise AssertionError(f"the standby fell behind {TRIES_MAX} times, whenever the leader ended")

    def _outcome(self, survivor: str) -> str:
        if self.leader() == survivor:
            return survivor
        return "" if survivor in self.status(survivor)["in_sync"] else "it is not in sync"

    def close(self) -> None:
        for member in list(self.processes):
            self.signal(member, signal.SIGCONT)
            self.kill(member)
        self.drive.close()


def _program(cycle_ms: int, state_bytes: int) -> str:
    length = state_bytes // 4
    words = {"cycle_ms": cycle_ms, "bulk_len": length, "bulk_last": length - 1}
    text = PROGRAM
    for word, number in words.items():
        text = text.replace(f"{{{word}}}", str(number))
    return text


def _four_free_ports() -> int:
    """The first of four neighbours: a member's two, and two for consoles."""
    ports = [free_port()]
    while len(ports) < 4:
        following = free_port()
        ports = [*ports, following] if following == ports[-1] + 1 else [following]
    return ports[0]


def until(condition: Callable[[], str | bool], limit_s: float = LIMIT_S) -> str:
    """Wait until it holds; what it said. Raises what the condition raises, but for what a controller that restarts is
    the reason of."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        with suppress(*RESTARTING):
            found = condition()
            if found:
                return str(found)
        time.sleep(0.02)
    raise AssertionError("it never came to hold")
