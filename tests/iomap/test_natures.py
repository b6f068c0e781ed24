"""Every profile that is shipped keeps to its natures, says where it is from, and which way each signed point counts."""

from pathlib import Path

import pytest

from runtime.core.diagnostic import render
from runtime.iomap.kinds.modbus.keys import ModbusProfile
from runtime.iomap.profiles.loading import load_profile
from runtime.iomap.profiles.mesalist import snake
from runtime.iomap.profiles.natures import natures

IO_MAPS = Path(__file__).parents[2] / "io_maps"
PROFILES = sorted(file.stem for file in (IO_MAPS / "profiles").glob("*.toml"))
MESA_REQUIRED = {"SetOp", "AlmRst", "V", "AChaMax", "ADisChaMax", "State"}


@pytest.mark.parametrize("name", PROFILES)
def test_profile_when_shipped_then_it_is_sound_and_says_source_unknowns_and_signs(name: str) -> None:
    loaded, found = load_profile(IO_MAPS / "profiles" / f"{name}.toml", IO_MAPS / "dbc")
    assert [render(d) for d in found] == []
    assert loaded is not None
    profile = loaded.profile
    assert profile.source.document
    assert profile.unknowns
    signed = {n for nature in profile.natures for n, p in natures()[nature].points.items() if p.signed}
    silent = [n for n, point in profile.points.items() if n in signed and point.positive is None]
    assert silent == [], 'say positive = "…"; "unknown" where the document does not'


def test_battery_when_asked_then_it_needs_the_points_of_mesa() -> None:
    points = natures()["battery"].points
    assert {name for p in points.values() if p.required for name in p.mesa} == MESA_REQUIRED


RHOMBUS_COMMANDS = ("SecurityCode", "OpMode", "Heartbeat", "MaxPowerCommand", "PowerFactorOffset")
RHOMBUS_ISLAND = ("GridOffStandaloneOn", "AutoTransition")
RHOMBUS_FAULTS = ("CIUFaultSummary", "MIUF1Summary", "MIUF2Summary", "MIUF3Summary", "MIUF4Summary")


def test_rhombus_when_asked_then_it_has_the_points_that_its_agent_names_and_no_register() -> None:
    loaded, _ = load_profile(IO_MAPS / "profiles" / "rhombus_res125.toml", IO_MAPS / "dbc")
    assert loaded is not None
    profile = loaded.profile
    assert isinstance(profile, ModbusProfile)
    access = {name: profile.unplaced[snake(name)].access for name in (*RHOMBUS_COMMANDS, *RHOMBUS_ISLAND)}
    assert access == dict.fromkeys((*RHOMBUS_COMMANDS, *RHOMBUS_ISLAND), "rw")
    assert {profile.unplaced[snake(name)].access for name in RHOMBUS_FAULTS} == {"r"}
    assert set(profile.unplaced["op_mode"].enum.values()) == {0, 1, 2, 111, 222, 61440}
    assert not profile.points
    assert [name for name, option in profile.options.items() if option.secret] == ["security_code_value"]


def test_natures_when_their_signs_are_read_then_they_are_the_projects() -> None:
    signs = {name: rules.positive for name, rules in natures().items()}
    assert signs == {
        "battery": "discharge",
        "inverter": "discharge",
        "pv_inverter": "production",
        "grid_meter": "import",
        "pv_meter": "production",
        "wind_meter": "production",
        "load_meter": "consumption",
        "sensor": None,
        "io_module": None,
    }
    assert {"p_kw", "e_kwh", "u_l1_v", "i_l1_a"} <= set(natures()["pv_inverter"].points)
    assert natures()["load_meter"].points == natures()["grid_meter"].points
