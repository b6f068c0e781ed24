"""How much of each link the plan uses: an estimate from words, poll periods and speeds, as a part of 1."""

from collections.abc import Iterator

from runtime.core.diagnostic import Diagnostic, Label, error, warning
from runtime.iomap.load import LoadedSite
from runtime.iomap.plan import DevicePlan, ReadRequest
from runtime.iomap.sitemap import Link

TCP_ROUND_TRIP_S = 0.002
"""One request over a local network, pessimistic (0.1 ms on loopback, about 1 ms at a device's own processor)."""
SERIAL_SILENCE_CHARS = 7
"""Two gaps of 3.5 characters around a frame (Modbus over serial line V1.02, 2.5.1.1)."""
SERIAL_BITS_A_CHAR = 11
REQUEST_BYTES = 8
REPLY_OVERHEAD_BYTES = 5
SERIAL_TURNAROUND_S = 0.005
"""What a device takes to answer on a serial line, at least."""
CAN_OVERHEAD_BITS = 47
"""Bits of a standard frame besides data, with the gap between frames; extended ids take 20 more."""
IMPOSSIBLE = 1.0
TIGHT = 0.7
"""Above this, late polls and lost arbitration are to be expected."""


def check_load(site: LoadedSite, devices: dict[str, tuple[DevicePlan, ...]]) -> Iterator[Diagnostic]:
    """Links that cannot carry what the map asks of them, or only just."""
    for name, plans in devices.items():
        link = site.map.links[name]
        load = link_load(link, plans)
        if load <= TIGHT:
            continue
        at = Label(site.document.places.key("links", name), f"{load * 100:.0f} % of its time is asked for")
        mend = "poll more slowly, bind fewer points, or spread the devices over more links"
        if load > IMPOSSIBLE:
            yield error("M4001", f"link `{name}` cannot carry its devices", at, help=mend)
        else:
            yield warning("M4001", f"link `{name}` is nearly full", at, help=mend)


def link_load(link: Link, plans: tuple[DevicePlan, ...]) -> float:
    """Part of the link's time that its devices take; 1.0 is all of it."""
    if link.kind == "can":
        return sum(_can_load(link, plan) for plan in plans)
    return sum(_request_s(link, read) / (read.period_ns / 1e9) for plan in plans for read in plan.reads)


def _request_s(link: Link, read: ReadRequest) -> float:
    if link.serial_baud == 0:
        return TCP_ROUND_TRIP_S
    data = (read.count + 7) // 8 if read.table.is_bits else 2 * read.count
    chars = REQUEST_BYTES + REPLY_OVERHEAD_BYTES + data + 2 * SERIAL_SILENCE_CHARS
    return TCP_ROUND_TRIP_S + SERIAL_TURNAROUND_S + chars * SERIAL_BITS_A_CHAR / link.serial_baud


def _can_load(link: Link, plan: DevicePlan) -> float:
    """Worst case: 8 bytes a message and a stuff bit in every 4 of the bits that may be stuffed."""
    total = 0.0
    for message in plan.messages:
        bits = CAN_OVERHEAD_BITS + 64 + (20 if message.extended else 0)
        stuffed = (bits - 13 - 1) // 4
        total += (bits + stuffed) / link.bitrate / (message.period_ns / 1e9)
    return total
