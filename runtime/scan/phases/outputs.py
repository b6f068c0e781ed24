"""Phases fence and publish: may this controller drive, and what do the devices get.

Outputs are collected first (forces, then a check that every real value is finite), so that a fault found there closes
the fence of the same scan. Behind a closed fence every output has its fail-safe value, forced or not. `safe` holds
those values; an output without one of its own holds: its entry follows what was last driven.

A member of a pair drives only while its lease runs, and its frames end with the lease. Behind a lease that has run out
the frame says so (FRAME_NO_LEASE): whether outputs then hold or go to fail-safe is io's affair, by the site's setting.
"""

from runtime.core.appmemory import FAULT_ACK, FAULT_COUNT, STOP_COUNT
from runtime.image.channelcode import close_slot, open_slot
from runtime.image.control import Control
from runtime.image.emit import I8, I32, I64, PTR, Code, Routine, Word
from runtime.image.layout import FRAME_HEADER_SIZE, FRAME_NO_LEASE, FRAME_VALUE_SIZE, SLOT_HEADER_SIZE
from runtime.image.view import View
from runtime.scan.phases.latch import store_force
from runtime.scan.phases.record import keep_used
from runtime.scan.phases.values import REALS, WIDTH, WIDTH_BYTES, is_finite, load_value
from runtime.scan.plan import ActiveForce, OutputMove, Plan, Run, ValueKind

_NO_RIGHT_NS = 0


def write_outputs(code: Code) -> None:
    """Write `open_frame(plan)`, `collect(plan)`, `fence(plan) -> 1 open` and `publish_frame(plan, now, open)`."""
    _write_open_frame(code)
    _write_refuse(code)
    _write_gather(code)
    with code.routine("collect", plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        r.call(code["open_frame"], r["plan"])
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
                stop_at(r, plan, after)
    _write_is_stopped(code)
    _write_fence(code)
    _write_publish_frame(code)


def _write_open_frame(code: Code) -> None:
    """`open_frame(plan)`: where the next frame is made. In its slot, and so nothing of it is copied; or in the staging,
    for those who look for its values at one place (virtual time)."""
    with code.routine("open_frame", plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        channel = plan.inner("frame")
        plan["frame_made"], plan["frame_number"] = plan["frame_staging"], r.word(0)
        with r.when(channel["slots"].differs(0) & plan["alone"].differs(0)):
            number, slot = open_slot(r, channel["address"], channel["slots"], channel["stride"])
            plan["frame_made"], plan["frame_number"] = slot.at(SLOT_HEADER_SIZE), number


def _write_refuse(code: Code) -> None:
    """`refuse_output(plan, entry)`: it is not finite. A fault, and the device gets what it gets behind the fence.

    Not again in memory that another controller's scan has left: that one has recorded it."""
    with code.routine("refuse_output", plan=PTR, entry=I64) as r:
        plan = View(r, Plan, r["plan"])
        site = (plan["first_output_site"] + r["entry"]).narrowed(I32)
        with r.when(plan["mirrored"].equals(0)):
            r.call(code["record_fault"], plan["app"], site)
        place = r["entry"] * FRAME_VALUE_SIZE
        value = plan["safe"].at(place).load(I64)
        plan["frame_made"].at(FRAME_HEADER_SIZE).at(place).store(value)


def _write_gather(code: Code) -> None:
    """`gather(run, plan)`: application memory into the frame."""
    with code.routine("gather", run=PTR, plan=PTR) as r:
        plan, run = View(r, Plan, r["plan"]), View(r, Run, r["run"])
        app, moves, values = plan["app"], run["moves"], plan["frame_made"].at(FRAME_HEADER_SIZE)
        for kind in WIDTH:
            with r.when(run["kind"].equals(kind)), r.each(run["count"]) as i:
                move = run.element_at(moves, OutputMove, i)
                source, first = app.at(move["value_offset"]), move["entry"].widened(I64)
                count, refused = move["count"].widened(I64), r.local(I64, r.word(0))
                with r.each(count) as j:  # without a call in it, many at a time
                    value = load_value(source.at(j * WIDTH_BYTES[kind]), kind)
                    values.at((first + j) * FRAME_VALUE_SIZE).store(value.widened(I64))
                    finite = is_finite(value, kind)
                    if finite is not None:
                        refused.set(refused.get() | finite.equals(0).widened(I64))
                if kind in REALS:
                    with r.when(refused.get().differs(0)):
                        _refuse_each(code, r, source, first, count, kind)


def _refuse_each(code: Code, r: Routine, source: Word, first: Word, count: Word, kind: ValueKind) -> None:
    with r.each(count) as j:
        finite = is_finite(load_value(source.at(j * WIDTH_BYTES[kind]), kind), kind)
        assert finite is not None, "a number that may be infinite"
        with r.when(finite.equals(0)):
            r.call(code["refuse_output"], r["plan"], first + j)


def stop_at(r: Routine, plan: View, faults: Word) -> None:
    """The last of so many faults has reaction `stop`: memory knows it, and a scan process after this one."""
    plan["app"].at(STOP_COUNT).store(faults)
    View(r, Control, plan["control"]).set_atomic("stop_count", faults, "monotonic")


def _write_is_stopped(code: Code) -> None:
    """`is_stopped(plan) -> 1`, told in the control segment too.

    A fault with reaction `stop` holds the outputs until a count of faults that includes it is acknowledged. A count of
    more faults than there were acknowledges nothing."""
    with code.routine("is_stopped", I64, plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        app, control = plan["app"], View(r, Control, plan["control"])
        faults = app.at(FAULT_COUNT).load(I64)
        acknowledged, last_stop = control.atomic("fault_ack", "acquire"), control.atomic("stop_count", "monotonic")
        app.at(FAULT_ACK).store(acknowledged)
        stopped = acknowledged.below(last_stop) | (last_stop.differs(0) & faults.below(acknowledged))
        control.set_atomic("fault_count", faults, "monotonic")
        control.set_atomic("fault_stop", stopped.widened(I32), "monotonic")
        r.give(stopped.widened(I64))


def _write_fence(code: Code) -> None:
    with code.routine("fence", I64, plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        stopped = r.call(code["is_stopped"], r["plan"])
        run_switch = View(r, Control, plan["control"]).atomic("run_switch", "acquire")
        keep_used(plan, fault_ack=plan["app"].at(FAULT_ACK).load(I64), run_switch=run_switch)
        r.give((run_switch.differs(0) & stopped.equals(0)).widened(I64))


def _write_right_until(code: Code) -> None:
    """`right_until(plan, now) -> ns`: until when (monotonic) outputs may be driven, looked at as late as can be. In the
    past for a member of a pair without a lease: a replay then finds the run switch off."""
    with code.routine("right_until", I64, plan=PTR, now=I64) as r:
        plan = View(r, Plan, r["plan"])
        control = View(r, Control, plan["control"])
        valid_until = r["now"] + plan["frame_valid_ns"]
        with r.when(control.atomic("pair", "acquire").equals(0)):
            r.give(valid_until)
        clock = r.local(I64, r["now"])
        with r.when(plan["measured"].differs(0)):
            clock.set(r.call(code["monotonic_ns"]))
        lease_until = control.atomic("lease_until_ns", "acquire")
        leads = control.atomic("lead_term", "acquire").equals(plan["active_term"]) & plan["active_term"].differs(0)
        with r.when(leads & (clock.get() < lease_until)):
            r.give((lease_until < valid_until).choose(lease_until, valid_until))
        plan["run_switch_used"] = r.word(0)
        r.give(r.word(_NO_RIGHT_NS))


def _write_publish_frame(code: Code) -> None:
    _write_right_until(code)
    with code.routine("publish_frame", plan=PTR, now=I64, open=I64) as r:
        plan = View(r, Plan, r["plan"])
        frame, safe = plan["frame_made"], plan["safe"]
        values = frame.at(FRAME_HEADER_SIZE)
        control = View(r, Control, plan["control"])
        valid_until = r.call(code["right_until"], r["plan"], r["now"])
        leased = valid_until.differs(_NO_RIGHT_NS)
        open_fence = r["open"].differs(0) & leased
        with r.either(open_fence) as (drive, fail_safe):
            with drive, r.each(plan["hold_count"]) as i:
                place = plan["holds"].at(i * 4).load(I32).widened(I64) * FRAME_VALUE_SIZE
                safe.at(place).store(values.at(place).load(I64))
            with fail_safe:
                r.copy(values, safe, plan["frame_words"] * FRAME_VALUE_SIZE)
        active = plan["active_term"]
        term = active.equals(0).choose(control.atomic("term", "acquire"), active)
        plan["term_used"] = term
        frame.store(term)
        frame.at(8).store(plan["scan_no"])
        frame.at(16).store(r["now"])
        frame.at(24).store(valid_until)
        drives = leased.choose(open_fence.widened(I8), r.word(FRAME_NO_LEASE, I8))
        frame.at(32).store(drives)
        control.set_atomic("driving", open_fence.widened(I32), "release")
        channel = plan.inner("frame")
        with r.either(plan["frame_number"].differs(0)) as (made_there, copied):
            with made_there:
                slot = frame.at(-SLOT_HEADER_SIZE)
                close_slot(channel["address"], plan["frame_number"], slot)
            with copied, r.when(channel["slots"].differs(0)):
                shape = (channel["slots"], channel["stride"], channel["size"])
                r.call(code["vs_publish"], channel["address"], *shape, frame)
