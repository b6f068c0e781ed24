"""Plays a script on a coupled run: events before the scan of their time, samples and verdicts afterwards.

Between two events the run is native. A ramp moves its variable every RAMP_STEP_NS.
"""

import hashlib
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from runtime.core.elementary import Kind, Number, Value
from runtime.core.tag import Variable
from runtime.scan.faults import RecordedFault
from runtime.sim.coupled.coupling import PLANT_PREFIX, CoupledRun, Samples
from runtime.sim.coupled.plan import Mode
from runtime.sim.scenario.sampletable import TextColumn
from runtime.sim.scenario.script import NEVER_NS, Event, Expectation, Script, Target

RAMP_STEP_NS = 100_000_000
PROGRESS_EVERY_SCANS = 100_000
"""A fifth of a second of this machine's time."""

OnProgress = Callable[[int, int], None]
"""(scans done, scans in all)"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an expectation; `why` is empty when it holds."""

    text: str
    why: str

    @property
    def holds(self) -> bool:
        """True when it is as expected."""
        return not self.why


@dataclass(frozen=True, slots=True)
class Column:
    """What a recorded variable was, over all recorded scans. `above_zero` is the mean of its positive part."""

    name: str
    unit: str
    minimum: float
    maximum: float
    mean: float
    above_zero: float
    last: float


@dataclass(frozen=True, slots=True)
class Played:
    """A whole run. `state` is the SHA-256 of both memories at the end: two runs that have it are the same run."""

    scans: int
    recorded_scans: int
    cycle_ns: int
    columns: tuple[Column, ...]
    samples: Samples
    texts: tuple[TextColumn, ...]
    verdicts: tuple[Verdict, ...]
    faults: tuple[tuple[str, RecordedFault], ...]
    fault_counts: tuple[int, int]
    state: str

    @property
    def seconds(self) -> float:
        """Site time."""
        return self.scans * self.cycle_ns / 1e9

    @property
    def recorded_seconds(self) -> float:
        """Site time that the columns tell of."""
        return self.recorded_scans * self.cycle_ns / 1e9

    @property
    def passed(self) -> bool:
        """True when every expectation holds."""
        return all(verdict.holds for verdict in self.verdicts)


def play(run: CoupledRun, script: Script, *, seed: int, duration_ns: int, on_progress: OnProgress) -> Played:
    """Play the whole script for so long; the run is fresh."""
    return _Player(run, script, seed).play(duration_ns, on_progress)


class _Player:
    def __init__(self, run: CoupledRun, script: Script, seed: int) -> None:
        self._run, self._script = run, script
        self._seqs: dict[str, int] = {}
        self._agenda: list[tuple[int, int, Event]] = []
        self._order = itertools.count()
        self._ramps: dict[str, tuple[int, float]] = {}
        for target in script.seeds:
            self._put_initially(target, seed)
        for target, value in script.parameters:
            self._put_initially(target, value)
        for event in script.events:
            self._plan(event, event.at_ns)

    def play(self, duration_ns: int, on_progress: OnProgress) -> Played:
        run, script = self._run, self._script
        for side in (run.controller, run.plant):
            side.keep_no_snapshots()
        run.judge([expectation.condition for expectation in script.expectations])
        total = -(-duration_ns // run.cycle_ns)
        first = min(-(-script.record_from_ns // run.cycle_ns), total - 1)
        parts: list[Samples] = []
        while run.scan_no < total:
            if run.scan_no == first:
                run.watch(script.watched, every_ns=script.every_ns, texts=script.texts)
            while self._agenda and self._agenda[0][0] <= run.scan_no:
                self._do(heapq.heappop(self._agenda)[2])
            following = self._agenda[0][0] if self._agenda else total
            recorded = run.scan_no >= first
            until = min(following, total if recorded else first, run.scan_no + PROGRESS_EVERY_SCANS)
            samples = run.advance(until - run.scan_no)
            if recorded:
                parts.append(samples)
            on_progress(run.scan_no, total)
        return self._played(np.concatenate(parts), total - first)

    def _plan(self, event: Event, at_ns: int) -> None:
        """Before the first scan whose time is not before it."""
        scan = -(-at_ns // self._run.cycle_ns)
        heapq.heappush(self._agenda, (scan, next(self._order), event))

    def _put_initially(self, target: Target, value: Value) -> None:
        side, _ = self._run.side(target.name)
        target.variable.type.pack_into(side.memory, target.variable.offset, value)

    def _do(self, event: Event) -> None:
        side, bare = self._run.side(event.name)
        match event.action:
            case "fault":
                self._run.set_mode(event.name, event.mode)
                if event.duration_ns:
                    self._plan(Event(0, "fault", event.name, mode=Mode.ALIVE), event.at_ns + event.duration_ns)
            case "acknowledge":
                self._run.controller.acknowledge_faults()
            case "unforce":
                side.forces.clear(bare)
            case "force":
                side.forces.set(bare, event.value)
            case "command":
                self._command(event)
            case "ramp":
                self._ramp(event)
            case _:
                assert event.target is not None, "the script names what is set"
                side.write(event.target.variable, event.value)

    def _command(self, event: Event) -> None:
        assert event.target is not None, "the script found the request"
        assert event.seq is not None, "the script found the request"
        self._seqs[event.name] = self._seqs.get(event.name, 0) + 1
        seq = self._seqs[event.name]
        self._run.controller.request(event.target.variable, event.value, seq_variable=event.seq.variable, seq=seq)

    def _ramp(self, event: Event) -> None:
        """One step of it; the next is planned until the end value is reached."""
        assert event.target is not None, "the script names what is ramped"
        variable = event.target.variable
        side, bare = self._run.side(event.name)
        now_ns = self._run.scan_no * self._run.cycle_ns
        start_ns, start = self._ramps.setdefault(f"{event.name} {event.at_ns}", (now_ns, float(side.read(bare))))
        share = min(1.0, (now_ns - start_ns) / event.duration_ns) if event.duration_ns else 1.0
        end = event.value
        assert not isinstance(end, str), "the script ramps numbers only"
        value: Number = end if share >= 1.0 else start + (float(end) - start) * share
        side.write(variable, value if variable.type.kind is Kind.REAL else round(value))
        if share < 1.0:
            self._plan(event, min(now_ns + RAMP_STEP_NS, start_ns + event.duration_ns))

    def _played(self, samples: Samples, recorded_scans: int) -> Played:
        run, script = self._run, self._script
        sides = (("", run.controller), (PLANT_PREFIX, run.plant))
        state = hashlib.sha256(bytes(run.controller.memory) + bytes(run.plant.memory)).hexdigest()
        return Played(
            scans=run.scan_no,
            recorded_scans=recorded_scans,
            cycle_ns=run.cycle_ns,
            columns=tuple(self._column(i, name) for i, name in enumerate(script.watched)),
            samples=samples,
            texts=tuple(TextColumn(name, column) for name, column in zip(script.texts, run.texts(), strict=True)),
            verdicts=tuple(self._verdict(i, expectation) for i, expectation in enumerate(script.expectations)),
            faults=tuple((prefix, fault) for prefix, side in sides for fault in side.faults()),
            fault_counts=(run.controller.fault_count, run.plant.fault_count),
            state=state,
        )

    def _column(self, i: int, name: str) -> Column:
        gauge, variable = self._run.gauge(i), self._run.watched[i]
        side, bare = self._run.side(name)
        count = max(1, gauge.count)
        return Column(
            name,
            variable.unit,
            gauge.minimum,
            gauge.maximum,
            gauge.sum / count,
            gauge.sum_positive / count,
            float(side.read(bare)),
        )

    def _verdict(self, i: int, expectation: Expectation) -> Verdict:
        held_ns, failed_ns, value = self._run.verdict(i)
        end_ns, until_ns = self._run.t_ns, expectation.condition.until_ns
        text, told = expectation.text, _told(value, expectation.variable)
        if expectation.condition.from_ns > end_ns or (expectation.when == "at" and until_ns > end_ns):
            return Verdict(text, f"the run ended before, after {end_ns / 1e9:g} s")
        if expectation.when == "always":
            if failed_ns is not None:
                return Verdict(text, f"it was {told} at {failed_ns / 1e9:g} s")
            short = until_ns < NEVER_NS and end_ns + self._run.cycle_ns < until_ns
            return Verdict(text, f"it held, but the run ended after {end_ns / 1e9:g} s" if short else "")
        if held_ns is not None:
            return Verdict(text, "")
        if end_ns < until_ns:
            return Verdict(text, f"not until the run ended, after {end_ns / 1e9:g} s")
        return Verdict(text, f"it was {told} at {(failed_ns or 0) / 1e9:g} s" if expectation.when == "at" else "never")


def _told(value: float, variable: Variable) -> str:
    """A judged value as people write it: the name of an enumeration's value, TRUE or FALSE, else the number."""
    if variable.type.kind is Kind.BOOL:
        return "TRUE" if value else "FALSE"
    return next((label for label, number in variable.labels if number == value), f"{value:g}")
