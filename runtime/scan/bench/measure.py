"""What a scan costs beside the programs, and how late it wakes: figures, with the machine's own beside them.

Absolute figures are the machine's; the ratios are Voltscan's. Nothing here asserts.
"""

from dataclasses import asdict, dataclass
from typing import Any

from runtime.core.duration import duration_text
from runtime.core.objectcache import ObjectCache
from runtime.scan.bench.image import HEADING, TAG_COUNTS, ImageCost, image_cost, own_costs
from runtime.scan.bench.recording import RecordingCost, recording_cost
from runtime.scan.bench.release import RELEASE_PERIODS_NS, ReleaseDelay, load, release_delay
from runtime.scan.bench.site import SiteCost, site_cost
from runtime.scan.kernel import Kernel

_COLD_ROUNDS_MAX = 50
_COLD_ROUNDS_A_SECOND = 10


@dataclass(frozen=True, slots=True)
class BenchReport:
    """What `voltscan bench` shows."""

    costs: tuple[ImageCost, ...]
    accounting_ns: float
    recording: RecordingCost
    releases: tuple[ReleaseDelay, ...]
    site: SiteCost

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    def table(self) -> str:
        """For people."""
        lines = [HEADING]
        for cost in self.costs:
            lines += cost.lines()
        lines += ["", f"Accounting of a scan: {duration_text(self.accounting_ns)} (bound: 300 ns)"]
        lines += self.recording.lines()
        for release in self.releases:
            lines += ["", *release.lines()]
        lines += ["", *self.site.lines()]
        return "\n".join(lines)


def run_bench(seconds: float, *, cache: ObjectCache | None = None) -> BenchReport:
    """Measure: the phases for TAG_COUNTS, release delay for `seconds` at each period, idle and loaded, then a site."""
    kernel = Kernel(cache)
    rounds = min(_COLD_ROUNDS_MAX, 1 + int(seconds * _COLD_ROUNDS_A_SECOND))
    costs = tuple(image_cost(kernel, tags, rounds) for tags in TAG_COUNTS)
    accounting_ns, at_rest_ns = own_costs(kernel)
    recording = recording_cost(kernel, at_rest_ns, rounds)
    releases = [release_delay(kernel, period_ns, seconds, loaded=False) for period_ns in RELEASE_PERIODS_NS]
    with load(seconds * len(RELEASE_PERIODS_NS)):
        releases += [release_delay(kernel, period_ns, seconds, loaded=True) for period_ns in RELEASE_PERIODS_NS]
    return BenchReport(costs, accounting_ns, recording, tuple(releases), site_cost(kernel, seconds))
