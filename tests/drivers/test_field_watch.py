"""Which links count as lost, as their devices come and go; in virtual time."""

import pytest

from runtime.drivers.base import DeviceStatistics
from runtime.drivers.fieldwatch import LOST_AFTER_NS, DrivenLink, FieldWatch
from runtime.image.control import LINKS_MAX


def lost(looks, *, links, before=0):
    """What is lost at each look: (time in shares of LOST_AFTER_NS, numbers of the devices that are connected)."""
    devices = [DeviceStatistics() for _ in range(sum(links))]
    rest = iter(devices)
    watch = FieldWatch([DrivenLink([next(rest) for _ in range(count)]) for count in links], lost=before, now_ns=0)
    found = []
    for at, connected in looks:
        for number, device in enumerate(devices):
            device.connected = number in connected
        found.append(watch.lost(int(at * LOST_AFTER_NS), drives=True))
    return found


@pytest.mark.parametrize(
    ("links", "looks", "before", "found"),
    [
        # lost once none of its devices has been connected for a while, and back at once
        ([1], [(0, {0}), (0.9, set()), (1, set()), (9, {0}), (9.9, set())], 0, [0, 0, 1, 0, 0]),
        # one device of a link is enough
        ([2], [(0, {0, 1}), (1, {1}), (2, {1}), (3, set())], 0, [0, 0, 0, 1]),
        # each link has its bit
        ([1, 1], [(0, {0, 1}), (1, {1}), (2, set())], 0, [0, 1, 3]),
        # what was never reached is not lost, but to an io before this one it was
        ([1, 1], [(0, set()), (5, set())], 0, [0, 0]),
        ([1, 1], [(0, set()), (5, set()), (6, {1})], 2, [0, 2, 0]),
        # a link more than there are bits shares the last one
        ([1] * (LINKS_MAX + 1), [(0, {LINKS_MAX}), (1, set())], 0, [0, 1 << LINKS_MAX - 1]),
    ],
)
def test_link_when_its_devices_come_and_go_then_it_is_lost_after_a_while(links, looks, before, found):
    assert lost(looks, links=links, before=before) == found


def test_link_when_its_devices_are_only_written_then_a_standby_cannot_lose_it():
    device = DeviceStatistics(connected=True)
    watch = FieldWatch([DrivenLink([device], is_read=False)], lost=0, now_ns=0)
    looks = [(0, True), (1, True), (2, False), (2.5, True), (3, True)]
    found = []
    for at, drives in looks:
        found.append(watch.lost(int(at * LOST_AFTER_NS), drives=drives))
        device.connected = False
    assert found == [0, 1, 0, 0, 1]
