"""Online change, the instant itself: between two scans the loop lets go of one plan and goes on with another.

Everything is prepared outside the loop (scan/change/changeplan.py): code, memory with initial values, a plan, and a
list of moves. The change-over makes the moves, puts tasks with a new interval into their phase, and tells which version
runs, once all there is of it can be seen: should the process die then, the next one takes retained values from the
snapshot that is left here. It happens after a scan's account, in the time the loop would sleep, so that no scan begins
later than it would have.
"""

from runtime.core.appmemory import ORIGIN_NS, WALL_NS
from runtime.image.control import Control
from runtime.image.emit import I64, PTR, Code
from runtime.image.recordring import RecordKind
from runtime.image.view import View
from runtime.scan.plan import Plan, TaskPlan


def write_change_over(code: Code) -> None:
    """Write `change_over(plan, next)`, and `vs_change_over` that does it on virtual time."""
    with code.routine("change_over", plan=PTR, next=PTR) as r:
        began = r.call(code["monotonic_ns"])
        new = View(r, Plan, r["next"])
        r.call(code["make_moves"], new["moves"], new["move_count"])
        control = View(r, Control, new["control"])
        since_first = control["scan_clock_ns"] + new["plc_offset_ns"] - new["app"].at(ORIGIN_NS).load(I64)
        with r.each(new["task_count"]) as i:
            task = new.element("tasks", TaskPlan, i)
            # Known, but of another interval: its first turn is the next one of the common phase.
            with r.when((task["turn"] < 0) & task["calls"].differs(0)):
                every_scan = task["interval_ns"].equals(0)
                interval = every_scan.choose(new["cycle_ns"], task["interval_ns"])
                task["turn"] = since_first // interval
        with r.when(new["ring"].differs(r.null())):  # what is recorded of the new version begins with this state
            wall = View(r, Plan, r["plan"])["app"].at(WALL_NS).load(I64)
            kind = r.word(RecordKind.CHECKPOINT)
            r.call(code["write_record"], r["next"], control["scan_clock_ns"], wall, kind)
        r.call(code["publish_snapshot"], r["next"])
        control.set_atomic("mirror_taken", new["mirror_taken"], "release")  # its segment has a mirror of its own
        control.set_atomic("change_ns", r.call(code["monotonic_ns"]) - began, "monotonic")
        control.set_atomic("version", new["version"], "release")
    with code.routine("vs_change_over", exported=True, plan=PTR, next=PTR) as r:
        r.call(code["change_over"], r["plan"], r["next"])
