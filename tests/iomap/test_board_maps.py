"""Maps of lines, I2C chips and the host: a sound site of all of them, and each mistake with file, line and mend."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.core.diagnostic import Diagnostic, render
from runtime.core.elementary import BOOL, REAL, Elementary
from runtime.core.tag import Tag, TagTable
from runtime.iomap.checks.check import CheckedSite, check
from runtime.iomap.i2citem import AdcChannel, I2cChip
from runtime.iomap.plan.plan import IoPlan
from runtime.iomap.sites.load import load_site_map
from runtime.iomap.wire import GpioWire, I2cWire

IO_MAPS = Path(__file__).parents[2] / "io_maps"
GOLDEN = Path(__file__).parent / "golden"
SITE = """site = "cabinet"

[links.lines]
kind = "gpio"
chip = "pinctrl-bcm2711"

[links.sensors]
kind = "i2c"
bus = 1

[links.host]
kind = "host"

[links.relays]
kind = "modbus_tcp"
host = "192.168.1.30"

[devices.button_1]
profile = "push_button"
link = "lines"
lines = { pressed = 17, light = "LED1" }

[devices.button_1.points]
light = { fail_safe = false }

[devices.relay_module_1]
profile = "relay_module_8"
link = "relays"

[devices.relay_module_1.points]
relay_1 = { tag = "battery_1.sleep_cmd", fail_safe = false, read_back = true }

[devices.relay_module_2]
profile = "relay_module_8_gpio"
link = "lines"
lines = { relay_1 = 5 }
active_low = true

[devices.relay_module_2.points]
relay_1 = { tag = "battery_2.sleep_cmd", fail_safe = false }

[devices.air_1]
profile = "bme680"
link = "sensors"
address = 0x77

[devices.cells_1]
profile = "ntc_10k_ads1115"
link = "sensors"

[devices.io_1]
profile = "digital_io_8_8"
link = "sensors"

[devices.io_1.points]
out_1 = { fail_safe = "hold" }

[devices.host_1]
profile = "host"
link = "host"
"""
TAGS: dict[str, Elementary] = {
    "button_1.pressed": BOOL,
    "button_1.light": BOOL,
    "battery_1.sleep_cmd": BOOL,
    "battery_2.sleep_cmd": BOOL,
    "air_1.t_c": REAL,
    "air_1.humidity_pct": REAL,
    "air_1.pressure_hpa": REAL,
    "air_1.gas_ohm": REAL,
    "cells_1.t_0_c": REAL,
    "io_1.in_1": BOOL,
    "io_1.out_1": BOOL,
    "host_1.cpu_t_c": REAL,
    "host_1.under_voltage": BOOL,
}
Edit = tuple[str, str, str]
MAP, BUTTON, AIR, CELLS, HOST = (
    "sites/cabinet.toml",
    "profiles/push_button.toml",
    "profiles/bme680.toml",
    "profiles/ntc_10k_ads1115.toml",
    "profiles/host.toml",
)
BETA = "r25_ohm = 10000.0, beta_k = 3950.0"
LAW = 'r25_ohm = 10000.0, beta_k = 3950.0 }, unit = "°C" }\nt_1_c'
WRONG: dict[str, list[Edit]] = {
    "gpio_no_chip": [(MAP, 'chip = "pinctrl-bcm2711"\n', "")],
    "gpio_chip_twice": [
        (MAP, 'chip = "pinctrl-bcm2711"', 'chip = "/dev/gpiochip0"\n\n[links.more]\nkind = "gpio"\nchip = "gpiochip0"')
    ],
    "gpio_no_line": [(MAP, "lines = { relay_1 = 5 }\n", "")],
    "gpio_line_twice": [(MAP, "relay_1 = 5", "relay_1 = 17")],
    "gpio_line_of_no_point": [(MAP, "relay_1 = 5", "relay_1 = 5, relay_11 = 6")],
    "gpio_debounced_output": [(BUTTON, "initial = false", "initial = false, debounce_ms = 5")],
    "gpio_key_of_modbus": [(MAP, "active_low = true\n", "active_low = true\nline = 5\n")],
    "i2c_address_twice": [(MAP, "address = 0x77", "address = 0x48")],
    "i2c_address_beyond": [(MAP, "address = 0x77", "address = 0x78")],
    "i2c_key_of_another_chip": [(AIR, 'quantity = "gas"', 'quantity = "gas", channel = "0"')],
    "i2c_no_quantity": [(AIR, 'quantity = "gas", ', "")],
    "i2c_written_sensor": [(AIR, 'quantity = "gas"', 'quantity = "gas", access = "rw"')],
    "i2c_two_laws": [(CELLS, LAW, LAW.replace("beta_k", "table = [[10000.0, 25.0], [5000.0, 40.0]], beta_k"))],
    "i2c_rising_table": [(CELLS, LAW, LAW.replace(BETA, "table = [[5.0, 25.0], [9.0, 40.0]]"))],
    "i2c_range": [(CELLS, f"range_v = 4.096, ntc = {{ series_ohm = 10000.0, supply_v = 3.3, {LAW}",
                   f"range_v = 5.0, ntc = {{ series_ohm = 10000.0, supply_v = 3.3, {LAW}")],
    "host_path_of_load": [(HOST, '"load_5m"', '"load_5m", path = "/var"')],
    "host_quantity": [(HOST, '"load_5m"', '"load_5"')],
    "host_on_the_bus": [(MAP, 'link = "host"', 'link = "sensors"')],
    "host_played": [(MAP, 'site = "cabinet"', 'site = "cabinet"\nserve = true')],
}  # fmt: skip


def load(folder: Path, edits: list[Edit]) -> tuple[list[Diagnostic], CheckedSite | None]:
    shutil.copytree(IO_MAPS / "profiles", folder / "profiles")
    (folder / "sites").mkdir()
    (folder / MAP).write_text(SITE)
    for file, old, new in edits:
        text = (folder / file).read_text()
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {file}"
        (folder / file).write_text(text.replace(old, new))
    site, found = load_site_map(folder / MAP, shown=f"io_maps/{MAP}")
    if site is None:
        return found, None
    tags = [
        Tag(name=name, type=kind, offset=8 * n, index=n, file="cabinet.st", line=9)
        for n, (name, kind) in enumerate(TAGS.items())
    ]
    checked = check(site, TagTable(tags))
    return [*found, *checked.diagnostics], checked


@pytest.mark.parametrize("case", WRONG)
def test_board_map_when_wrong_then_told_with_place_and_mend(
    case: str, tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    found, _ = load(tmp_path, WRONG[case])
    assert all(d.place.source.name.startswith("io_maps/") and d.help for d in found)
    golden(GOLDEN / f"board_{case}.txt", "\n\n".join(map(render, found)) + "\n")


def test_board_map_when_sound_then_its_plan_knows_lines_and_chips_and_survives_its_file(tmp_path: Path) -> None:
    found, checked = load(tmp_path, [])
    assert [render(d) for d in found] == []
    assert checked is not None
    assert checked.plan is not None
    assert checked.bindings is not None
    checked.plan.save(tmp_path / "plan.json")
    plan = IoPlan.load(tmp_path / "plan.json")
    assert plan == checked.plan
    devices = {device.name: device for own in plan.devices.values() for device in own}
    relay = devices["relay_module_2"].outputs[0].wire
    assert isinstance(relay, GpioWire)
    assert (relay.line, relay.active_low, relay.is_output) == ("5", True, True)
    assert devices["air_1"].i2c == I2cChip(name="bme680", address=0x77, identity=(0xD0, 0x61))
    cell = devices["cells_1"].inputs[0].wire
    assert isinstance(cell, I2cWire)
    assert isinstance(cell.item, AdcChannel)
    assert cell.item.ntc is not None
    stale_ms = {b.tag: b.stale_after_ns // 10**6 for own in checked.bindings.inputs.values() for b in own}
    assert {name: stale_ms[name] for name in ("button_1.pressed", "air_1.t_c", "host_1.cpu_t_c")} == {
        "button_1.pressed": 2500,
        "air_1.t_c": 15000,
        "host_1.cpu_t_c": 25000,
    }
