"""What the kernel is told: orders to the broadcast manager, how many sends a value's time allows, restarts."""

import struct

import can
import pytest
from io_points import MS, FakeFrame

from runtime.core.fault import DriverFault
from runtime.drivers.can.broadcast import SET_TIMER, START_TIMER, setup
from runtime.drivers.can.restart import restart_controller, restart_request
from runtime.drivers.sink import FAIL_SAFE_HOLDS_NS, OutputSink


def test_order_when_packed_then_as_the_kernel_lays_it_out() -> None:
    frame = can.Message(arbitration_id=0x123, is_extended_id=False, data=b"\x01\x02")
    told = setup(frame, flags=SET_TIMER | START_TIMER, period_ns=1_100 * MS, sends=3)
    head = struct.unpack_from("@3I4l2I", told)
    assert head == (1, 3, 3, 1, 100_000, 0, 0, 0x123, 1)
    assert told[56:] == bytes.fromhex("23010000 02 000000 0102000000000000")


def test_order_when_extended_and_fd_then_flags_say_so() -> None:
    frame = can.Message(arbitration_id=0x18FEF017, is_fd=True, bitrate_switch=True, data=bytes(range(12)))
    told = setup(frame, flags=SET_TIMER, period_ns=100 * MS, sends=1)
    head = struct.unpack_from("@3I4l2I", told)
    assert head == (1, SET_TIMER | 0x800, 1, 0, 100_000, 0, 0, 0x98FEF017, 1)
    assert told[56:64] == bytes.fromhex("17f0fe98 0c 01 0000")
    assert told[64:] == bytes(range(12)).ljust(64, b"\0")


@pytest.mark.parametrize(("now_ms", "holds_ms"), [(0, 50), (30, 20), (50, 0)])
def test_values_when_driven_then_they_hold_until_their_frame_ends(now_ms: int, holds_ms: int) -> None:
    sink = OutputSink(fail_safe_after_ns=1000 * MS, start_ns=0)
    assert sink.holds_ns(0) == 0
    sink.take(FakeFrame(valid_until_ns=50 * MS), now_ms * MS)
    assert sink.holds_ns(now_ms * MS) == holds_ms * MS


def test_values_when_in_fail_safe_then_they_hold_for_a_second() -> None:
    sink = OutputSink(fail_safe_after_ns=1000 * MS, start_ns=0)
    sink.close()
    assert sink.holds_ns(7) == FAIL_SAFE_HOLDS_NS


def test_restart_when_packed_then_as_ip_link_sends_it() -> None:
    """As `ip link set can0 type can restart` sends it, less the flag that marks nested attributes."""
    assert restart_request(3).hex(" ", 4) == (
        "38000000 10000500 01000000 00000000"  # header: length, RTM_NEWLINK, request and acknowledge, sequence
        " 00000000 03000000 00000000 00000000"  # the interface
        " 18001200 07000100 63616e00 0c000200 08000700 01000000"  # link info: kind "can", data: restart = 1
    )


def test_restart_when_the_interface_is_none_then_said() -> None:
    with pytest.raises(DriverFault, match="the controller cannot be restarted"):
        restart_controller("can_none")
