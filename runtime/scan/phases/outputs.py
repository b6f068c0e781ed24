"""Phases fence and publish: may this controller drive, and what do the devices get.

Outputs are collected first (forces, then a check that every real value is finite), so that a fault found there closes
the fence of the same scan. Behind a closed fence every output has its fail-safe value, forced or not. `safe` holds
those values; an output without one of its own holds: its entry follows what was last driven.
"""

from runtime.core.appmemory import FAULT_COUNT
from runtime.image.control import Control
from runtime.image.emit import I8, I32, I64, PTR, Code
from runtime.image.layout import FRAME_HEADER_SIZE, FRAME_VALUE_SIZE
from runtime.scan.phases.latch import store_force
from runtime.scan.phases.record import keep_used
from runtime.scan.phases.values import WIDTH, WIDTH_BYTES, is_finite, load_value
from runtime.scan.phases.view import View
from runtime.scan.plan import ActiveForce, OutputMove, Plan, Run


def write_outputs(code: Code) -> None:
    """Write `collect(plan)`, `fence(plan) -> 1 open` and `publish_frame(plan, now, open)`."""
    _write_refuse(code)
    _write_gather(code)
    with code.routine("collect", plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        before = plan["app"].at(FAULT_COUNT).load(I64)
        with r.each(plan["active_output_count"]) as i:
            store_force(code, r, plan, plan.element("active_outputs", ActiveForce, i))
        with r.each(plan["output_run_count"]) as i:
            r.call(code["gather"], plan.element("output_runs", Run, i).pointer, r["plan"])
        r.call(code["gather_texts"], r["plan"])
        after = plan["app"].at(FAULT_COUNT).load(I64)
        with r.when(after.differs(before)):
            r.call(code["capture"], r["plan"])
            with r.when(plan["stop_on_fault"].differs(0)):
                View(r, Control, plan["control"]).set_atomic("stop_count", after, "monotonic")
    _write_fence(code)
    _write_publish_frame(code)


def _write_refuse(code: Code) -> None:
    """`refuse_output(plan, entry)`: it is not finite. A fault, and the device gets what it gets behind the fence."""
    with code.routine("refuse_output", plan=PTR, entry=I64) as r:
        plan = View(r, Plan, r["plan"])
        site = (plan["first_output_site"] + r["entry"]).narrowed(I32)
        r.call(code["record_fault"], plan["app"], site)
        place = r["entry"] * FRAME_VALUE_SIZE
        value = plan["safe"].at(place).load(I64)
        plan["frame_staging"].at(FRAME_HEADER_SIZE).at(place).store(value)


def _write_gather(code: Code) -> None:
    """`gather(run, plan)`: application memory into the frame's staging."""
    with code.routine("gather", run=PTR, plan=PTR) as r:
        plan, run = View(r, Plan, r["plan"]), View(r, Run, r["run"])
        app, moves, values = plan["app"], run["moves"], plan["frame_staging"].at(FRAME_HEADER_SIZE)
        for kind in WIDTH:
            with r.when(run["kind"].equals(kind)), r.each(run["count"]) as i:
                move = run.element_at(moves, OutputMove, i)
                source, first = app.at(move["value_offset"]), move["entry"].widened(I64)
                with r.each(move["count"].widened(I64)) as j:
                    value = load_value(source.at(j * WIDTH_BYTES[kind]), kind)
                    values.at((first + j) * FRAME_VALUE_SIZE).store(value.widened(I64))
                    finite = is_finite(value, kind)
                    if finite is not None:
                        with r.when(finite.equals(0)):
                            r.call(code["refuse_output"], r["plan"], first + j)


def _write_fence(code: Code) -> None:
    """A fault with reaction `stop` holds the outputs until a count of faults that includes it is acknowledged. A count
    of more faults than there were acknowledges nothing."""
    with code.routine("fence", I64, plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        control = View(r, Control, plan["control"])
        faults = plan["app"].at(FAULT_COUNT).load(I64)
        acknowledged, last_stop = control.atomic("fault_ack", "acquire"), control.atomic("stop_count", "monotonic")
        stopped = acknowledged.below(last_stop) | (last_stop.differs(0) & faults.below(acknowledged))
        control.set_atomic("fault_count", faults, "monotonic")
        control.set_atomic("fault_stop", stopped.widened(I32), "monotonic")
        run_switch = control.atomic("run_switch", "acquire")
        running = run_switch.differs(0)
        keep_used(plan, fault_ack=acknowledged, run_switch=run_switch)
        r.give((running & stopped.equals(0)).widened(I64))


def _write_publish_frame(code: Code) -> None:
    with code.routine("publish_frame", plan=PTR, now=I64, open=I64) as r:
        plan = View(r, Plan, r["plan"])
        frame, safe = plan["frame_staging"], plan["safe"]
        values = frame.at(FRAME_HEADER_SIZE)
        with r.either(r["open"].differs(0)) as (drive, fail_safe):
            with drive, r.each(plan["hold_count"]) as i:
                place = plan["holds"].at(i * 4).load(I32).widened(I64) * FRAME_VALUE_SIZE
                safe.at(place).store(values.at(place).load(I64))
            with fail_safe:
                r.copy(values, safe, plan["frame_words"] * FRAME_VALUE_SIZE)
        control = View(r, Control, plan["control"])
        term = control.atomic("term", "acquire")
        plan["term_used"] = term
        frame.store(term)
        frame.at(8).store(plan["scan_no"])
        frame.at(16).store(r["now"])
        frame.at(24).store(r["now"] + plan["frame_valid_ns"])
        frame.at(32).store(r["open"].narrowed(I8))
        control.set_atomic("driving", r["open"].narrowed(I32), "release")
        channel = plan.inner("frame")
        with r.when(channel["slots"].differs(0)):
            shape = (channel["slots"], channel["stride"], channel["size"])
            r.call(code["vs_publish"], channel["address"], *shape, frame)
