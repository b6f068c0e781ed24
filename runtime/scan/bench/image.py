"""What the phases beside `run` cost: latch, commands, publish and record, by the scan's own statistics.

*Warm*: scan after scan, everything in caches, the least that it can be. *Cold*: nothing in caches, as after a sleep
beside other programs; what counts then is how many cache lines a scan touches.
"""

import statistics
import time
from dataclasses import dataclass

from runtime.core.duration import duration_text
from runtime.scan.bench.controller import START_NS, BenchController, Elsewhere, bench_controller, phase_medians_ns
from runtime.scan.kernel import Kernel

TAG_COUNTS = (1_000, 10_000)
_CYCLE_NS = 10_000_000
_STEPS = 400
_ROUNDS = 15
_OWN_ROUNDS = 60
_ACCOUNTS = 100_000
_US = 1e3


@dataclass(frozen=True, slots=True)
class ImageCost:
    """All phases but run, for so many tags: half of them inputs, a tenth outputs. ns a scan, medians.

    Pages `at_rest` have not changed since the last scan; with `one_fresh` one device of many has answered, with
    `all_fresh` all have. `whole_*`: nothing is left alone, everything is copied in every scan, as is done on virtual
    time. `app_size`: bytes of the image, which is what readers get of every scan.
    """

    tags: int
    inputs: int
    outputs: int
    app_size: int
    at_rest_ns: float
    cold_ns: float
    one_fresh_cold_ns: float
    all_fresh_cold_ns: float
    whole_ns: float
    whole_cold_ns: float

    def bytes_per_us(self, ns: float) -> float:
        """How fast the image reaches its readers when a scan costs so much."""
        return self.app_size / ns * _US

    def lines(self) -> list[str]:
        """For people."""
        costs = (self.at_rest_ns, self.cold_ns, self.one_fresh_cold_ns, self.all_fresh_cold_ns)
        whole = (self.whole_ns, self.whole_cold_ns)
        name = f"  {self.tags:6d} tags ({self.inputs} in, {self.outputs} out), {self.app_size / 1024:.0f} KiB"
        ratios = (self.whole_ns / self.at_rest_ns, self.whole_cold_ns / self.cold_ns)
        return [
            name.ljust(48) + "".join(f"{duration_text(round(cost)):>12}" for cost in costs),
            "    image copy, bytes/us".ljust(48) + "".join(f"{self.bytes_per_us(cost):>12.0f}" for cost in costs),
            "    if everything was copied in every scan".ljust(48)
            + "".join(f"{duration_text(round(cost)):>12}" for cost in whole),
            "    ratio".ljust(48) + "".join(f"{ratio:>12.1f}" for ratio in ratios),
        ]


HEADING = "A scan without its programs".ljust(48) + "".join(
    f"{name:>12}" for name in ("warm", "cold", "cold, 1 new", "cold, all")
)


def image_cost(kernel: Kernel, tag_count: int, rounds: int) -> ImageCost:
    """Measure; the cold figures from so many scans each."""
    elsewhere = Elsewhere()
    with bench_controller(tag_count, _CYCLE_NS, alone=False) as bench:
        whole_ns = _warm_ns(kernel, bench)
        whole_cold_ns = _cold_ns(kernel, bench, elsewhere, rounds, fresh=0)
    with bench_controller(tag_count, _CYCLE_NS) as bench:
        layout = bench.image.layout
        return ImageCost(
            tags=tag_count,
            inputs=len(layout.inputs),
            outputs=len(layout.outputs),
            app_size=layout.app_size,
            at_rest_ns=_warm_ns(kernel, bench),
            cold_ns=_cold_ns(kernel, bench, elsewhere, rounds, fresh=0),
            one_fresh_cold_ns=_cold_ns(kernel, bench, elsewhere, rounds, fresh=1),
            all_fresh_cold_ns=_cold_ns(kernel, bench, elsewhere, rounds, fresh=len(layout.pages)),
            whole_ns=whole_ns,
            whole_cold_ns=whole_cold_ns,
        )


def own_costs(kernel: Kernel) -> tuple[float, float]:
    """What statistics and what the record ring cost a scan at rest, in ns: with and without, in the quietest round."""
    with bench_controller(TAG_COUNTS[0], _CYCLE_NS) as bench:
        words, address = bench.plan.plan, bench.plan.address
        _time_steps(kernel, bench)

        def best() -> float:
            return min(_time_steps(kernel, bench) for _ in range(_OWN_ROUNDS))

        plain = best()
        words.measured = 1
        measured = best()
        words.measured = 0
        before = time.thread_time_ns()
        kernel.accounts(address, _ACCOUNTS)
        account = (time.thread_time_ns() - before) / _ACCOUNTS
        ring, words.ring = words.ring, None
        without = best()
        words.ring = ring
    return max(0.0, measured - plain) + account, max(0.0, plain - without)


def _warm_ns(kernel: Kernel, bench: BenchController) -> float:
    bench.publish()
    kernel.steps(bench.plan.address, START_NS, 0, _STEPS)
    return statistics.median(_time_steps(kernel, bench) for _ in range(_ROUNDS))


def _time_steps(kernel: Kernel, bench: BenchController) -> float:
    before = time.thread_time_ns()
    kernel.steps(bench.plan.address, START_NS, 0, _STEPS)
    return (time.thread_time_ns() - before) / _STEPS


def _cold_ns(kernel: Kernel, bench: BenchController, elsewhere: Elsewhere, rounds: int, *, fresh: int) -> float:
    words, pages = bench.plan.plan, bench.pages
    words.measured = 1
    phase_medians_ns(bench.control.control)
    for number in range(rounds):
        bench.publish([pages[(number * fresh + i) % len(pages)] for i in range(fresh)])
        elsewhere.visit()
        kernel.step(bench.plan.address, START_NS, 0)
    words.measured = 0
    return sum(told for name, told in phase_medians_ns(bench.control.control).items() if name != "run")
