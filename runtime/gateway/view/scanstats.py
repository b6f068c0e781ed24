"""The scan's figures as messages carry them: release delay, phases, tasks."""

from runtime.gateway.view.frames import percentiles
from runtime.image.control import PHASES, Control
from runtime.image.manifest import Manifest, ManifestTask
from runtime.image.segment import ImageSegment
from runtime.image.statistics import Distribution, TaskFigures, task_figures
from runtime.wire.messages import StatsResult, TaskStats


def stats_result(manifest: Manifest, control: Control, image: ImageSegment) -> StatsResult:
    """Everything since the last reset."""
    figures = task_figures(image)
    return StatsResult(
        cycle_ns=manifest.cycle_ns,
        scan_no=control.scan_no,
        scan_clock_ns=control.scan_clock_ns,
        overruns=control.overruns,
        skipped=control.skipped,
        release_delay=percentiles(Distribution.capture(control.release_delay)),
        execution=percentiles(Distribution.capture(control.execution)),
        period_error=percentiles(Distribution.capture(control.period_error)),
        phases={name: percentiles(Distribution.capture(getattr(control, name))) for name in PHASES},
        tasks=[_task(manifest, task, seen) for task, seen in zip(manifest.tasks, figures, strict=True)],
    )


def _task(manifest: Manifest, task: ManifestTask, seen: TaskFigures) -> TaskStats:
    return TaskStats(
        name=task.name,
        interval_ns=task.interval_ns,
        priority=task.priority,
        budget=task.budget or manifest.budget,
        on_fault=task.on_fault or manifest.on_fault,
        overrun=task.overrun,
        runs=seen.runs,
        overruns=seen.overruns,
        cuts=seen.cuts,
        faults=seen.faults,
        left_out=seen.left_out,
        execution=percentiles(seen.execution),
    )
