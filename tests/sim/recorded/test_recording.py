"""Run A == run B == replay of A: what a coupled run recorded runs again from its file, bit for bit."""

import ctypes
import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.core.fault import ConfigFault
from runtime.image.layout import RING_HEADER_SIZE
from runtime.image.recordring import Part, Record, RecordKind, RingHeader, RingReader, begin_ring, parse_records
from runtime.scan.record.recorder import FlightRecorder, RecorderLimits
from runtime.scan.record.recordingfile import Recording
from runtime.scan.record.replay import Replay
from runtime.scan.record.verify import verify
from runtime.sim.coupled.coupling import CoupledRun
from runtime.sim.coupled.plan import Mode
from tests.sim.conftest import demo_builds, demo_models, kernels

SECOND_NS = 1_000_000_000
LIMITS = RecorderLimits(keep_ns=600 * SECOND_NS, size_max=64 << 20)


def recorder_of(run: CoupledRun, limits: RecorderLimits = LIMITS) -> FlightRecorder:
    reader = RingReader(run.controller.image)
    return FlightRecorder(reader.take, reader.ask_checkpoint, limits)


def eventful(run: CoupledRun, recorder: FlightRecorder, seconds: int) -> None:
    """Commands, forces, a lost device, a stop by the switch; polled as a process would, now and then."""
    side = run.controller
    for tenth in range(seconds * 10):
        if tenth == 30:
            side.forces.set("grid_meter_1.p_kw", 20.0)
            side.forces.set("parameters_1.ramp_kw_per_s", 3.0)
        if tenth == 40:
            side.forces.clear("grid_meter_1.p_kw")
            side.forces.clear("parameters_1.ramp_kw_per_s")
        if tenth == 50:
            run.set_mode("grid_meter_1", Mode.SILENT)
        if tenth == 80:
            run.set_mode("grid_meter_1", Mode.ALIVE)
        if tenth == 90:
            value, seq = side.find("command_mode_1.value"), side.find("command_mode_1.seq")
            side.request(value, dict(value.labels)["PASSIVE"], seq_variable=seq, seq=1)
        if tenth in (100, 105):
            side.control.control.run_switch = int(tenth == 105)
        run.advance(10)
        recorder.note_state(run.scan_no, bytes(side.memory))
        recorder.poll()


def recording_of(recorder: FlightRecorder) -> Recording:
    build, model = demo_builds()[0], demo_models("llvm")[0]
    programs = {"manifest.json": b"{}", "initial.bin": build.application.initial, "programs.o": model.object_code}
    programs["sources.json"] = b"{}"
    chunks = recorder.frozen()
    return Recording("demo", "test", 1, "here", recorder.lost_count, {0: programs}, chunks)


@pytest.fixture
def replay() -> Replay:
    build, model = demo_builds()[0], demo_models("llvm")[0]
    return Replay(build.manifest(), model.object_code, build.application.initial, kernels().scan)


def test_recording_when_replayed_from_its_file_then_every_frame_and_state_is_the_same(
    recorded_run: Callable[[], CoupledRun], replay: Replay, tmp_path: Path
) -> None:
    run = recorded_run()
    run.advance(100)
    recorder = recorder_of(run)
    eventful(run, recorder, 25)
    recording_of(recorder).save(tmp_path / "a.vsrec")
    loaded = Recording.load(tmp_path / "a.vsrec")
    assert loaded.chunks[0].first == 102  # the scan after the first checkpoint
    assert len(loaded.chunks) == 3
    found = verify({0: replay}, loaded.chunks)
    assert found.exact, found
    assert (found.scans, found.gaps, loaded.lost_count) == (2499, (), 0)
    assert found.states > 200
    assert hashlib.sha256(replay.scan.memory).digest() == hashlib.sha256(run.controller.memory).digest()


def test_recording_when_the_same_run_is_made_twice_then_files_are_byte_identical(
    recorded_run: Callable[[], CoupledRun], tmp_path: Path
) -> None:
    files = []
    for number in range(2):
        run = recorded_run()
        recorder = recorder_of(run)
        eventful(run, recorder, 12)
        recording_of(recorder).save(tmp_path / f"{number}.vsrec")
        files.append((tmp_path / f"{number}.vsrec").read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize("what", ["page", "memory"])
def test_replay_when_a_recorded_byte_was_another_then_the_scan_is_named(
    recorded_run: Callable[[], CoupledRun], replay: Replay, what: str
) -> None:
    run = recorded_run()
    recorder = recorder_of(run)
    eventful(run, recorder, 6)
    chunk = recorder.frozen()[0]
    stretch = chunk.stretch()
    if what == "memory":
        at = run.controller.find("parameters_1.rated_kw").offset
        parts = tuple((p, i, c[:at] + b"\0\0\0\0" + c[at + 4 :] if p is Part.MEMORY else c)
                      for p, i, c in stretch.checkpoint.parts)  # fmt: skip
        replay.restore(_with_parts(stretch.checkpoint, parts))
        records = stretch.records
    else:
        replay.restore(stretch.checkpoint)
        records = tuple(_with_parts(r, ()) for r in stretch.records)  # no page ever comes
    assert not all(replay.step(record) for record in records)


def _with_parts(record: Record, parts: tuple[tuple[Part, int, bytes], ...]) -> Record:
    return replace(record, parts=parts)


def test_recorder_when_it_was_too_slow_then_the_gap_is_marked_and_it_begins_with_a_checkpoint(
    recorded_run: Callable[[], CoupledRun], replay: Replay
) -> None:
    run = recorded_run()
    recorder = recorder_of(run)
    for count in (100, 100, 20_000, 100, 100):  # 20,000 scans are more than the ring holds
        run.advance(count)
        recorder.poll()
    chunks = recorder.frozen()
    found = verify({0: replay}, chunks)
    assert recorder.lost_count == 1
    assert found.exact, found
    assert found.gaps == ((200, chunks[1].first),)
    assert chunks[1].first > 20_200


def test_recorder_when_another_scan_process_begins_the_ring_anew_then_a_stretch_of_its_own(
    recorded_run: Callable[[], CoupledRun],
) -> None:
    run = recorded_run()
    recorder = recorder_of(run)
    run.advance(100)
    recorder.poll()
    plan = run.controller.plan.plan
    begin_ring(plan.ring)
    plan.ring_place = plan.scan_no = 0
    for _ in range(2):
        run.advance(50)
        recorder.poll()
    spans = [(chunk.first, chunk.last) for chunk in recorder.frozen()]
    assert spans[0] == (2, 100)
    assert spans[1][1] == 100
    assert spans[1][0] > 1


def test_recorder_when_full_then_the_oldest_goes_and_the_rest_still_replays(
    recorded_run: Callable[[], CoupledRun], replay: Replay
) -> None:
    run = recorded_run()
    recorder = recorder_of(run, RecorderLimits(keep_ns=15 * SECOND_NS, size_max=64 << 20))
    for _ in range(120):
        run.advance(50)
        recorder.poll()
    chunks = recorder.frozen()
    assert 15 <= sum(c.last - c.first + 1 for c in chunks) / 100 <= 40
    assert chunks[-1].last == 6000
    assert verify({0: replay}, chunks).exact


def test_recorder_when_it_died_then_the_next_has_all_scans_since_a_checkpoint_in_the_ring(
    recorded_run: Callable[[], CoupledRun], replay: Replay
) -> None:
    run = recorded_run()
    eventful(run, recorder_of(run), 30)  # 3,000 scans, three checkpoints
    died_at = run.scan_no
    reader = RingReader.resumed(run.controller.image)
    assert reader.was_followed
    recorder = FlightRecorder(reader.take, reader.ask_checkpoint, LIMITS)
    run.advance(100)
    recorder.note_state(run.scan_no, bytes(run.controller.memory))
    recorder.poll()
    run.advance(50)
    recorder.poll()
    chunks = recorder.frozen()
    assert (recorder.first_scan, recorder.lost_count) == (chunks[0].first, 0)
    assert chunks[0].first < died_at - 500  # the ring of this site holds ten seconds and more
    assert chunks[-1].last == run.scan_no
    found = verify({0: replay}, chunks)
    assert (found.exact, found.gaps) == (True, ())


def test_ring_when_nobody_followed_it_then_a_reader_begins_now(recorded_run: Callable[[], CoupledRun]) -> None:
    run = recorded_run()
    run.advance(100)
    reader = RingReader.resumed(run.controller.image)
    assert (reader.was_followed, reader.take()) == (False, b"")


def test_ring_when_another_process_wrote_over_it_then_a_resumed_reader_begins_now(
    recorded_run: Callable[[], CoupledRun],
) -> None:
    run = recorded_run()
    eventful(run, recorder_of(run), 3)
    layout = run.controller.layout
    ctypes.memset(run.controller.image.address + layout.record_offset + RING_HEADER_SIZE, 0x5A, 4096)
    assert RingReader.resumed(run.controller.image).take() == b""


def test_ring_when_its_checkpoints_were_overwritten_then_a_resumed_reader_begins_now(
    recorded_run: Callable[[], CoupledRun],
) -> None:
    run = recorded_run()
    recorder = recorder_of(run)
    run.advance(1)
    recorder.poll()
    header = RingHeader.from_address(run.controller.image.address + run.controller.layout.record_offset)
    while header.written < 2 * run.controller.layout.record_size:
        run.advance(1000)
    assert RingReader.resumed(run.controller.image).take() == b""


def test_ring_when_nothing_changes_then_a_record_is_its_header_alone(recorded_run: Callable[[], CoupledRun]) -> None:
    run = recorded_run()
    for device in run.devices:
        run.set_mode(device, Mode.SILENT)
    run.advance(2000)
    reader = RingReader(run.controller.image)
    run.advance(1)
    (record,) = parse_records(reader.take() or b"")
    assert (record.kind, record.scan_no) == (RecordKind.SCAN, 2001)
    assert [part for part, _, _ in record.parts if part is not Part.PAGE] == []


@pytest.mark.parametrize("member", ["recording.json", "v0/programs.o", "chunk-0000.bin"])
def test_recording_when_a_byte_of_the_file_is_damaged_then_refused_with_words(
    recorded_run: Callable[[], CoupledRun], tmp_path: Path, member: str
) -> None:
    run = recorded_run()
    recorder = recorder_of(run)
    eventful(run, recorder, 3)
    path = tmp_path / "a.vsrec"
    recording_of(recorder).save(path)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(member)
    content = bytearray(path.read_bytes())
    content[info.header_offset + 30 + len(member) + info.compress_size // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ConfigFault):
        verify_file(path)


def verify_file(path: Path) -> None:
    for chunk in Recording.load(path).chunks:
        chunk.stretch()


def test_ring_when_its_bytes_are_garbage_then_told_not_followed() -> None:
    for garbage in (b"\1" * 80, bytes(80), (80).to_bytes(8, "little") + bytes(60)):
        with pytest.raises(ValueError, match=r"cut short|cannot have|is not a valid"):
            list(parse_records(garbage))
