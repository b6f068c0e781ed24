"""The recorder process: polls the record ring, saves a recording on a fault, on a trigger tag, and when it is asked.

It never holds up the scan: too slow, it loses records, says so, and begins again with a checkpoint.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from runtime.core.tag import Variable
from runtime.image.control import Control, is_standby
from runtime.image.snapshot import Snapshot
from runtime.node.record.recordrequest import RecordAnswer, answer_request, requests
from runtime.scan.record.recorder import AskCheckpoint, FlightRecorder, RecorderLimits, TakeRecords
from runtime.scan.record.recordingfile import SUFFIX, Recording
from runtime.wire.messages import Severity

POLL_S = 0.05
RECORDINGS_MAX = 20
"""Files that are kept; the oldest goes. At the default size limit that is below 1.5 GB, on usual sites below 100 MB."""
TRIGGER_REST_NS = 60_000_000_000
"""After a recording by trigger, before the next: a fault in every scan is one story."""

Event = Callable[[Severity, str], None]


@dataclass(frozen=True, slots=True)
class RecorderSetup:
    """What stays the same: the controller, when and where it saves."""

    site: str
    triple: str
    after_ns: int
    folder: Path
    run_dir: Path


@dataclass(frozen=True, slots=True)
class RecordedVersion:
    """A version of the programs: its members of a recording, its trigger tags, the ring and the newest snapshot.

    `was_followed`: another recorder followed this ring and is gone, with what it remembered.
    """

    number: int
    programs: dict[str, bytes]
    triggers: Sequence[Variable]
    take: TakeRecords
    ask_checkpoint: AskCheckpoint
    latest: Callable[[], Snapshot | None]
    was_followed: bool = False


class RecorderLoop:
    """One poll after the other."""

    def __init__(
        self,
        version: RecordedVersion,
        limits: RecorderLimits,
        setup: RecorderSetup,
        control: Control,
        on_event: Event,
    ) -> None:
        self._recorder = FlightRecorder(version.take, version.ask_checkpoint, limits)
        self._setup, self._control, self._on_event = setup, control, on_event
        self._version = version
        self._programs = {version.number: version.programs}
        self._faults = control.fault_count
        self._raised = {variable.name for variable in version.triggers}  # what is up at the start is no trigger
        self._due: tuple[int, str] | None = None
        self._rest_until_ns = 0
        self._lost = 0
        self._resumes = version.was_followed

    def follow(self, version: RecordedVersion) -> None:
        """Another version of the programs runs. The former ones stay in the recordings that hold scans of them."""
        self._recorder.follow(version.take, version.ask_checkpoint)
        self._version = version
        self._programs[version.number] = version.programs

    def poll(self, now_ns: int) -> None:
        """Take records over, look at the triggers, save what is due."""
        mirrors = is_standby(self._control)  # what it sees is the other controller's
        snapshot = None if mirrors else self._version.latest()
        self._recorder.poll()
        self._tell_resumed()
        if snapshot is not None:
            self._recorder.note_state(snapshot.scan_no, snapshot.memory)
        self._tell_losses()
        reason = "" if mirrors else self._trigger(snapshot)
        if reason and self._due is None and now_ns >= self._rest_until_ns:
            self._due = (now_ns + self._setup.after_ns, reason)
        if self._due is not None and now_ns >= self._due[0]:
            self._save(self._due[1])
            self._due, self._rest_until_ns = None, now_ns + TRIGGER_REST_NS
        for token, asked in requests(self._setup.run_dir):
            answer_request(self._setup.run_dir, token, self._save(asked))

    def _tell_resumed(self) -> None:
        """Once, when the first scans are there that a recorder after another one knows of."""
        first = self._recorder.first_scan
        if not self._resumes or first is None:
            return
        self._resumes = False
        self._recorder.lost_count += 1
        self._lost += 1
        text = f"the flight recorder was restarted: it goes on from scan {first}, what it remembered before is lost"
        self._on_event("warning", text)

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
        for variable in self._version.triggers if snapshot is not None else ():
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
        recording = Recording(setup.site, reason, wall_ns, setup.triple, lost, self._programs, chunks)
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
