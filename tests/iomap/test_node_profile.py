"""A node of a cluster is read and told by the registers that sites show to SCADA: profile and map must not part."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROFILE = "io_maps/profiles/voltscan_node.toml"
READ = {
    "state": "plant_1.state",
    "mode": "plant_1.mode",
    "soc_pct": "plant_1.soc_pct",
    "p_kw": "inverter_1.p_kw",
    "p_min_kw": "plant_1.p_min_kw",
    "p_max_kw": "plant_1.p_max_kw",
}
TOLD = {"mode_cmd": "mode", "request": "plant", "p_set_kw": "local_setpoint", "beat": "local_heartbeat"}


def table(path: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / path).read_text())


def shape(found: dict[str, Any], place: str) -> tuple[int, str, float]:
    return found[place], found.get("type", "u16"), found.get("scale", 1.0)


@pytest.mark.parametrize("site", ["commercial", "offgrid", "depot"])
def test_node_profile_when_held_against_the_scada_map_of_a_site_then_each_point_is_there_with_its_type_and_scale(
    site: str,
) -> None:
    points = table(PROFILE)["points"]
    registers = list(table(f"io_maps/scada/{site}.toml")["registers"].values())
    by_tag = {register["tag"]: register for register in registers if "tag" in register}
    by_command = {register["command"]: register for register in registers if "command" in register}
    heartbeat = next(register for register in registers if register.get("status") == "heartbeat")
    expected = {point: by_tag[tag] for point, tag in READ.items()}
    expected |= {point: by_command[command] for point, command in TOLD.items()}
    expected["heartbeat"] = heartbeat
    assert {p: shape(points[p], "register") for p in points} == {p: shape(r, "address") for p, r in expected.items()}
