"""What the scan's histograms say: percentiles, mean, and the difference between two looks (buckets: control.py)."""

from dataclasses import dataclass

from runtime.image.control import HISTOGRAM_BUCKETS, Histogram
from runtime.image.segment import ImageSegment
from runtime.image.taskstatistics import TaskStatistics

_LINEAR_BITS = 4
"""Values below 2**4 ns have a bucket each, and so many bits tell the buckets of an octave."""


def bucket_of(value_ns: int) -> int:
    """Number of the bucket that counts a duration; the last one takes all that is larger."""
    octave = value_ns.bit_length() - 1
    if octave < _LINEAR_BITS:
        return max(0, value_ns)
    within = (value_ns >> (octave - _LINEAR_BITS)) & 15
    return min((octave - 3) * 16 + within, HISTOGRAM_BUCKETS - 1)


def bucket_start_ns(bucket: int) -> int:
    """Smallest duration that the bucket counts."""
    if bucket < 1 << _LINEAR_BITS:
        return bucket
    octave = bucket // 16 + 3
    return (16 + bucket % 16) << (octave - _LINEAR_BITS)


@dataclass(frozen=True, slots=True)
class Distribution:
    """A histogram at one moment. `max_ns` counts from the last reset."""

    count: int
    sum_ns: int
    max_ns: int
    buckets: tuple[int, ...]

    @classmethod
    def capture(cls, histogram: Histogram) -> "Distribution":
        """What the histogram holds now. The scan may add to it meanwhile: a count may be one ahead of its bucket."""
        return cls(histogram.count, histogram.sum_ns, histogram.max_ns, tuple(histogram.buckets))

    @property
    def mean_ns(self) -> float:
        """Arithmetic mean; 0 of nothing."""
        return self.sum_ns / self.count if self.count else 0.0

    def percentile_ns(self, percent: float) -> float:
        """The duration that `percent` of all stay at or below, within 3 %: the middle of its bucket; 0 of nothing."""
        total = sum(self.buckets)
        rank = max(1.0, total * percent / 100.0)
        seen = 0
        for bucket, held in enumerate(self.buckets):
            seen += held
            if held and seen >= rank:
                middle = (bucket_start_ns(bucket) + bucket_start_ns(bucket + 1) - 1) / 2
                return min(middle, float(self.max_ns))
        return 0.0

    def since(self, earlier: "Distribution") -> "Distribution":
        """What was added after `earlier`; all of it when the histogram was reset in between."""
        if earlier.count > self.count:
            return self
        buckets = tuple(max(0, now - before) for now, before in zip(self.buckets, earlier.buckets, strict=True))
        return Distribution(self.count - earlier.count, self.sum_ns - earlier.sum_ns, self.max_ns, buckets)

    def summary(self) -> dict[str, float]:
        """Count, and p50, p90, p99, p99.9, p99.99, max and mean in ns: for tables and JSON."""
        percents = {f"p{percent:g}_ns": self.percentile_ns(percent) for percent in (50, 90, 99, 99.9, 99.99)}
        return {"count": float(self.count), **percents, "max_ns": float(self.max_ns), "mean_ns": self.mean_ns}


@dataclass(frozen=True, slots=True)
class TaskFigures:
    """One task at one moment."""

    runs: int
    overruns: int
    cuts: int
    faults: int
    left_out: int
    execution: Distribution


def task_figures(segment: ImageSegment) -> list[TaskFigures]:
    """All tasks, in order of execution. The scan may count on meanwhile."""
    layout = segment.layout
    start = segment.address + layout.task_statistics_offset
    rows = (TaskStatistics * layout.task_count).from_address(start)
    return [
        TaskFigures(r.runs, r.overruns, r.cuts, r.faults, r.left_out, Distribution.capture(r.execution)) for r in rows
    ]
