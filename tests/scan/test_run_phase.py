"""Phase run: which task runs when, and what it is told."""

import pytest
from scanrig import MS, START_NS, WALL_NS, offset

from runtime.core.appmemory import BUDGET, CUT, DT_NS, FAULT_COUNT, FIRST_SCAN, NOW_NS, SCAN_NO
from runtime.core.appmemory import WALL_NS as WALL_OFFSET
from runtime.core.fault import FaultCode
from runtime.image.emit import I8, I64
from runtime.image.snapshot import SnapshotReader
from runtime.image.statistics import task_figures
from runtime.scan.plan import OverrunRule, TaskPlan


def counter(name):
    """A task body that counts its calls in the variable, and those with FIRST_SCAN a thousandfold."""

    def body(r, app):
        place = app.at(offset(name))
        first = app.at(FIRST_SCAN).load(I8).widened(I64)
        place.store(place.load(I64) + 1 + first * 1000)

    return body


def digits(r, app):
    """A task body that appends its DT in ms to `sum`, as decimal digits."""
    place = app.at(offset("sum"))
    place.store(place.load(I64) * 100 + app.at(DT_NS).load(I64) // MS)


def test_run_when_scans_pass_then_header_tells_clock_wall_and_scan_number(make_rig):
    rig = make_rig([(counter("runs"), 0)])
    rig.scan(3)
    with rig.memory as memory:
        words = memory.cast("q")
        assert (words[NOW_NS // 8], words[WALL_OFFSET // 8], words[SCAN_NO // 8]) == (START_NS + 20 * MS, WALL_NS, 3)
        assert words[BUDGET // 8] == 1000
        words.release()


def test_run_when_tasks_have_intervals_then_each_runs_in_its_own_and_is_told_its_dt(make_rig):
    rig = make_rig(
        [(counter("runs"), 0), (counter("seen_dt"), 20 * MS), (counter("seen_first"), 50 * MS), (digits, 30 * MS)]
    )
    table = []
    for _ in range(7):
        rig.scan()
        table.append((rig.get("runs"), rig.get("seen_dt"), rig.get("seen_first"), rig.get("sum")))
    assert table == [
        (1001, 1001, 1001, 30),
        (1002, 1001, 1001, 30),
        (1003, 1002, 1001, 30),
        (1004, 1002, 1001, 3030),
        (1005, 1003, 1001, 3030),
        (1006, 1003, 1002, 3030),
        (1007, 1004, 1002, 303030),
    ]


def test_run_when_scans_are_skipped_then_a_late_task_runs_once_and_keeps_its_phase(make_rig):
    rig = make_rig([(counter("runs"), 40 * MS)])
    ran = []
    for at_ms in (0, 10, 70, 80, 90, 260, 270, 280):
        rig.now_ns = START_NS + at_ms * MS
        before = rig.snapshots.latest()
        rig.scan()
        ran.append((at_ms, rig.get("runs") - (before.value(rig.tag("runs")) if before else 1000)))
    assert ran == [(0, 1), (10, 0), (70, 1), (80, 1), (90, 0), (260, 1), (270, 0), (280, 1)]


def test_run_when_a_task_was_cut_then_the_next_starts_with_a_full_budget(make_rig):
    def cut(r, app):
        app.at(CUT).store(r.word(1, I8))
        app.at(BUDGET).store(r.word(0))

    def look(r, app):
        app.at(offset("sum")).store(app.at(BUDGET).load(I64) + app.at(CUT).load(I8).widened(I64))

    rig = make_rig([(cut, 0), (look, 0)])
    rig.scan()
    assert rig.get("sum") == 1000


def test_run_when_steps_are_native_then_same_memory_as_step_by_step(make_rig):
    tasks = [(counter("runs"), 0), (digits, 30 * MS)]
    one, many = make_rig(tasks), make_rig(tasks)
    for i in range(50):
        one.kernel.step(one.plan.address, START_NS + i * 10 * MS, WALL_NS + i * 10 * MS)
    many.kernel.steps(many.plan.address, START_NS, WALL_NS, 50)
    with one.memory as a, many.memory as b:
        assert bytes(a) == bytes(b)


FAR_AHEAD_NS = 1 << 60
"""A scan clock at which no turn ends after its next release. At START_NS, soon after the machine's start, each does."""


def measured(rig):
    rig.plan.plan.measured = 1
    return rig


def faulting(r, app):
    """A task body that counts a fault and was cut."""
    counter("seen_dt")(r, app)
    app.at(FAULT_COUNT).store(app.at(FAULT_COUNT).load(I64) + 1)
    app.at(CUT).store(r.word(1, I8))


def test_run_when_measured_then_each_task_has_its_own_figures_and_a_reset_clears_them(make_rig):
    rig = measured(make_rig([(counter("runs"), 0), (faulting, 20 * MS)]))
    rig.now_ns = FAR_AHEAD_NS
    rig.scan(6)
    first, second = task_figures(rig.image)
    assert (first.runs, first.overruns, first.cuts, first.faults, first.execution.count) == (6, 0, 0, 0, 6)
    assert (second.runs, second.overruns, second.cuts, second.faults, second.execution.count) == (3, 0, 3, 3, 3)
    assert [getattr(rig.control, name).count for name in ("latch", "commands", "run", "publish")] == [6] * 4
    assert rig.control.run.sum_ns >= first.execution.sum_ns + second.execution.sum_ns


def test_run_when_on_virtual_time_then_nothing_is_timed(make_rig):
    rig = make_rig([(counter("runs"), 0)])
    rig.scan(3)
    assert (task_figures(rig.image)[0].runs, rig.control.run.count, rig.get("runs")) == (0, 0, 1003)


@pytest.mark.parametrize(
    ("rule", "calls", "left_out", "faults"),
    [(OverrunRule.COUNT, 6, 0, 0), (OverrunRule.SKIP, 3, 3, 0), (OverrunRule.FAULT, 6, 0, 5)],
)
def test_run_when_each_turn_overruns_then_its_rule_is_applied_a_turn_later(make_rig, rule, calls, left_out, faults):
    rig = measured(make_rig([(counter("runs"), 0)], rule=rule))
    rig.scan(6)
    (figures,) = task_figures(rig.image)
    assert (rig.get("runs"), figures.runs, figures.overruns, figures.left_out) == (1000 + calls, calls, calls, left_out)
    told = rig.faults()
    assert [f.scan_no for f in told] == list(range(2, 2 + faults))
    assert {f.site.code for f in told} <= {FaultCode.TASK_OVERRUN}
    assert rig.frame().driving is not bool(faults)


def test_run_when_a_task_that_may_fault_does_then_outputs_are_driven_until_one_that_may_not(make_rig):
    rig = make_rig([(faulting, 0), (faulting, 30 * MS)])
    tasks = (TaskPlan * 2).from_address(rig.plan.plan.tasks)
    tasks[0].stop_on_fault = tasks[1].stop_on_fault = 0
    rig.scan(2)
    assert (rig.frame().driving, rig.control.fault_count, rig.control.stop_count) == (True, 3, 0)
    tasks[1].stop_on_fault = 1
    rig.scan(2)
    assert (rig.frame().driving, rig.control.fault_count, rig.control.stop_count) == (False, 6, 6)
    rig.control.fault_ack = 6
    rig.scan()
    assert (rig.frame().driving, rig.control.fault_count) == (True, 7)


def test_capture_when_faults_follow_each_other_then_memory_is_that_after_the_first_since_the_acknowledgement(make_rig):
    rig = make_rig([(faulting, 20 * MS), (counter("runs"), 0)])
    captures = SnapshotReader(rig.image, rig.image.layout.fault_capture)
    assert captures.latest() is None
    rig.scan(5)
    first = captures.latest()
    assert (first.scan_no, first.fault_count) == (1, 1)
    assert (first.value(rig.tag("seen_dt")), first.value(rig.tag("runs"))) == (1001, 0)  # the second task comes later
    rig.control.fault_ack = 3
    rig.scan(5)
    second = captures.latest()
    assert (second.scan_no, second.fault_count, second.value(rig.tag("runs"))) == (7, 4, 1006)
