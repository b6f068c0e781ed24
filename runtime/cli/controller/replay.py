"""`voltscan record` and `voltscan replay`: save what a controller remembers, run it again bit for bit, ask it why."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from runtime.cli.textable import table
from runtime.core.elementary import Kind
from runtime.core.fault import ConfigFault
from runtime.core.objectcache import ObjectCache
from runtime.core.tag import Variable
from runtime.image.manifest import Manifest
from runtime.image.nativecode import native_cache
from runtime.image.recordring import Record
from runtime.node.record.recordrequest import ask_for_recording
from runtime.node.statedir import cache_dir
from runtime.scan.kernel import Kernel
from runtime.scan.record import recordingfile
from runtime.scan.record.cause import Answer, why
from runtime.scan.record.recordingfile import Recording
from runtime.scan.record.replay import Replay
from runtime.scan.record.verify import Verified, verify
from runtime.sim.coupled.coupling import Samples
from runtime.sim.scenario.chart import Curve, save_chart
from runtime.sim.scenario.sampletable import TextColumn, save_samples
from runtime.wire.rundir import find_site
from runtime.wire.values import show, to_json

ANSWER_WITHIN_S = 30.0
"""Packing and syncing ten minutes of a busy site takes a second or two."""


WINDOWS = (1, 10, 100)
"""Scans back in which --why looks for suspects, the next only if no cause was found before."""


@dataclass(frozen=True, slots=True)
class ReplayOrder:
    """What to do with a recording."""

    out: Path | None
    plot: Path | None
    tags: tuple[str, ...]
    step: bool
    why: str | None
    window: int
    to_test: Path | None
    scans: int


def record(site: str | None, reason: str, *, as_json: bool) -> int:
    """Have the recorder of a running controller save what it remembers; 1 when it cannot."""
    _, run_dir = find_site(site)
    answer = ask_for_recording(run_dir, reason, within_s=ANSWER_WITHIN_S)
    if answer.fault:
        raise ConfigFault(f"nothing was saved: {answer.fault}", where=str(run_dir), mend="see the recorder's log")
    print(
        json.dumps({"path": answer.path, "scans": answer.scans}) if as_json else f"{answer.scans} scans: {answer.path}"
    )
    return 0


def replay_file(path: Path, order: ReplayOrder, *, as_json: bool) -> int:
    """Run a recording again; 1 when it is not the run it was."""
    recording = Recording.load(path)
    kernel = Kernel(native_cache(cache_dir()))
    replays = {version: _replay(recording, version, kernel) for version in recording.programs}
    try:
        if order.why is not None:
            return _why(replays, recording, order, as_json=as_json)
        if order.to_test is not None:
            return _to_test(replays, recording, order.to_test, order.scans)
        watched = {version: _watched(replay.scan.manifest, order) for version, replay in replays.items()}
        sampler = _Sampler(watched, stepping=order.step)
        found = verify(replays, recording.chunks, sampler.take)
    finally:
        for replay in replays.values():
            replay.close()
    _save(order, recording, next(iter(watched.values()), []), sampler)
    print(json.dumps(_told(recording, found)) if as_json else _text(recording, found))
    return 0 if found.exact else 1


def _replay(recording: Recording, version: int, kernel: Kernel) -> Replay:
    programs = recording.programs[version]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / recordingfile.MANIFEST
        file.write_bytes(programs[recordingfile.MANIFEST])
        manifest = Manifest.load(file)
    return Replay(manifest, _object_code(recording, programs), programs[recordingfile.INITIAL], kernel)


def _object_code(recording: Recording, programs: Mapping[str, bytes]) -> bytes:
    """The recorded machine code, or on another kind of machine what its sources compile to here."""
    if recording.triple == recordingfile.host_triple():
        return programs[recordingfile.OBJECT]
    from runtime.core.diagnostic import Source, has_errors
    from runtime.lang.cache.objectcode import object_code_for
    from runtime.lang.cache.sourcecache import compile_cached

    cache = _cache()
    told: dict[str, str] = json.loads(programs[recordingfile.SOURCES])
    compiled = compile_cached([Source(name, text) for name, text in told.items()], cache)
    if compiled.application is None or has_errors(compiled.diagnostics):
        raise ConfigFault(
            "the recorded sources do not compile with this version",
            mend=f"replay on a machine of the kind it was recorded on: {recording.triple}",
        )
    return object_code_for(compiled.application, cache)


def _cache() -> ObjectCache:
    return ObjectCache(cache_dir() / "programs")


class _Sampler:
    """A row of the watched variables after each replayed scan."""

    def __init__(self, watched: Mapping[int, Sequence[Variable]], *, stepping: bool) -> None:
        """`watched`: for each version of the programs, in the same order."""
        self._watched, self._stepping = watched, stepping
        first = next(iter(watched.values()), ())
        self._texts = [w.name for w in first if w.type.kind is Kind.TEXT]
        self._width = len(first) - len(self._texts)
        self._rows: list[list[float]] = []
        self._text_rows: list[list[str]] = []
        self._start_ns = 0

    def take(self, replay: Replay, record: Record) -> None:
        """After a scan."""
        self._start_ns = self._start_ns or record.now_ns
        memory, watched = replay.scan.memory, self._watched[replay.scan.plan.plan.version]
        values = [variable.type.unpack(memory, variable.offset) for variable in watched]
        if watched:
            numbers = [float(value) for value in values if not isinstance(value, str)]
            self._rows.append([(record.now_ns - self._start_ns) / 1e9, *numbers])
            self._text_rows.append([value for value in values if isinstance(value, str)])
        if self._stepping:
            print(_step_text(record, watched, [to_json(v, w) for v, w in zip(values, watched, strict=True)]))
            if input("[Enter] next scan, q ends the stepping: ").strip().lower() == "q":
                self._stepping = False

    def samples(self) -> Samples:
        """All rows: seconds since the first replayed scan, then the numbers."""
        return np.array(self._rows, dtype=np.float64).reshape(len(self._rows), self._width + 1)

    def texts(self) -> list[TextColumn]:
        """The strings among the variables, after each of those scans."""
        return [TextColumn(name, [row[i] for row in self._text_rows]) for i, name in enumerate(self._texts)]


def _step_text(record: Record, watched: Sequence[Variable], values: Sequence[Any]) -> str:
    taken = [part.name.lower() for part, _, _ in record.parts]
    told = [f"{w.name} {show(v, w.type_name)}" for w, v in zip(watched, values, strict=True)]
    return "  ".join([f"scan {record.scan_no}", f"took in: {', '.join(taken) or 'nothing'}", *told])


def _watched(manifest: Manifest, order: ReplayOrder) -> list[Variable]:
    found = []
    for name in order.tags:
        variable = manifest.tags.find(name)
        if variable is None:
            near = manifest.tags.nearest(name)
            raise ConfigFault(
                f"no variable of the name {name!r} in the recording",
                where="--tag",
                mend=f"did you mean {near}?" if near else "name a tag of the recorded programs",
            )
        found.append(variable)
    if (order.out or order.plot) and not found:
        raise ConfigFault("nothing to write: no tag is named", where="--tag", mend="add --tag NAME, once or more")
    return found


def _save(order: ReplayOrder, recording: Recording, watched: Sequence[Variable], sampler: _Sampler) -> None:
    samples = sampler.samples()
    numbers = [w for w in watched if w.type.kind is not Kind.TEXT]
    if order.out is not None:
        save_samples(order.out, samples, [w.name for w in numbers], numbers, sampler.texts())
    if order.plot is not None:
        curves = [Curve(w.name, w.unit, samples[:, i]) for i, w in enumerate(numbers, 1)]
        save_chart(order.plot, f"{recording.site}: {recording.reason}", samples[:, 0], curves)


def _told(recording: Recording, found: Verified) -> dict[str, Any]:
    return {
        "site": recording.site,
        "reason": recording.reason,
        "wall_ns": recording.wall_ns,
        "scans": found.scans,
        "states": found.states,
        "gaps": [list(gap) for gap in found.gaps],
        "exact": found.exact,
        "diverged": None if found.diverged is None else {"scan": found.diverged[0], "in": found.diverged[1]},
    }


def _text(recording: Recording, found: Verified) -> str:
    when = datetime.fromtimestamp(recording.wall_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    spans = ", ".join(f"{chunks[0].first} to {chunks[-1].last}" for chunks in _unbroken(recording))
    lines = [f"{recording.site}: recorded until {when} ({recording.reason}), scans {spans}"]
    lines += [f"gap: records between scan {a} and scan {b} are missing" for a, b in found.gaps]
    if found.diverged is not None:
        scan_no, what = found.diverged
        lines.append(f"DIVERGED in scan {scan_no}: another {what} than recorded, {found.scans - 1} scans were the same")
    else:
        lines.append(f"replayed {found.scans} scans: every output frame is the same to the bit,")
        lines.append(f"and so is application memory in all {found.states} scans where it was noted")
    return "\n".join(lines)


def _unbroken(recording: Recording) -> list[list[Any]]:
    groups: list[list[Any]] = []
    for chunk in recording.chunks:
        if groups and groups[-1][-1].last + 1 == chunk.first:
            groups[-1].append(chunk)
        else:
            groups.append([chunk])
    return groups


def _why(replays: Mapping[int, Replay], recording: Recording, order: ReplayOrder, *, as_json: bool) -> int:
    name, _, number = str(order.why).rpartition("@")
    if not name or not number.isdigit():
        raise ConfigFault(f"{order.why!r} names no tag and scan", where="--why", mend="write TAG@SCAN")
    scan_no = int(number)
    chunk = next((c for c in recording.chunks if c.first <= scan_no <= c.last), None)
    if chunk is None:
        spans = ", ".join(f"{c.first} to {c.last}" for c in recording.chunks)
        raise ConfigFault(f"scan {scan_no} is not in the recording", where="--why", mend=f"it holds {spans}")
    stretch, replay = chunk.stretch(), replays[chunk.version]
    manifest = replay.scan.manifest
    variable = _watched(manifest, ReplayOrder(None, None, (name,), False, None, 0, None, 0))[0]
    for window in (order.window,) if order.window else WINDOWS:
        answer = why(replay, manifest, stretch, variable, scan_no=scan_no, window=window)
        if answer.causes:
            break
    span = (max(stretch.first, scan_no - window + 1), scan_no)
    print(json.dumps(_why_told(answer, variable, span)) if as_json else _why_text(answer, variable, span))
    return 0


def _to_test(replays: Mapping[int, Replay], recording: Recording, path: Path, scans: int) -> int:
    from runtime.sim.recorded.test import recorded_test, shortened

    if not recording.chunks:
        raise ConfigFault("the recording holds no scans", mend="record again")
    chunk = recording.chunks[-1]
    if chunk.last - chunk.first + 1 < scans and len(recording.chunks) > 1:  # the last one has only just begun
        chunk = recording.chunks[-2]
    replay = replays[chunk.version]
    stretch = shortened(replay, chunk.stretch(), scans)
    programs = recording.programs[chunk.version]
    made = recorded_test(recording, programs, replay, stretch, folder=path.stem, cache=_cache())
    made.save(path)
    print(f"{path}: scans {stretch.first} to {stretch.last}; {made.fidelity}")
    print(f"run it: voltscan test {path}")
    return 0


def _why_told(answer: Answer, variable: Variable, span: tuple[int, int]) -> dict[str, Any]:
    return {
        "scans": list(span),
        "before": to_json(answer.before, variable),
        "after": to_json(answer.after, variable),
        "suspects": answer.suspects,
        "without_all": to_json(answer.without_all, variable),
        "causes": [
            {
                "scan": c.suspect.scan_no,
                "input": c.suspect.name,
                "was": c.suspect.was,
                "became": c.suspect.became,
                "without": to_json(c.without, variable),
            }
            for c in answer.causes
        ],
    }


def _why_text(answer: Answer, variable: Variable, span: tuple[int, int]) -> str:
    def told(value: Any) -> str:
        return show(to_json(value, variable), variable.type_name)

    words = f"scan {span[0]}" if span[0] == span[1] else f"scans {span[0]} to {span[1]}"
    lines = [
        f"{variable.name} was {told(answer.before)} before {words} and {told(answer.after)} after;",
        f"{answer.suspects} inputs changed, each was held back alone in a run of its own",
    ]
    if answer.causes:
        rows = [
            (str(c.suspect.scan_no), c.suspect.name, c.suspect.was, c.suspect.became, told(c.without))
            for c in answer.causes
        ]
        head = ("scan", "input", "was", "became", f"without it {variable.name} is")
        lines.append(table(rows, head=head, right=(0,)))
    elif answer.without_all != answer.after:
        lines.append(f"no input alone is the cause; with all of them held back it is {told(answer.without_all)}")
    else:
        lines.append("no input is the cause: it follows from the programs' state and the clock; try a longer --window")
    return "\n".join(lines)
