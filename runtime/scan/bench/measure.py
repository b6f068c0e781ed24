"""What a scan costs beside the programs, and how late it wakes: figures, with the machine's own beside them.

Absolute figures are the machine's; the ratios are Voltscan's. Nothing here asserts.
"""

import contextlib
import ctypes
import os
import statistics
import subprocess
import sys
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
from runtime.scan.bench.bare import BareLoop
from runtime.scan.bench.site import SiteCost, site_cost
from runtime.scan.kernel import Kernel
from runtime.scan.planning import Addresses, ScanPlan, Timing
from runtime.scan.realtime import MissingRight, RealtimeSettings, settle_thread

TAG_COUNTS = (1_000, 10_000)
POINTS_A_DEVICE = 250
RELEASE_PERIODS_NS = (1_000_000, 10_000_000)
_CYCLE_NS = 10_000_000
_START_NS = 1_000_000_000_000
_STALE_NS = 3_600_000_000_000
_ROUNDS = 15
_STEPS = 400
_ACCOUNTS = 100_000
_LOAD_SLACK_S = 30.0
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
    loaded: bool
    scan: dict[str, float]
    bare: dict[str, float]
    execution: dict[str, float]
    realtime: bool


@dataclass(frozen=True, slots=True)
class BenchReport:
    """What `voltscan bench` shows."""

    costs: tuple[PhaseCost, ...]
    accounting_ns: float
    recording_ns: float
    releases: tuple[ReleaseDelay, ...]
    site: SiteCost

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
        lines += ["", f"Accounting of a scan: {duration_text(self.accounting_ns)} (bound: 300 ns)"]
        lines += [f"Recording of a scan at rest: {duration_text(self.recording_ns)}"]
        for release in self.releases:
            how = "SCHED_FIFO" if release.realtime else "no real-time right"
            under = "loaded" if release.loaded else "idle"
            head = f"Release delay at {duration_text(release.period_ns)}, {under}, {how}"
            lines += ["", head.ljust(48) + _HEADINGS]
            lines += [_row("scan", release.scan), _row("bare loop beside it", release.bare)]
            lines += [_ratios(release), _row("execution of the scan", release.execution)]
        lines += ["", *self.site.lines()]
        return "\n".join(lines)


_COLUMNS = ("p50_ns", "p90_ns", "p99_ns", "p99.9_ns", "max_ns")
_HEADINGS = "".join(f"{name.removesuffix('_ns'):>10}" for name in _COLUMNS) + "     count"


def _row(name: str, summary: dict[str, float]) -> str:
    figures = "".join(f"{duration_text(summary[column]):>10}" for column in _COLUMNS)
    return f"  {name}".ljust(48) + figures + f"{summary['count']:>10.0f}"


def _ratios(release: ReleaseDelay) -> str:
    ratios = (release.scan[name] / release.bare[name] if release.bare[name] else 0.0 for name in _COLUMNS)
    return "  scan : bare".ljust(48) + "".join(f"{ratio:>10.2f}" for ratio in ratios)


def run_bench(seconds: float, *, cache: ObjectCache | None = None) -> BenchReport:
    """Measure: the phases for TAG_COUNTS, release delay for `seconds` at each period, idle and loaded, then a site."""
    kernel = Kernel(cache)
    costs = tuple(_phase_cost(kernel, tags) for tags in TAG_COUNTS)
    accounting_ns, recording_ns = _own_costs(kernel)
    releases = [_release_delay(kernel, period_ns, seconds, loaded=False) for period_ns in RELEASE_PERIODS_NS]
    with _load(seconds * len(RELEASE_PERIODS_NS)):
        releases += [_release_delay(kernel, period_ns, seconds, loaded=True) for period_ns in RELEASE_PERIODS_NS]
    return BenchReport(costs, accounting_ns, recording_ns, tuple(releases), site_cost(kernel, seconds))


def _own_costs(kernel: Kernel) -> tuple[float, float]:
    """What statistics and what the record ring cost a scan, in ns: with and without, and in the quietest round."""
    with _controller(_bench_layout(TAG_COUNTS[0]), _CYCLE_NS) as (_, _, plan):
        words, address = plan.plan, plan.address
        _time_steps(kernel, plan)

        def best() -> float:
            return min(_time_steps(kernel, plan) for _ in range(_ROUNDS * 4))

        plain = best()
        words.measured = 1
        measured = best()
        words.measured = 0
        before = time.perf_counter_ns()
        kernel.accounts(address, _ACCOUNTS)
        account = (time.perf_counter_ns() - before) / _ACCOUNTS
        ring, words.ring = words.ring, None
        without = best()
        words.ring = ring
    return max(0.0, measured - plain) + account, max(0.0, plain - without)


@contextlib.contextmanager
def _load(seconds: float) -> Iterator[None]:
    """A busy process a processor, at the usual priority; each ends by itself, whatever becomes of this one."""
    busy = f"import time; end = time.monotonic() + {seconds + _LOAD_SLACK_S}\nwhile time.monotonic() < end: pass"
    spinning = [subprocess.Popen([sys.executable, "-c", busy]) for _ in range(os.cpu_count() or 1)]  # noqa: S603 - ours
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


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


def _release_delay(kernel: Kernel, period_ns: int, seconds: float, *, loaded: bool) -> ReleaseDelay:
    """Scan and bare loop in one run, each in a thread of its own, deadlines half a period apart."""
    settings = RealtimeSettings()
    missing: list[MissingRight] = []
    with _controller(_bench_layout(TAG_COUNTS[0]), period_ns) as (_, control, plan):
        plan.plan.measured = 1

        def loop() -> None:
            missing.extend(settle_thread(settings))
            kernel.loop(plan.address)

        scan = threading.Thread(target=loop, name="scan")
        wakeups = max(1, int(seconds * 1e9) // period_ns)
        bare = BareLoop(kernel, period_ns=period_ns, wakeups=wakeups, realtime=settings)
        scan.start()
        time.sleep(0.01 + period_ns / 2e9)
        bare.start()
        measured = bare.result()
        plan.plan.exit = 1
        scan.join()
        return ReleaseDelay(
            period_ns=period_ns,
            loaded=loaded,
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
    plan = ScanPlan(
        layout,
        timing=Timing(cycle_ns, frame_valid_ns=10 * cycle_ns, stop_on_fault=True),
        tasks=(),
        at=Addresses(control.address, app, image.address),
        initial=ctypes.string_at(app, layout.app_size),
        first_output_site=0,
        alone=True,
    )
    try:
        yield image, control, plan
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
