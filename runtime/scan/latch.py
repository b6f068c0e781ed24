"""Phase latch: input pages into the input image, then input forces.

A page is copied whole and verified before any of it is used; one that was lapped meanwhile counts as a retry and the
last whole copy stays. Every scan moves every point again, so that an input is what its device said, whatever programs
or commands wrote into it. A point without any good reading yet (stamp 0) keeps its value and is BAD.
"""

from runtime.core.quality import Quality
from runtime.image.control import Control
from runtime.image.emit import I8, I64, PTR, Code, Routine, Word
from runtime.image.layout import FORCE_ENTRY_SIZE
from runtime.scan.plan import ActiveForce, ForcePoint, InputMove, PagePlan, Plan, Run, ValueKind
from runtime.scan.values import load_value
from runtime.scan.view import View

_PAGE_KINDS = (ValueKind.BOOL, ValueKind.BYTES_1, ValueKind.BYTES_2, ValueKind.BYTES_4, ValueKind.BYTES_8)
_ENTRY_VALUE, _ENTRY_QUALITY = 8, 16


def write_latch(code: Code) -> None:
    """Write `latch(plan, now)`."""
    _write_take_page(code)
    _write_scatter(code)
    _write_look_at_forces(code)
    with code.routine("latch", plan=PTR, now=I64) as r:
        plan = View(r, Plan, r["plan"])
        with r.each(plan["page_count"]) as i:
            page = plan.element("pages", PagePlan, i)
            r.call(code["take_page"], page.pointer, plan["control"])
            with r.each(page["run_count"]) as j:
                run = page.element("runs", Run, j)
                r.call(code["scatter"], run.pointer, page["current"], plan["app"], r["now"])
        r.call(code["look_at_forces"], r["plan"])
        _apply_input_forces(code, r, plan)


def _write_take_page(code: Code) -> None:
    with code.routine("take_page", page=PTR, control=PTR) as r:
        page = View(r, PagePlan, r["page"])
        channel = page.inner("channel")
        published = channel["address"].load(I64, "acquire")
        with r.when(published.equals(page["seen"])):
            r.give()
        shape = (channel["slots"], channel["stride"], channel["size"])
        number = r.call(code["vs_read"], channel["address"], *shape, page["spare"])
        with r.when(number.equals(0)):
            View(r, Control, r["control"]).add("page_retries", 1)
            r.give()
        taken = page["spare"]
        page["spare"] = page["current"]
        page["current"] = taken
        page["seen"] = number


def _write_scatter(code: Code) -> None:
    with code.routine("scatter", run=PTR, page=PTR, app=PTR, now=I64) as r:
        run = View(r, Run, r["run"])
        for kind in _PAGE_KINDS:
            with r.when(run["kind"].equals(kind)), r.each(run["count"]) as i:
                _move_point(r, run.element("moves", InputMove, i), kind)


def _move_point(r: Routine, move: View, kind: ValueKind) -> None:
    entry = r["page"].at(move["entry_offset"])
    stamp = entry.load(I64)
    known = stamp > 0
    with r.when(known):
        r["app"].at(move["value_offset"]).store(load_value(entry.at(_ENTRY_VALUE), kind))
    stale_after = move["stale_after_ns"]
    fresh = stale_after.equals(0) | (r["now"] - stamp <= stale_after)
    told = entry.at(_ENTRY_QUALITY).load(I8)
    trusted = known & fresh & told.below(len(Quality))
    r["app"].at(move["quality_offset"]).store(trusted.choose(told, r.word(Quality.BAD, I8)))
    r["app"].at(move["stamp_offset"]).store(known.choose(stamp, r.word(0)))


def _write_look_at_forces(code: Code) -> None:
    """`look_at_forces(plan)`: copy the active entries of a table that changed since the last look."""
    with code.routine("look_at_forces", plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        changes = plan["force_changes"].load(I64, "acquire")
        with r.when(changes.equals(plan["force_changes_seen"])):
            r.give()
        plan["force_changes_seen"] = changes
        inputs = plan["input_count"]
        plan["active_input_count"] = _collect_forces(r, plan, "active_inputs", r.word(0), inputs)
        plan["active_output_count"] = _collect_forces(r, plan, "active_outputs", inputs, plan["output_count"])
        r.call(code["take_pins"], r["plan"])


def _collect_forces(r: Routine, plan: View, table: str, first: Word, count: Word) -> Word:
    found = r.local(I64, r.word(0))
    with r.each(count) as i:
        point = first + i
        entry = plan["forces"].at(point * FORCE_ENTRY_SIZE)
        with r.when((entry.load(I8, "acquire") & 1).differs(0)):
            active = plan.element(table, ActiveForce, found.get())
            active["point"] = point
            active["value"] = entry.at(8).load(I64, "monotonic")
            found.set(found.get() + 1)
    return found.get()


def _apply_input_forces(code: Code, r: Routine, plan: View) -> None:
    app = plan["app"]
    with r.each(plan["active_input_count"]) as i:
        point = store_force(code, r, plan, plan.element("active_inputs", ActiveForce, i))
        app.at(point["quality_offset"]).store(r.word(Quality.GOOD, I8))
        app.at(point["stamp_offset"]).store(r["now"])


def store_force(code: Code, r: Routine, plan: View, active: View) -> View:
    """Write a forced value over the variable; its point."""
    point = plan.element("force_points", ForcePoint, active["point"])
    r.call(code["store_bits"], plan["app"].at(point["value_offset"]), active["value"], point["kind"])
    return point
