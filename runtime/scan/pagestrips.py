"""A page cut into strips: points next to each other in the page and in application memory, moved in one copy."""

from collections.abc import Container, Sequence

from runtime.core.elementary import Kind
from runtime.image.layout import InputSlot
from runtime.image.pageplaces import STAMP_SIZE
from runtime.scan.plan import StatusStrip, ValueStrip


def value_strips(points: Sequence[InputSlot], resting: Container[int]) -> list[ValueStrip]:
    """Strips of the values of points that are no strings, in the order of memory. `resting`: offsets of such inputs."""
    strips: list[ValueStrip] = []
    for point in sorted(points, key=lambda point: point.places.stamp):
        place, offset, size = point.places.value, point.tag.offset, point.tag.type.size
        how = (point.tag.type.kind is Kind.BOOL, offset in resting)
        last = strips[-1] if strips else ValueStrip()
        after = (last.place + last.size, last.offset + last.size, (bool(last.boolean), bool(last.resting)))
        if last.size and after == (place, offset, how):
            last.size += size
        else:
            strips.append(ValueStrip(place, offset, size, *how))
    return strips


def status_strips(points: Sequence[InputSlot]) -> list[StatusStrip]:
    """Strips of the stamps and qualities of the same points, each with one time after which they are stale."""
    strips: list[StatusStrip] = []
    for point in sorted(points, key=lambda point: point.places.stamp):
        rank, index, stale_after_ns = point.places.stamp // STAMP_SIZE, point.tag.index, point.stale_after_ns
        last = strips[-1] if strips else StatusStrip()
        after = (last.rank + last.count, last.index + last.count, last.stale_after_ns)
        if last.count and after == (rank, index, stale_after_ns):
            last.count += 1
        else:
            strips.append(StatusStrip(rank, index, 1, 0, stale_after_ns))
    return strips
