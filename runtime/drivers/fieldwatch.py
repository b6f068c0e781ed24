"""Which links that drive outputs reach their devices no more: a controller of a pair that lost some, and whose partner
reaches them, hands over.

Only what was reached before can be lost: a device that was never there is as far from the other controller. A link
whose devices are only written tells nothing to a standby, which writes nothing, and so is not lost to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.drivers.base import DeviceStatistics
from runtime.image.control import LINKS_MAX
from runtime.iomap.plan.plan import DevicePlan, IoPlan

LOST_AFTER_NS = 1_000_000_000
"""None of a link's driven devices is connected for so long; a device that only starts again is back by then."""


@dataclass(frozen=True, slots=True)
class DrivenLink:
    """What its driven devices have counted. `is_read`: something is read of some of them."""

    devices: Sequence[DeviceStatistics]
    is_read: bool = True


@dataclass(slots=True)
class _Watched:
    link: DrivenLink
    bit: int
    met: bool
    reached_ns: int


class FieldWatch:
    """`links`: those that have driven devices, in order of the map. `lost`: what an io before this one said last, so
    that a restart forgets no loss. Times are monotonic ns."""

    def __init__(self, links: Sequence[DrivenLink], *, lost: int, now_ns: int) -> None:
        self._links = [
            _Watched(link, bit := 1 << min(place, LINKS_MAX - 1), bool(lost & bit), now_ns)
            for place, link in enumerate(links)
        ]

    def lost(self, now_ns: int, *, drives: bool) -> int:
        """A bit for each link that is lost now. `drives`: this controller writes."""
        found = 0
        for one in self._links:
            if any(device.connected for device in one.link.devices):
                one.met, one.reached_ns = True, now_ns
            elif not drives and not one.link.is_read:
                one.reached_ns = now_ns
            elif one.met and now_ns - one.reached_ns >= LOST_AFTER_NS:
                found |= one.bit
        return found


def driven_devices(plan: IoPlan) -> dict[str, list[DevicePlan]]:
    """The devices with outputs, by link, in order of the map."""
    driven = {link.name: [device for device in plan.devices[link.name] if device.outputs] for link in plan.links}
    return {link: devices for link, devices in driven.items() if devices}
