"""A controller for measurements: its segments and plan, in RUN, with tags as sites have them and no programs."""

import contextlib
import ctypes
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runtime.core.appmemory import HEADER_SIZE
from runtime.core.binding import Bindings, InputBinding, OutputBinding
from runtime.core.elementary import BOOL, DINT, INT, LREAL, REAL
from runtime.core.quality import Quality
from runtime.core.tag import Tag, TagTable
from runtime.image.control import PHASES, Control, Histogram
from runtime.image.layout import ImageLayout, lay_out
from runtime.image.pages import PageWriter
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.statistics import Distribution
from runtime.scan.planning import Addresses, ScanPlan, Timing

START_NS = 1_000_000_000_000
POINTS_A_DEVICE = 250
_STALE_NS = 3_600_000_000_000
_MIX = (REAL, REAL, REAL, INT, BOOL, REAL, LREAL, REAL, DINT, BOOL)
"""Types of tags as sites have them: mostly REAL."""
_ELSEWHERE_SIZE = 64 << 20
"""More than a processor's caches hold (a server's last one: 48 MiB)."""


@dataclass(frozen=True, slots=True)
class BenchController:
    """Its parts."""

    image: ImageSegment
    control: ControlSegment
    plan: ScanPlan
    pages: Sequence[PageWriter]

    def publish(self, pages: Sequence[PageWriter] | None = None) -> None:
        """Every device, or these, have answered anew."""
        for page in self.pages if pages is None else pages:
            page.write([(1, Quality.GOOD, START_NS)] * len(page.points))


@contextlib.contextmanager
def bench_controller(tag_count: int, cycle_ns: int, *, alone: bool = True) -> Iterator[BenchController]:
    """`alone` as in ScanPlan: without it everything is copied in every scan."""
    layout = _layout(tag_count)
    image, control = ImageSegment.create(layout), ControlSegment.create()
    image.populate()
    control.control.run_switch = 1
    app = image.address + layout.app_offset
    plan = ScanPlan(
        layout,
        timing=Timing(cycle_ns, frame_valid_ns=10 * cycle_ns, stop_on_fault=True),
        tasks=(),
        at=Addresses(control.address, app, image.address),
        initial=ctypes.string_at(app, layout.app_size),
        first_output_site=0,
        alone=alone,
    )
    try:
        yield BenchController(image, control, plan, [PageWriter(image, device) for device in layout.pages])
    finally:
        image.close()
        control.close()


class Elsewhere:
    """Memory of another program: once it has been written, nothing of the scan is in a cache any more.

    That is what a scan meets after milliseconds of sleep on a machine that does anything else, or is a virtual one.
    """

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, _ELSEWHERE_SIZE)
        self._anchor = ctypes.c_char.from_buffer(self._map)

    def visit(self) -> None:
        """Write all of it."""
        ctypes.memset(ctypes.addressof(self._anchor), 1, _ELSEWHERE_SIZE)


def phase_medians_ns(control: Control) -> dict[str, float]:
    """The median of each phase since the last call."""
    told = {}
    for name in PHASES:
        histogram: Histogram = getattr(control, name)
        told[name] = Distribution.capture(histogram).percentile_ns(50)
        ctypes.memset(ctypes.addressof(histogram), 0, ctypes.sizeof(histogram))
    return told


def _layout(tag_count: int) -> ImageLayout:
    """Half the tags inputs, POINTS_A_DEVICE a device, then a tenth outputs, the rest internal."""
    tags: list[Tag] = []
    at = HEADER_SIZE
    for index in range(tag_count):
        of = _MIX[index % len(_MIX)]
        at = (at + of.size - 1) // of.size * of.size
        tags.append(Tag(name=f"t{index}", type=of, offset=at, index=index))
        at += of.size
    inputs: dict[str, list[InputBinding]] = {}
    for tag in tags[: tag_count // 2]:
        inputs.setdefault(f"d{tag.index // POINTS_A_DEVICE}", []).append(InputBinding(tag.name, _STALE_NS))
    outputs = tags[tag_count // 2 : tag_count // 2 + tag_count // 10]
    stamp_offset = (at + tag_count + 7) // 8 * 8
    return lay_out(
        TagTable(tags),
        Bindings(
            inputs={device: tuple(points) for device, points in inputs.items()},
            outputs=tuple(OutputBinding(tag.name, "d0", tag.type.default) for tag in outputs),
        ),
        app_size=stamp_offset + 8 * tag_count,
        quality_offset=at,
        stamp_offset=stamp_offset,
        app_hash="bench",
    )
