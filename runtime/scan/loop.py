"""The loops: absolute deadlines on the monotonic clock around the scan, the scan on virtual time, and a bare loop.

A deadline that is missed is counted and passed over, never made up by a burst: after a late wake-up the scan takes
the newest deadline that has passed as its clock, and after an overrun the loop sleeps to the next one ahead.
"""

from runtime.core.appmemory import ORIGIN_NS
from runtime.image.control import Control
from runtime.image.emit import I32, I64, PTR, Code, Word
from runtime.image.view import View
from runtime.scan.plan import BarePlan, Plan

_CLOCK_REALTIME, _CLOCK_MONOTONIC, _TIMER_ABSTIME, _EINTR = 0, 1, 1, 4
_NS_PER_S = 1_000_000_000
_PAGE = 4096
TOUCHED_STACK = 5 << 18
"""What the programs' deepest chain of calls may take (lang/llvm: 1 MiB), and a quarter more for what it calls."""


def write_clock(code: Code) -> None:
    """Write `monotonic_ns()`, `wall_ns()`, `sleep_until(deadline) -> wake-up time` (all Linux, 64-bit timespec), and
    `vs_touch_stack()`, which meets every page of the calling thread's stack that programs may need."""
    clock_gettime = code.external("clock_gettime", I32, I32, PTR)
    clock_nanosleep = code.external("clock_nanosleep", I32, I32, I32, PTR, PTR)
    for name, clock in (("monotonic_ns", _CLOCK_MONOTONIC), ("wall_ns", _CLOCK_REALTIME)):
        with code.routine(name, I64) as r:
            time = r.room(16)
            r.call(clock_gettime, r.word(clock, I32), time)
            r.give(time.load(I64) * _NS_PER_S + time.at(8).load(I64))
    with code.routine("sleep_until", I64, deadline=I64) as r:
        time = r.room(16)
        time.store(r["deadline"] // _NS_PER_S)
        time.at(8).store(r["deadline"] % _NS_PER_S)
        with r.loop() as again:  # a signal wakes the thread early: sleep again
            how = (r.word(_CLOCK_MONOTONIC, I32), r.word(_TIMER_ABSTIME, I32))
            again.leave_when(r.call(clock_nanosleep, *how, time, r.null()).differs(_EINTR))
        r.give(r.call(code["monotonic_ns"]))
    with code.routine("vs_touch_stack", exported=True) as r:
        room = r.room(TOUCHED_STACK)
        with r.each(r.word(TOUCHED_STACK // _PAGE)) as i:
            room.at(i * _PAGE).store(r.word(0))
        r.call(clock_gettime, r.word(_CLOCK_MONOTONIC, I32), room)  # somebody else sees the room: the stores stay


def write_scan(code: Code) -> None:
    """Write `scan(plan, now, wall)`: one scan, all phases between wait and account; of a standby, its part of it."""
    with code.routine("scan", plan=PTR, now=I64, wall=I64) as r:
        plan = View(r, Plan, r["plan"])
        control = View(r, Control, plan["control"])
        with (
            r.when(control.atomic("pair", "acquire").differs(0)),
            r.when(r.call(code["leads"], r["plan"], r["now"]).equals(0)),
        ):
            r.give()
        plc_now = r["now"] + plan["plc_offset_ns"]
        with r.when(plan["scan_no"].equals(0)):
            plan["app"].at(ORIGIN_NS).store(plc_now)
        plan["scan_no"] = plan["scan_no"] + 1
        with r.when(plan["measured"].differs(0)):
            plan["phase_ns"] = r.call(code["monotonic_ns"])
        r.call(code["latch"], r["plan"], r["now"])
        r.call(code["end_of"], r["plan"], control.address("latch"))
        r.call(code["commands"], r["plan"], r["now"])
        r.call(code["end_of"], r["plan"], control.address("commands"))
        r.call(code["run"], r["plan"], plc_now, r["wall"])
        r.call(code["end_of"], r["plan"], control.address("run"))
        r.call(code["collect"], r["plan"])
        open_fence = r.call(code["fence"], r["plan"])
        # Its state first, for another process to go on from: what is written by the frame must outlive this one.
        r.call(code["publish_snapshot"], r["plan"])
        control.set_atomic("driven_term", plan["active_term"], "release")
        r.call(code["publish_frame"], r["plan"], r["now"], open_fence)
        r.call(code["end_of"], r["plan"], control.address("publish"))
        r.call(code["keep_record"], r["plan"], r["now"], r["wall"])
        r.call(code["end_of"], r["plan"], control.address("record"))
        r.call(code["mark"], r["plan"], r["now"])


def write_entries(code: Code) -> None:
    """Write what Python calls: `vs_scan_loop`, `vs_scan_step`, `vs_scan_steps`, `vs_accounts`, `vs_bare_loop`."""
    with code.routine("vs_scan_step", exported=True, plan=PTR, now=I64, wall=I64) as r:
        r.call(code["scan"], r["plan"], r["now"], r["wall"])
    with code.routine("vs_scan_steps", exported=True, plan=PTR, now=I64, wall=I64, count=I64) as r:
        cycle = View(r, Plan, r["plan"])["cycle_ns"]
        with r.each(r["count"]) as i:
            r.call(code["scan"], r["plan"], r["now"] + i * cycle, r["wall"] + i * cycle)
    with code.routine("vs_accounts", exported=True, plan=PTR, count=I64) as r, r.each(r["count"]) as i:
        r.call(code["account"], r["plan"], i, i + 1)
    _write_scan_loop(code)
    _write_bare_loop(code)


def _write_scan_loop(code: Code) -> None:
    with code.routine("vs_scan_loop", exported=True, plan=PTR) as r:
        current = r.local(PTR, r["plan"])
        control = View(r, Control, View(r, Plan, r["plan"])["control"])
        cycle = View(r, Plan, r["plan"])["cycle_ns"]
        deadline = r.local(I64, r.call(code["monotonic_ns"]) + cycle)
        with r.loop() as loop:
            plan = View(r, Plan, current.get())
            loop.leave_when(_asked_to_end(plan, control))
            woke = r.call(code["sleep_until"], deadline.get())
            loop.leave_when(_asked_to_end(plan, control))
            missed = (woke - deadline.get()) // cycle
            now = deadline.get() + missed * cycle
            r.call(code["scan"], plan.pointer, now, r.call(code["wall_ns"]))
            r.call(code["account"], plan.pointer, deadline.get(), woke)
            with r.when(plan.atomic("change", "acquire").differs(0)):
                r.call(code["change_over"], plan.pointer, plan["next"])
                current.set(plan["next"])
            behind = r.call(code["monotonic_ns"]) - (now + cycle)
            late = behind > 0
            passed = late.choose(behind // cycle + 1, r.word(0))
            control.add("overruns", late.widened(I64))
            control.add("skipped", missed + passed)
            deadline.set(now + cycle + passed * cycle)
        # The last word to the devices: fail-safe values, so that a clean stop does not wait for a timeout. In a pair
        # the other controller goes on, and what was driven stays until it drives.
        alone = control.atomic("pair", "acquire").equals(0) | control.atomic("solo", "acquire").differs(0)
        with r.when(alone):
            r.call(code["open_frame"], current.get())
            r.call(code["publish_frame"], current.get(), r.call(code["monotonic_ns"]), r.word(0))
        r.call(code["mark"], current.get(), control["scan_clock_ns"])


def _asked_to_end(plan: View, control: View) -> Word:
    return (plan.atomic("exit", "acquire") | control.atomic("exit_request", "acquire")).differs(0)


def _write_bare_loop(code: Code) -> None:
    """The yardstick: the same sleep, the same histograms, no scan."""
    with code.routine("vs_bare_loop", exported=True, bare=PTR) as r:
        bare = View(r, BarePlan, r["bare"])
        cycle, first = bare["cycle_ns"], bare["first_ns"]
        deadline = r.local(I64, first.equals(0).choose(r.call(code["monotonic_ns"]) + cycle, first))
        before = r.local(I64, r.word(0))
        with r.loop() as loop:
            loop.leave_when((bare["wakeups"] <= 0) | bare.atomic("exit", "acquire").differs(0))
            bare.add("wakeups", -1)
            woke = r.call(code["sleep_until"], deadline.get())
            r.call(code["record"], bare["release_delay"], woke - deadline.get())
            with r.when(before.get().differs(0)):
                error = woke - before.get() - cycle
                r.call(code["record"], bare["period_error"], (error < 0).choose(r.word(0) - error, error))
            before.set(woke)
            missed = (woke - deadline.get()) // cycle
            bare.add("skipped", missed)
            deadline.set(deadline.get() + cycle + missed * cycle)
