"""Every kind of link with something that plays its devices: values there, setpoints back, and each fault on the way."""

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playedsite import Played, free_port
from serialline import PtyPair

from runtime.core.quality import Quality

GOOD, UNCERTAIN, BAD = Quality.GOOD, Quality.UNCERTAIN, Quality.BAD
PROFILE = """maker = "Test"
model = "meter"
natures = ["sensor"]
version = "1"
protocol = "modbus"
source = { document = "none", page = "none" }
[modbus]
table = "holding"
group = "fast"
max_gap_words = 8
[groups]
fast = { period_ms = PERIOD }
[points]
p_kw = { register = 10, type = "i16", scale = 0.1, unit = "kW" }
e_kwh = { register = 12, type = "u32", unit = "kWh" }
p_set_kw = { register = 20, type = "i16", scale = 0.1, access = "rw", unit = "kW" }
"""
DEVICE = """
[devices.meter_{n}]
profile = "tested_meter"
link = "line"
unit = {n}
"""
POINTS = """
[devices.meter_{n}.points]
p_set_kw = {{ fail_safe = 0.0 }}
"""
LOGGER = 'datalog = "2222222222"\ninverter = "5555555555"\ntimeout_ms = 300'
ANSWERING = ["delay", "exception", "wrong_length", "silent", "bus_off", "flapping"]
"""Faults that cost a device its quality; garbage and frozen values look sound."""


@dataclass
class Ends:
    """The link's table for the controller and for what plays it. `period_ms`: what its bus can carry."""

    controller: str
    played: str
    period_ms: int = 100


@pytest.fixture
async def line(request: pytest.FixtureRequest) -> AsyncIterator[Ends]:
    """The ends of a link of the kind that the test asks for."""
    kind = request.param
    if kind == "modbus_rtu":
        with PtyPair() as pair:
            here, there = (
                f'kind = "modbus_rtu"\ndevice = "{end}"\ntimeout_ms = 300\nbaud = 115200' for end in pair.ends
            )
            yield Ends(here, there)
        return
    told = f'kind = "{kind}"\nport = {free_port()}\nhost = "127.0.0.1"\n'
    if kind == "luxpower_tcp":
        yield Ends(told + LOGGER, told + LOGGER, period_ms=400)
        return
    told += "timeout_ms = 300" + ("\nbaud = 115200" if kind == "modbus_rtu_tcp" else "")
    yield Ends(told, told)


def sides(folder: Path, line: Ends, units: int = 1, faults: str = "") -> tuple[Played, Played]:
    """Controller and plant."""
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "profiles" / "tested_meter.toml").write_text(PROFILE.replace("PERIOD", str(line.period_ms)))
    devices = "".join(DEVICE.format(n=n) for n in range(1, units + 1))
    points = "".join(POINTS.format(n=n) for n in range(1, units + 1))
    controller = Played(folder, f"[links.line]\n{line.controller}\n{devices}{points}", serve=False)
    return controller, Played(folder, f"[links.line]\n{line.played}\n{devices}{faults}", serve=True)


KINDS = ["modbus_rtu", "modbus_rtu_tcp", "luxpower_tcp", "modbus_tcp"]


@pytest.mark.parametrize("line", KINDS, indirect=True)
async def test_devices_when_played_then_values_come_setpoints_go_and_a_restart_is_survived(
    tmp_path: Path, line: Ends, request: pytest.FixtureRequest
) -> None:
    shared = "luxpower" in request.node.callspec.id  # one inverter behind a logger: frames name no unit
    controller, plant = sides(tmp_path, line, units=1 if shared else 2)
    controller.say(meter_1__p_set_kw=-4.24)
    plant.say(meter_1__p_kw=12.34, meter_1__e_kwh=70_000)
    async with plant, controller:
        await controller.until(lambda: controller.sees("meter_1.p_kw") == (pytest.approx(12.3), GOOD), "power")
        await controller.until(lambda: controller.sees("meter_1.e_kwh") == (70_000, GOOD), "energy")
        await controller.until(lambda: plant.sees("meter_1.p_set_kw") == (pytest.approx(-4.2), GOOD), "setpoint")
        if not shared:
            plant.say(meter_2__p_kw=-0.5)
            await controller.until(lambda: controller.sees("meter_2.p_kw") == (-0.5, GOOD), "the other unit")
        plant.say(driving=False)
        await controller.until(lambda: controller.sees("meter_1.p_kw")[1] is BAD, "a plant that does not drive")
        plant.say(meter_1__p_kw=1.0)
        await controller.until(lambda: controller.sees("meter_1.p_kw") == (1.0, GOOD), "it drives again")


@pytest.mark.parametrize(
    ("line", "kind"),
    [("modbus_rtu", "silent"), ("luxpower_tcp", "exception")]
    + [pytest.param(line, kind, marks=pytest.mark.slow) for line in KINDS[:3] for kind in ANSWERING],
    indirect=["line"],
)
async def test_device_when_played_with_a_fault_then_bad_and_good_again_by_itself_without_it(
    tmp_path: Path, line: Ends, kind: str
) -> None:
    controller, plant = sides(tmp_path, line, faults=f'[[faults]]\ndevice = "meter_1"\nkind = "{kind}"\nat = "0s"\n')
    _, mended = sides(tmp_path, line)
    plant.say(meter_1__p_kw=3.0)
    mended.say(meter_1__p_kw=4.0)
    async with AsyncExitStack() as running:
        async with plant:
            await plant.until(lambda: any(" served on " in event for event in plant.events), "it can be reached")
            await running.enter_async_context(controller)
            said = lambda: any("meter_1" in e and not e.startswith("info") for e in controller.events)  # noqa: E731
            await controller.until(said, "the device is told to be lost")
        async with mended:
            await controller.until(lambda: controller.sees("meter_1.p_kw") == (4.0, GOOD), "good again")


CABINET = """
[links.lines]
kind = "gpio"
chip = "gpiochip0"
played_at = "127.0.0.1:PORT"
[devices.button_1]
profile = "push_button"
link = "lines"
[devices.relay_module_1]
profile = "relay_module_8_gpio"
link = "lines"
"""
SENSORS = """
[links.sensors]
kind = "i2c"
bus = 1
played_at = "127.0.0.1:PORT"
[devices.air_1]
profile = "bme680"
link = "sensors"
[devices.io_1]
profile = "digital_io_8_8"
link = "sensors"
"""
HOST = """
[links.host]
kind = "host"
played_at = "127.0.0.1:PORT"
[devices.host_1]
profile = "host"
link = "host"
"""


def cabinet(folder: Path, text: str, faults: str = "", **outputs: int) -> tuple[Played, Played]:
    """Both sides; `outputs`: how many points `<name>_<n>` of which device the controller drives."""
    text = text.replace("PORT", str(free_port()))
    points = ""
    for device, count in outputs.items():
        prefix = {"relay_module_1": "relay", "io_1": "out"}[device]
        points += f"[devices.{device}.points]\n" + "".join(
            f"{prefix}_{n} = {{ fail_safe = false }}\n" for n in range(1, count + 1)
        )
    points += "[devices.button_1.points]\nlight = { fail_safe = false }\n" if "button_1" in text else ""
    return Played(folder, text + points, serve=False), Played(folder, text + faults, serve=True)


async def test_lines_when_played_then_edges_come_at_once_and_relays_are_switched_and_fail_safe(tmp_path: Path) -> None:
    controller, plant = cabinet(tmp_path, CABINET, relay_module_1=8)
    async with plant:
        async with controller:
            await controller.until(lambda: controller.sees("button_1.pressed") == (False, GOOD), "the button is read")
            stamp_ns = controller.stamp_ns("button_1")
            plant.say(button_1__pressed=True)
            await controller.until(lambda: controller.sees("button_1.pressed") == (True, GOOD), "an edge")
            assert controller.stamp_ns("button_1") > stamp_ns
            controller.say(relay_module_1__relay_3=True)
            await controller.until(lambda: plant.sees("relay_module_1.relay_3") == (True, GOOD), "the relay")
            assert plant.sees("relay_module_1.relay_2") == (False, GOOD)
        assert plant.sees("relay_module_1.relay_3") == (False, GOOD)


async def test_chips_and_host_when_played_then_their_values_come_as_the_profiles_round_them(tmp_path: Path) -> None:
    controller, plant = cabinet(tmp_path, SENSORS, io_1=8)
    plant.say(air_1__t_c=21.375, io_1__in_4=True)
    controller.say(io_1__out_2=True)
    async with plant, controller:
        await controller.until(lambda: controller.sees("air_1.t_c") == (21.375, GOOD), "temperature")
        await controller.until(lambda: controller.sees("io_1.in_4") == (True, GOOD), "input")
        await controller.until(lambda: plant.sees("io_1.out_2") == (True, GOOD), "output")
    controller, plant = cabinet(tmp_path, HOST)
    plant.say(host_1__cpu_t_c=81.5, host_1__under_voltage=True)
    async with plant, controller:
        await controller.until(lambda: controller.sees("host_1.cpu_t_c") == (81.5, GOOD), "hot")
        await controller.until(lambda: controller.sees("host_1.under_voltage") == (True, GOOD), "warning")


@pytest.mark.parametrize(
    "kind",
    ["silent", "wrong_length"] + [pytest.param(k, marks=pytest.mark.slow) for k in ("delay", "exception", "flapping")],
)
async def test_lines_when_played_with_a_fault_then_bad_and_good_again_without_it(tmp_path: Path, kind: str) -> None:
    fault = f'[[faults]]\ndevice = "button_1"\nkind = "{kind}"\nat = "0s"\n'
    controller, plant = cabinet(tmp_path, CABINET, fault, relay_module_1=8)
    async with AsyncExitStack() as running:
        async with plant:
            await plant.until(lambda: any(" served on " in event for event in plant.events), "it can be reached")
            await running.enter_async_context(controller)
            await controller.until(lambda: any("button_1 lost" in e for e in controller.events), "the button is lost")
        mended = Played(tmp_path, plant.text.replace(fault, ""), serve=True)
        mended.say(button_1__pressed=True)
        async with mended:
            await controller.until(lambda: controller.sees("button_1.pressed") == (True, GOOD), "good again")


BOARDS = {
    "lines": (CABINET[: CABINET.index("[devices.relay")], "button_1.pressed"),
    "chips": (SENSORS[: SENSORS.index("[devices.io_1]")], "air_1.t_c"),
    "host": (HOST, "host_1.cpu_t_c"),
}


def board(folder: Path, text: str, fault: str, **rules: str) -> tuple[Played, Played, Played]:
    """Controller, plant with a fault, and that plant when it is mended. `rules`: keys of a point of the controller."""
    (folder / "profiles").mkdir()
    for base in ("bme680", "host"):  # they ask every few seconds: nothing to wait for here
        brisk = f'base = "{base}"\n[groups]\nslow = {{ period_ms = 20 }}\n'
        (folder / "profiles" / f"brisk_{base}.toml").write_text(brisk)
        text = text.replace(f'profile = "{base}"', f'profile = "brisk_{base}"')
    text = text.replace("PORT", str(free_port()))
    light = "[devices.button_1.points]\nlight = { fail_safe = false }\n" if "button_1" in text else ""
    ((point, keys),) = rules.items()
    device, _, name = point.partition("__")
    table = f"[devices.{device}.points]\n"
    controller = text + (light or table) + f"{name} = {{ {keys} }}\n"
    wrong = f'[[faults]]\ndevice = "{device}"\nkind = "{fault}"\nat = "0s"\n'
    return (
        Played(folder, controller, serve=False),
        Played(folder, text + wrong, serve=True),
        Played(folder, text, serve=True),
    )


@pytest.mark.parametrize("link", ["lines", "chips", pytest.param("host", marks=pytest.mark.slow)])
async def test_boards_when_their_values_freeze_then_doubted_and_good_again_when_they_move(
    tmp_path: Path, link: str
) -> None:
    text, point = BOARDS[link]
    tag = point.replace(".", "__")
    controller, frozen, mended = board(tmp_path, text, "frozen", **{tag: "frozen_after_ms = 400"})
    looks = itertools.count()

    def moves(plant: Played) -> object:
        """What the controller holds of a value that changes with every seventh look: slower than its polls."""
        plant.say(**{tag: next(looks) // 7 % 2})
        return controller.sees(point)[1]

    async with controller:
        async with frozen:
            await controller.until(lambda: moves(frozen) is UNCERTAIN, "it is seen to stand still")
        async with mended:
            await controller.until(lambda: moves(mended) is GOOD, "it moves")
    assert any(f"{point.partition('.')[2]} has not moved for" in event for event in controller.events)


@pytest.mark.parametrize("link", ["chips", pytest.param("host", marks=pytest.mark.slow)])
async def test_boards_when_they_tell_garbage_then_doubted_by_their_limits_and_good_again_without_it(
    tmp_path: Path, link: str
) -> None:
    text, point = BOARDS[link]
    tag = point.replace(".", "__")
    controller, wild, mended = board(tmp_path, text, "garbage", **{tag: "min = -40.0, max = 125.0"})
    mended.say(**{tag: 21.5})
    async with controller:
        async with wild:
            await controller.until(lambda: controller.sees(point)[1] is UNCERTAIN, "no such temperature")
        async with mended:
            await controller.until(lambda: controller.sees(point) == (21.5, GOOD), "the temperature")


async def test_bank_and_racks_when_in_one_unit_then_each_is_played_and_commanded(tmp_path: Path) -> None:
    link = f'[links.scu]\nkind = "modbus_tcp"\nhost = "127.0.0.1"\nport = {free_port()}\n'
    devices = link + '[devices.bank_1]\nprofile = "jinko_scu_a"\nlink = "scu"\n'
    for n in (1, 2):
        devices += f'[devices.rack_{n}]\nprofile = "jinko_scu_a_rack"\nlink = "scu"\nregister_offset = {1024 * n}\n'
    outputs = ("heartbeat", "breaker_cmd", "reset_cmd")
    points = "[devices.bank_1.points]\n" + "".join(f'{name} = {{ fail_safe = "hold" }}\n' for name in outputs)
    async with AsyncExitStack() as running:
        plant = await running.enter_async_context(Played(tmp_path, devices, serve=True))
        controller = await running.enter_async_context(Played(tmp_path, devices + points, serve=False))
        plant.say(bank_1__soc_pct=55.5, rack_1__soc_pct=50.1, rack_2__soc_pct=60.9, rack_2__cycles=700)
        for name, value in (("bank_1", 55.5), ("rack_1", 50.1), ("rack_2", 60.9)):
            want = (pytest.approx(value), GOOD)
            await controller.until(lambda n=name, w=want: controller.sees(f"{n}.soc_pct") == w, name)
        controller.say(bank_1__breaker_cmd=2)
        await controller.until(lambda: plant.sees("bank_1.breaker_cmd") == (2, GOOD), "the breaker's order")


async def test_strato_module_when_the_site_gives_its_registers_then_it_switches_a_sleep_line(tmp_path: Path) -> None:
    text = f'[links.io]\nkind = "modbus_tcp"\nhost = "127.0.0.1"\nport = {free_port()}\n'
    text += '[devices.strato_1]\nprofile = "strato_io"\nlink = "io"\n[devices.strato_1.registers]\n'
    text += 'out_1 = { register = 100, table = "coil", type = "bit" }\n'
    text += 'in_1 = { register = 7, table = "discrete", type = "bit" }\n'
    points = "[devices.strato_1.points]\nout_1 = { fail_safe = false }\n"
    controller, plant = Played(tmp_path, text + points, serve=False), Played(tmp_path, text, serve=True)
    plant.say(strato_1__in_1=True)
    controller.say(strato_1__out_1=True)
    async with plant, controller:
        await controller.until(lambda: controller.sees("strato_1.in_1") == (True, GOOD), "the input")
        await controller.until(lambda: plant.sees("strato_1.out_1") == (True, GOOD), "the sleep line")
