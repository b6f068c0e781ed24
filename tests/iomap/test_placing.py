"""Racks of one unit by their offsets, and registers that only the site knows: where points end up, and what is told."""

import shutil
from collections.abc import Callable
from pathlib import Path

import demo_tags
import pytest

from runtime.core.diagnostic import Diagnostic, render
from runtime.core.elementary import UINT
from runtime.iomap.checks.check import CheckedSite, check
from runtime.iomap.plan.plan import IoPlan
from runtime.iomap.sites.load import load_site_map
from runtime.iomap.wire import ModbusWire

IO_MAPS = Path(__file__).parents[2] / "io_maps"
GOLDEN = Path(__file__).parent / "golden"
BANK = """site = "bank"

[links.scu]
kind = "modbus_tcp"

[devices.bank_1]
profile = "jinko_scu_a"
link = "scu"

[devices.battery_1]
profile = "jinko_scu_a_rack"
link = "scu"
register_offset = 1024

[devices.battery_2]
profile = "jinko_scu_a_rack"
link = "scu"
register_offset = 2048

[devices.battery_2.points]
i_a = { invert = true }
"""
RHOMBUS = """site = "rhombus"

[links.pcs]
kind = "modbus_tcp"

[devices.inverter_1]
profile = "rhombus_res125"
link = "pcs"

[devices.inverter_1.registers]
op_mode = { register = 40, type = "u16" }
max_power_command = { register = 42, type = "i16", scale = 0.1 }

[devices.inverter_1.points]
op_mode = { fail_safe = 0 }
max_power_command = { fail_safe = 0.0 }
"""
BANK_TAGS = {
    "bank_1": demo_tags.plain("soc_pct"),
    "battery_1": demo_tags.plain("u_v i_a"),
    "battery_2": demo_tags.plain("u_v i_a alarm_word[16]"),
}
RHOMBUS_TAGS = {"inverter_1": [*demo_tags.plain("op_mode", UINT), *demo_tags.plain("max_power_command")]}


def checked(
    folder: Path, text: str, tags: dict[str, list[demo_tags.Field]]
) -> tuple[list[Diagnostic], CheckedSite | None]:
    shutil.copytree(IO_MAPS, folder, dirs_exist_ok=True)
    (folder / "sites" / "small.toml").write_text(text)
    site, found = load_site_map(folder / "sites" / "small.toml", shown="io_maps/sites/small.toml")
    if site is None:
        return found, None
    told = check(site, demo_tags.table(tags))
    return [*found, *told.diagnostics], told


def sound_plan(folder: Path, text: str, tags: dict[str, list[demo_tags.Field]]) -> IoPlan:
    found, told = checked(folder, text, tags)
    assert [render(d) for d in found] == []
    assert told is not None
    assert told.plan is not None
    return told.plan


def wire(plan: IoPlan, device: str, name: str) -> ModbusWire:
    found = plan.device(device)
    assert found is not None
    point = found.point(name)
    assert point is not None
    assert isinstance(point.wire, ModbusWire)
    return point.wire


def test_racks_when_placed_by_their_offsets_then_one_unit_carries_bank_and_racks(tmp_path: Path) -> None:
    plan = sound_plan(tmp_path, BANK, BANK_TAGS)
    places = [wire(plan, d, n).address for d, n in (("bank_1", "soc_pct"), ("battery_1", "u_v"), ("battery_2", "u_v"))]
    assert places == [34, 1024 + 32, 2048 + 32]
    assert wire(plan, "battery_2", "alarm_word[16]").address == 2048 + 15


def test_current_when_it_counts_from_an_offset_then_it_can_be_turned(tmp_path: Path) -> None:
    plan = sound_plan(tmp_path, BANK, BANK_TAGS)
    raw = 20_100
    kind = demo_tags.REAL.kind
    assert wire(plan, "battery_1", "i_a").number.decode(raw, kind) == pytest.approx(10.0)
    turned = wire(plan, "battery_2", "i_a").number
    assert turned.decode(raw, kind) == pytest.approx(-10.0)
    assert turned.encode(-10.0) == raw


def test_points_when_the_site_gives_their_registers_then_they_are_bound(tmp_path: Path) -> None:
    plan = sound_plan(tmp_path, RHOMBUS, RHOMBUS_TAGS)
    command = wire(plan, "inverter_1", "max_power_command")
    assert (command.address, command.number.encode(-12.5), command.number.minimum) == (42, -125, -3276.8)


WRONG = {
    "racks_overlap": (BANK.replace("2048", "1064"), BANK_TAGS),
    "rack_beyond_the_table": (BANK.replace("2048", "65500"), BANK_TAGS),
    "registers_not_given": (
        RHOMBUS,
        {"inverter_1": [*RHOMBUS_TAGS["inverter_1"], *demo_tags.plain("heartbeat unit_status")]},
    ),
    "register_of_an_unknown_point": (RHOMBUS.replace("op_mode = { register", "op_mod = { register"), RHOMBUS_TAGS),
    "register_without_a_type": (RHOMBUS.replace(', type = "u16"', ""), RHOMBUS_TAGS),
    "register_twice": (RHOMBUS.replace("register = 42", "register = 40"), RHOMBUS_TAGS),
}


@pytest.mark.parametrize("case", WRONG)
def test_place_when_wrong_then_told_in_the_site_map(
    case: str, tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    found, told = checked(tmp_path, *WRONG[case])
    assert told is None or told.plan is None
    golden(GOLDEN / f"place_{case}.txt", "\n\n".join(map(render, found)) + "\n")
