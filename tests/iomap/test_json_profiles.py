"""Profiles in JSON: loaded as they stand, with the same meaning as in TOML, and mistakes told at their place."""

import json
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.core.diagnostic import render
from runtime.iomap.profiles.loading import load_profile
from runtime.iomap.sites.load import load_site_map

IO_MAPS = Path(__file__).parents[2] / "io_maps"
GOLDEN = Path(__file__).parent / "golden"
SITE = """site = "x"
[links.meters]
kind = "modbus_tcp"
host = "192.168.1.20"
[devices.meter_1]
profile = "my_meter"
link = "meters"
unit = 1
nature = "grid_meter"
"""
METER = """{
  "maker": "Test", "model": "meter", "natures": ["grid_meter"], "version": "1", "protocol": "modbus",
  "source": {"document": "none \\u00e0 la carte"},
  "modbus": {"table": "input", "group": "fast"},
  "groups": {"fast": {"period_ms": 200}},
  "points": {
    "p_kw": {"register": 18, "type": "i32", "scale": 0.0001, "unit": "kW", "positive": "import"},
    "state": {"register": 30, "type": "u16", "enum": {"OFF": 0, "ON": 1}}
  }
}
"""
WRONG = {
    "key": ('"register": 18', '"regster": 18'),
    "value": ('"period_ms": 200', '"period_ms": "fast"'),
    "in_a_list": ('["grid_meter"]', '["grid_meter", "grid_metre"]'),
    "null": ('"scale": 0.0001', '"scale": null'),
    "twice": ('"unit": "kW"', '"unit": "kW", "type": "i16"'),
    "comma": ('"table": "input",', '"table": "input"'),
    "infinite": ("0.0001", "Infinity"),
    "whole_text": (METER, "[1]\n"),
}


PROFILES = sorted(path.stem for path in (IO_MAPS / "profiles").glob("*.toml"))
ONE_OF_EACH = ("carlo_gavazzi_em340", "rack_bms", "bme680", "relay_module_8_gpio", "host", "abb_esi")


@pytest.mark.parametrize(
    "name", [name if name in ONE_OF_EACH else pytest.param(name, marks=pytest.mark.slow) for name in PROFILES]
)
def test_profile_when_written_in_json_then_it_means_the_same(name: str, tmp_path: Path) -> None:
    profile = IO_MAPS / "profiles" / f"{name}.toml"
    told = tomllib.loads(profile.read_text())
    (tmp_path / profile.with_suffix(".json").name).write_text(json.dumps(told, indent=2))
    if "base" in told:
        shutil.copy(profile.parent / f"{told['base']}.toml", tmp_path)
    shutil.copytree(profile.parent, tmp_path, ignore=shutil.ignore_patterns("*.toml"), dirs_exist_ok=True)
    in_toml, _ = load_profile(profile, IO_MAPS / "dbc")
    in_json, found = load_profile(tmp_path / profile.with_suffix(".json").name, IO_MAPS / "dbc")
    assert [render(d) for d in found] == []
    assert in_toml is not None
    assert in_json is not None
    assert (in_json.profile, in_json.wires) == (in_toml.profile, in_toml.wires)


def site(folder: Path, **files: str) -> Path:
    for name in ("sites", "profiles"):
        (folder / name).mkdir()
    for name, text in files.items():
        (folder / "profiles" / name.replace("__", ".")).write_text(text)
    (folder / "sites" / "mine.toml").write_text(SITE)
    return folder / "sites" / "mine.toml"


def test_site_when_its_profile_is_json_then_it_loads(tmp_path: Path) -> None:
    loaded, found = load_site_map(site(tmp_path, my_meter__json=METER))
    assert [render(d) for d in found] == []
    assert loaded is not None
    assert loaded.placed["meter_1"].wires["p_kw"].number.scale == 0.0001
    assert loaded.placed["meter_1"].profile.source.document == "none à la carte"


def test_profile_when_it_stands_on_one_in_json_then_it_has_its_points(tmp_path: Path) -> None:
    loaded, found = load_site_map(site(tmp_path, my_meter__toml='base = "other"\nmodel = "own"\n', other__json=METER))
    assert [render(d) for d in found] == []
    assert loaded is not None
    assert (loaded.placed["meter_1"].profile.model, set(loaded.placed["meter_1"].wires)) == ("own", {"p_kw", "state"})


@pytest.mark.parametrize(
    "files",
    [
        {"my_meter__json": METER, "my_meter__toml": 'base = "other"\n'},
        {"my_meter__toml": 'base = "other"\n', "other__json": METER, "other__toml": ""},
    ],
    ids=["device", "base"],
)
def test_profile_when_there_in_both_forms_then_neither_is_guessed(files: dict[str, str], tmp_path: Path) -> None:
    _, found = load_site_map(site(tmp_path, **files))
    assert [(d.code, d.message.endswith("is there twice"), d.help) for d in found] == [
        ("M1006", True, "keep one of them")
    ]


@pytest.mark.parametrize("case", WRONG)
def test_json_when_wrong_then_told_with_place_and_mend(
    case: str, tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    old, new = WRONG[case]
    assert METER.count(old) == 1
    (tmp_path / "my_meter.json").write_text(METER.replace(old, new))
    _, found = load_profile(tmp_path / "my_meter.json", tmp_path, shown="io_maps/profiles/my_meter.json")
    assert all(d.help for d in found)
    golden(GOLDEN / f"json_{case}.txt", "\n\n".join(map(render, found)) + "\n")
