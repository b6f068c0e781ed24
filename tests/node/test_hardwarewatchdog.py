"""The machine's watchdog, with a plain file in the place of the device: what is written, and when."""

import pytest

from runtime.core.fault import ConfigFault
from runtime.node.host.hardwarewatchdog import HardwareWatchdog

S = 1_000_000_000


@pytest.fixture
def device(tmp_path):
    file = tmp_path / "watchdog"
    file.touch()
    return file


def test_watchdog_when_all_goes_on_then_fed_three_times_in_its_time_and_closed_by_magic(device):
    watchdog = HardwareWatchdog(device, timeout_s=6)
    assert watchdog.timeout_s == 6  # a plain file refuses the ioctl, as a driver with a fixed time-out does
    for second in range(100, 106):
        watchdog.tick(second * S, goes_on=True)
    assert device.read_bytes() == b"\0\0\0"
    watchdog.close()
    assert device.read_bytes() == b"\0\0\0V"


def test_watchdog_when_the_scan_stands_then_it_starves(device):
    watchdog = HardwareWatchdog(device, timeout_s=6)
    watchdog.tick(100 * S, goes_on=True)
    for second in range(101, 120):
        watchdog.tick(second * S, goes_on=False)
    assert device.read_bytes() == b"\0"
    watchdog.close()


def test_watchdog_when_the_device_is_not_there_then_the_start_is_refused_with_the_mend(tmp_path):
    with pytest.raises(ConfigFault, match="cannot be opened") as refused:
        HardwareWatchdog(tmp_path / "none", timeout_s=6)
    assert "softdog" in refused.value.mend
