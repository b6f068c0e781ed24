"""The machine itself as a device: what Linux tells under /proc and /sys, and the warnings of a Raspberry Pi.

Sources: proc(5); Documentation/driver-api/thermal and hwmon of the kernel; get_throttled of the Raspberry Pi firmware
(raspberrypi.com, documentation of vcgencmd): bit 0 under-voltage, 1 frequency capped, 2 throttled, 3 soft temperature
limit, each "now".
"""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from runtime.core.fault import DriverFault
from runtime.drivers.base import Driver, LinkContext
from runtime.drivers.blocking import BlockingDriver
from runtime.drivers.blockingdevice import BlockingDevice
from runtime.iomap.wire import HostWire, Wire

THROTTLED_BITS = {"under_voltage": 0, "frequency_capped": 1, "throttled": 2, "temperature_limited": 3}
CPU_ZONES = ("cpu-thermal", "cpu_thermal", "x86_pkg_temp", "soc-thermal", "cpu")
"""Types of thermal zones that are the processor's: Raspberry Pi, Intel, other boards."""
CPU_SENSORS = ("coretemp", "k10temp", "zenpower", "cpu_thermal")
"""hwmon drivers of processors that have no thermal zone."""
VCGENCMD_TIMEOUT_S = 0.4


class HostDevice(BlockingDevice):
    """The machine under `root` (another folder than / is for tests). `vcgencmd` answers where sysfs does not."""

    def __init__(self, root: Path = Path("/"), vcgencmd: Callable[[], str] | None = None) -> None:
        self._root = root
        self._vcgencmd = vcgencmd or _vcgencmd
        self._cpu_before: tuple[int, int] | None = None

    def open(self) -> None:
        """Raises DriverFault where there is no /proc."""
        self._text("proc/uptime")

    def close(self) -> None:
        """Nothing is held open."""

    def sample(self, wires: Sequence[Wire]) -> Sequence[float | None]:
        """What the machine tells; None for what it has not."""
        return [self._measure(wire) for wire in wires if isinstance(wire, HostWire)]

    def _measure(self, wire: HostWire) -> float | None:
        match wire.quantity:
            case "cpu_temperature":
                return self._cpu_temperature_c()
            case "cpu_used":
                return self._cpu_used_pct()
            case "load_1m" | "load_5m" | "load_15m":
                place = ("load_1m", "load_5m", "load_15m").index(wire.quantity)
                return float(self._text("proc/loadavg").split()[place])
            case "memory_used":
                return self._memory_used_pct()
            case "disk_used":
                return self._disk_used_pct(wire.path)
            case "uptime":
                return float(self._text("proc/uptime").split()[0])
        flags = self._throttled()
        return None if flags is None else float(flags >> THROTTLED_BITS[wire.quantity] & 1)

    def _cpu_temperature_c(self) -> float | None:
        zones = {
            self._optional(zone / "type"): zone for zone in sorted(self._root.glob("sys/class/thermal/thermal_zone*"))
        }
        named = next((zones[name] for name in CPU_ZONES if name in zones), None)
        if named is not None:
            return _milli(self._optional(named / "temp"))
        for sensor in sorted(self._root.glob("sys/class/hwmon/hwmon*")):
            if self._optional(sensor / "name") in CPU_SENSORS:
                return _milli(self._optional(sensor / "temp1_input"))
        return None

    def _cpu_used_pct(self) -> float | None:
        """Since the last look; there is none before the first."""
        spent = [int(word) for word in self._text("proc/stat").splitlines()[0].split()[1:9]]
        before, self._cpu_before = self._cpu_before, (sum(spent), spent[3] + spent[4])
        if before is None or self._cpu_before[0] == before[0]:
            return None
        passed, idle = (now - then for now, then in zip(self._cpu_before, before, strict=True))
        return 100.0 * (1 - idle / passed)

    def _memory_used_pct(self) -> float | None:
        lines = (line.split() for line in self._text("proc/meminfo").splitlines())
        kib = {words[0]: int(words[1]) for words in lines if len(words) > 1}
        if "MemTotal:" not in kib or "MemAvailable:" not in kib:
            return None
        return 100.0 * (1 - kib["MemAvailable:"] / kib["MemTotal:"])

    def _disk_used_pct(self, path: str) -> float | None:
        """As df shows it: of what is not kept for root."""
        try:
            told = os.statvfs(self._root / path.lstrip("/"))
        except OSError:
            return None
        used = told.f_blocks - told.f_bfree
        return 100.0 * used / (used + told.f_bavail) if used + told.f_bavail else None

    def _throttled(self) -> int | None:
        found = sorted(self._root.glob("sys/devices/platform/soc*/*firmware/get_throttled"))
        text = self._optional(found[0]) if found else self._vcgencmd()
        try:
            return int(text.strip().removeprefix("throttled=").removeprefix("0x"), 16)
        except ValueError:
            return None

    def _text(self, name: str) -> str:
        try:
            return (self._root / name).read_text()
        except OSError as fault:
            raise DriverFault(f"cannot be read: {fault.strerror}", where=f"/{name}") from fault

    def _optional(self, path: Path) -> str:
        try:
            return path.read_text().strip()
        except OSError:  # a sensor that is gone or asleep has no value
            return ""


def host_driver(context: LinkContext) -> Driver:
    """The driver of links of kind host."""
    return BlockingDriver(context, lambda _plan: HostDevice())


def _milli(text: str) -> float | None:
    return int(text) / 1000.0 if text.lstrip("-").isdigit() else None


def _vcgencmd() -> str:
    try:
        told = subprocess.run(
            ["/usr/bin/vcgencmd", "get_throttled"],
            capture_output=True,
            text=True,
            timeout=VCGENCMD_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout
