"""The flight recorder's price: what the scan pays to leave a record, and what the process that follows it pays.

Both for a site of 1,000 tags, at rest and with one device of two answering anew in every scan, which is more than any
field bus delivers at a millisecond. The second is CPU time against the time that the scans stand for.
"""

import time
from dataclasses import dataclass

from runtime.core.duration import duration_text
from runtime.image.recordring import RingReader
from runtime.image.snapshot import SnapshotReader
from runtime.scan.bench.controller import START_NS, Elsewhere, bench_controller, phase_medians_ns
from runtime.scan.kernel import Kernel
from runtime.scan.record.recorder import FlightRecorder, RecorderLimits

_TAGS = 1_000
_CYCLE_NS = 1_000_000
_SCANS_A_POLL = 50
_POLLS_A_ROUND = 2
_LIMITS = RecorderLimits(keep_ns=600_000_000_000, size_max=64 << 20)


@dataclass(frozen=True, slots=True)
class RecordingCost:
    """`at_rest_ns`: warm. `cold_ns` and `one_fresh_cold_ns`: nothing in caches. The last two: of the process."""

    at_rest_ns: float
    cold_ns: float
    one_fresh_cold_ns: float
    recorder_pct: float
    recorder_one_fresh_pct: float

    def lines(self) -> list[str]:
        """For people."""
        costs = (self.at_rest_ns, self.cold_ns, self.one_fresh_cold_ns)
        pct, fresh_pct = self.recorder_pct, self.recorder_one_fresh_pct
        told = ", ".join(
            f"{name} {duration_text(round(cost))} ({cost / _CYCLE_NS * 100:.2f} %)"
            for name, cost in zip(("warm", "cold", "cold with a new page of 250 points"), costs, strict=True)
        )
        return [
            f"Recording of a scan of {_TAGS} tags at {duration_text(_CYCLE_NS)}: {told}",
            f"  recorder process: {pct:.1f} % of a core, with a new page in every scan {fresh_pct:.1f} %",
        ]


def recording_cost(kernel: Kernel, at_rest_ns: float, rounds: int) -> RecordingCost:
    """Measure; the cold figures from so many scans each, those of the recorder from 100 times as many."""
    return RecordingCost(
        at_rest_ns,
        _cold_ns(kernel, rounds, fresh=0),
        _cold_ns(kernel, rounds, fresh=1),
        _recorder_pct(kernel, rounds * _POLLS_A_ROUND, fresh=0),
        _recorder_pct(kernel, rounds * _POLLS_A_ROUND, fresh=1),
    )


def _cold_ns(kernel: Kernel, rounds: int, *, fresh: int) -> float:
    elsewhere = Elsewhere()
    with bench_controller(_TAGS, _CYCLE_NS) as bench:
        bench.publish()
        bench.plan.plan.measured = 1
        for _ in range(rounds):
            bench.publish(bench.pages[:fresh])
            elsewhere.visit()
            kernel.step(bench.plan.address, START_NS, 0)
        return phase_medians_ns(bench.control.control)["record"]


def _recorder_pct(kernel: Kernel, polls: int, *, fresh: int) -> float:
    """What node/record/recorder.py does in a poll, and nothing else."""
    with bench_controller(_TAGS, _CYCLE_NS) as bench:
        bench.publish()
        ring, snapshots = RingReader(bench.image), SnapshotReader(bench.image)
        recorder = FlightRecorder(ring.take, ring.ask_checkpoint, _LIMITS)
        now_ns, used_s = START_NS, 0.0
        for _ in range(polls):
            for _ in range(_SCANS_A_POLL):
                bench.publish(bench.pages[:fresh])
                kernel.step(bench.plan.address, now_ns, 0)
                now_ns += _CYCLE_NS
            began = time.thread_time()
            snapshot = snapshots.latest()
            recorder.poll()
            if snapshot is not None:
                recorder.note_state(snapshot.scan_no, snapshot.memory)
            used_s += time.thread_time() - began
        return used_s * 1e9 / (polls * _SCANS_A_POLL * _CYCLE_NS) * 100.0
