"""The recorder process: polls the record ring, saves a recording on a fault, on a trigger tag, and when it is asked.

It never holds up the scan: too slow, it loses records, says so, and begins again with a checkpoint.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from runtime.core.tag import Variable
from runtime.image.control import Control
from runtime.image.snapshot import Snapshot
from runtime.node.recordrequest import RecordAnswer, answer_request, requests
from runtime.scan.recorder import FlightRecorder
from runtime.scan.recordingfile import SUFFIX, Recording
from runtime.wire.messages import Severity

POLL_S = 0.05
RECORDINGS_MAX = 20
"""Files that are kept; the oldest goes. At the default size limit that is below 1.5 GB, on usual sites below 100 MB."""
TRIGGER_REST_NS = 60_000_000_000
"""After a recording by trigger, before the next: a fault in every scan is one story."""

Event = Callable[[Severity, str], None]


@dataclass(frozen=True, slots=True)
class RecorderSetup:
    """What stays the same: the controller, its programs as members of a recording, triggers, where files go."""

    site: str
    triple: str
    programs: dict[str, bytes]
    triggers: Sequence[Variable]
    after_ns: int
    folder: Path
    run_dir: Path


class RecorderLoop:
    """One poll after the other. `latest` is the newest snapshot."""

    def __init__(
        self,
        recorder: FlightRecorder,
        setup: RecorderSetup,
        control: Control,
        latest: Callable[[], Snapshot | None],
        on_event: Event,
    ) -> None:
        self._recorder, self._setup, self._control = recorder, setup, control
        self._latest, self._on_event = latest, on_event
        self._faults = control.fault_count
        self._raised: set[str] = {variable.name for variable in setup.triggers}  # what is up at the start is no trigger
        self._due: tuple[int, str] | None = None
        self._rest_until_ns = 0
        self._lost = 0

    def poll(self, now_ns: int) -> None:
        """Take records over, look at the triggers, save what is due."""
        snapshot = self._latest()
        self._recorder.poll()
        if snapshot is not None:
            self._recorder.note_state(snapshot.scan_no, snapshot.memory)
        self._tell_losses()
        reason = self._trigger(snapshot)
        if reason and self._due is None and now_ns >= self._rest_until_ns:
            self._due = (now_ns + self._setup.after_ns, reason)
        if self._due is not None and now_ns >= self._due[0]:
            self._save(self._due[1])
            self._due, self._rest_until_ns = None, now_ns + TRIGGER_REST_NS
        for token, asked in requests(self._setup.run_dir):
            answer_request(self._setup.run_dir, token, self._save(asked))

    def _tell_losses(self) -> None:
        lost = self._recorder.lost_count
        if lost > self._lost:
            self._lost = lost
            self._on_event("warning", "the flight recorder has a gap: the scan began anew, or records were lost")

    def _trigger(self, snapshot: Snapshot | None) -> str:
        faults = self._control.fault_count
        if faults > self._faults:
            self._faults = faults
            return "fault"
        for variable in self._setup.triggers if snapshot is not None else ():
            assert snapshot is not None, "the line above"
            up = bool(snapshot.value(variable))
            rose = up and variable.name not in self._raised
            (self._raised.add if up else self._raised.discard)(variable.name)
            if rose:
                return variable.name
        return ""

    def _save(self, reason: str) -> RecordAnswer:
        setup = self._setup
        chunks = self._recorder.frozen()
        if not chunks:
            return RecordAnswer("", 0, "nothing is recorded yet")
        lost, wall_ns = self._recorder.lost_count, chunks[-1].wall_ns
        recording = Recording(setup.site, reason, wall_ns, setup.triple, lost, setup.programs, chunks)
        when = datetime.fromtimestamp(time.time_ns() / 1e9, UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        word = "".join(c if c.isalnum() or c in "-_." else "_" for c in reason)[:40]
        path = setup.folder / f"{setup.site}-{when}-{word}{SUFFIX}"
        try:
            setup.folder.mkdir(exist_ok=True)
            recording.save(path)
        except OSError as fault:
            why = f"{path} cannot be written: {fault.strerror}"
            self._on_event("error", f"the recording is not saved: {why}")
            return RecordAnswer("", 0, why)
        self._on_event("info", f"recorded {recording.scans} scans ({reason}): {path}")
        for old in sorted(setup.folder.glob(f"*{SUFFIX}"), key=lambda p: p.stat().st_mtime_ns)[:-RECORDINGS_MAX]:
            old.unlink(missing_ok=True)
        return RecordAnswer(str(path), recording.scans)
