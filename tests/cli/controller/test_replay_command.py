"""`voltscan replay` as a user meets it, on a recording of a coupled run of the demo site."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.cli.main import app
from runtime.image.recordring import RingReader
from runtime.lang.syntax.source import load_sources
from runtime.scan.record import recordingfile
from runtime.scan.record.recorder import FlightRecorder, RecorderLimits
from runtime.scan.record.recordingfile import Recording
from tests.sim.conftest import demo_builds, demo_models, make_coupled_run


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen seconds; in scan 1201 the mode goes to PASSIVE."""
    folder = tmp_path_factory.mktemp("recording")
    build, model, run = demo_builds()[0], demo_models("llvm")[0], make_coupled_run(1, recorded=True)
    reader = RingReader(run.controller.image)
    recorder = FlightRecorder(reader.take, reader.ask_checkpoint, RecorderLimits(keep_ns=1 << 60, size_max=1 << 30))
    for second in range(15):
        if second == 12:
            value, seq = run.controller.find("command_mode_1.value"), run.controller.find("command_mode_1.seq")
            run.controller.request(value, dict(value.labels)["PASSIVE"], seq_variable=seq, seq=1)
        run.advance(100)
        recorder.poll()
        recorder.note_state(run.scan_no, bytes(run.controller.memory))
    build.manifest().save(folder / "manifest.json")
    sources = load_sources([Path(build.site.shown(p)) for p in build.site.table.programs])
    programs = {
        "manifest.json": (folder / "manifest.json").read_bytes(),
        "initial.bin": build.application.initial,
        "programs.o": model.object_code,
        "sources.json": json.dumps({source.name: source.text for source in sources}).encode(),
    }
    made = Recording("demo", "test", 1, recordingfile.host_triple(), 0, {0: programs}, recorder.frozen())
    made.save(folder / "a.vsrec")
    run.controller.close()
    run.plant.close()
    return folder / "a.vsrec"


def voltscan(*words: str, code: int = 0, typed: str = "") -> str:
    told = CliRunner().invoke(app, list(words), input=typed)
    assert told.exit_code == code, told.output + repr(told.exception)
    return told.output


def test_replay_when_the_file_is_right_then_it_says_the_same_to_the_bit(recording: Path) -> None:
    told = voltscan("replay", str(recording))
    assert "scans 2 to 1500" in told
    assert "replayed 1499 scans: every output frame is the same to the bit" in told


def test_replay_when_the_machine_is_another_then_the_sources_are_compiled(recording: Path, tmp_path: Path) -> None:
    loaded = Recording.load(recording)
    programs = dict(loaded.programs[0]) | {"programs.o": b"not of this machine"}
    Recording("demo", "test", 1, "another", 0, {0: programs}, loaded.chunks).save(tmp_path / "b.vsrec")
    assert json.loads(voltscan("replay", str(tmp_path / "b.vsrec"), "--json"))["exact"]


def test_replay_when_programs_are_others_then_the_first_scan_that_differs_is_named(
    recording: Path, tmp_path: Path
) -> None:
    loaded = Recording.load(recording)
    sources = json.loads(loaded.programs[0]["sources.json"])
    name = next(name for name in sources if name.endswith("ramp_limiter.st"))
    end = sources[name].rindex("END_FUNCTION_BLOCK")
    sources[name] = sources[name][:end] + "out := out + 0.001;\n" + sources[name][end:]
    programs = dict(loaded.programs[0]) | {"sources.json": json.dumps(sources).encode()}
    Recording("demo", "test", 1, "another", 0, {0: programs}, loaded.chunks).save(tmp_path / "c.vsrec")
    told = json.loads(voltscan("replay", str(tmp_path / "c.vsrec"), "--json", code=1))
    assert not told["exact"]
    assert told["diverged"]["in"] in ("output frame", "application memory")
    assert told["diverged"]["scan"] >= 2


def test_replay_when_tags_are_asked_for_then_csv_and_picture(recording: Path, tmp_path: Path) -> None:
    table, picture = tmp_path / "run.csv", tmp_path / "run.svg"
    tags = ("--tag", "plant_1.p_set_kw", "--tag", "plant_1.mode")
    voltscan("replay", str(recording), *tags, "--out", str(table), "--plot", str(picture))
    head, *rows = table.read_text().splitlines()
    assert head == "t_s,plant_1.p_set_kw,plant_1.mode"
    assert len(rows) == 1499
    assert picture.read_text().count("<polyline") == 2
    assert "did you mean" in str(CliRunner().invoke(app, ["replay", str(recording), "--tag", "plant_1.mod"]).exception)


def test_replay_when_asked_why_then_the_command_that_changed_the_mode(recording: Path) -> None:
    told = voltscan("replay", str(recording), "--why", "plant_1.mode@1210")
    assert "without it plant_1.mode is" in told
    assert told.rstrip().endswith("SELF_CONSUMPTION")
    exact = json.loads(voltscan("replay", str(recording), "--why", "plant_1.mode@1210", "--window", "30", "--json"))
    assert [(c["scan"], c["without"]) for c in exact["causes"]] == [(1201, "SELF_CONSUMPTION")]


def test_replay_when_stepped_then_each_scan_says_what_it_took_in(recording: Path) -> None:
    told = voltscan("replay", str(recording), "--step", "--tag", "plant_1.mode", typed="\n\nq\n")
    assert told.count("took in: ") == 3
    assert "scan 4  took in: " in told


def test_replay_when_made_a_test_then_it_passes_in_both_back_ends_and_fails_with_another_figure(
    recording: Path, tmp_path: Path
) -> None:
    test = tmp_path / "recorded.st"
    voltscan("replay", str(recording), "--to-test", str(test), "--scans", "100")
    assert "0 failed" in voltscan("test", str(test), "--backend", "both")
    text = test.read_text()
    assert text.count("ASSERT_EQ") == 10
    asserted = "ASSERT_EQ(inverter_1.p_set_kw, 0.0)"  # the mode is PASSIVE by then
    assert asserted in text
    assert re.search(r"inverter_1\.heartbeat := [1-9]\d*;", text)  # it begins as the controller was, not fresh
    test.write_text(text.replace(asserted, "ASSERT_EQ(inverter_1.p_set_kw, 0.5)", 1))
    assert "does not hold" in voltscan("test", str(test), "--backend", "interp", code=1)


@pytest.mark.slow
def test_replay_when_made_a_test_then_it_says_how_far_its_outputs_are_the_recorded_ones(
    recording: Path, tmp_path: Path
) -> None:
    test = tmp_path / "recorded.st"
    told = voltscan("replay", str(recording), "--to-test", str(test), "--scans", "290")
    assert "outputs are as recorded in all 290 scans" in told
    assert "outputs are as recorded in all 290 scans" in test.read_text()
    told = voltscan(
        "replay", str(recording), "--to-test", str(test), "--scans", "300"
    )  # an input is 60 ms old at first
    assert "outputs are as recorded in 0 of 300 scans, then inverter_1.p_set_kw is another" in told
