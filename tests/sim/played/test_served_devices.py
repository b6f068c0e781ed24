"""The demo's devices, polled and driven over real Modbus TCP and CAN frames on loopback, in one event loop."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from runtime.core.quality import Quality
from runtime.drivers.registry import DRIVERS
from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.plan.playedfaults import FaultKind, FaultPlan
from runtime.sim.played.registry import SERVED
from tests.sim.played.served_site import Side, free_ports, until

GOOD, BAD = {Quality.GOOD}, Quality.BAD
DEVICES = ("grid_meter_1", "pv_meter_1", "inverter_1", "battery_1", "battery_2")


class Site:
    """Controller and plant, each with its io engine."""

    def __init__(self) -> None:
        ports = free_ports()
        self.controller = Side("demo", ports, DRIVERS)
        self.plant = Side("demo_plant", ports, SERVED)

    async def start(self) -> None:
        self.plant_task = self.plant.start()
        await until(lambda: sum(" served on " in event for event in self.plant.events) == 2, "the plant listens")
        self.controller_task = self.controller.start()
        await self.all_good()

    async def all_good(self) -> None:
        await until(lambda: all(self.controller.qualities(d) == GOOD for d in DEVICES), "all inputs good")

    async def stop(self) -> None:
        self.controller.stop.set()
        await self.controller_task
        self.plant.stop.set()
        await self.plant_task


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    await made.start()
    yield made
    await made.stop()


async def test_devices_when_polled_then_values_arrive_rounded_as_the_profiles_say(site: Site) -> None:
    sent = {
        "grid_meter_1.p_kw": (-12.34567, -12.3457),
        "pv_meter_1.f_hz": (50.04, 50.0),
        "inverter_1.dc_u_v": (768.25, 768.25),
        "inverter_1.running": (True, True),
        "battery_1.soc_pct": (55.5551, 55.56),
        "battery_2.i_a": (-30.06, -30.1),
        "battery_2.state": (2, 2),
    }
    site.plant.outputs |= {tag: value for tag, (value, _) in sent.items()}
    for tag, (_, seen) in sent.items():
        await until(lambda tag=tag, seen=seen: site.controller.reading(tag) == (pytest.approx(seen), Quality.GOOD), tag)


async def test_setpoints_when_driven_then_the_plants_inputs_follow(site: Site) -> None:
    wanted = {
        "inverter_1.p_set_kw": -42.5,
        "inverter_1.start_cmd": True,
        "inverter_1.heartbeat": 7,
        "battery_1.connect_cmd": True,
        "battery_2.keep_alive": 200,
    }
    site.controller.outputs |= wanted
    for tag, value in wanted.items():
        await until(lambda tag=tag, value=value: site.plant.reading(tag) == (value, Quality.GOOD), tag)
    assert site.plant.reading("battery_2.connect_cmd") == (False, Quality.GOOD)


async def test_outputs_when_frames_stop_then_fail_safe_and_held_ones_fall_silent_and_all_returns(site: Site) -> None:
    site.controller.outputs |= {"inverter_1.p_set_kw": 42.5, "inverter_1.heartbeat": 9}
    await until(lambda: site.plant.reading("inverter_1.p_set_kw")[0] == 42.5, "setpoint")
    await until(lambda: site.plant.reading("inverter_1.heartbeat")[0] == 9, "heartbeat")
    site.controller.driving = False
    await until(lambda: site.plant.reading("inverter_1.p_set_kw")[0] == 0.0, "fail-safe setpoint")
    assert site.plant.reading("inverter_1.heartbeat")[0] == 9
    await until(lambda: site.plant.reading("battery_1.connect_cmd")[1] is BAD, "the rack misses its controller")
    site.controller.driving = True
    await until(lambda: site.plant.reading("inverter_1.p_set_kw")[0] == 42.5, "setpoint again")
    await until(lambda: site.plant.reading("battery_1.connect_cmd")[1] is Quality.GOOD, "controller heard again")


async def test_inputs_when_the_plant_dies_then_bad_with_one_event_each_and_good_when_it_returns(site: Site) -> None:
    site.plant.outputs["grid_meter_1.p_kw"] = 5.0
    await until(lambda: site.controller.reading("grid_meter_1.p_kw")[0] == 5.0, "value")
    site.controller.events.clear()
    site.plant.stop.set()
    await site.plant_task
    for device in DEVICES:
        await until(lambda device=device: BAD in site.controller.qualities(device), f"{device} bad")
    assert site.controller.reading("grid_meter_1.p_kw") == (5.0, BAD)
    await until(lambda: sum("lost" in e for e in site.controller.events) == len(DEVICES), "an event a device")
    site.plant.outputs["grid_meter_1.p_kw"] = 6.0
    site.plant_task = site.plant.start()
    await site.all_good()
    assert site.controller.reading("grid_meter_1.p_kw") == (6.0, Quality.GOOD)
    told = [event for event in site.controller.events if "grid_meter_1" in event]
    assert [event.partition(":")[0] for event in told] == ["error", "info"]


async def test_setpoint_when_the_plant_was_away_then_written_anew_although_it_did_not_change(site: Site) -> None:
    site.controller.outputs["inverter_1.start_cmd"] = True
    await until(lambda: site.plant.reading("inverter_1.start_cmd")[0] is True, "start")
    site.plant.stop.set()
    await site.plant_task
    site.plant_task = site.plant.start()
    await until(lambda: site.plant.reading("inverter_1.start_cmd") == (True, Quality.GOOD), "start again")


async def test_inputs_when_the_plants_program_stops_then_bad_although_its_io_lives(site: Site) -> None:
    site.plant.driving = False
    for device in DEVICES:
        await until(lambda device=device: BAD in site.controller.qualities(device), f"{device} bad")
    site.plant.driving = True
    await site.all_good()


async def test_engine_when_stopped_then_the_plant_holds_fail_safe_values() -> None:
    site = Site()
    site.controller.outputs |= {"inverter_1.p_set_kw": 42.5, "inverter_1.start_cmd": True}
    await site.start()
    await until(lambda: site.plant.reading("inverter_1.start_cmd")[0] is True, "start")
    await until(lambda: site.plant.reading("inverter_1.p_set_kw")[0] == 42.5, "setpoint")
    site.controller.stop.set()
    await site.controller_task
    assert site.plant.reading("inverter_1.p_set_kw") == (0.0, Quality.GOOD)
    assert site.plant.reading("inverter_1.start_cmd") == (False, Quality.GOOD)
    site.plant.stop.set()
    await site.plant_task


async def test_devices_when_played_with_faults_then_only_they_are_lost_and_come_back_by_themselves() -> None:
    site = Site()
    kinds: dict[str, FaultKind] = {"grid_meter_1": "exception", "inverter_1": "silent", "battery_1": "wrong_length"}
    plan = site.plant.plan
    site.plant.plan = replace(
        plan,
        devices={link: tuple(_faulty(d, kinds.get(d.name)) for d in found) for link, found in plan.devices.items()},
    )
    site.plant_task = site.plant.start()
    await until(lambda: sum(" served on " in event for event in site.plant.events) == 2, "the plant listens")
    site.controller_task = site.controller.start()
    for device in ("pv_meter_1", "battery_2"):
        await until(
            lambda device=device: site.controller.qualities(device) == GOOD, f"{device} good beside a faulty one"
        )
    for device in ("inverter_1 lost: ", "battery_1 lost: STATUS (0x100) has 4 bytes instead of 8"):
        await until(lambda device=device: any(device in event for event in site.controller.events), device)
    assert BAD in site.controller.qualities("grid_meter_1")
    await site.all_good()
    assert not any("pv_meter_1 lost" in event or "battery_2 lost" in event for event in site.controller.events)
    await site.stop()


def _faulty(device: DevicePlan, kind: FaultKind | None) -> DevicePlan:
    fault = FaultPlan(kind=kind, start_ns=0, end_ns=3_000_000_000) if kind else None
    return replace(device, faults=(fault,) if fault else ())
