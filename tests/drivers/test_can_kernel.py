"""CAN on a real kernel: filters, the broadcast manager, an interface that goes down, injected error frames.

Needs vcan0 and vcan1, and the right to bring them down and up: `make test-vm` has them.
"""

import asyncio
import contextlib
import errno
import os
import socket
import struct
import subprocess
import time
from pathlib import Path

import can
import pytest
from canbench import device_of, message
from io_points import MS, FakeFrame
from iobench import IoBench

from runtime.core.fault import DriverFault
from runtime.core.quality import Quality
from runtime.drivers.can.broadcast import Broadcaster
from runtime.drivers.can.link import open_bus
from runtime.drivers.can.restart import restart_controller
from runtime.drivers.registry import DRIVERS
from runtime.iomap.canids import j1939_id
from runtime.iomap.plan.plan import LinkPlan
from runtime.iomap.plan.settings import CanSettings

pytestmark = [
    pytest.mark.needs_kernel_io,
    pytest.mark.skipif(not Path("/sys/class/net/vcan0").exists(), reason="needs vcan0: make test-vm"),
]
GOOD, BAD = Quality.GOOD, Quality.BAD
PATIENCE_S = 60.0
"""The lab's processor is emulated."""
DBC = """VERSION ""
BU_: A B
BO_ 256 VALUES: 4 A
 SG_ Value : 0|16@1+ (1,0) [0|65535] "" B
BO_ 272 CONTROL: 2 B
 SG_ Setpoint : 0|16@1+ (1,0) [0|65535] "" A
"""
VALUES = message("VALUES", 0x100, timeout_ns=60_000 * MS, min_bytes=4)
CONTROL = message("CONTROL", 0x110, sent=True, period_ns=50 * MS)
LINK = LinkPlan(
    name="l",
    settings=CanSettings(interface="socketcan", channel="vcan0"),
    backoff_min_ns=20 * MS,
    backoff_max_ns=100 * MS,
)


def frame(
    frame_id: int, payload: bytes = b"\x05\0\0\0", *, extended: bool = False, remote: bool = False
) -> can.Message:
    return can.Message(
        arbitration_id=frame_id, data=b"" if remote else payload, is_extended_id=extended, is_remote_frame=remote
    )


def raw_peer(channel: str = "vcan0") -> can.BusABC:
    return can.Bus(channel, interface="socketcan", local_loopback=True)


def test_filters_when_strangers_send_then_the_kernel_lets_none_of_them_in() -> None:
    group = j1939_id(0x18FEF000, source=None, destination=None)
    wanted = [VALUES, message("GROUP", group.frame_id, extended=True, id_mask=group.mask)]
    with contextlib.closing(_Closing(open_bus(LINK, wanted))) as ours, raw_peer() as peer:
        for stranger in (
            frame(0x101),
            frame(0x100, extended=True),
            frame(0x100, remote=True),
            frame(0x18FEF117, extended=True),
            frame(0x18FEF017, extended=True, remote=True),
        ):
            peer.send(stranger)
        peer.send(frame(0x100))
        peer.send(frame(0x0CFEF021, extended=True))
        came = [ours.bus.recv(timeout=10), ours.bus.recv(timeout=10)]
        assert [got.arbitration_id for got in came if got is not None] == [0x100, 0x0CFEF021]
        assert ours.bus.recv(timeout=0.5) is None


def test_filters_when_nothing_is_expected_then_nothing_comes_in() -> None:
    with contextlib.closing(_Closing(open_bus(LINK, []))) as ours, raw_peer() as peer:
        peer.send(frame(0x100))
        peer.send(frame(0x1FFFFFFF, extended=True))
        assert ours.bus.recv(timeout=0.5) is None


def test_broadcast_when_ordered_then_the_kernel_sends_so_often_and_renewed_it_goes_on() -> None:
    with raw_peer() as peer, contextlib.closing(Broadcaster("vcan0")) as broadcaster:
        order = {"period_ns": 100 * MS, "sends": 4}
        broadcaster.keep(frame(0x110, b"\x01"), **order, now_ns=0)
        assert _payloads(peer) == [b"\x01"] * 4
        broadcaster.keep(frame(0x110, b"\x02"), **order, now_ns=10_000 * MS)
        assert (got := peer.recv(timeout=10)) is not None
        assert bytes(got.data) == b"\x02"
        broadcaster.keep(frame(0x110, b"\x03"), **order, now_ns=10_050 * MS)
        assert _payloads(peer) == [b"\x03"] * 4


def test_broadcast_when_its_socket_closes_then_the_kernel_stops() -> None:
    with raw_peer() as peer:
        broadcaster = Broadcaster("vcan0")
        broadcaster.keep(frame(0x110), period_ns=20 * MS, sends=10_000, now_ns=0)
        assert peer.recv(timeout=10) is not None
        broadcaster.close()
        while peer.recv(timeout=0.3) is not None:
            pass
        assert peer.recv(timeout=0.3) is None


async def test_driver_when_driven_then_values_come_cyclically_and_end_with_the_frames_time() -> None:
    async with Bench(LINK) as bench:
        with raw_peer() as peer:
            bench.frame = FakeFrame((7.0,), valid_until_ns=time.monotonic_ns() + 2_000 * MS)
            heard: list[bytes] = []

            def take() -> bool:
                while (got := peer.recv(timeout=0)) is not None:
                    heard.append(bytes(got.data))
                return len(heard) > 5

            await bench.until(take, "cyclic frames")
            assert set(heard) == {b"\x07\0"}
            await bench.until(lambda: time.monotonic_ns() > bench.frame.valid_until_ns + 500 * MS, "the end")
            take()
            heard.clear()
            await asyncio.sleep(0.3)
            take()
            assert heard == []


async def test_interface_when_it_goes_down_and_up_then_inputs_are_bad_and_good_again_with_two_events() -> None:
    link = LinkPlan(
        name="l",
        settings=CanSettings(interface="socketcan", channel="vcan1"),
        backoff_min_ns=20 * MS,
        backoff_max_ns=100 * MS,
    )
    async with Bench(link) as bench:
        await _hears(bench, "vcan1", 1)
        _ip("link", "set", "vcan1", "down")
        try:
            await bench.until(lambda: bench.reading("rack_1") == (1.0, BAD), "bad")
        finally:
            _ip("link", "set", "vcan1", "up")
        await _hears(bench, "vcan1", 2)
        told = [event for event in bench.events if "rack_1" in event]
        assert [event.split(":")[0] for event in told] == ["info", "error", "info"]
        assert "receiving fails" in told[1]


async def test_bus_off_when_an_error_frame_says_so_then_bad_and_back_by_itself() -> None:
    async with Bench(LINK) as bench:
        await _hears(bench, "vcan0", 1)
        with socket.socket(socket.PF_CAN, socket.SOCK_RAW, socket.CAN_RAW) as injector:
            injector.bind(("vcan0",))
            injector.send(struct.pack("=IB3x8s", 0x2000_0000 | 0x040, 8, bytes(8)))
        await bench.until(lambda: bench.reading("rack_1") == (1.0, BAD), "bad")
        await _hears(bench, "vcan0", 2)
        assert any("bus-off" in event for event in bench.events)


def test_restart_when_the_interface_is_no_controller_then_the_kernel_answers_so() -> None:
    """A virtual interface cannot be off the bus: what is shown here is that the kernel understands the question."""
    try:
        restart_controller("vcan0")
    except DriverFault as fault:
        assert os.strerror(errno.EOPNOTSUPP) in fault.what  # noqa: PT017 - both answers are right, kernels differ


class _Closing:
    def __init__(self, bus: can.BusABC) -> None:
        self.bus = bus

    def close(self) -> None:
        self.bus.shutdown()


def _payloads(peer: can.BusABC) -> list[bytes]:
    """All payloads until the bus has been silent for a while."""
    found = []
    while (got := peer.recv(timeout=2.0)) is not None:
        found.append(bytes(got.data))
    return found


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


class Bench(IoBench):
    """One device on a link of the kernel's."""

    def __init__(self, link: LinkPlan) -> None:
        one = device_of(DBC, [VALUES, CONTROL])
        super().__init__(link, one, registry=DRIVERS, patience_s=PATIENCE_S, fail_safe_after_ns=3_600_000 * MS)


async def _hears(bench: Bench, channel: str, value: int) -> None:
    """A peer sends the value until the driver has it."""

    def sent_and_taken() -> bool:
        with contextlib.suppress(can.CanError), raw_peer(channel) as peer:
            peer.send(frame(0x100, struct.pack("<HH", value, 0)))
        return bench.reading("rack_1") == (float(value), GOOD)

    await bench.until(sent_and_taken, f"value {value}")
