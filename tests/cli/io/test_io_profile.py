"""`voltscan io profile`: every profile that is shipped goes to JSON and back without a loss, and mistakes are told."""

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from runtime.cli.io.profilefile import convert_profile
from runtime.core.fault import ConfigFault

IO_MAPS = Path(__file__).parents[3] / "io_maps"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("profiles", "dbc"):
        shutil.copytree(IO_MAPS / name, tmp_path / name)
    return tmp_path


def test_profiles_when_written_as_json_and_back_then_they_say_the_same_and_are_sound(folder: Path) -> None:
    profiles = sorted((folder / "profiles").glob("*.toml"))
    for profile in profiles:
        told = tomllib.loads(profile.read_text())
        as_json = folder / f"{profile.stem}.json"
        assert convert_profile(profile, out=as_json, force=False) == 0
        assert json.loads(as_json.read_text()) == told
        assert convert_profile(as_json, out=profile, force=True) == 0, profile
        assert tomllib.loads(profile.read_text()) == told
    assert len(profiles) > 30


@pytest.mark.parametrize(
    ("text", "told"),
    [("[1]", "this is no object"), ("{", "this is not JSON"), ('{"maker": null}', "`maker` is null")],
)
def test_json_when_it_holds_no_profile_then_told(folder: Path, text: str, told: str) -> None:
    (folder / "mine.json").write_text(text)
    with pytest.raises(ConfigFault, match=told):
        convert_profile(folder / "mine.json", out=folder / "profiles" / "mine.toml", force=False)


def test_json_when_its_profile_has_a_mistake_then_it_is_told_at_its_line(folder: Path, capsys) -> None:
    relay = tomllib.loads((folder / "profiles" / "relay_module_8.toml").read_text())
    relay["points"]["relay_1"]["regster"] = 1
    (folder / "mine.json").write_text(json.dumps(relay))
    assert convert_profile(folder / "mine.json", out=folder / "profiles" / "mine.toml", force=False) == 1
    assert "unknown key `regster`" in capsys.readouterr().out
    with pytest.raises(ConfigFault, match="is there already"):
        convert_profile(folder / "mine.json", out=folder / "profiles" / "mine.toml", force=False)
