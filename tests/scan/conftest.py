"""Fixtures around scanrig.py."""

from collections.abc import Sequence

import pytest
from scanrig import MS, TAGS, Rig, TaskBody, layout

from runtime.core.tag import TagTable
from runtime.image.emit import I32, PTR, Code
from runtime.image.layout import ImageLayout
from runtime.image.nativecode import NativeCode, native_cache, object_code
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.node.statedir import cache_dir
from runtime.scan.kernel import Kernel
from runtime.scan.plan import OverrunRule
from runtime.scan.planning import Addresses, PlannedTask, ScanPlan, Timing


@pytest.fixture(scope="session")
def kernel():
    return Kernel(native_cache(cache_dir()))


@pytest.fixture
def make_rig(kernel):
    """`make_rig([(body, interval_ns), …])`, closed at the end of the test."""
    made: list[Rig] = []
    kept: list[NativeCode] = []

    def make(
        tasks: Sequence[tuple[TaskBody, int]] = (),
        *,
        stop_on_fault: bool = True,
        cycle_ns: int = 10 * MS,
        initial: bytes = b"",
        rule: OverrunRule = OverrunRule.COUNT,
        tags: TagTable = TAGS,
        laid: ImageLayout | None = None,
        alone: bool = True,
        stored: Sequence[tuple[int, int]] | None = None,
    ) -> Rig:
        code = Code("tasks")
        clock_gettime = code.external("clock_gettime", I32, I32, PTR)
        for i, (body, _) in enumerate(tasks):
            with code.routine(f"vs_task_{i}", exported=True, app=PTR) as r:
                r.clock_gettime = clock_gettime  # for task bodies that work until a time
                body(r, r["app"])
        native = NativeCode(object_code(code.text()))
        kept.append(native)
        planned = [
            PlannedTask(native.address(f"vs_task_{i}"), interval, 1000, stop_on_fault, rule)
            for i, (_, interval) in enumerate(tasks)
        ]
        laid = laid or layout(len(tasks))
        image, control = ImageSegment.create(laid), ControlSegment.create()
        control.control.run_switch, control.control.term = 1, 3
        plan = ScanPlan(
            laid,
            timing=Timing(cycle_ns, frame_valid_ns=40 * MS, stop_on_fault=stop_on_fault),
            tasks=planned,
            at=Addresses(control.address, image.address + laid.app_offset, image.address),
            initial=initial or bytes(laid.app_size),
            first_output_site=0,
            alone=alone,
            stored=stored,
        )
        rig = Rig(kernel, image, control, plan, tags)
        made.append(rig)
        return rig

    yield make
    for rig in made:
        rig.image.close()
        rig.control_segment.close()
