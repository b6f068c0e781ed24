"""`voltscan io import`: settings and point lists with the columns and defaults of the requirements become maps that are
checked, and read and write as the lists say."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.cli.io.importing import import_devices
from runtime.cli.main import app
from runtime.core.diagnostic import render
from runtime.core.elementary import BOOL, REAL, UINT, Kind
from runtime.core.fault import ConfigFault
from runtime.core.tag import Tag, TagTable
from runtime.drivers.codec import raw_of_words, words_of_raw
from runtime.iomap.checks.check import check
from runtime.iomap.profiles.mesalist import read_mesa_device
from runtime.iomap.profiles.mesawriting import CLASSES, kind_of, write_down
from runtime.iomap.sites.load import load_site_map
from runtime.iomap.sites.options import option_values
from runtime.iomap.sites.sitemap import PointRule, SiteMap
from tests.e2e.registers import Registers

HEADER = "mesa_name,driver_point_name,topic_prefix,scale_factor,offset,unit,rpc_attempts,rpc_wait,max_data_age"
LIST = f"""{HEADER},register,type
SetOp,Operation,Campus/BESS/Battery,,,,3,0.2,,50,u16
AlmRst,AlarmReset,Campus/BESS/Battery,,,,,,,20,u16
V,BankVoltage,Campus/BESS/Battery,0.1,,V,,,2.5,34,u16
AChaMax,ChargeCurrentMax,Campus/BESS/Battery,0.5,-10,A,,,,45,i16
ADisChaMax,DischargeCurrentMax,Campus/BESS/Battery,,,A,,,,46,u16
State,State,Campus/BESS/Battery,,,,,,,22,u16
W,Power,Campus/BESS/Battery,10,,W,,,,47,i16
OwnThing,MyThing,Campus/BESS/Battery,,,,,,,,
"""
RHOMBUS = """mesa_name,driver_point_name,topic_prefix
OpMode,OpMode,Campus/BESS/Inverter
MaxPowerCommand,MaxPowerCommand,Campus/BESS/Inverter
OwnThing,OwnThing,Campus/BESS/Inverter
"""


def settings(folder: Path, name: str, told: dict[str, object], points: str) -> Path:
    (folder / f"{name}_points.csv").write_text(points)
    (folder / f"{name}.config").write_text(json.dumps(told))
    return folder / f"{name}.config"


def tags(*names: str) -> TagTable:
    kinds = {name: UINT if name.endswith(("state", "cmd", "count", "mode")) else REAL for name in names}
    made = [
        Tag(name=n, type=kinds[n], offset=384 + 8 * i, index=i, file="site.st", line=1, secret=n.endswith("code_value"))
        for i, n in enumerate(names)
    ]
    return TagTable(made, [])


def test_row_when_cells_are_empty_then_the_defaults_of_the_requirements(tmp_path):
    device = read_mesa_device(settings(tmp_path, "battery", {"points": "battery_points.csv", "own": 7}, LIST))
    assert (device.class_name, device.module_name) == ("BaseBattery", "bess.device_classes.base_battery")
    assert device.options == {"own": 7}
    first, third = device.points[0], device.points[2]
    assert (first.scale_factor, first.offset, first.rpc_attempts, first.rpc_wait_s) == (1.0, 0.0, 3, 0.2)
    assert (third.rpc_attempts, third.rpc_wait_s) == (5, 0.9)
    assert (first.max_data_age_s, first.buffer_length) == (0.0, 1)
    assert (third.scale_factor, third.unit, third.max_data_age_s) == (0.1, "V", 2.5)
    assert third.more == {"register": "34", "type": "u16"}


def test_battery_when_imported_then_it_is_checked_and_reads_as_the_list_says(tmp_path, capsys):
    config = settings(tmp_path, "battery", {"class_name": "BaseBattery"}, LIST)
    out = tmp_path / "io_maps" / "sites" / "bess.toml"
    assert import_devices([config], address="10.0.0.5:1502", unit=4, out=out, force=False) == 0
    site, found = load_site_map(out)
    assert [render(d) for d in found] == []
    assert site is not None
    names = ("battery_1.u_v", "battery_1.charge_i_max_a", "battery_1.p_kw", "battery_1.state")
    checked = check(site, tags(*names))
    assert [render(d) for d in checked.diagnostics] == []
    assert checked.bindings is not None
    ages = {p.tag: p.stale_after_ns for p in checked.bindings.inputs["battery_1"]}
    assert ages["battery_1.u_v"] == 2_500_000_000
    assert ages["battery_1.state"] == 0
    wires = site.placed["battery_1"].wires
    for name, word, value in (("u_v", 8012, 801.2), ("charge_i_max_a", 300, 140.0), ("p_kw", 0xFFFE, -0.02)):
        wire = wires[name]
        assert wire.number.decode(raw_of_words(wire, [word]), Kind.REAL) == pytest.approx(value), name
        assert words_of_raw(wire, wire.number.encode(value)) == [word], name
    assert {"connect_cmd", "reset_cmd", "discharge_i_max_a"} <= set(wires)
    assert [wires["connect_cmd"].number.encode(told) for told in (True, False)] == [1, 2]
    assert site.placed["battery_1"].unplaced == {"own_thing"}
    site = replace(
        site, document=replace(site.document, content=_driving(site.map, "battery_1", "connect_cmd", "reset_cmd"))
    )
    names = ("battery_1.connect_cmd", "battery_1.reset_cmd")
    bound = TagTable([Tag(name=n, type=BOOL, offset=0, index=i) for i, n in enumerate(names)], [])
    plan = check(site, bound).plan
    assert plan is not None
    policies = {p.name: (p.policy.attempts, p.policy.retry_ns) for p in plan.devices["devices"][0].outputs}
    assert policies == {"connect_cmd": (3, 200_000_000), "reset_cmd": (5, 900_000_000)}


def test_battery_when_imported_then_its_map_runs_against_a_device(tmp_path):
    device = Registers([0] * 60)
    for register, word in ((22, 3), (34, 8012), (45, 300), (46, 7), (47, 0xFFFE), (50, 1)):
        device.words[register] = word
    config = settings(tmp_path, "battery", {}, LIST)
    out = tmp_path / "io_maps" / "sites" / "bess.toml"
    try:
        assert import_devices([config], address=f"127.0.0.1:{device.port}", unit=1, out=out, force=False) == 0
        told = CliRunner().invoke(app, ["io", "read", str(out), "--wait", "60s", "--json"])
        assert told.exit_code == 0, told.output
        read = {p["name"].partition(".")[2]: (p["value"], p["quality"]) for p in json.loads(told.stdout)}
        assert read == {
            "connect_cmd": (True, "GOOD"),
            "reset_cmd": (False, "GOOD"),
            "u_v": (pytest.approx(801.2), "GOOD"),
            "charge_i_max_a": (140.0, "GOOD"),
            "discharge_i_max_a": (7, "GOOD"),
            "state": (3, "GOOD"),
            "p_kw": (pytest.approx(-0.02), "GOOD"),
        }
        words = ["io", "write", str(out), "battery_1.connect_cmd", "FALSE", "--yes", "--for", "60s"]
        assert CliRunner().invoke(app, words).exit_code == 0
        assert device.words[50] == 2
    finally:
        device.close()


def _driving(told: SiteMap, device: str, *points: str) -> SiteMap:
    """The map with fail-safe values, as the engineer writes them."""
    rules = {name: PointRule(fail_safe=False) for name in points}
    return told.model_copy(update={"devices": {device: told.devices[device].model_copy(update={"points": rules})}})


def test_rhombus_when_imported_then_its_profile_options_and_sign(tmp_path, capsys):
    told = {
        "class_name": "RhombusInverterRes125",
        "charge_sign": 1,
        "max_inverter_command": 90,
        "security_code_value": 4711,
    }
    config = settings(tmp_path, "inverter", told, RHOMBUS)
    out = tmp_path / "io_maps" / "sites" / "bess.toml"
    base = Path(__file__).parents[3] / "io_maps" / "profiles" / "rhombus_res125.toml"
    (tmp_path / "io_maps" / "profiles").mkdir(parents=True)
    (tmp_path / "io_maps" / "profiles" / base.name).write_text(base.read_text())
    assert import_devices([config], address="10.0.0.5", unit=1, out=out, force=False) == 0
    site, found = load_site_map(out)
    assert [render(d) for d in found] == []
    assert site is not None
    assert site.map.devices["inverter_1"].charge_sign == 1
    names = ("max_inverter_command", "security_code_value", "initial_inverter_heartbeat_count")
    values, found = option_values(site, tags(*(f"inverter_1_options.{name}" for name in names)))
    assert found == []
    assert {v.variable.partition(".")[2]: v.told for v in values} == dict(zip(names, (90, 125, 931), strict=True))
    written = "".join(file.read_text() for file in (tmp_path / "io_maps").rglob("*.toml"))
    assert "4711" not in written + capsys.readouterr().out
    assert site.placed["inverter_1"].unplaced >= {"op_mode", "max_power_command", "miuf1_summary", "own_thing"}
    missing = check(site, tags("inverter_1.op_mode"))
    assert missing.diagnostics[0].code == "M3016"


@pytest.mark.parametrize(
    ("file", "told", "class_name", "module_name"),
    [
        ("battery", {}, "BaseBattery", "base_battery"),
        ("inverter", {}, "Inverter", "inverter"),
        ("inverter", {"class_name": "RhombusInverterRes125"}, "RhombusInverterRes125", "rhombus_inverter_res125"),
        ("battery", {"class_name": "LithiumIonBattery"}, "LithiumIonBattery", "lithium_ion_battery"),
    ],
)
def test_settings_when_they_name_no_class_module_or_list_then_the_defaults(
    file, told, class_name, module_name, tmp_path
):
    device = read_mesa_device(settings(tmp_path, file, told, RHOMBUS))
    assert (device.class_name, device.module_name) == (class_name, f"bess.device_classes.{module_name}")
    assert [point.mesa_name for point in device.points] == ["OpMode", "MaxPowerCommand", "OwnThing"]
    assert device.options == {}


@pytest.mark.parametrize(
    ("class_name", "kind"),
    [
        ("BaseBattery", ("battery", "")),
        ("LithiumIonBattery", ("battery", "")),
        ("VanadiumFlowBattery", ("battery", "")),
        ("Inverter", ("inverter", "")),
        ("SiliconInverter50", ("inverter", "")),
        ("RhombusInverterRes125", ("inverter", "rhombus_res125")),
        ("Meter", ("grid_meter", "")),
        ("FeederMeter", ("grid_meter", "")),
    ],
)
def test_class_when_known_or_not_then_its_nature(class_name, kind, tmp_path):
    device = read_mesa_device(settings(tmp_path, "own", {"class_name": class_name}, RHOMBUS))
    assert kind_of(device) == kind
    remarks = "".join(write_down(device, number=1, unit=1).remarks)
    assert (f"class {class_name} is not known here: taken as nature {kind[0]}" in remarks) == (
        class_name not in CLASSES
    )


STRINGS = """mesa_name,driver_point_name,topic_prefix,unit,buffer_length,register,type
ModCnt,Modules,Campus/BESS/String,,,100,u16
V,Voltage,Campus/BESS/String,V,8,101,u16
"""


def test_battery_when_it_has_repeatable_blocks_then_each_is_a_device_of_its_own(tmp_path, capsys):
    settings(tmp_path, "first", {}, STRINGS)
    settings(tmp_path, "second", {}, STRINGS.replace(",100,", ",200,").replace(",101,", ",201,"))
    blocks = {"String1": "first.config", "String2": "second.config"}
    config = settings(tmp_path, "battery", {"repeatable_blocks": blocks}, LIST)
    out = tmp_path / "io_maps" / "sites" / "bess.toml"
    assert import_devices([config], address="10.0.0.5", unit=4, out=out, force=False) == 0
    site, found = load_site_map(out)
    assert [render(d) for d in found] == []
    assert site is not None
    assert {(name, d.profile) for name, d in site.map.devices.items()} == {
        ("battery_1", "battery"),
        ("sensor_1", "battery_string1"),
        ("sensor_2", "battery_string2"),
    }
    checked = check(site, tags("battery_1.u_v", "sensor_1.v", "sensor_2.v", "sensor_2.mod_cnt"))
    assert [render(d) for d in checked.diagnostics if d.code != "M3013"] == []
    assert checked.plan is not None
    bound = {(d.name, d.unit_id, p.name, p.wire.address) for d in checked.plan.devices["devices"] for p in d.inputs}
    assert bound == {
        ("battery_1", 4, "u_v", 34),
        ("sensor_1", 4, "v", 101),
        ("sensor_2", 4, "v", 201),
        ("sensor_2", 4, "mod_cnt", 200),
    }
    assert "sensor_2: buffer_length is more than 1 for V" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("blocks", "told"),
    [
        (["first.config"], "names no settings files"),
        ({"a": 7}, "names no settings files"),
        ({"a": "none.config"}, "none.config"),
        ({"a": "battery.config"}, "has repeatable blocks"),
    ],
)
def test_block_when_it_is_none_then_told(blocks, told, tmp_path):
    with pytest.raises(ConfigFault) as fault:
        read_mesa_device(settings(tmp_path, "battery", {"repeatable_blocks": blocks}, LIST))
    assert told in str(fault.value)


@pytest.mark.parametrize(
    ("points", "told"),
    [
        (LIST.replace("mesa_name,", "name,"), "battery_points.csv:1"),
        (LIST.replace("V,BankVoltage", ",BankVoltage"), "battery_points.csv:4"),
        (LIST.replace("V,BankVoltage", "V,"), "this row has no driver_point_name"),
        (LIST.replace("BankVoltage,Campus/BESS/Battery", "BankVoltage,"), "this row has no topic_prefix"),
        (LIST.replace("0.1,,V", "a,,V"), "scale_factor is no number"),
        (LIST.replace("0.1,,V", "0,,V"), "scale_factor cannot be 0"),
        (LIST.replace(",3,0.2", ",0,0.2"), "rpc_attempts cannot be 0"),
    ],
)
def test_list_when_wrong_then_told_with_its_line(points, told, tmp_path):
    with pytest.raises(ConfigFault) as fault:
        read_mesa_device(settings(tmp_path, "battery", {}, points))
    assert told in str(fault.value)
