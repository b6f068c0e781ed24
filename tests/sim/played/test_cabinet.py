"""Lines, chips and the host of a cabinet on virtual time: played by the plant's program, as they are in `run`."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.cli.main import app

IO_MAPS = Path(__file__).parents[3] / "io_maps"
TYPES = """
TYPE
    BUTTON : STRUCT pressed : BOOL; light : BOOL; END_STRUCT;
    RELAYS : STRUCT relay_1 : BOOL; END_STRUCT;
    AIR : STRUCT t_c : REAL; END_STRUCT;
    EXPANDER : STRUCT in_1 : BOOL; out_1 : BOOL; END_STRUCT;
    HOST : STRUCT cpu_t_c : REAL; END_STRUCT;
    BANK : STRUCT soc_pct : REAL; END_STRUCT;
END_TYPE
VAR_GLOBAL
    button_1 : BUTTON; relay_module_1 : RELAYS; air_1 : AIR; io_1 : EXPANDER; host_1 : HOST;
    bank_1, rack_1, rack_2 : BANK;
END_VAR
"""
CONTROL = """
PROGRAM main
button_1.light := button_1.pressed;
relay_module_1.relay_1 := button_1.pressed AND host_1.cpu_t_c < 85.0;
io_1.out_1 := io_1.in_1 AND air_1.t_c > 20.0;
END_PROGRAM
"""
PLANT = """
VAR_GLOBAL pressed : BOOL; END_VAR
PROGRAM main
button_1.pressed := pressed;
air_1.t_c := 21.5;
io_1.in_1 := relay_module_1.relay_1;
host_1.cpu_t_c := 50.0;
bank_1.soc_pct := 50.0; rack_1.soc_pct := 40.0; rack_2.soc_pct := 60.0;
END_PROGRAM
"""
LINKS = """
[links.lines]
kind = "gpio"
chip = "gpiochip0"
PLAYED_1
[links.bus]
kind = "i2c"
bus = 1
PLAYED_2
[links.host]
kind = "host"
PLAYED_3
[links.scu]
kind = "modbus_rtu"
device = "/dev/ttyUSB0"
[devices.button_1]
profile = "push_button"
link = "lines"
lines = { pressed = 17, light = 27 }
[devices.relay_module_1]
profile = "relay_module_8_gpio"
link = "lines"
lines = { relay_1 = 22 }
[devices.air_1]
profile = "bme680"
link = "bus"
[devices.io_1]
profile = "digital_io_8_8"
link = "bus"
[devices.host_1]
profile = "host"
link = "host"
[devices.bank_1]
profile = "jinko_scu_a"
link = "scu"
[devices.rack_1]
profile = "jinko_scu_a_rack"
link = "scu"
register_offset = 1024
[devices.rack_2]
profile = "jinko_scu_a_rack"
link = "scu"
register_offset = 2048
"""
OUTPUTS = """
[devices.button_1.points]
light = { fail_safe = false }
[devices.relay_module_1.points]
relay_1 = { fail_safe = false }
[devices.io_1.points]
out_1 = { fail_safe = false }
"""
SCENARIO = """
[[events]]
at = "2s"
set = "plant/pressed"
to = true
[[events]]
at = "4s"
fault = "button_1"
kind = "silent"
[[expect]]
tag = "plant/relay_module_1.relay_1"
is = false
always = true
until = "2s"
[[expect]]
tag = "plant/button_1.light"
is = true
after = "2s"
within = "50ms"
[[expect]]
tag = "plant/io_1.out_1"
is = true
within = "3500ms"
[[expect]]
tag = "rack_1.soc_pct"
is = 40.0
within = "3s"
[[expect]]
tag = "rack_2.soc_pct"
is = 60.0
within = "3s"
[record]
every = "100ms"
tags = ["plant/io_1.out_1"]
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The controller's map is that of the real cabinet; only the plant's says where it is played."""
    shutil.copytree(IO_MAPS / "profiles", tmp_path / "io_maps" / "profiles")
    (tmp_path / "io_maps" / "sites").mkdir()
    for name, program, more in (("control", CONTROL, ""), ("plant", PLANT, "serve = true\n")):
        links = LINKS
        for n in (1, 2, 3):
            links = links.replace(f"PLAYED_{n}", f'played_at = "127.0.0.1:1524{n}"' if more else "")
        points = "" if more else OUTPUTS
        (tmp_path / "io_maps" / "sites" / f"{name}.toml").write_text(f'site = "{name}"\n{more}{links}{points}')
        (tmp_path / f"{name}.st").write_text(TYPES + program)
        plant = '[plant]\nsite = "plant.toml"\n' if name == "control" else ""
        told = f'name = "{name}"\nprograms = ["{name}.st"]\nio_map = "io_maps/sites/{name}.toml"\n{plant}'
        (tmp_path / f"{name}.toml").write_text(told)
    return tmp_path / "control.toml"


def test_cabinet_when_simulated_then_edges_cross_with_the_next_scan_and_outputs_are_switched(site: Path) -> None:
    scenario = site.with_name("scenario.toml")
    scenario.write_text(SCENARIO)
    done = CliRunner().invoke(app, ["sim", str(site), "--scenario", str(scenario), "--for", "6s", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert [(e["text"], e["why"]) for e in told["expectations"] if not e["holds"]] == []
    assert told["fault_count"] == 0
