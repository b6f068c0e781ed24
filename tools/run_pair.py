"""The demo site on a hot-standby pair, all on this machine: simulated plant, two controllers, witness.

    python tools/run_pair.py                   runs until Ctrl-C, a line a second; `voltscan hmi --site pair-a` beside
                                               it; a member that is killed comes back after ten seconds
    python tools/run_pair.py --drill OUT       hurts it in every way, and writes OUT.csv and OUT.svg: the power at the
                                               plant, its setpoint, and who drove

Keys, group file and states are made once, under configs/pair and var/pair.
"""

import argparse
import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pairdrill.hurtpicture import save_hurt_pair

from runtime.core.fault import PlcFault
from runtime.node.runplan import living_processes
from runtime.wire.client import connect
from runtime.wire.rundir import run_dir

ROOT = Path(__file__).resolve().parent.parent
CONFIGS, STATE = ROOT / "configs", ROOT / "var" / "pair"
PLANT = "demo_plant"
SITES = {"a": "pair-a", "b": "pair-b"}
SHOWN = ("inverter_1.p_set_kw", "inverter_1.p_kw", "grid_meter_1.p_kw")
SAMPLE_S = 0.05
AGAIN_S = 10.0
"""Who has killed a controller wants to see for a while how the other one goes on."""
VOLTSCAN = (sys.executable, "-m", "runtime.cli")


@dataclass
class Sample:
    """What the plant showed at one moment, and who said that it drove."""

    at_s: float
    values: tuple[float, ...]
    leader: str
    what: str


class Pair:
    """The processes, by member; `plant` is the simulated plant."""

    def __init__(self) -> None:
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        STATE.mkdir(parents=True, exist_ok=True)
        if not (CONFIGS / "pair" / "group.toml").exists():
            members = ("a=127.0.0.1:7420", "b=127.0.0.1:7430", "witness=127.0.0.1:7440")
            self._command("keys", *members, "--cycle", "10ms", "--out", str(CONFIGS / "pair"))
        for member, words in self._words().items():
            if member != "plant" and not (STATE / f"{member}.made").exists():
                self._command(*(word for word in words if word != "--no-hmi"), "--found")
                (STATE / f"{member}.made").touch()

    def start(self, *members: str) -> None:
        """As processes of their own; what they print goes to var/pair."""
        for member in members:
            with (STATE / f"{member}.log").open("a") as log:
                words = (*VOLTSCAN, *self._words()[member])
                self._processes[member] = subprocess.Popen(words, cwd=ROOT, stdout=log, stderr=log)

    def pids(self, member: str) -> list[int]:
        """Of a whole member, the supervisor first."""
        site = SITES.get(member)
        children = living_processes(run_dir(site)).values() if site else ()
        return [self._processes[member].pid, *children]

    def signal(self, member: str, what: signal.Signals) -> None:
        """To all its processes."""
        for pid in self.pids(member):
            with suppress(ProcessLookupError):
                os.kill(pid, what)

    def kill(self, member: str) -> None:
        """With SIGKILL, as a whole."""
        self.signal(member, signal.SIGKILL)
        self._processes.pop(member).wait()

    def stop(self) -> None:
        """All in order, the plant last."""
        for member in ("b", "a", "witness", "plant"):
            process = self._processes.pop(member, None)
            if process is not None:
                process.terminate()
                process.wait(20.0)

    def ended(self) -> list[str]:
        """Members that were started and are gone."""
        return [member for member, process in self._processes.items() if process.poll() is not None]

    @staticmethod
    def _words() -> dict[str, tuple[str, ...]]:
        sites = {"plant": "demo_plant.toml", "a": "pair-a.toml", "b": "pair-b.toml"}
        words = {member: ("run", str(CONFIGS / file), "--no-hmi") for member, file in sites.items()}
        return words | {"witness": ("witness", str(CONFIGS / "witness.toml"))}

    @staticmethod
    def _command(*words: str) -> None:
        subprocess.run([*VOLTSCAN, *words], cwd=ROOT, check=True)


def ask(site: str, op: str, **fields: Any) -> dict[str, Any]:
    """One request; empty when nobody answers."""
    with suppress(PlcFault, OSError), connect(site, timeout_ms=300) as client:
        return client.request(op, **fields)
    return {}


def leader() -> str:
    """Who says that it drives."""
    return next((m for m, site in SITES.items() if ask(site, "pair").get("drives")), "")


def in_sync() -> bool:
    """Whether nothing is degraded."""
    who = leader()
    return bool(who) and ask(SITES[who], "pair").get("alarms") == []


def _is_driven() -> bool:
    """Whether the plant has a setpoint, so that it can be seen to go on."""
    told = ask(PLANT, "read", names=[SHOWN[0]]).get("values", [])
    return bool(told) and float(told[0]["value"]) != 0.0


def wait_for(condition: Callable[[], bool], limit_s: float = 180.0) -> None:
    """Raises TimeoutError when it does not come to hold."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the pair does not come to rest: see the logs under var/pair")
        time.sleep(0.1)


class Drill:
    """Hurts the pair step by step while it samples the plant."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._began_s = time.monotonic()
        self.samples: list[Sample] = []

    def run(self) -> None:
        """All of it, about a minute and a half."""
        wait_for(in_sync)
        wait_for(_is_driven)
        self._watch(5.0, "calm")
        victim = leader()
        self._pair.kill(victim)
        self._watch(5.0, f"kill -9 {victim}")
        self._pair.start(victim)
        self._until_in_sync(f"{victim} back")
        ask(SITES[leader()], "pair_ask", what="swap")
        self._watch(5.0, "swap")
        self._until_in_sync("in sync")
        paused = leader()
        self._pair.signal(paused, signal.SIGSTOP)
        self._watch(1.0, f"{paused} stands still")
        self._pair.signal(paused, signal.SIGCONT)
        self._watch(5.0, f"{paused} wakes")
        self._until_in_sync("in sync")
        self._pair.kill("witness")
        self._watch(5.0, "witness dead")
        self._pair.start("witness")
        self._until_in_sync("witness back")

    def _until_in_sync(self, what: str) -> None:
        end = time.monotonic() + 60.0
        while not in_sync() and time.monotonic() < end:
            self._watch(0.5, what)
        self._watch(2.0, what)

    def _watch(self, seconds: float, what: str) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            told = ask(PLANT, "read", names=list(SHOWN)).get("values", [])
            if told:
                values = tuple(float(value["value"]) for value in told)
                self.samples.append(Sample(time.monotonic() - self._began_s, values, leader(), what))
            time.sleep(SAMPLE_S)

    def save(self, out: Path) -> None:
        """The samples as CSV and as a picture."""
        with out.with_suffix(".csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["s", *SHOWN, "leader", "what"])
            rows.writerows([round(s.at_s, 3), *s.values, s.leader, s.what] for s in self.samples)
        save_hurt_pair(out.with_suffix(".svg"), SHOWN, self.samples)
        told = ""
        for sample in self.samples:
            if sample.what != told:
                told = sample.what
                print(f"{sample.at_s:7.1f} s  {told}")


def show_lines(pair: Pair) -> NoReturn:
    """A line each second until Ctrl-C. A member that has ended is started again, as a service manager does it."""
    ended_s: dict[str, float] = {}
    while True:
        for member in pair.ended():
            since_s = ended_s.setdefault(member, time.monotonic())
            if time.monotonic() - since_s >= AGAIN_S:
                del ended_s[member]
                pair.start(member)
                print(f"{member} is started again; what it says: var/pair/{member}.log", file=sys.stderr)
        who = leader()
        told = ask(SITES[who], "pair") if who else {}
        values = ask(PLANT, "read", names=list(SHOWN)).get("values", [])
        power = "  ".join(f"{value['name']} {value['value']:.1f}" for value in values)
        sync = "in sync: " + ", ".join(told.get("in_sync", [])) if told else "nobody drives"
        alarms = "  ".join(alarm["text"] for alarm in told.get("alarms", []))
        print(f"leader {who or '-'}  term {told.get('term', '-')}  {sync}  {power}  {alarms}")
        time.sleep(1.0)


def main() -> int:
    """Until it is stopped, or the drill is over."""
    parser = argparse.ArgumentParser(description="The demo site on a hot-standby pair, on this machine")
    parser.add_argument("--drill", type=Path, metavar="OUT", help="hurt it, and write OUT.csv and OUT.svg")
    options = parser.parse_args()
    pair = Pair()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        pair.start("plant", "witness", "a", "b")
        if options.drill is None:
            show_lines(pair)
        drill = Drill(pair)
        drill.run()
        drill.save(options.drill)
        print(f"{len(drill.samples)} samples in {options.drill.with_suffix('.csv')}, drawn in .svg")
    except KeyboardInterrupt:
        pass
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        pair.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
