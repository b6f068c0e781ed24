"""A member of a pair: it mirrors the other controller's memory until it leads, and then goes on where that one stopped.

Redundancy says who leads (`lead_term`) and hands over the leader's application memory, whole, in the mirror channel. A
standby's scan takes the newest entry in each base cycle and publishes it as its snapshot; it runs no program, writes no
output frame and records nothing. A scan that has become leader runs programs on that memory from its next cycle on:

- scan numbers go on from the mirrored one;
- PLC time goes on from the mirrored one by the time that really passed since that arrived, to the nearest whole base
  cycle, at least one. From then on it keeps its distance to this machine's monotonic clock (`plc_offset_ns`).
  Programs, and the stamps and phases in application memory, know PLC time only; pages, frames, leases and the mailbox
  know monotonic time only;
- tasks keep their phase: a turn is one of the intervals since scan 1, whose time is in memory (ORIGIN_NS);
- all inputs are latched anew from this controller's own pages;
- outputs that hold, hold what the former leader drove;
- a fault with reaction `stop` stays one, and acknowledged or not (STOP_COUNT, FAULT_ACK).

Without any entry that is newer than its own memory it goes on with that, which is so at the first start of a pair and
when a leader is elected again. Only a scan process that follows one which has led does not: it leads no more in that
term, and in a later one only from a state of that term or a later one, which redundancy hands to it. That is the newest
that lies in shared memory: a scan publishes its state before its outputs can be written (loop.py), so none that was
written is ever gone back behind, whoever died and whatever redundancy had been told.

The payload is copied whole into the scan's own staging before any of it is used; any bytes in it are safe to run with
(core/appmemory.py).
"""

from runtime.core.appmemory import FAULT_ACK, ORIGIN_NS, STOP_COUNT, WALL_NS
from runtime.image.control import Control
from runtime.image.emit import I32, I64, PTR, Code, Routine, Word
from runtime.image.layout import FRAME_HEADER_SIZE, FRAME_VALUE_SIZE, MIRROR_HEADER_SIZE
from runtime.image.recordring import RecordKind
from runtime.image.view import View
from runtime.scan.phases.snapshot import mark_all_changed
from runtime.scan.plan import PagePlan, Plan, Run, TaskPlan

_LONG_AGO_NS = -(1 << 63)
_SCAN_NO_AT, _PLC_NOW_AT, _RECEIVED_AT = 8, 16, 24


def write_mirror(code: Code) -> None:
    """Write `leads(plan, now) -> 1` when programs run in this cycle, else the standby's part of it is done."""
    _write_take(code)
    _write_mirror(code)
    _write_go_on(code)
    with code.routine("leads", I64, plan=PTR, now=I64) as r:
        plan = View(r, Plan, r["plan"])
        control = View(r, Control, plan["control"])
        term = control.atomic("lead_term", "acquire")
        refused = plan["refused_term"]
        with r.when(term.equals(0) | term.equals(refused) | (plan["memory_term"] < refused)):
            _set_active(plan, control, r.word(0))
            r.call(code["mirror"], r["plan"], r["now"])
            r.give(r.word(0))
        with r.when(term.differs(plan["active_term"])):
            r.call(code["take_mirror"], r["plan"])
            with r.when(plan["mirrored"].differs(0)):
                r.call(code["go_on"], r["plan"], r["now"])
            _set_active(plan, control, term)
            plan["memory_term"] = term
        r.give(r.word(1))


def _set_active(plan: View, control: View, term: Word) -> None:
    plan["active_term"] = term
    control.set_atomic("active_term", term, "release")


def _write_take(code: Code) -> None:
    """`take_mirror(plan) -> 1`: the newest entry into application memory, if it is another than the last one taken, and
    no older than what is there."""
    with code.routine("take_mirror", I64, plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        channel = plan.inner("mirror")
        with r.when(channel["slots"].equals(0)):
            r.give(r.word(0))
        with r.when(channel["address"].load(I64, "acquire").equals(plan["mirror_taken"])):
            r.give(r.word(0))
        staging = plan["mirror_staging"]
        shape = (channel["slots"], channel["stride"], channel["size"])
        number = r.call(code["vs_read"], channel["address"], *shape, staging)
        with r.when(number.equals(0)):  # its writer was faster: there is a newer one in the next cycle
            r.give(r.word(0))
        term = staging.at(0).load(I64)
        scan_no = staging.at(_SCAN_NO_AT).load(I64)
        with r.when(term < plan["refused_term"]):  # of before a former scan process here led
            r.give(r.word(0))
        with r.when(term < plan["memory_term"]):
            r.give(r.word(0))
        with r.when(term.equals(plan["memory_term"]) & (scan_no < plan["scan_no"])):
            r.give(r.word(0))
        plan["memory_term"] = term
        r.copy(plan["app"], staging.at(MIRROR_HEADER_SIZE), plan["app_size"])
        mark_all_changed(r, plan)
        plan["mirror_taken"] = number
        plan["mirrored"] = r.word(1)
        plan["scan_no"] = scan_no
        plan["mirrored_now_ns"] = staging.at(_PLC_NOW_AT).load(I64)
        plan["mirrored_received_ns"] = staging.at(_RECEIVED_AT).load(I64)
        plan["plc_offset_ns"] = plan["mirrored_now_ns"] - plan["mirrored_received_ns"]
        control = View(r, Control, plan["control"])
        control.set_atomic("plc_offset_ns", plan["plc_offset_ns"], "monotonic")
        control.set_atomic("stop_count", plan["app"].at(STOP_COUNT).load(I64), "monotonic")
        control.set_atomic("fault_ack", plan["app"].at(FAULT_ACK).load(I64), "monotonic")
        control.set_atomic("mirror_taken", number, "release")
        r.call(code["is_stopped"], r["plan"])
        r.give(r.word(1))


def _write_mirror(code: Code) -> None:
    """`mirror(plan, now)`: a standby's cycle."""
    with code.routine("mirror", plan=PTR, now=I64) as r:
        plan = View(r, Plan, r["plan"])
        control = View(r, Control, plan["control"])
        control.set_atomic("driving", r.word(0, I32), "release")
        with r.when(r.call(code["take_mirror"], r["plan"]).differs(0)):
            r.call(code["publish_snapshot"], r["plan"])
        r.call(code["mark"], r["plan"], r["now"])


def _write_go_on(code: Code) -> None:
    """`go_on(plan, now)`: this scan, whose deadline is `now`, is the one after the mirrored one."""
    with code.routine("go_on", plan=PTR, now=I64) as r:
        plan = View(r, Plan, r["plan"])
        control = View(r, Control, plan["control"])
        cycle = plan["cycle_ns"]
        passed = (r["now"] - plan["mirrored_received_ns"] + cycle // 2) // cycle
        cycles = (passed < 1).choose(r.word(1), passed)
        plan["plc_offset_ns"] = plan["mirrored_now_ns"] + cycles * cycle - r["now"]
        control.set_atomic("plc_offset_ns", plan["plc_offset_ns"], "monotonic")
        _go_on_with_tasks(r, plan)
        _go_on_holding(code, r, plan)
        with r.each(plan["page_count"]) as i:
            plan.element("pages", PagePlan, i)["fresh_until_ns"] = r.word(_LONG_AGO_NS)
        plan["mirrored"] = r.word(0)
        plan["taken_count"] = r.word(0)
        with r.when(plan["ring"].differs(r.null())):  # what is recorded from now on begins with this state
            wall = plan["app"].at(WALL_NS).load(I64)
            before = plan["mirrored_now_ns"] - plan["plc_offset_ns"]
            r.call(code["write_record"], r["plan"], before, wall, r.word(RecordKind.CHECKPOINT))


def _go_on_with_tasks(r: Routine, plan: View) -> None:
    """Every task has run in the interval of the mirrored scan; what became due in the gap runs in this scan."""
    since_first = plan["mirrored_now_ns"] - plan["app"].at(ORIGIN_NS).load(I64)
    with r.each(plan["task_count"]) as i:
        task = plan.element("tasks", TaskPlan, i)
        interval = task["interval_ns"].equals(0).choose(plan["cycle_ns"], task["interval_ns"])
        task["turn"] = since_first // interval
        task["late"] = r.word(0, I32)
        with r.when(task["calls"].equals(0)):
            task["calls"] = r.word(1)


def _go_on_holding(code: Code, r: Routine, plan: View) -> None:
    """What the mirrored memory says of outputs that hold was driven last. One that is not finite was not driven."""
    plan["frame_made"] = plan["frame_staging"]  # which no device sees
    values = plan["frame_made"].at(FRAME_HEADER_SIZE)
    r.copy(values, plan["safe"], plan["frame_words"] * FRAME_VALUE_SIZE)
    with r.each(plan["output_run_count"]) as i:
        r.call(code["gather"], plan.element("output_runs", Run, i).pointer, r["plan"])
    r.call(code["gather_texts"], r["plan"])
    with r.each(plan["hold_count"]) as i:
        place = plan["holds"].at(i * 4).load(I32).widened(I64) * FRAME_VALUE_SIZE
        plan["safe"].at(place).store(values.at(place).load(I64))
