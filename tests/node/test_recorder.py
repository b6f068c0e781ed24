"""The recorder process, one poll at a time: what makes it save, and that an answer means a file."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.core.appmemory import HEADER_SIZE
from runtime.core.elementary import BOOL
from runtime.core.fault import ConfigFault
from runtime.core.tag import Variable
from runtime.image.control import Control
from runtime.image.recordring import PART_HEADER, RECORD_HEADER, Part, RecordKind
from runtime.image.snapshot import Snapshot
from runtime.node.record.recorder import RECORDINGS_MAX, TRIGGER_REST_NS, RecordedVersion, RecorderLoop, RecorderSetup
from runtime.node.record.recordrequest import RecordAnswer, answer_request, ask_for_recording, requests
from runtime.scan.record.recorder import RecorderLimits
from runtime.scan.record.recordingfile import Recording

SECOND_NS = 1_000_000_000
ALARM = Variable(name="alarm", type=BOOL, offset=HEADER_SIZE)
MEMBERS = dict.fromkeys(("manifest.json", "initial.bin", "programs.o", "sources.json"), b"{}")


class Rig:
    """A recorder loop fed with made-up scans."""

    def __init__(self, folder: Path, *, was_followed: bool = False) -> None:
        self.was_followed = was_followed
        self.control = Control()
        self.memory = bytearray(HEADER_SIZE + 16)
        self.scan_no = self.number = 0
        self.asked = 0
        self.lose = False
        self.events: list[str] = []
        self.folder, self.run_dir = folder / "recordings", folder
        setup = RecorderSetup("site", "triple", 2 * SECOND_NS, self.folder, folder)
        limits = RecorderLimits(keep_ns=60 * SECOND_NS, size_max=1 << 20)
        self.loop = RecorderLoop(self.version(), limits, setup, self.control, lambda _, text: self.events.append(text))
        self.now_ns = SECOND_NS

    def version(self) -> RecordedVersion:
        return RecordedVersion(self.number, MEMBERS, [ALARM], self.take, self.ask, self.snapshot, self.was_followed)

    def ask(self) -> None:
        self.asked += 1

    def take(self) -> bytes | None:
        if self.lose:
            self.lose = False
            return None
        raw = b""
        for _ in range(10):
            self.scan_no += 1
            raw += self.record(RecordKind.SCAN, b"")
            if self.asked:
                self.asked = 0
                raw += self.record(RecordKind.CHECKPOINT, self.origin())
        return raw

    def origin(self) -> bytes:
        return PART_HEADER.pack(Part.ORIGIN, 0, 24) + struct.pack("<qQQ", 0, 0, self.number)

    def record(self, kind: RecordKind, parts: bytes) -> bytes:
        words = (self.scan_no, self.scan_no * 10, self.scan_no * 10_000_000, 0, 1, 1, 0, 7)
        return RECORD_HEADER.pack(RECORD_HEADER.size + len(parts), kind, *words) + parts

    def snapshot(self) -> Snapshot | None:
        return Snapshot(bytes(self.memory), quality_offset=0, stamp_offset=0)

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.now_ns += SECOND_NS // 10
            self.loop.poll(self.now_ns)

    def files(self) -> list[Recording]:
        return [Recording.load(path) for path in sorted(self.folder.glob("*.vsrec"))]


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_recorder_when_a_program_faults_then_saved_after_a_while_and_once(rig: Rig) -> None:
    rig.run(5)
    assert rig.files() == []
    rig.control.fault_count = 3
    rig.run(1.5)
    assert rig.files() == []
    rig.run(1)
    (file,) = rig.files()
    assert (file.site, file.reason, file.lost_count) == ("site", "fault", 0)
    assert file.chunks[0].first == 2
    assert file.chunks[-1].last >= 680  # two seconds after the fault too
    rig.control.fault_count = 9
    rig.run(5)
    assert len(rig.files()) == 1  # one story
    rig.run(TRIGGER_REST_NS / SECOND_NS)
    rig.control.fault_count = 10
    rig.run(5)
    assert [f.reason for f in rig.files()] == ["fault", "fault"]


def test_recorder_when_a_trigger_comes_up_then_saved_under_its_name(rig: Rig) -> None:
    rig.run(1)
    rig.memory[ALARM.offset] = 1
    rig.run(3)
    rig.run(10)
    assert [f.reason for f in rig.files()] == ["alarm"]


def test_recorder_when_a_trigger_is_up_from_the_start_then_it_waits_for_the_next_time(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.memory[ALARM.offset] = 1
    rig.run(5)
    assert rig.files() == []
    rig.memory[ALARM.offset] = 0
    rig.run(1)
    rig.memory[ALARM.offset] = 1
    rig.run(4)
    assert len(rig.files()) == 1


def test_recorder_when_programs_change_online_then_the_file_holds_both_versions(rig: Rig) -> None:
    rig.run(3)
    rig.number, rig.asked = 1, 1  # the change-over leaves a checkpoint in the new ring
    before = rig.scan_no
    rig.loop.follow(rig.version())
    rig.run(3)
    rig.control.fault_count = 1
    rig.run(3)
    (file,) = rig.files()
    assert set(file.programs) == {0, 1}
    assert file.chunks[0].version == 0
    assert file.chunks[0].last >= before
    assert {chunk.version for chunk in file.chunks[1:]} == {1}


def test_recorder_when_another_one_died_then_it_says_once_from_where_it_goes_on(tmp_path: Path) -> None:
    rig = Rig(tmp_path, was_followed=True)
    rig.scan_no = 4000
    rig.run(3)
    (told,) = rig.events
    assert "restarted" in told
    assert "from scan 4002" in told
    rig.control.fault_count = 1
    rig.run(3)
    (file,) = rig.files()
    assert (file.lost_count, file.chunks[0].first) == (1, 4002)


def test_recorder_when_records_were_lost_then_it_says_so_and_the_file_has_a_gap(rig: Rig) -> None:
    rig.run(2)
    rig.lose = True
    rig.run(2)
    rig.control.fault_count = 1
    rig.run(3)
    (file,) = rig.files()
    assert file.lost_count == 1
    assert len(file.chunks) == 2
    assert any("gap" in text for text in rig.events)


@pytest.mark.parametrize("files", [RECORDINGS_MAX + 3])
def test_recorder_when_many_are_asked_for_then_the_oldest_files_go(rig: Rig, files: int) -> None:
    rig.run(1)
    for number in range(files):
        (rig.run_dir / f"record-{number:04d}.request").write_text('{"reason": "again"}')
        rig.run(0.1)
    assert len(list(rig.folder.glob("*.vsrec"))) == RECORDINGS_MAX
    assert len(list(rig.run_dir.glob("record-*.answer"))) == files


def test_recorder_when_the_disk_takes_nothing_then_the_answer_says_so(rig: Rig) -> None:
    rig.folder.write_text("a file where the folder should be")
    rig.run(1)
    (rig.run_dir / "record-1.request").write_text('{"reason": "x"}')
    rig.run(0.1)
    assert "cannot be written" in (rig.run_dir / "record-1.answer").read_text()
    assert any("not saved" in text for text in rig.events)


def test_request_when_answered_then_both_files_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(_: float) -> None:
        for token, reason in requests(tmp_path):
            answer_request(tmp_path, token, RecordAnswer(f"/{reason}", 5))

    _sleep_is(monkeypatch, serve)
    assert ask_for_recording(tmp_path, "why", within_s=5.0) == RecordAnswer("/why", 5)
    assert list(tmp_path.iterdir()) == []


def test_request_when_nobody_answers_then_told_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sleep_is(monkeypatch, lambda _: None)
    with pytest.raises(ConfigFault) as refused:
        ask_for_recording(tmp_path, "why", within_s=0.01)
    assert "[recorder]" in refused.value.mend
    assert list(tmp_path.iterdir()) == []


def _sleep_is(monkeypatch: pytest.MonkeyPatch, what: Callable[[float], None]) -> None:
    monkeypatch.setattr("runtime.node.record.recordrequest.time.sleep", what)
