"""A whole controller on a board that stands in for this machine's: a button, a lamp, a sensor, a disk.

The program does what protections do: with all inputs good it lights the lamp and drives `sink_1` with DRIVEN, else
neither.
"""

import json
import os
from pathlib import Path

from tests.e2e.conftest import ROOT, SmallSite
from tests.e2e.faultysite import DRIVEN, HEAD, PROFILES, SAFE, STALE_AFTER_MS, TRUST, Sink

INPUTS = {"panel_1": "pressed", "air_1": "t_c", "machine_1": "disk_pct"}
PROGRAM = f"""
TYPE PANEL : STRUCT pressed : BOOL; lamp : BOOL; END_STRUCT; AIR : STRUCT t_c : REAL; END_STRUCT;
     MACHINE : STRUCT disk_pct : REAL; END_STRUCT; SINK : STRUCT p_set : UINT; END_STRUCT; END_TYPE
VAR_GLOBAL panel_1 : PANEL; air_1 : AIR; machine_1 : MACHINE; sink_1 : SINK; END_VAR
{TRUST}
PROGRAM main
VAR panel_1_trust, air_1_trust, machine_1_trust : TRUST; good : BOOL; END_VAR
panel_1_trust(good := IS_GOOD(panel_1.pressed), age := AGE(panel_1.pressed));
air_1_trust(good := IS_GOOD(air_1.t_c), age := AGE(air_1.t_c));
machine_1_trust(good := IS_GOOD(machine_1.disk_pct), age := AGE(machine_1.disk_pct));
good := panel_1_trust.good AND air_1_trust.good AND machine_1_trust.good;
panel_1.lamp := good AND panel_1.pressed;
IF good THEN sink_1.p_set := {DRIVEN}; ELSE sink_1.p_set := {SAFE}; END_IF
END_PROGRAM
CONFIGURATION c
    TASK quick (INTERVAL := T#20ms, PRIORITY := 0);
    PROGRAM main WITH quick : main;
END_CONFIGURATION
"""
BOARD_PROFILES = {
    "panel": f"""{HEAD}protocol = "gpio"
[groups]
fast = {{ period_ms = 100 }}
[points]
pressed = {{ group = "fast", stale_after_ms = {STALE_AFTER_MS} }}
lamp = {{ access = "w", initial = false }}
""",
    "air": f"""{HEAD}protocol = "i2c"
[i2c]
chip = "registers"
address = 0x48
[groups]
fast = {{ period_ms = 100 }}
[points.t_c]
register = 0
width = "u32"
scale = 0.001
min = 0
max = 85
stale_after_ms = {STALE_AFTER_MS}
frozen_after_ms = 1000
""",
    "machine": f"""{HEAD}protocol = "host"
[groups]
fast = {{ period_ms = 100 }}
[points.disk_pct]
quantity = "disk_used"
path = "DISK"
unit = "%"
min = 0
max = 100
stale_after_ms = {STALE_AFTER_MS}
frozen_after_ms = 1000
""",
    "sink": PROFILES["sink"],
}
MAP = """site = "{name}"
[links.lines]
kind = "gpio"
chip = "/dev/gpiochip9"
[links.chips]
kind = "i2c"
bus = 1
[links.self]
kind = "host"
[links.sound]
kind = "modbus_tcp"
port = {sink_port}
[devices.panel_1]
profile = "panel"
link = "lines"
lines = {{ pressed = "BUTTON", lamp = "LAMP" }}
[devices.panel_1.points]
lamp = {{ fail_safe = false }}
[devices.air_1]
profile = "air"
link = "chips"
[devices.machine_1]
profile = "machine"
link = "self"
[devices.sink_1]
profile = "sink"
link = "sound"
[devices.sink_1.points]
p_set = {{ fail_safe = 0 }}
"""


class BoardSite(SmallSite):
    """Call `prepare` once, before the first start."""

    program = PROGRAM
    settings = 'cycle = "20ms"\nio_map = "io_maps/sites/small.toml"\n'

    def prepare(self) -> "BoardSite":
        """The board, sound."""
        self.sink = Sink()
        self.board = self.folder / "board"
        self.disk = self.folder / "disk"
        self.board.mkdir()
        self.disk.mkdir()
        self.mend()
        paths = [Path(__file__).parent / "board", ROOT / "tests" / "drivers", ROOT, os.environ.get("PYTHONPATH", "")]
        self.env |= {
            "VOLTSCAN_TEST_BOARD": str(self.board),
            "VOLTSCAN_TEST_DISK": str(self.disk),
            "PYTHONPATH": os.pathsep.join(str(path) for path in paths if str(path)),
        }
        maps = self.folder / "io_maps"
        for name in ("profiles", "sites"):
            (maps / name).mkdir(parents=True)
        for name, text in BOARD_PROFILES.items():
            (maps / "profiles" / f"{name}.toml").write_text(text.replace("DISK", str(self.disk)))
        (maps / "sites" / "small.toml").write_text(MAP.format(name=self.name, sink_port=self.sink.port))
        return self

    def break_(self, device: str, kind: str) -> None:
        """That device has the fault from now on: see `board/sitecustomize.py`."""
        self._say({device: kind})

    def mend(self) -> None:
        """All is sound."""
        self._say({})

    def is_lit(self) -> bool:
        """Is there light, as far as the board has last told?"""
        lamp = self.board / "lamp"
        return lamp.exists() and bool(json.loads(lamp.read_text()))

    def kill_everything(self) -> None:
        super().kill_everything()
        self.sink.close()

    def _say(self, faults: dict[str, str]) -> None:
        partial = self.board / "world.partial"
        partial.write_text(json.dumps(faults))
        partial.replace(self.board / "world.json")
