"""Where the time of a take-over went, from the kill to the next leader's first output at the device.

The steps in between are told by the controller that took over, in the log of its redundancy process
(runtime/cluster/redundancy/takeovertrace.py); kill and output are known here.
"""

import re
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from runtime.cluster.redundancy.takeovertrace import ASKED, LEADS, SCANNED, STOOD, WRITES

_LINE = re.compile(r"^(\S+ \S+) redundancy\[\d+\] INFO info: \w+ took over in term \d+; ms after [^:]*: (.*) \((.*)\)$")


@dataclass(frozen=True, slots=True)
class Phases:
    """Of one take-over, each in ms after the kill; `heard`: the last word of who was killed, so before it by a little.

    `told`: what else the controller said. `stalls`: the machine's own, by kind, the longest meanwhile."""

    steps: dict[str, float]
    told: str
    stalls: dict[str, float]

    def __str__(self) -> str:
        steps = ", ".join(f"{name} {ms:.1f}" for name, ms in self.steps.items())
        stalls = ", ".join(f"{kind} {ms:.1f}" for kind, ms in self.stalls.items())
        return f"{steps}; {self.told}; the machine stood still: {stalls}"


def phases_of(log: Path, *, killed_ns: int, output_ns: int, stalls: dict[str, float]) -> Phases | None:
    """Of the newest take-over in that log, where it is one of after the kill. Times are monotonic."""
    wall_ns = time.time_ns() - time.monotonic_ns()
    for line in reversed(log.read_text(errors="replace").splitlines()):
        found = _LINE.match(line)
        if found is None:
            continue
        told = datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S,%f").astimezone()
        told_ns = round(told.timestamp() * 1e9) - wall_ns
        if told_ns < killed_ns:
            return None
        marks = {name: float(ms) for name, ms in (mark.rsplit(" ", 1) for mark in found[2].split(", "))}
        heard_ms = (told_ns - killed_ns) / 1e6 - max(marks.values())
        steps = {"heard": heard_ms} | {name: heard_ms + marks[name] for name in _in_order(marks)}
        return Phases(steps | {"output": (output_ns - killed_ns) / 1e6}, found[3], stalls)
    return None


def _in_order(marks: dict[str, float]) -> list[str]:
    return [name for name in (STOOD, ASKED, LEADS, SCANNED, WRITES) if name in marks]
