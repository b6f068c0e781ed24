"""The CAN driver over a serial adapter (slcan) on a pseudo terminal, and with CAN FD frames."""

import contextlib
import os
import tty

import can
import pytest
from canbench import device_of, message
from io_points import MS
from iobench import IoBench

from runtime.core.fault import DriverFault
from runtime.core.quality import Quality
from runtime.drivers.can.link import open_bus
from runtime.drivers.registry import DRIVERS
from runtime.iomap.plan.plan import LinkPlan
from runtime.iomap.plan.settings import CanSettings

GOOD, BAD = Quality.GOOD, Quality.BAD
PATIENCE_S = 120.0
DBC = """VERSION ""
BU_: A B
BO_ 256 VALUES: 2 A
 SG_ Value : 0|16@1+ (1,0) [0|65535] "" B
BO_ 272 CONTROL: 2 B
 SG_ Setpoint : 0|16@1+ (1,0) [0|65535] "" A
"""
FD_DBC = """VERSION ""
BU_: A B
BO_ 256 LONG: 64 A
 SG_ First : 0|16@1+ (1,0) [0|65535] "" B
 SG_ Last : 496|16@1+ (1,0) [0|65535] "" B
BA_DEF_ BO_ "VFrameFormat" ENUM "StandardCAN","ExtendedCAN","StandardCAN_FD","ExtendedCAN_FD";
BA_DEF_DEF_ "VFrameFormat" "StandardCAN";
BA_ "VFrameFormat" BO_ 256 2;
"""


class Bench(IoBench):
    """One device on a link, its setpoint at 7."""

    def __init__(self, settings: CanSettings, dbc: str, *plans: object) -> None:
        link = LinkPlan(name="l", settings=settings, backoff_min_ns=MS, backoff_max_ns=5 * MS)
        super().__init__(link, device_of(dbc, plans), registry=DRIVERS, fail_safe_after_ns=10**15)  # type: ignore[arg-type]
        self.drive(7.0)


async def test_serial_adapter_when_it_talks_then_frames_go_both_ways_and_noise_is_dropped() -> None:
    adapter, terminal = os.openpty()
    tty.setraw(terminal)
    os.set_blocking(adapter, False)
    heard = bytearray()

    def hears(text: bytes) -> bool:
        with contextlib.suppress(BlockingIOError):
            heard.extend(os.read(adapter, 4096))
        return text in heard

    settings = CanSettings(interface="slcan", channel=os.ttyname(terminal), bitrate=250_000)
    values, control = (
        message("VALUES", 0x100, timeout_ns=10**15),
        message("CONTROL", 0x110, sent=True, period_ns=10 * MS),
    )
    async with Bench(settings, DBC, values, control) as bench:
        await bench.until(lambda: hears(b"S5\rO\r") or hears(b"S5\r\rO\r"), "250 kbit/s, open")
        await bench.until(lambda: hears(b"t11020700\r"), "the setpoint")
        os.write(adapter, b"\r\rt10020500\r")
        await bench.until(lambda: bench.reading("rack_1") == (5.0, GOOD), "a value after acknowledgements")
        os.write(adapter, b"\xff\xfe\rtxyz\rt10020600\r")
        await bench.until(lambda: bench.reading("rack_1")[1] is GOOD and hears(b"t"), "noise")
        os.write(adapter, b"t10020700\r")

        def value_7() -> bool:
            with contextlib.suppress(BlockingIOError):
                os.write(adapter, b"t10020700\r")
            return bench.reading("rack_1") == (7.0, GOOD)

        await bench.until(value_7, "a value after noise")
        os.close(adapter)
        await bench.until(lambda: any("lost" in event for event in bench.events), "the adapter is gone")
        assert bench.reading("rack_1")[1] is BAD
    os.close(terminal)


def test_serial_adapter_when_the_device_is_missing_then_told_with_help() -> None:
    link = LinkPlan(name="l", settings=CanSettings(interface="slcan", channel="/dev/ttyNONE"))
    with pytest.raises(DriverFault, match="serial device"):
        open_bus(link, None)


async def test_fd_frame_when_the_link_allows_it_then_its_last_byte_arrives() -> None:
    settings = CanSettings(interface="virtual", channel="fd", fd=True)
    long = message("LONG", 0x100, fd=True, min_bytes=64, timeout_ns=10**15)
    with can.Bus("fd", interface="virtual", protocol=can.CanProtocol.CAN_FD) as peer:
        async with Bench(settings, FD_DBC, long) as bench:
            payload = b"\x01\x00" + bytes(60) + b"\x02\x00"

            def sent_and_taken() -> bool:
                peer.send(can.Message(arbitration_id=0x100, is_extended_id=False, is_fd=True, data=payload))
                return bench.reading("rack_1", 1) == (2.0, GOOD)

            await bench.until(sent_and_taken, "both signals")
            assert bench.reading("rack_1", 0) == (1.0, GOOD)
