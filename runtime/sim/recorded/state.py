"""The state that a recorded test begins with: what the variables held when the recorded scans began.

A test starts from fresh memory at a time of its own. So each variable that held something else is told its value, and
readings of the clock are moved to the test's time: those of the standard timers, and other TIMEs that lie between the
controller's start and the recorded moment. What cannot be written as ST is left out and named.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from runtime.core.elementary import Kind, Value
from runtime.core.quality import Quality
from runtime.core.tag import Variable
from runtime.image.manifest import Manifest
from runtime.lang.application import Application

_TIMERS = ("TON", "TOF", "TP", "TON_LTIME", "TOF_LTIME", "TP_LTIME")
_TIMER_CLOCK = ".started"


@dataclass(frozen=True, slots=True)
class Told:
    """What a variable, an input or a write says before a scan: a value, and for an input a quality."""

    variable: Variable
    value: Value | None
    quality: Quality | None


@dataclass(frozen=True, slots=True)
class Clocks:
    """Scan clock ns: of the controller's first scan, of the first recorded one, and of the same scan in the test."""

    first_ns: int
    recorded_ns: int
    test_ns: int

    def moved(self, variable: Variable, value: int) -> int:
        """A TIME as the test is to have it."""
        timer = variable.block.rpartition("/")[2].upper() in _TIMERS and variable.name.lower().endswith(_TIMER_CLOCK)
        reading = timer or self.first_ns <= value <= self.recorded_ns
        return value - self.recorded_ns + self.test_ns if reading else value


@dataclass(frozen=True, slots=True)
class BeginningState:
    """What the test is told before its first scan, and the names of what it cannot be told."""

    told: tuple[Told, ...]
    left_out: tuple[str, ...]


def beginning_state(app: Application, manifest: Manifest, memory: bytes, clocks: Clocks) -> BeginningState:
    """All variables of `app` that hold another value in the recorded memory; but for inputs, which each scan brings."""
    inputs = {point.tag.lower() for points in manifest.bindings.inputs.values() for point in points}
    told, left_out = [], []
    for leaf, value in _changed(app, manifest, memory):
        if leaf.name.lower() in inputs:
            continue
        if leaf.reference or (isinstance(value, float) and not math.isfinite(value)):
            left_out.append(leaf.name)
            continue
        if leaf.type.kind is Kind.TIME:
            value = clocks.moved(leaf, int(value))
        told.append(Told(leaf, value, None))
    return BeginningState(tuple(told), tuple(left_out))


def _changed(app: Application, manifest: Manifest, memory: bytes) -> Iterator[tuple[Variable, Value]]:
    met: set[int] = set()
    for leaf in (*app.tags.tags, *app.tags.variables):
        recorded = manifest.tags.find(leaf.name)
        if recorded is None or leaf.constant or leaf.read_only or leaf.offset in met:
            continue
        met.add(leaf.offset)
        value = recorded.type.unpack(memory, recorded.offset)
        if value != leaf.type.unpack(app.initial, leaf.offset):
            yield leaf, value
