"""A board in place of this machine's: what Python imports first in every process of a controller that is under test.

The drivers for lines, I2C and the host are the real ones; `gpiod`, `smbus2` and `os.statvfs` below them talk to a chip
with a button and a lamp, to a sensor and to a disk that exist here only. The test says in the file `world.json` of the
folder VOLTSCAN_TEST_BOARD which device has which fault, and reads in `lamp` whether the lamp is lit.

| fault | lines | I2C | disk |
|---|---|---|---|
| silent | the chip was unplugged | nobody acknowledges | it is gone |
| delay | each call takes SLOW_S | likewise | likewise |
| exception | each call fails | likewise | likewise |
| garbage | - | random bytes | random sizes |
| wrong_length | - | half of the bytes | - |
| frozen | - | it repeats what it held | likewise |
| bus_off | - | something holds the clock | - |
| flapping | silent for the second half of each FLAP_S | likewise | likewise |
"""

import errno
import itertools
import json
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

from fakegpiod import FakeChip, FakeGpiod, Line

LOOK_S, SLOW_S, FLAP_S = 0.02, 3.0, 4.0
FOLDER, DISK = Path(os.environ["VOLTSCAN_TEST_BOARD"]), os.environ["VOLTSCAN_TEST_DISK"]
CHIP = FakeChip("/dev/gpiochip9", "board", [Line("BUTTON", level=True), Line("LAMP")])
CHANCE = random.Random(1)
Told = TypeVar("Told")


def _fault(device: str) -> str:
    """What it has at this moment."""
    told = str(json.loads((FOLDER / "world.json").read_text()).get(device, ""))
    if told != "flapping":
        return told
    return "silent" if time.monotonic() % FLAP_S >= FLAP_S / 2 else ""


class Moving:
    """A value whose last digit never rests, with the faults of its device."""

    def __init__(self, device: str, codes: dict[str, int]) -> None:
        self._device = device
        self._codes = codes
        self._steps = itertools.count()
        self._held = 0

    def ask(self, sound: Callable[[int], Told], garbage: Callable[[], Told]) -> Told:
        """What the device says when its last digit is the argument of `sound`. Raises OSError."""
        fault = _fault(self._device)
        if fault in self._codes:
            raise OSError(self._codes[fault], os.strerror(self._codes[fault]))
        if fault == "delay":
            time.sleep(SLOW_S)
        if fault == "garbage":
            return garbage()
        if fault != "frozen":
            self._held = next(self._steps) % 10
        return sound(self._held)


class Smbus:
    """The bus: a thermometer that tells thousandths of a degree in four bytes."""

    def __init__(self, _number: int) -> None:
        codes = {"silent": errno.ENXIO, "exception": errno.EIO, "bus_off": errno.ETIMEDOUT}
        self._sensor = Moving("air_1", codes)

    def read_i2c_block_data(self, _address: int, _register: int, count: int) -> list[int]:
        told = self._sensor.ask(lambda digit: (20_000 + digit).to_bytes(count, "big"), lambda: CHANCE.randbytes(count))
        return list(told[: count // 2] if _fault("air_1") == "wrong_length" else told)

    def close(self) -> None:
        pass


def _play_lines() -> None:
    lit = None
    while True:
        fault = _fault("panel_1")
        CHIP.gone, CHIP.fails = fault == "silent", errno.EIO if fault == "exception" else 0
        CHIP.slow_s = SLOW_S if fault == "delay" else 0.0
        now = CHIP.lines[1].consumer != "" and CHIP.lines[1].level
        if now != lit and CHIP.lines[1].consumer:
            lit = now
            (FOLDER / "lamp.partial").write_text(json.dumps(lit))
            (FOLDER / "lamp.partial").replace(FOLDER / "lamp")
        time.sleep(LOOK_S)


_statvfs = os.statvfs
_disk = Moving("machine_1", {"silent": errno.ENOENT, "exception": errno.EIO})


def _disk_or_real(path: Any) -> Any:
    """Of the disk that is played, what it says; of others, what the machine says."""
    if str(path) != DISK:
        return _statvfs(path)
    return _disk.ask(lambda digit: _sizes(1000, 500 + digit), lambda: _sizes(1000, CHANCE.randint(2_000, 9_000)))


def _sizes(blocks: int, free: int) -> SimpleNamespace:
    return SimpleNamespace(f_blocks=blocks, f_bfree=free, f_bavail=free)


sys.modules["gpiod"] = FakeGpiod(CHIP)  # type: ignore[assignment]
sys.modules["smbus2"] = SimpleNamespace(SMBus=Smbus)  # type: ignore[assignment]
os.statvfs = _disk_or_real
if "io" in sys.argv:
    threading.Thread(target=_play_lines, daemon=True).start()
