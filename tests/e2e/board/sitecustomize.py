"""A board in place of this machine's: what Python imports first in every process of a controller that is under test.

The drivers for lines and I2C are the real ones; `gpiod` and `smbus2` below them talk to a chip with a button and a lamp
and to a sensor that exist here only. The test says how they are in the file `world.json` of the folder
VOLTSCAN_TEST_BOARD, and reads in `lamp` whether the lamp is lit.
"""

import errno
import itertools
import json
import os
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from fakegpiod import FakeChip, FakeGpiod, Line

LOOK_S = 0.02
FOLDER = Path(os.environ["VOLTSCAN_TEST_BOARD"])
CHIP = FakeChip("/dev/gpiochip9", "board", [Line("BUTTON", level=True), Line("LAMP")])


def _world() -> dict[str, Any]:
    return dict(json.loads((FOLDER / "world.json").read_text()))


class Smbus:
    """The bus: a thermometer whose last digit never rests."""

    def __init__(self, _number: int) -> None:
        self._steps = itertools.count()
        self._held = 0

    def read_word_data(self, _address: int, _register: int) -> int:
        world = _world()
        if world["i2c"]:
            _fail(getattr(errno, world["i2c"]))
        if not world["i2c_frozen"]:
            self._held = 20 + next(self._steps) % 2
        return self._held  # low byte first, as SMBus has it: 20 °C in the sensor's high byte

    def close(self) -> None:
        pass


def _fail(code: int) -> NoReturn:
    raise OSError(code, os.strerror(code))


def _play() -> None:
    lit = None
    while True:
        CHIP.gone = bool(_world()["chip_gone"])
        now = CHIP.lines[1].consumer != "" and CHIP.lines[1].level
        if now != lit and CHIP.lines[1].consumer:
            lit = now
            (FOLDER / "lamp.partial").write_text(json.dumps(lit))
            (FOLDER / "lamp.partial").replace(FOLDER / "lamp")
        time.sleep(LOOK_S)


sys.modules["gpiod"] = FakeGpiod(CHIP)  # type: ignore[assignment]
sys.modules["smbus2"] = SimpleNamespace(SMBus=Smbus)  # type: ignore[assignment]
if "io" in sys.argv:
    threading.Thread(target=_play, daemon=True).start()
