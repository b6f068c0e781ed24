"""The frames of the stream: status ten times a second, all tags four times a second."""

import time
from collections.abc import Callable

from runtime.core.rights import RIGHTS, rights_in
from runtime.core.tag import Tag
from runtime.gateway.faults.programfaults import faults_since
from runtime.gateway.view.names import is_pattern, matching
from runtime.gateway.view.observation import NEVER_MS, Look, Observer
from runtime.image.control import Histogram, is_standby
from runtime.image.statistics import Distribution
from runtime.wire.messages import (
    JsonValue,
    PairPart,
    Percentiles,
    ProgramVersion,
    RightMissing,
    ShortPercentiles,
    StatusFrame,
    TagsFrame,
)
from runtime.wire.pairport import PairStatus

LOAD_WINDOW_NS = 1_000_000_000
"""The load is the scan's share of this much time."""


def percentiles(seen: Distribution) -> Percentiles:
    """The whole table of percentiles."""
    return Percentiles(
        count=seen.count,
        sum_ns=seen.sum_ns,
        p50_ns=round(seen.percentile_ns(50)),
        p90_ns=round(seen.percentile_ns(90)),
        p99_ns=round(seen.percentile_ns(99)),
        p999_ns=round(seen.percentile_ns(99.9)),
        p9999_ns=round(seen.percentile_ns(99.99)),
        max_ns=seen.max_ns,
    )


def short_percentiles(histogram: Histogram) -> ShortPercentiles:
    """The three figures of a status frame."""
    seen = Distribution.capture(histogram)
    return ShortPercentiles(
        p50_ns=round(seen.percentile_ns(50)), p99_ns=round(seen.percentile_ns(99)), max_ns=seen.max_ns
    )


class LoadMeter:
    """How much of its time the scan is at work."""

    def __init__(self) -> None:
        self._sum_ns = 0
        self._from_ns: int | None = None
        self.load_pct = 0.0

    def seen(self, sum_ns: int, now_ns: int) -> None:
        """The sum of all execution times since the last reset, now."""
        if self._from_ns is None or sum_ns < self._sum_ns:
            self._from_ns, self._sum_ns = now_ns, sum_ns
        elif now_ns - self._from_ns >= LOAD_WINDOW_NS:
            self.load_pct = 100.0 * (sum_ns - self._sum_ns) / (now_ns - self._from_ns)
            self._from_ns, self._sum_ns = now_ns, sum_ns


class Frames:
    """Builds the frames of one controller. `view`: names or patterns of the tags a status frame shows. `pair`: its
    status, where it is in one."""

    def __init__(
        self,
        observer: Observer,
        view: tuple[str, ...],
        version: ProgramVersion | None = None,
        pair: Callable[[], PairStatus | None] = lambda: None,
    ) -> None:
        self._observer = observer
        self._pair = pair
        self._version = version or ProgramVersion(number=0, hash="", since_wall_ns=0, by="")
        self._load = LoadMeter()
        tags = observer.manifest.tags
        found: dict[str, Tag] = {}
        for name in view:
            exact = None if is_pattern(name) else tags.tag(name)
            found |= {tag.name: tag for tag in ([exact] if exact else matching(name, tags.tags))}
        self.view = tuple(found.values())

    def tick(self, now_ns: int) -> None:
        """Measure the load. Called regularly, whether anybody listens or not."""
        self._load.seen(self._observer.control.execution.sum_ns, now_ns)

    def status(self) -> StatusFrame:
        """The status now; it can be told without any scan."""
        observer = self._observer
        control, manifest = observer.control, observer.manifest
        look = observer.look()
        scanning = look is not None and look.scanning
        bad_inputs = observer.bad_inputs(look) if look else list(observer.inputs)
        faults = faults_since(look.snapshot, manifest.fault_sites, control.fault_ack) if look else []
        return StatusFrame(
            t_wall_ns=time.time_ns(),
            site=manifest.site,
            scan_no=control.scan_no,
            cycle_ns=manifest.cycle_ns,
            scanning=scanning,
            driving=bool(control.driving) and scanning,
            standby=is_standby(control),
            pair=_part(self._pair()),
            fault_stop=bool(control.fault_stop),
            faults=faults,
            overruns=control.overruns,
            skipped=control.skipped,
            release_delay=short_percentiles(control.release_delay),
            execution=short_percentiles(control.execution),
            load_pct=self._load.load_pct if scanning else 0.0,
            rights_missing=[
                RightMissing(without=RIGHTS[right].without, unit_line=RIGHTS[right].unit_line)
                for right in rights_in(control.rights_missing)
            ],
            bad_inputs=bad_inputs,
            bad_devices=observer.bad_devices(bad_inputs),
            forces=observer.force_states(),
            view={tag.name: look.value(tag) for tag in self.view} if look else {},
            program=self._version,
        )

    def tags(self) -> TagsFrame | None:
        """All tags now; None before the first scan."""
        look = self._observer.look()
        if look is None:
            return None
        values = [self._tag(tag, look) for tag in self._observer.manifest.tags]
        return TagsFrame(t_wall_ns=time.time_ns(), values=values)

    def _tag(self, tag: Tag, look: Look) -> tuple[JsonValue, int, int, int]:
        forced = int(look.is_forced(tag))
        if tag.name in self._observer.inputs:
            return look.value(tag), int(look.quality(tag)), look.age_ms(tag), forced
        return look.value(tag), 2, NEVER_MS, forced


def _part(told: PairStatus | None) -> PairPart | None:
    if told is None:
        return None
    return PairPart(
        name=told["name"], role=told["role"], leader=told["leader"], term=told["term"], drives=told["drives"]
    )
