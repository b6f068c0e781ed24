"""Strings on virtual time: set, forced and commanded by a scenario, kept with every sample, written into tables."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.cli.main import app
from runtime.core.fault import ConfigFault
from runtime.core.objectcache import ObjectCache
from runtime.core.tag import Variable
from runtime.image.recordring import RingReader
from runtime.lang.llvm.compile import compile_object
from runtime.node.build import Build, build_site
from runtime.scan.imaged import ImagedScan
from runtime.scan.record.cause import why
from runtime.scan.record.chunk import Chunk
from runtime.scan.record.recorder import FlightRecorder, RecorderLimits
from runtime.scan.record.recordingfile import Recording
from runtime.scan.record.replay import Replay, Stretch
from runtime.scan.record.verify import verify
from runtime.sim.coupled.coupling import CoupledRun, CoupledSide
from runtime.sim.recorded.test import recorded_test
from tests.sim.conftest import kernels

PROFILE = """
maker = "Example"
model = "level"
natures = ["grid_meter"]
version = "1"
protocol = "modbus"
source = { document = "made up for this test" }
lacks = { p_kw = "it measures a level" }
[modbus]
table = "input"
group = "all"
[groups]
all = { period_ms = 100 }
[points]
level = { register = 0, type = "u16" }
"""
CONTROL = """
TYPE
    LEVEL : STRUCT level : UINT; END_STRUCT;
    RESULT : (NONE, ACCEPTED, DONE, REFUSED);
    NOTE_REQUEST : STRUCT value : STRING[12]; seq : UDINT; END_STRUCT;
    ACKNOWLEDGEMENT : STRUCT seq : UDINT; result : RESULT; END_STRUCT;
END_TYPE
VAR_GLOBAL
    tank_1 : LEVEL; title : STRING[20]; note : STRING[12]; wide : WSTRING[8];
    long : STRING[2000];
    command_note_1 : NOTE_REQUEST; ack_note_1 : ACKNOWLEDGEMENT;
END_VAR
PROGRAM main
IF command_note_1.seq <> ack_note_1.seq THEN
    note := command_note_1.value; ack_note_1.seq := command_note_1.seq; ack_note_1.result := DONE;
END_IF
IF tank_1.level > 5 THEN wide := "full"; ELSE wide := "λ, low"; END_IF
END_PROGRAM
"""
PLANT = """
TYPE LEVEL : STRUCT level : UINT; END_STRUCT; END_TYPE
VAR_GLOBAL tank_1 : LEVEL; word : STRING[10]; END_VAR
PROGRAM main
IF word = 'fill' THEN tank_1.level := 9; END_IF
END_PROGRAM
"""
LINK = '[links.wire]\nkind = "modbus_tcp"\nhost = "127.0.0.1"\nport = 15999\n'
DEVICE = '[devices.tank_1]\nprofile = "level"\nlink = "wire"\nunit = 1\n'
SCENARIO = """
[parameters]
title = "a, \\"quoted\\" title"
[[events]]
at = "50ms"
set = "plant/word"
to = "fill"
[[events]]
at = "40ms"
command = "note"
to = "it's on"
[[expect]]
tag = "tank_1.level"
is = 9
within = "300ms"
[record]
every = "10ms"
tags = ["title", "note", "wide", "tank_1.level", "plant/word"]
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    maps = tmp_path / "io_maps"
    for folder in ("profiles", "sites"):
        (maps / folder).mkdir(parents=True)
    (maps / "profiles" / "level.toml").write_text(PROFILE)
    commands = '[commands]\nnote = { request = "command_note_1", ack = "ack_note_1" }\n'
    (maps / "sites" / "control.toml").write_text(f'site = "control"\n{LINK}{DEVICE}{commands}')
    (maps / "sites" / "plant.toml").write_text(f'site = "plant"\nserve = true\n{LINK}{DEVICE}')
    for name, text in (("control", CONTROL), ("plant", PLANT)):
        (tmp_path / f"{name}.st").write_text(text)
        more = '\n[plant]\nsite = "plant.toml"\n' if name == "control" else ""
        told = f'name = "{name}"\nprograms = ["{name}.st"]\nio_map = "io_maps/sites/{name}.toml"\n{more}'
        (tmp_path / f"{name}.toml").write_text(told)
    return tmp_path / "control.toml"


def simulated(site: Path, scenario: str, *words: str) -> str:
    path = site.with_name("scenario.toml")
    path.write_text(scenario)
    told = CliRunner().invoke(app, ["sim", str(site), "--for", "1s", "--scenario", str(path), *words])
    assert told.exit_code == 0, told.output + str(told.exception)
    return told.output


def test_sim_when_strings_are_set_and_commanded_then_the_table_has_them_at_every_sample(site: Path) -> None:
    table = site.with_name("run.csv")
    simulated(site, SCENARIO, "--out", str(table))
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["t_s", "tank_1.level", "title", "note", "wide", "plant/word"]
    assert len(rows) == 100
    assert {row["title"] for row in rows} == {'a, "quoted" title'}
    assert [row["note"] for row in rows[:6]] == ["", "", "", "", "it's on", "it's on"]
    assert [row["plant/word"] for row in rows[4:6]] == ["", "fill"]
    filled = next(number for number, row in enumerate(rows) if row["tank_1.level"] == "9")
    assert [rows[number]["wide"] for number in (filled - 1, filled)] == ["λ, low", "full"]
    again = site.with_name("again.csv")
    simulated(site, SCENARIO, "--out", str(again))
    assert again.read_bytes() == table.read_bytes()


def test_sim_when_only_strings_are_recorded_then_they_are_the_table(site: Path) -> None:
    table = site.with_name("run.csv")
    simulated(site, '[record]\nevery = "500ms"\ntags = ["wide"]\n', "--out", str(table))
    assert table.read_text().splitlines() == ["t_s,wide", '0,"λ, low"', '0.5,"λ, low"']


@pytest.mark.parametrize(
    ("scenario", "says"),
    [
        ('[[events]]\nat = "1s"\nset = "note"\nto = "thirteen char"\n', "has 13 characters, STRING[12] holds 12"),
        ('[[events]]\nat = "1s"\nramp = "note"\nto = 1\nover = "1s"\n', "ramp a number, or use set"),
        ('[[expect]]\ntag = "note"\nis = "x"\nalways = true\n', "expectations and curves take numbers"),
        ('[record]\nplot = ["note"]\n', "expectations and curves take numbers"),
        ('seeds = ["note"]\n', "expectations and curves take numbers"),
    ],
)
def test_scenario_when_a_string_is_where_a_number_belongs_then_told(site: Path, scenario: str, says: str) -> None:
    path = site.with_name("scenario.toml")
    path.write_text(scenario)
    told = CliRunner().invoke(app, ["sim", str(site), "--for", "1s", "--scenario", str(path)])
    assert told.exit_code == 1
    assert not isinstance(told.exception, ConfigFault)
    assert says in told.output


@pytest.fixture
def run(site: Path) -> Iterator[CoupledRun]:
    """Controller and plant of the site, recorded."""
    build = build_site(site).build
    assert build is not None
    assert build.plant is not None
    sides = []
    for side in (build, build.plant):
        assert side.io_plan is not None
        scan = ImagedScan(side.manifest(), compile_object(side.application), side.application.initial, recorded=True)
        sides.append(CoupledSide(scan, side.io_plan))
    made = CoupledRun(*sides, kernels(), cycle_ns=build.site.cycle_ns)
    yield made
    made.controller.close()
    made.plant.close()


def acted(run: CoupledRun, recorder: FlightRecorder) -> None:
    """Writes, a long one among them, a pin that changes its text, and a command; between quiet scans."""
    side = run.controller
    long_text = "n" * 1500
    for step in (
        lambda: side.write(side.find("long"), long_text),
        lambda: side.forces.set("title", "held"),
        lambda: side.write(side.find("wide"), "Üλ"),
        lambda: side.forces.set("title", "held otherwise"),
        lambda: side.request(
            side.find("command_note_1.value"), "told", seq_variable=side.find("command_note_1.seq"), seq=1
        ),
        lambda: side.forces.clear("title"),
    ):
        step()
        run.advance(5)
        recorder.note_state(run.scan_no, bytes(side.memory))
        recorder.poll()
    assert (side.read("long"), side.read("note"), side.read("title")) == (long_text, "told", "held otherwise")


def test_recording_when_strings_were_written_and_held_then_the_replay_is_exact_and_knows_why(
    run: CoupledRun, site: Path
) -> None:
    run.advance(20)
    reader = RingReader(run.controller.image)
    limits = RecorderLimits(keep_ns=600_000_000_000, size_max=64 << 20)
    recorder = FlightRecorder(reader.take, reader.ask_checkpoint, limits)
    run.advance(5)
    recorder.poll()
    acted(run, recorder)
    build = build_site(site).build
    assert build is not None
    manifest = build.manifest()
    replay = Replay(manifest, compile_object(build.application), build.application.initial, kernels().scan)
    chunks = recorder.frozen()
    found = verify({0: replay}, chunks)
    assert found.exact, found
    assert found.states == 6
    stretch = chunks[0].stretch()
    last = {}
    for name, expected in (("note", "told"), ("title", "held otherwise")):
        variable = manifest.tags.find(name)
        assert variable is not None
        first = _first_scan(replay, stretch, variable, expected)
        answer = why(replay, manifest, stretch, variable, scan_no=first, window=3)
        assert answer.after == expected
        last[name] = [(cause.suspect.name.partition(" at ")[0], cause.without) for cause in answer.causes]
    _assert_test_passes(recording_of(build, chunks), replay, stretch, site)
    assert last == {"note": [("write", "")], "title": [("held variables", "held")]}
    replay.close()


def recording_of(build: Build, chunks: list[Chunk]) -> Recording:
    sources = {"control.st": CONTROL}
    programs = {"manifest.json": b"{}", "initial.bin": build.application.initial, "programs.o": b""}
    programs["sources.json"] = json.dumps(sources).encode()
    return Recording("control", "strings", 1, "here", 0, {0: programs}, chunks)


def _assert_test_passes(recording: Recording, replay: Replay, stretch: Stretch, site: Path) -> None:
    """What was recorded, as a test in ST, with the texts as literals."""
    cache = ObjectCache(site.with_name("cache"))
    made = recorded_test(recording, recording.programs[0], replay, stretch, folder="recorded", cache=cache)
    assert 'wide := "Üλ";' in made.text
    assert f"long := '{'n' * 1500}';" in made.text
    made.save(site.with_name("recorded.st"))
    told = CliRunner().invoke(app, ["test", str(site.with_name("recorded.st"))])
    assert told.exit_code == 0, told.output


def _first_scan(replay: Replay, stretch: Stretch, variable: Variable, expected: str) -> int:
    replay.restore(stretch.checkpoint)
    for record in stretch.records:
        replay.step(record)
        if variable.type.unpack(replay.scan.memory, variable.offset) == expected:
            return record.scan_no
    raise AssertionError(f"{variable.name} never is {expected}")


LABELLED = """
[modbus]
table = "holding"
group = "all"
[groups]
all = { period_ms = 100 }
[points]
level = { register = 0, type = "u16" }
serial = { register = 1, type = "string", chars = 8 }
label = { register = 5, type = "string", chars = 4, access = "rw" }
"""
POINTS = '[devices.tank_1.points]\nlabel = { fail_safe = "hold" }\n'


def test_sim_when_a_device_has_strings_then_they_cross_both_ways(site: Path) -> None:
    folder = site.parent
    (folder / "io_maps" / "profiles" / "level.toml").write_text(PROFILE[: PROFILE.index("[modbus]")] + LABELLED)
    structure = "level : UINT; serial : STRING[8]; label : STRING[6];"
    control = folder / "io_maps" / "sites" / "control.toml"
    control.write_text(control.read_text().replace("[commands]", POINTS + "[commands]"))
    for name, text, more in (
        ("control", CONTROL, "IF tank_1.serial = 'AB 12' THEN tank_1.label := 'seen it'; END_IF"),
        ("plant", PLANT, "IF word = 'fill' THEN tank_1.serial := 'AB 12'; END_IF"),
    ):
        changed = text.replace("level : UINT;", structure).replace("PROGRAM main\n", f"PROGRAM main\n{more}\n")
        (folder / f"{name}.st").write_text(changed)
    table = folder / "run.csv"
    told = SCENARIO.replace('"plant/word"]', '"plant/word", "tank_1.serial", "plant/tank_1.label"]')
    simulated(site, told, "--out", str(table))
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["tank_1.serial"], rows[0]["plant/tank_1.label"]) == ("", "")
    assert (rows[-1]["tank_1.serial"], rows[-1]["plant/tank_1.label"]) == ("AB 12", "seen")
