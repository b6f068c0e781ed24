"""What a scan costs beside the programs, and how late it wakes: figures, with the machine's own beside them.

Absolute figures are the machine's; the ratios are Voltscan's. Nothing here asserts.
"""

import contextlib
import ctypes
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from runtime.core.appmemory import HEADER_SIZE
from runtime.core.binding import Bindings, InputBinding, OutputBinding
from runtime.core.duration import duration_text
from runtime.core.elementary import BOOL, DINT, INT, LREAL, REAL
from runtime.core.objectcache import ObjectCache
from runtime.core.quality import Quality
from runtime.core.tag import Tag, TagTable
from runtime.image.layout import ImageLayout, lay_out
from runtime.image.pages import PageWriter
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.statistics import Distribution
from runtime.scan.bare import BareLoop
from runtime.scan.kernel import Kernel
from runtime.scan.planning import Addresses, ScanPlan, Timing
from runtime.scan.realtime import MissingRight, RealtimeSettings, settle_thread

TAG_COUNTS = (1_000, 10_000)
POINTS_A_DEVICE = 250
RELEASE_PERIOD_NS = 1_000_000
_CYCLE_NS = 10_000_000
_START_NS = 1_000_000_000_000
_STALE_NS = 3_600_000_000_000
_ROUNDS = 15
_STEPS = 400
_MIX = (REAL, REAL, REAL, INT, BOOL, REAL, LREAL, REAL, DINT, BOOL)
"""Types of tags as sites have them: mostly REAL."""


@dataclass(frozen=True, slots=True)
class PhaseCost:
    """All phases but run, for so many tags: half of them inputs, a tenth outputs. ns a scan.

    `best_ns` and `at_rest_ns` (the quietest round and the median one): no page changed since the last scan. `fresh_ns`
    (median): every page did, and caches are as another program left them. `app_size` bytes go into a snapshot.
    """

    tags: int
    inputs: int
    outputs: int
    app_size: int
    best_ns: float
    at_rest_ns: float
    fresh_ns: float


@dataclass(frozen=True, slots=True)
class ReleaseDelay:
    """Wake-up after the deadline, of the scan and of a bare loop half a period apart in the same run."""

    period_ns: int
    scan: dict[str, float]
    bare: dict[str, float]
    execution: dict[str, float]
    realtime: bool


@dataclass(frozen=True, slots=True)
class BenchReport:
    """What `voltscan bench` shows."""

    costs: tuple[PhaseCost, ...]
    release: ReleaseDelay

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    def table(self) -> str:
        """For people."""
        lines = ["A scan without its programs".ljust(40) + "at rest, best       median    all fresh    snapshot"]
        lines += [
            f"  {cost.tags:6d} tags ({cost.inputs} in, {cost.outputs} out)".ljust(40)
            + f"{duration_text(cost.best_ns):>13}{duration_text(cost.at_rest_ns):>13}{duration_text(cost.fresh_ns):>13}"
            + f"{cost.app_size / 1024:>8.0f} KiB"
            for cost in self.costs
        ]
        release = self.release
        how = "SCHED_FIFO" if release.realtime else "no real-time right"
        lines += ["", f"Release delay at {duration_text(release.period_ns)}, {how}".ljust(40) + _HEADINGS]
        lines += [_row("scan", release.scan), _row("bare loop beside it", release.bare)]
        lines += [_row("execution of the scan", release.execution)]
        return "\n".join(lines)


_COLUMNS = ("p50_ns", "p90_ns", "p99_ns", "p99.9_ns", "max_ns")
_HEADINGS = "".join(f"{name.removesuffix('_ns'):>10}" for name in _COLUMNS) + "     count"


def _row(name: str, summary: dict[str, float]) -> str:
    figures = "".join(f"{duration_text(summary[column]):>10}" for column in _COLUMNS)
    return f"  {name}".ljust(40) + figures + f"{summary['count']:>10.0f}"


def run_bench(seconds: float, *, cache: ObjectCache | None = None) -> BenchReport:
    """Measure: the phases for TAG_COUNTS, then `seconds` of release delay."""
    kernel = Kernel(cache)
    costs = tuple(_phase_cost(kernel, tags) for tags in TAG_COUNTS)
    return BenchReport(costs, _release_delay(kernel, seconds))


def _phase_cost(kernel: Kernel, tag_count: int) -> PhaseCost:
    layout = _bench_layout(tag_count)
    with _controller(layout, _CYCLE_NS) as (image, _, plan):
        pages = [PageWriter(image, device) for device in layout.pages]
        _publish_all(pages)
        kernel.steps(plan.address, _START_NS, 0, _STEPS)
        at_rest = [_time_steps(kernel, plan) for _ in range(_ROUNDS)]
        fresh = []
        for _ in range(_ROUNDS * 10):
            _publish_all(pages)
            before = time.perf_counter_ns()
            kernel.step(plan.address, _START_NS, 0)
            fresh.append(time.perf_counter_ns() - before)
    return PhaseCost(
        tags=tag_count,
        inputs=len(layout.inputs),
        outputs=len(layout.outputs),
        app_size=layout.app_size,
        best_ns=min(at_rest),
        at_rest_ns=statistics.median(at_rest),
        fresh_ns=statistics.median(fresh),
    )


def _time_steps(kernel: Kernel, plan: ScanPlan) -> float:
    before = time.perf_counter_ns()
    kernel.steps(plan.address, _START_NS, 0, _STEPS)
    return (time.perf_counter_ns() - before) / _STEPS


def _publish_all(pages: list[PageWriter]) -> None:
    for page in pages:
        page.write([(1, Quality.GOOD, _START_NS)] * len(page.points))


def _release_delay(kernel: Kernel, seconds: float) -> ReleaseDelay:
    """Scan and bare loop in one run, each in a thread of its own, deadlines half a period apart."""
    settings = RealtimeSettings()
    missing: list[MissingRight] = []
    with _controller(_bench_layout(TAG_COUNTS[0]), RELEASE_PERIOD_NS) as (_, control, plan):

        def loop() -> None:
            missing.extend(settle_thread(settings))
            kernel.loop(plan.address)

        scan = threading.Thread(target=loop, name="scan")
        wakeups = max(1, int(seconds * 1e9) // RELEASE_PERIOD_NS)
        bare = BareLoop(kernel, period_ns=RELEASE_PERIOD_NS, wakeups=wakeups, realtime=settings)
        scan.start()
        time.sleep(0.01 + RELEASE_PERIOD_NS / 2e9)
        bare.start()
        measured = bare.result()
        plan.plan.exit = 1
        scan.join()
        return ReleaseDelay(
            period_ns=RELEASE_PERIOD_NS,
            scan=Distribution.capture(control.control.release_delay).summary(),
            bare=measured.release_delay.summary(),
            execution=Distribution.capture(control.control.execution).summary(),
            realtime=not missing,
        )


@contextlib.contextmanager
def _controller(layout: ImageLayout, cycle_ns: int) -> Iterator[tuple[ImageSegment, ControlSegment, ScanPlan]]:
    """Segments and plan of a controller in RUN that has no programs."""
    image, control = ImageSegment.create(layout), ControlSegment.create()
    control.control.run_switch = 1
    app = image.address + layout.app_offset
    try:
        yield (
            image,
            control,
            ScanPlan(
                layout,
                timing=Timing(cycle_ns, frame_valid_ns=10 * cycle_ns, stop_on_fault=True),
                tasks=(),
                at=Addresses(control.address, app, image.address),
                initial=ctypes.string_at(app, layout.app_size),
                first_output_site=0,
            ),
        )
    finally:
        image.close()
        control.close()


def _bench_layout(tag_count: int) -> ImageLayout:
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
