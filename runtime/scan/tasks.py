"""Phase run: every task that is due, in order, each with its own interval, budget and first-scan flag.

All intervals count from the first scan (a common phase). A task runs once in each of its intervals, in the first scan
of it; a scan that was skipped delays it, but never shifts the intervals after.
"""

from runtime.core.appmemory import BUDGET, CUT, DT_NS, FIRST_SCAN, NOW_NS, SCAN_NO, WALL_NS
from runtime.image.emit import I8, I64, PTR, VOID, Code, Routine
from runtime.scan.plan import Plan, TaskPlan
from runtime.scan.view import View


def write_run(code: Code) -> None:
    """Write `run(plan, now, wall)`."""
    with code.routine("run", plan=PTR, now=I64, wall=I64) as r:
        plan = View(r, Plan, r["plan"])
        app = plan["app"]
        app.at(NOW_NS).store(r["now"])
        app.at(WALL_NS).store(r["wall"])
        app.at(SCAN_NO).store(plan["scan_no"])
        since_first = r["now"] - plan["first_now_ns"]
        with r.each(plan["task_count"]) as i:
            task = plan.element("tasks", TaskPlan, i)
            every_scan = task["interval_ns"].equals(0)
            interval = every_scan.choose(plan["cycle_ns"], task["interval_ns"])
            turn = since_first // interval
            with r.when(every_scan | turn.differs(task["turn"])):
                task["turn"] = turn
                app.at(DT_NS).store(interval)
                _run_task(r, plan, task)


def _run_task(r: Routine, plan: View, task: View) -> None:
    app = plan["app"]
    calls = task["calls"]
    app.at(FIRST_SCAN).store(calls.equals(0).widened(I8))
    app.at(CUT).store(r.word(0, I8))
    app.at(BUDGET).store(plan["budget"])
    r.call_through(task["entry"], VOID, app)
    task["calls"] = calls + 1
