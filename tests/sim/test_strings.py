"""Strings on virtual time: set, forced and commanded by a scenario, kept with every sample, written into tables."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.cli.main import app
from runtime.core.fault import ConfigFault

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
