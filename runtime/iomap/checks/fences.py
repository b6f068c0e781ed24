"""Fence classes: which devices refuse a former leader's writes by themselves, and whether outputs carry the term.

A device of class `term` compares the term in each write with the highest it has seen. That fences only if term and
value go in one request: between two, another controller may have come. So the term's registers, the output's, and what
lies between them must be one run of registers that the program drives, within one write (Modbus function 16).
"""

from collections.abc import Iterator, Sequence

from runtime.core.diagnostic import Diagnostic, Label, Span, error
from runtime.iomap.plan.plan import FencePlan
from runtime.iomap.profiles.profile import TermFence
from runtime.iomap.sites.loaded import LoadedSite
from runtime.iomap.sites.use import Use
from runtime.iomap.wire import WRITE_WORDS_MAX, ModbusWire, Table, Wire

TERM_BITS_MIN = 32
_BY_TIME = 'or write fence = "time" for the device: at worst one late write of a former leader then gets through'


def check_fences(site: LoadedSite, uses: Sequence[Use]) -> Iterator[Diagnostic]:
    """Devices of class `term` whose point cannot carry a term, and outputs that cannot go with it."""
    for name, loaded in site.placed.items():
        fence = _rule(site, name)
        if fence is None:
            continue
        wire, point = loaded.wires.get(fence.point), loaded.profile.points.get(fence.point)
        driven = next((u for u in uses if (u.device, u.name) == (name, fence.point) and u.is_output), None)
        if wire is None or point is None or point.access == "r" or not _carries(wire):
            mend = f"name an unsigned point of 32 or 64 bits among the holding registers, without scale, {_BY_TIME}"
            told = f"`{name}` cannot be told the term in `{fence.point}`"
            yield error("M3019", told, Label(_place(site, name), "the point that is to carry the term"), help=mend)
        elif driven is not None and not site.map.serve:
            mend = f"take the tag {driven.tag.name} out of the program: io writes the term of this controller"
            told = f"the program drives `{fence.point}`, which carries the term"
            yield error("M3019", told, Label(driven.place, "the fence of this device"), help=mend)
        elif not site.map.serve:
            yield from _check_outputs(site, name, wire, [u for u in uses if u.device == name and u.is_output])


def _check_outputs(site: LoadedSite, name: str, term: Wire, outputs: list[Use]) -> Iterator[Diagnostic]:
    assert isinstance(term, ModbusWire), "it carries a term"
    wires = [use.wire for use in outputs]
    for number, use in enumerate(outputs):
        if written_together(term, wires, number) is None:
            told = f"`{use.name}` of `{name}` cannot be written in one request with its term"
            last = term.end - 1
            at = Label(_place(site, name), f"the term is in {term.table} {term.address} to {last} (PDU addresses)")
            mend = f"whole registers next to it, and nothing between them that the program does not drive; {_BY_TIME}"
            yield error("M3019", told, at, help=mend)


def written_together(term: ModbusWire, outputs: Sequence[Wire], number: int) -> tuple[int, ...] | None:
    """The outputs that go in one request with output `number` and the term, in order of registers; None: it cannot."""
    wire = outputs[number]
    if not isinstance(wire, ModbusWire) or wire.table is not term.table:
        return None
    low, high = min(wire.address, term.address), max(wire.end, term.end)
    inside = [
        (other.address, place, other)
        for place, other in enumerate(outputs)
        if isinstance(other, ModbusWire) and other.table is term.table and low <= other.address and other.end <= high
    ]
    at, found = low, []
    for address, place, other in sorted([*inside, (term.address, -1, term)], key=lambda item: item[:2]):
        if address != at or other.is_part:
            return None
        at = other.end
        found += [place] if place >= 0 else []
    return tuple(found) if at == high and high - low <= WRITE_WORDS_MAX else None


def plan_fence(site: LoadedSite, name: str, outputs: Sequence[Wire]) -> FencePlan | None:
    """The fence of a device whose outputs have been checked; None when it has none."""
    fence, loaded = _rule(site, name), site.placed[name]
    if fence is None:
        return None
    wire = loaded.wires[fence.point]
    assert isinstance(wire, ModbusWire), "checked"
    together: list[tuple[int, ...]] = []
    for number in range(0 if site.map.serve else len(outputs)):
        group = written_together(wire, outputs, number)
        assert group is not None, "checked"
        together.append(group)
    free = tuple(rule.point for rule in loaded.profile.heartbeats)
    return FencePlan(point=fence.point, wire=wire, together=tuple(together), free=free)


def _rule(site: LoadedSite, name: str) -> TermFence | None:
    told = site.map.devices[name].fence
    fence = site.placed[name].profile.fence if told is None else told
    return fence if isinstance(fence, TermFence) else None


def _carries(wire: Wire) -> bool:
    if not isinstance(wire, ModbusWire) or wire.table is not Table.HOLDING or wire.is_part:
        return False
    number = wire.number
    plain = number.is_integral and number.scale == 1.0 and number.offset == 0.0 and not number.digits
    return plain and not number.signed and number.bits >= TERM_BITS_MIN


def _place(site: LoadedSite, name: str) -> Span:
    if site.map.devices[name].fence is not None:
        return site.document.places.value("devices", name, "fence")
    return site.placed[name].document.places.value("fence")
