"""The machine as a device: a made-up /proc and /sys, a Raspberry Pi's warnings, and this very machine."""

from collections.abc import Callable
from pathlib import Path

import pytest
from io_points import MS, input_point
from iobench import IoBench

from runtime.core.quality import Quality
from runtime.drivers.host import HostDevice
from runtime.drivers.registry import DRIVERS
from runtime.iomap.plan.plan import DevicePlan, LinkPlan
from runtime.iomap.plan.settings import HostSettings
from runtime.iomap.wire import HostWire, Numeric

FLOAT = Numeric(bits=64, signed=True, floating=True)
FILES = {
    "proc/uptime": "12345.67 20000.00\n",
    "proc/loadavg": "0.50 1.25 2.75 1/200 4321\n",
    "proc/stat": "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 1 1 1\n",
    "proc/meminfo": "MemTotal:  1000 kB\nMemFree:  100 kB\nMemAvailable:  250 kB\n",
    "sys/class/thermal/thermal_zone0/type": "acpitz\n",
    "sys/class/thermal/thermal_zone0/temp": "20000\n",
    "sys/class/thermal/thermal_zone1/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone1/temp": "61234\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n",
}


def wire(quantity: str, path: str = "/") -> HostWire:
    return HostWire(quantity=quantity, path=path, number=FLOAT)


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def sample(root: Path, *quantities: str, vcgencmd: Callable[[], str] = lambda: "") -> list[float | None]:
    device = HostDevice(root, vcgencmd)
    device.open()
    return list(device.sample([wire(quantity) for quantity in quantities]))


@pytest.mark.parametrize(
    ("quantity", "value"),
    [
        ("cpu_temperature", 61.234),
        ("load_1m", 0.5),
        ("load_5m", 1.25),
        ("load_15m", 2.75),
        ("memory_used", 75.0),
        ("uptime", 12345.67),
        ("under_voltage", 1.0),
        ("frequency_capped", 0.0),
        ("throttled", 1.0),
        ("temperature_limited", 0.0),
        ("cpu_used", None),  # there is nothing to compare the first look with
    ],
)
def test_host_when_asked_then_as_its_files_say(quantity: str, value: float | None, tmp_path: Path) -> None:
    write(tmp_path, FILES)
    assert sample(tmp_path, quantity) == [value if value is None else pytest.approx(value)]


def test_host_when_it_has_no_such_sensor_then_no_value(tmp_path: Path) -> None:
    write(tmp_path, {"proc/uptime": "1 1"})
    assert sample(tmp_path, "cpu_temperature", "throttled") == [None, None]


def test_host_when_its_processor_is_a_hwmon_sensor_then_that_is_read(tmp_path: Path) -> None:
    hwmon = "sys/class/hwmon/hwmon3"
    write(tmp_path, {"proc/uptime": "1 1", f"{hwmon}/name": "k10temp\n", f"{hwmon}/temp1_input": "45500\n"})
    assert sample(tmp_path, "cpu_temperature") == [45.5]


@pytest.mark.parametrize(("told", "value"), [("throttled=0x50005\n", 1.0), ("throttled=0x0\n", 0.0), ("no\n", None)])
def test_host_when_vcgencmd_knows_then_it_is_asked(told: str, value: float | None, tmp_path: Path) -> None:
    write(tmp_path, {"proc/uptime": "1 1"})
    assert sample(tmp_path, "under_voltage", vcgencmd=lambda: told) == [value]


def test_host_when_looked_at_twice_then_processor_use_is_of_the_time_between(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    device = HostDevice(tmp_path, lambda: "")
    device.sample([wire("cpu_used")])
    write(tmp_path, {"proc/stat": "cpu  120 0 110 760 110 0 0 0 0 0\n"})  # 100 ticks on, 70 of them idle
    assert device.sample([wire("cpu_used")]) == [pytest.approx(30.0)]


async def test_host_when_it_is_this_machine_then_its_readings_are_good() -> None:
    quantities = ("load_1m", "memory_used", "disk_used", "uptime")
    points = tuple(input_point(q, n, wire(q), period_ns=20 * MS) for n, q in enumerate(quantities))  # type: ignore[arg-type]
    plan = DevicePlan(name="host_1", profile="host", nature="sensor", served=False, inputs=points)
    async with IoBench(LinkPlan(name="host", settings=HostSettings()), plan, registry=DRIVERS) as io:
        await io.until(lambda: all(io.reading("host_1", n)[1] is Quality.GOOD for n in range(4)))
        assert 0 < float(io.reading("host_1", 1)[0] or 0) < 100
        assert 0 < float(io.reading("host_1", 2)[0] or 0) <= 100
