"""The demo maps are sound, and each kind of wrong map or profile is told with file, line, reason and mend."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import demo_tags
import pytest

from runtime.core.diagnostic import Diagnostic, has_errors, render
from runtime.core.elementary import INT, REAL, UINT
from runtime.core.tag import TagTable
from runtime.iomap.checks.check import CheckedSite, check
from runtime.iomap.plan.plan import IoPlan
from runtime.iomap.plan.settings import LinkSettings, ModbusRtuSettings, ModbusRtuTcpSettings
from runtime.iomap.sites.load import load_site_map

IO_MAPS = Path(__file__).parents[2] / "io_maps"
GOLDEN = Path(__file__).parent / "golden"

Edit = tuple[str, str, str]
SITE, METER, INVERTER, RACK = (
    "sites/demo.toml",
    "profiles/carlo_gavazzi_em340.toml",
    "profiles/abb_pqstori.toml",
    "profiles/rack_bms.toml",
)

WRONG: dict[str, list[Edit]] = {
    "not_toml": [(SITE, "port = 15021", "port = ")],
    "unknown_key": [(SITE, "fail_safe_after_ms", "failsafe_after_ms")],
    "missing_key": [(SITE, 'link = "inverter"\n', "")],
    "wrong_type": [(SITE, "port = 15022", 'port = "15022"')],
    "unknown_profile": [(SITE, '"abb_pqstori"', '"abb_pqstor"')],
    "unknown_link": [(SITE, 'link = "racks"\nid_offset = 0x20', 'link = "rack"\nid_offset = 0x20')],
    "wrong_protocol": [(SITE, 'link = "racks"\nid_offset = 0x20', 'link = "meters"\nunit = 9')],
    "unknown_point": [(SITE, "start_cmd  =", "star_cmd  =")],
    "unknown_tag": [(SITE, "p_set_kw   = {", 'p_set_kw   = { tag = "inverter_1.p_sett_kw",')],
    "program_variable": [(SITE, "p_set_kw   = {", 'p_set_kw   = { tag = "main.pid_1.out",')],
    "bit_on_a_number": [(SITE, "start_cmd  = {", 'start_cmd  = { tag = "spare_1.p_kw",')],
    "decimals_on_an_integer": [
        (
            SITE,
            "[devices.battery_1]",
            '[devices.grid_meter_1.points]\nf_hz = { tag = "spare_1.count" }\n\n[devices.battery_1]',
        )
    ],
    "tag_fed_twice": [
        (
            SITE,
            "[devices.battery_1]",
            '[devices.grid_meter_1.points]\ns_kva = { tag = "pv_meter_1.p_kw" }\n\n[devices.battery_1]',
        )
    ],
    "tag_in_and_out": [
        (
            SITE,
            "[devices.battery_1]",
            '[devices.grid_meter_1.points]\ns_kva = { tag = "inverter_1.p_set_kw" }\n\n[devices.battery_1]',
        )
    ],
    "tag_drives_two": [(SITE, "q_set_kvar = {", 'q_set_kvar = { tag = "inverter_1.p_set_kw",')],
    "no_fail_safe": [(SITE, "stop_cmd   = { fail_safe = false }\n", "")],
    "fail_safe_of_wrong_type": [(SITE, "start_cmd  = { fail_safe = false }", "start_cmd  = { fail_safe = 0 }")],
    "fail_safe_outside_limits": [(SITE, "p_set_kw   = { fail_safe = 0.0", "p_set_kw   = { fail_safe = 120.0")],
    "limit_beyond_the_device": [
        (
            SITE,
            "max = 100.0, dead_band = 0.02, min_interval_ms = 50 }\nq_set",
            "max = 5000.0, dead_band = 0.02, min_interval_ms = 50 }\nq_set",
        )
    ],
    "stale_after_on_an_output": [(SITE, "start_cmd  = { fail_safe", "start_cmd  = { stale_after_ms = 5, fail_safe")],
    "device_name": [
        (SITE, "[devices.battery_2]", "[devices.battery_two]"),
        (SITE, "[devices.battery_2.points]", "[devices.battery_two.points]"),
    ],
    "command_without_request": [(SITE, '"command_mode_1"', '"command_mod_1"')],
    "two_devices_one_unit": [(SITE, "unit = 2", "unit = 1")],
    "broadcast_on_a_serial_line": [
        (SITE, 'kind = "modbus_tcp"\nhost = "127.0.0.1"\nport = 15022', 'kind = "modbus_rtu"\ndevice = "/dev/ttyS1"'),
        (SITE, 'link = "inverter"\nunit = 1', 'link = "inverter"\nunit = 0'),
    ],
    "speed_of_no_line": [
        (
            SITE,
            'kind = "modbus_tcp"\nhost = "127.0.0.1"\nport = 15022',
            'kind = "modbus_rtu"\ndevice = "/dev/ttyS1"\nbaud = 12345',
        )
    ],
    "two_links_one_address": [(SITE, "port = 15022", "port = 15021")],
    "two_links_one_address_by_two_names": [
        (SITE, 'host = "127.0.0.1"\nport = 15022', 'host = "localhost"\nport = 15021'),
    ],
    "two_kinds_of_link_one_address": [
        (SITE, "port = 15022", "port = 15021"),
        (SITE, '[links.inverter]\nkind = "modbus_tcp"', '[links.inverter]\nkind = "modbus_rtu_tcp"'),
    ],
    "can_ids_collide": [(SITE, "id_offset = 0x20", "id_offset = 0x01")],
    "can_id_beyond_its_range": [(SITE, "id_offset = 0x20", "id_offset = 0x700")],
    "one_signal_twice": [(RACK, 'signal = "Soh"', 'signal = "Soc"')],
    "poll_load": [(SITE, "port = 15021", "port = 15021\nserial_baud = 4800")],
    "poll_load_tight": [
        (SITE, "port = 15021", "port = 15021\nserial_baud = 9600"),
        (METER, "fast = { period_ms = 200 }", "fast = { period_ms = 400 }"),
    ],
    "read_back_of_what_cannot_be_read": [
        (
            SITE,
            "[devices.battery_2.points]\nconnect_cmd = { ",
            "[devices.battery_2.points]\nconnect_cmd = { read_back = true, ",
        )
    ],
    "slow_heartbeat": [(SITE, "min_interval_ms = 1000", "min_interval_ms = 15000")],
    "overlapping_registers": [(METER, "p_kw           = { register = 0x0028", "p_kw           = { register = 0x0029")],
    "register_out_of_range": [(INVERTER, "register = 30811", "register = 20811")],
    "unknown_poll_group": [(METER, 'group = "slow" }\ne_import_kvarh', 'group = "slowly" }\ne_import_kvarh')],
    "unknown_signal": [(RACK, 'signal = "Soc"', 'signal = "SoC"')],
    "unknown_register_type": [(INVERTER, 'type = "u16" }\nrunning', 'type = "word" }\nrunning')],
    "order_of_unwritable": [(INVERTER, 'write_order = ["stop_cmd", "reset', 'write_order = ["stop_cmd", "running')],
    "order_twice": [(INVERTER, 'write_order = ["stop_cmd", "reset', 'write_order = ["stop_cmd", "stop')],
    "unwritable_table": [
        (INVERTER, 'table = "holding", type = "u16", access = "rw" }', 'table = "input", type = "u16", access = "rw" }')
    ],
    "field_without_bits": [(INVERTER, 'type = "u16" }\nrunning', 'type = "u16", bits = [7, 4] }\nrunning')],
    "field_in_a_float": [(INVERTER, 'register = 30519, type = "f32"', 'register = 30519, type = "f32", bits = [0, 3]')],
    "text_without_its_length": [(INVERTER, 'type = "u16" }\nrunning', 'type = "string" }\nrunning')],
    "number_with_padding": [(INVERTER, 'type = "u16" }\nrunning', 'type = "u16", padding = "nul" }\nrunning')],
    "text_on_a_number": [(INVERTER, 'type = "u16" }\nrunning', 'type = "string", chars = 2 }\nrunning')],
    "scaled_by_a_float": [
        (INVERTER, 'register = 30519, type = "f32"', 'register = 30519, type = "f32", scale_point = "dc_u_v"')
    ],
    "read_where_it_must_not_be": [
        (INVERTER, "max_words = 50", "max_words = 50\nunreadable = { input = [[31000, 31102]] }")
    ],
    "counter_that_is_no_point": [
        (INVERTER, "[points]", '[[counters]]\npoint = "nod_status"\nfrozen_after_ms = 5000\n\n[points]')
    ],
    "counter_that_is_read_too_seldom": [
        (INVERTER, "[points]", '[[counters]]\npoint = "node_status"\nfrozen_after_ms = 300\n\n[points]')
    ],
    "frozen_after_on_an_output": [(SITE, "start_cmd  = { fail_safe", "start_cmd  = { frozen_after_ms = 5, fail_safe")],
    "text_of_a_number": [(RACK, 'signal = "Soh",', 'signal = "Soh", padding = "nul",')],
    "unknown_counter": [(RACK, "MEASUREMENT = {", 'MEASUREMENT = { counter = "Sock",')],
    "checksum_of_two_bytes": [
        (RACK, "MEASUREMENT = {", 'MEASUREMENT = { checksum = { signal = "Soc", kind = "sum8" },')
    ],
    "message_too_short": [(RACK, "MEASUREMENT = {", "MEASUREMENT = { min_bytes = 9,")],
    "message_that_hangs_at_once": [(RACK, "MEASUREMENT = {", "MEASUREMENT = { frozen_after_ms = 100,")],
    "ids_of_eleven_bits": [(RACK, 'dbc = "rack_bms.dbc"', 'dbc = "rack_bms.dbc"\nids = "j1939"')],
    "keep_alive_of_the_device": [(RACK, "MEASUREMENT = {", 'MEASUREMENT = { keep_alive = "driving",')],
    "address_beside_exact_ids": [(SITE, "id_offset = 0x20", "id_offset = 0x20\naddress = 3")],
    "database_of_another_kind": [(RACK, 'dbc = "rack_bms.dbc"', 'dbc = "rack_bms.cdd"')],
    "nature_without_its_point": [(RACK, "u_v               =", "u_pack_v          =")],
    "nature_with_another_unit": [
        (METER, 'scale = 0.0001, unit = "kW", positive = "forward" }\ns_kva', 'scale = 0.1, unit = "W" }\ns_kva')
    ],
    "nature_with_another_sign": [(RACK, 'positive = "discharge"', 'positive = "charge"')],
    "nature_that_writes_nothing": [
        (
            INVERTER,
            'p_set_kw         = { register = 46201, table = "holding", type = "f32", access = "rw"',
            'p_set_kw         = { register = 46201, table = "holding", type = "f32"',
        )
    ],
    "nature_of_a_number": [
        (INVERTER, '44611, table = "holding", type = "flag"', '44611, table = "holding", type = "u16"')
    ],
    "lacks_what_is_there": [(RACK, "reset_cmd =", 'soc_pct = "no"\nreset_cmmd = "no"\nreset_cmd =')],
    "no_database": [(RACK, 'dbc = "rack_bms.dbc"', 'dbc = "rack.dbc"')],
}


def load_edited(folder: Path, edits: list[Edit], tags: TagTable) -> tuple[list[Diagnostic], CheckedSite | None]:
    shutil.copytree(IO_MAPS, folder, dirs_exist_ok=True)
    for file, old, new in edits:
        text = (folder / file).read_text()
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {file}"
        (folder / file).write_text(text.replace(old, new))
    site, diagnostics = load_site_map(folder / SITE, shown=f"io_maps/{SITE}")
    if site is None:
        return diagnostics, None
    checked = check(site, tags)
    return [*diagnostics, *checked.diagnostics], checked


@pytest.mark.parametrize("case", WRONG)
def test_map_when_wrong_then_told_with_place_and_mend(
    case: str, tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    found, checked = load_edited(tmp_path, WRONG[case], demo_tags.table())
    assert found
    assert all(d.place.source.name.startswith("io_maps/") and d.help for d in found)
    if checked is not None and has_errors(found):
        assert checked.plan is None
    golden(GOLDEN / f"{case}.txt", "\n\n".join(map(render, found)) + "\n")


@pytest.mark.parametrize("name", ["demo", "demo_plant"])
def test_demo_when_checked_then_nothing_is_wrong_and_the_plan_survives_its_file(name: str, tmp_path: Path) -> None:
    site, diagnostics = load_site_map(IO_MAPS / "sites" / f"{name}.toml")
    assert site is not None
    checked = check(site, demo_tags.table())
    assert diagnostics == [*checked.diagnostics] == []
    assert checked.plan is not None
    checked.plan.save(tmp_path / "plan.json")
    assert IoPlan.load(tmp_path / "plan.json") == checked.plan


@pytest.mark.parametrize(
    ("link", "settings"),
    [
        (
            'kind = "modbus_rtu"\ndevice = "/dev/ttyS1"\nbaud = 115200',
            ModbusRtuSettings(device="/dev/ttyS1", baud=115200, parity="even", stop_bits=1, gap_ns=1_750_000),
        ),
        (
            'kind = "modbus_rtu"\ndevice = "/dev/ttyS1"\nbaud = 115200\nparity = "none"\nstop_bits = 2\ngap_ms = 5.0',
            ModbusRtuSettings(device="/dev/ttyS1", baud=115200, parity="none", stop_bits=2, gap_ns=5_000_000),
        ),
        (
            'kind = "modbus_rtu_tcp"\nhost = "127.0.0.9"\nport = 4001\nbaud = 115200',
            ModbusRtuTcpSettings(host="127.0.0.9", port=4001, gap_ns=1_750_000),
        ),
    ],
)
def test_link_when_it_is_a_serial_line_then_its_settings_are_in_the_plan(
    link: str, settings: LinkSettings, tmp_path: Path
) -> None:
    old = 'kind = "modbus_tcp"\nhost = "127.0.0.1"\nport = 15022'
    found, checked = load_edited(tmp_path, [(SITE, old, link)], demo_tags.table())
    assert not has_errors(found)
    assert checked is not None
    assert checked.plan is not None
    assert settings in [plan.settings for plan in checked.plan.links]
    checked.plan.save(tmp_path / "plan.json")
    assert IoPlan.load(tmp_path / "plan.json") == checked.plan


def checked_demo(name: str) -> CheckedSite:
    site, _ = load_site_map(IO_MAPS / "sites" / f"{name}.toml")
    assert site is not None
    return check(site, demo_tags.table())


def test_demo_when_built_then_every_field_of_every_device_is_bound() -> None:
    checked = checked_demo("demo")
    assert checked.bindings is not None
    bound = {point.tag for points in checked.bindings.inputs.values() for point in points}
    bound |= {output.tag for output in checked.bindings.outputs}
    devices = ("grid_meter_1", "pv_meter_1", "inverter_1", "battery_1", "battery_2")
    assert bound == {tag.name for tag in demo_tags.table() if tag.name.partition(".")[0] in devices}
    assert {command.name for command in checked.bindings.commands} == {
        "mode",
        "grid_target",
        "reset",
        "plant",
        *demo_tags.COMMANDS,
    }


def test_demo_plant_when_built_then_it_plays_exactly_what_the_controller_binds() -> None:
    controller, plant = checked_demo("demo").bindings, checked_demo("demo_plant").bindings
    assert controller is not None
    assert plant is not None
    assert {o.tag for o in plant.outputs} == {p.tag for points in controller.inputs.values() for p in points}
    assert {o.tag for o in controller.outputs} == {p.tag for points in plant.inputs.values() for p in points}


def test_inputs_when_built_then_stale_after_five_polls_two_seconds_or_the_message_time_out() -> None:
    bindings = checked_demo("demo").bindings
    assert bindings is not None
    stale_ms = {p.tag: p.stale_after_ns / 1e6 for points in bindings.inputs.values() for p in points}
    wanted = {"grid_meter_1.p_kw": 2000, "grid_meter_1.e_import_kwh": 25_000, "battery_1.soc_pct": 2000}
    assert {tag: stale_ms[tag] for tag in wanted} == wanted


def test_enumeration_when_it_disagrees_with_the_profile_then_told(tmp_path: Path) -> None:
    fields = [f if f[0] != "state" else (f[0], f[1], f[2], (("STANDBY", 1),)) for f in demo_tags.RACK]
    found, _ = load_edited(tmp_path, [], demo_tags.table(demo_tags.GLOBALS | {"battery_1": fields}))
    assert [(d.code, d.message) for d in found] == [("M3003", "`state` and RACK_STATE disagree about STANDBY")]


@pytest.mark.parametrize(
    ("name", "type_", "why"),
    [
        ("alarm_bits", INT, "`alarm_bits` does not fit its tag: it can be 0 to 65535"),
        ("alarm_bits", REAL, ""),
        ("soc_pct", UINT, "`soc_pct` does not fit its tag: its values have decimals (scale 0.01)"),
        ("connect_cmd", UINT, ""),
    ],
)
def test_tag_when_its_type_is_another_then_only_a_lossless_one_fits(
    name: str, type_: object, why: str, tmp_path: Path
) -> None:
    fields = [f if f[0] != name else (name, type_, "", ()) for f in demo_tags.RACK]
    found, _ = load_edited(tmp_path, [], demo_tags.table(demo_tags.GLOBALS | {"battery_1": fields}))
    assert [d.message for d in found if d.code == "M3003"] == ([why] if why else [])


def test_unit_when_the_tag_has_another_then_told(tmp_path: Path) -> None:
    tags = [replace(t, unit="V") if t.name == "battery_1.cell_u_min_mv" else t for t in demo_tags.table()]
    found, _ = load_edited(tmp_path, [], TagTable(tags))
    assert [(d.code, d.message) for d in found] == [("M3014", "`cell_u_min_mv` is in mV, its tag is not")]


def test_device_when_the_program_has_no_tag_for_it_then_a_warning_only(tmp_path: Path) -> None:
    globals_ = {name: fields for name, fields in demo_tags.GLOBALS.items() if name != "pv_meter_1"}
    found, checked = load_edited(tmp_path, [], demo_tags.table(globals_))
    assert [(d.code, d.severity.value) for d in found] == [("M3013", "warning")]
    assert checked is not None
    assert checked.plan is not None
