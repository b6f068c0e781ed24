"""The machine's watchdog on a real driver (softdog): opened by one, fed, put to sleep by an orderly end.

That a starved one resets the machine takes a boot of its own: tools/vmlab/starve.sh, part of `make test-vm`.
"""

import time
from pathlib import Path

import pytest

from runtime.core.fault import ConfigFault
from runtime.node.host.hardwarewatchdog import HardwareWatchdog

DEVICE = Path("/dev/watchdog")
pytestmark = [
    pytest.mark.needs_kernel_io,
    pytest.mark.skipif(not DEVICE.exists(), reason="needs softdog: make test-vm"),
]
STATE = Path("/sys/class/watchdog/watchdog0/state")


def test_watchdog_when_opened_then_it_takes_the_time_out_and_nobody_else_gets_it() -> None:
    dog = HardwareWatchdog(DEVICE, timeout_s=60)
    try:
        assert dog.timeout_s == 60
        with pytest.raises(ConfigFault, match="busy"):
            HardwareWatchdog(DEVICE, timeout_s=60)
        dog.tick(time.monotonic_ns(), goes_on=True)
    finally:
        dog.close()


def test_watchdog_when_closed_in_order_then_it_sleeps_and_can_be_opened_again() -> None:
    for _ in range(2):
        HardwareWatchdog(DEVICE, timeout_s=60).close()
        if STATE.exists():
            assert STATE.read_text().strip() == "inactive"


def test_watchdog_when_its_time_out_is_out_of_range_then_it_refuses_or_keeps_its_own() -> None:
    dog = HardwareWatchdog(DEVICE, timeout_s=600)
    dog.close()
    assert dog.timeout_s == 600
