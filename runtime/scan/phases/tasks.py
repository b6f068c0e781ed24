"""Phase run: every task that is due, in order, each with its own interval, budget and first-scan flag.

All intervals count from the first scan (a common phase). A task runs once in each of its intervals, in the first scan
of it; a scan that was skipped delays it, but never shifts the intervals after. A turn that ended after the task's next
release is an overrun; what follows from it beyond being counted (OverrunRule) happens at the task's next turn.
"""

from runtime.core.appmemory import BUDGET, CUT, DT_NS, FAULT_COUNT, FIRST_SCAN, NOW_NS, ORIGIN_NS, SCAN_NO, WALL_NS
from runtime.image.emit import I8, I32, I64, PTR, VOID, Code, Routine, Word
from runtime.image.taskstatistics import TaskStatistics
from runtime.image.view import View
from runtime.scan.phases.outputs import stop_at
from runtime.scan.plan import OverrunRule, Plan, TaskPlan


def write_run(code: Code) -> None:
    """Write `run(plan, now, wall)`, of PLC time."""
    _write_measure(code)
    _write_is_left_out(code)
    with code.routine("run", plan=PTR, now=I64, wall=I64) as r:
        plan = View(r, Plan, r["plan"])
        app = plan["app"]
        app.at(NOW_NS).store(r["now"])
        app.at(WALL_NS).store(r["wall"])
        app.at(SCAN_NO).store(plan["scan_no"])
        since_first = r["now"] - app.at(ORIGIN_NS).load(I64)
        plan["turn_ns"] = plan["phase_ns"]
        with r.each(plan["task_count"]) as i:
            task = plan.element("tasks", TaskPlan, i)
            every_scan = task["interval_ns"].equals(0)
            interval = every_scan.choose(plan["cycle_ns"], task["interval_ns"])
            turn = since_first // interval
            with r.when(every_scan | turn.differs(task["turn"])):
                task["turn"] = turn
                before = app.at(FAULT_COUNT).load(I64)
                left_out = r.call(code["is_left_out"], r["plan"], task.pointer, i)
                with r.when(left_out.equals(0)):
                    app.at(DT_NS).store(interval)
                    r.call(code["apply_pins"], r["plan"])
                    _run_task(r, plan, task)
                    r.call(code["apply_pins"], r["plan"])
                    faults = app.at(FAULT_COUNT).load(I64) - before
                    with r.when(plan["measured"].differs(0)):
                        next_release = r["now"] - since_first + (turn + 1) * interval - plan["plc_offset_ns"]
                        r.call(code["measure_task"], r["plan"], task.pointer, i, next_release, faults)
                after = app.at(FAULT_COUNT).load(I64)
                with r.when(after.differs(before)):
                    r.call(code["capture"], r["plan"])
                    with r.when(task["stop_on_fault"].differs(0)):
                        stop_at(r, plan, after)


def _run_task(r: Routine, plan: View, task: View) -> None:
    app = plan["app"]
    calls = task["calls"]
    app.at(FIRST_SCAN).store(calls.equals(0).widened(I8))
    app.at(CUT).store(r.word(0, I8))
    app.at(BUDGET).store(task["budget"])
    r.call_through(task["entry"], VOID, app)
    task["calls"] = calls + 1


def _write_is_left_out(code: Code) -> None:
    """`is_left_out(plan, task, number) -> 1`: apply the rule of an overrun in the turn before."""
    with code.routine("is_left_out", I64, plan=PTR, task=PTR, number=I64) as r:
        plan, task = View(r, Plan, r["plan"]), View(r, TaskPlan, r["task"])
        with r.when(task["late"].equals(0)):
            r.give(r.word(0))
        task["late"] = r.word(0, I32)
        with r.when(task["overrun_rule"].equals(OverrunRule.FAULT)):
            r.call(code["record_fault"], plan["app"], task["overrun_site"])
        skip = task["overrun_rule"].equals(OverrunRule.SKIP)
        with r.when(skip & plan["measured"].differs(0)):
            _row(plan, r["number"]).add("left_out", 1)
        r.give(skip.widened(I64))


def _write_measure(code: Code) -> None:
    """`measure_task(plan, task, number, next_release, faults)`, right after the task."""
    with code.routine("measure_task", plan=PTR, task=PTR, number=I64, next_release=I64, faults=I64) as r:
        plan, task = View(r, Plan, r["plan"]), View(r, TaskPlan, r["task"])
        row = _row(plan, r["number"])
        now = r.call(code["monotonic_ns"])
        r.call(code["record"], row.address("execution"), now - plan["turn_ns"])
        plan["turn_ns"] = now
        row.add("runs", 1)
        row.add("faults", r["faults"])
        row.add("cuts", plan["app"].at(CUT).load(I8).widened(I64))
        with r.when(now > r["next_release"]):
            row.add("overruns", 1)
            task["late"] = task["overrun_rule"].differs(OverrunRule.COUNT).widened(I32)


def _row(plan: View, number: Word) -> View:
    return plan.element("task_statistics", TaskStatistics, number)
