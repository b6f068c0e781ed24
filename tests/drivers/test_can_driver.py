"""The CAN driver on a virtual bus and on multicast: which frames count, silence, damage, opening anew."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import can
import pytest
from io_points import MS, input_point, output_point
from iobench import IoBench

from runtime.core.fault import DriverFault
from runtime.core.quality import Quality
from runtime.drivers.can import driver as can_driver
from runtime.drivers.can.busstate import ErrorClass, error_frame
from runtime.drivers.registry import DRIVERS
from runtime.iomap.plan.plan import DevicePlan, LinkPlan, MessagePlan
from runtime.iomap.plan.settings import CanSettings
from runtime.iomap.wire import CanWire, Numeric

GOOD, BAD = Quality.GOOD, Quality.BAD
PATIENCE_S = 120.0
DBC = """VERSION ""
BU_: A B
BO_ 256 FAST: 4 A
 SG_ Level : 0|16@1- (0.1,0) [-3000|3000] "" B
 SG_ Count : 16|8@1+ (1,0) [0|255] "" B
BO_ 257 SLOW: 2 A
 SG_ Limit : 0|16@1+ (1,0) [0|65535] "" B
BO_ 272 CONTROL: 2 B
 SG_ Setpoint : 0|16@1- (0.5,0) [-100|100] "" A
"""
LEVEL = Numeric(bits=16, signed=True, floating=False, scale=0.1)
LIMIT = Numeric(bits=16, signed=False, floating=False)
SETPOINT = Numeric(bits=16, signed=True, floating=False, scale=0.5)


def message(name: str, frame_id: int, *, sent: bool = False, timeout_ms: int = 60_000) -> MessagePlan:
    return MessagePlan(
        name=name, frame_id=frame_id, extended=False, sent=sent, period_ns=10 * MS, timeout_ns=timeout_ms * MS
    )


def rack(name: str, offset: int, entry: int) -> DevicePlan:
    def wire(of: str, signal: str, frame_id: int, number: Numeric) -> CanWire:
        return CanWire(message=of, signal=signal, frame_id=frame_id + offset, number=number)

    return DevicePlan(
        name=name,
        profile="rack",
        nature="battery",
        served=False,
        inputs=(
            input_point("level", 0, wire("FAST", "Level", 0x100, LEVEL)),  # type: ignore[arg-type]
            input_point("limit", 1, wire("SLOW", "Limit", 0x101, LIMIT)),  # type: ignore[arg-type]
        ),
        outputs=(output_point("setpoint", entry, None, wire=wire("CONTROL", "Setpoint", 0x110, SETPOINT)),),
        messages=(
            message("FAST", 0x100 + offset, timeout_ms=100),
            message("SLOW", 0x101 + offset),
            message("CONTROL", 0x110 + offset, sent=True),
        ),
        dbc=DBC,
    )


class Bench(IoBench):
    """Two racks on one bus, and `peer`, which is whatever else is on it."""

    def __init__(self, link: LinkPlan) -> None:
        racks = (rack("rack_1", 0x00, 0), rack("rack_2", 0x20, 1))
        super().__init__(link, *racks, registry=DRIVERS, fail_safe_after_ns=1000 * MS)
        self.start()


@contextlib.asynccontextmanager
async def running(channel: str) -> AsyncIterator[tuple[Bench, can.BusABC]]:
    link = LinkPlan(
        name="l",
        settings=CanSettings(interface="virtual", channel=channel),
        backoff_min_ns=MS,
        backoff_max_ns=5 * MS,
    )
    peer = can.Bus(channel, interface="virtual")
    bench = Bench(link)
    try:
        await asyncio.sleep(0)
        await bench.until(lambda: len(can.interfaces.virtual.channels.get(channel, ())) == 2, "the bus is open")
        yield bench, peer
    finally:
        await bench.stop()
        peer.shutdown()


def frame(frame_id: int, payload_hex: str, *, extended: bool = False) -> can.Message:
    return can.Message(arbitration_id=frame_id, data=bytes.fromhex(payload_hex), is_extended_id=extended)


async def test_frames_when_two_racks_share_the_bus_then_each_keeps_its_own() -> None:
    async with running("own") as (bench, peer):
        peer.send(frame(0x100, "7bff 07 00"))
        peer.send(frame(0x120, "e803 00 00"))
        peer.send(frame(0x121, "0a00"))
        await bench.until(lambda: bench.reading("rack_2", 1) == (10.0, GOOD), "limit of rack_2")
        assert bench.reading("rack_1", 0) == (pytest.approx(-13.3), GOOD)
        assert bench.reading("rack_2", 0) == (100.0, GOOD)
        assert bench.reading("rack_1", 1) == (None, BAD)


@pytest.mark.parametrize(
    "foreign",
    [
        frame(0x102, "ffff ffff"),
        frame(0x100, "ffff ffff", extended=True),
        frame(0x100, "ff"),
        can.Message(arbitration_id=0x100, is_remote_frame=True, is_extended_id=False, dlc=4),
        can.Message(arbitration_id=0x100, is_error_frame=True, is_extended_id=False),
    ],
    ids=["id", "extended", "short", "remote", "error"],
)
async def test_frame_when_foreign_or_damaged_then_no_value_comes_of_it(foreign: can.Message) -> None:
    async with running("foreign") as (bench, peer):
        peer.send(foreign)
        peer.send(frame(0x101, "0500"))
        await bench.until(lambda: bench.reading("rack_1", 1) == (5.0, GOOD), "the frame after it")
        assert bench.reading("rack_1", 0) == (None, BAD)


async def test_message_when_it_stays_away_then_its_points_are_bad_with_one_event_and_good_again() -> None:
    async with running("missing") as (bench, peer):
        peer.send(frame(0x101, "0500"))
        peer.send(frame(0x100, "0a00 00 00"))
        await bench.until(lambda: bench.reading("rack_1", 0) == (1.0, GOOD), "level")
        await bench.until(lambda: bench.reading("rack_1", 0) == (1.0, BAD), "level bad")
        assert bench.reading("rack_1", 1) == (5.0, GOOD)
        peer.send(frame(0x100, "1400 00 00"))
        await bench.until(lambda: bench.reading("rack_1", 0) == (2.0, GOOD), "level again")
        told = [event for event in bench.events if "rack_1" in event and "heard" not in event]
        assert told == ["error: rack_1 lost: no FAST (0x100) for 100 ms; its inputs are BAD", "info: rack_1 is back"]


async def test_outputs_when_driven_then_sent_cyclically_and_silent_when_they_hold() -> None:
    async with running("cyclic") as (bench, peer):

        def heard() -> dict[int, bytes]:
            frames: dict[int, bytes] = {}
            while (got := peer.recv(timeout=0)) is not None:
                frames[got.arbitration_id] = bytes(got.data)
            return frames

        bench.drive(-10.0, 1e9)
        await bench.until(lambda: heard() == {0x110: b"\xec\xff", 0x130: b"\xff\x7f"}, "both, the second saturated")
        bench.drive(-10.0, 0.0, driving=False)
        await bench.until(lambda: any("fail-safe" in event for event in bench.events), "fail-safe")
        heard()
        sent = bench.engine.statistics["rack_1"].requests
        peer.send(frame(0x100, "0a00 00 00"))
        await bench.until(lambda: bench.engine.statistics["rack_1"].requests > sent, "a frame after it")
        assert heard() == {}


async def test_bus_when_it_cannot_be_opened_then_said_once_with_help_and_opened_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_bus, tries = can_driver.open_bus, []

    def stubborn(plan: LinkPlan, received: object) -> can.BusABC:
        tries.append(plan)
        if len(tries) < 4:
            raise DriverFault(
                "the bus cannot be opened: no such device", where="can0", mend="try `ip link set can0 up`"
            )
        return open_bus(plan, received)  # type: ignore[arg-type]

    monkeypatch.setattr(can_driver, "open_bus", stubborn)
    async with running("stubborn") as (bench, peer):
        peer.send(frame(0x101, "0500"))
        await bench.until(lambda: bench.reading("rack_1", 1) == (5.0, GOOD), "limit")
        lost = [event for event in bench.events if "rack_1 lost" in event]
        assert len(lost) == 1
        assert "try `ip link set can0 up`" in lost[0]


async def test_bus_when_sending_fails_for_long_then_opened_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running("sending") as (bench, peer):
        send = can.interfaces.virtual.VirtualBus.send
        failures = 0

        def fail(bus: can.BusABC, msg: can.Message, timeout: float | None = None) -> None:
            nonlocal failures
            if bus is peer or failures >= 2 * can_driver.SEND_FAILURES_MAX:
                return send(bus, msg, timeout)  # type: ignore[arg-type]
            failures += 1
            raise can.CanOperationError("bus off")

        monkeypatch.setattr(can.interfaces.virtual.VirtualBus, "send", fail)
        bench.drive(1.0, 1.0)
        await bench.until(lambda: peer.recv(timeout=0), "frames after the bus came back")
        assert sum("sending fails: bus off" in event for event in bench.events) == 2


async def test_multicast_when_a_datagram_is_no_frame_then_dropped_and_counted() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    group = "239.74.163.77"
    link = LinkPlan(
        name="l",
        settings=CanSettings(interface="udp_multicast", channel=group, port=port, local_address="127.0.0.1"),
    )
    bench = Bench(link)
    peer = can_driver.open_bus(replace(link, name="peer"), [])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as loud:
        loud.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
        loud.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))

        def junk_then_frame() -> bool:
            for junk in (b"", b"\xc1", b"\x80" * 20, bytes(range(256)) * 8):
                loud.sendto(junk, (group, port))
            peer.send(frame(0x101, "0500"))
            return bench.reading("rack_1", 1) == (5.0, GOOD)

        await bench.until(junk_then_frame, "limit")
    assert bench.engine.statistics["rack_1"].errors > 0
    await bench.stop()
    peer.shutdown()


async def test_bus_when_it_goes_off_then_all_is_bad_nothing_is_sent_and_it_comes_back_by_itself() -> None:
    async with running("off") as (bench, peer):
        bench.drive(1.0, 1.0)
        peer.send(frame(0x101, "0500"))
        await bench.until(lambda: bench.reading("rack_1", 1) == (5.0, GOOD), "limit")
        peer.send(error_frame(ErrorClass.BUS_OFF))
        await bench.until(lambda: any("bus-off" in event for event in bench.events), "bus-off is told")
        assert bench.reading("rack_1", 1) == (5.0, BAD)
        while peer.recv(timeout=0) is not None:
            pass
        await bench.until(lambda: peer.recv(timeout=0), "frames after the bus was opened anew")
        peer.send(frame(0x101, "0600"))
        await bench.until(lambda: bench.reading("rack_1", 1) == (6.0, GOOD), "limit again")
        assert bench.engine.statistics["rack_1"].errors > 0
        assert sum("bus-off" in event for event in bench.events) == 2


async def test_bus_when_strangers_babble_then_known_frames_still_come_through() -> None:
    async with running("babble") as (bench, peer):
        for count in range(1, 11):
            for number in range(200):
                peer.send(frame(0x400 + number, "00"))
            peer.send(frame(0x101, f"{count:02x}00"))
            await bench.until(lambda: bench.reading("rack_1", 1) == (float(count), GOOD), "limit")  # noqa: B023
        assert bench.engine.statistics["rack_1"].requests == 10
