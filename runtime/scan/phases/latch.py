"""Phase latch: input pages into the input image, then input forces.

A page is copied whole and verified before any of it is used; one that was lapped meanwhile counts as a retry and the
last whole copy stays. Every scan moves every point again, so that an input is what its device said, whatever programs
or commands wrote into it. A point without any good reading yet (stamp 0) keeps its value and is BAD.

A page at rest (no newer one, no change among forces, nothing in it has just become stale) has the qualities and stamps
of the scan before: only its values are restored, from a packed copy that needs a quarter of the memory traffic.
"""

from runtime.core.quality import Quality
from runtime.image.control import Control
from runtime.image.emit import I8, I32, I64, PTR, Code, Routine, Word
from runtime.image.layout import FORCE_ENTRY_SIZE
from runtime.scan.phases.values import WIDTH, load_value
from runtime.scan.phases.view import View
from runtime.scan.plan import ActiveForce, ForcePoint, InputMove, PagePlan, Plan, Run, ValueKind

_PAGE_KINDS = (ValueKind.BOOL, ValueKind.BYTES_1, ValueKind.BYTES_2, ValueKind.BYTES_4, ValueKind.BYTES_8)
_SIZES = {ValueKind.BOOL: 1, ValueKind.BYTES_1: 1, ValueKind.BYTES_2: 2, ValueKind.BYTES_4: 4, ValueKind.BYTES_8: 8}
_ENTRY_VALUE, _ENTRY_QUALITY = 8, 16
_FOR_EVER_NS = (1 << 63) - 1


def write_latch(code: Code) -> None:
    """Write `latch(plan, now)`."""
    _write_take_page(code)
    _write_scatter(code)
    _write_look_at_forces(code)
    with code.routine("latch", plan=PTR, now=I64) as r:
        plan = View(r, Plan, r["plan"])
        r.call(code["look_at_forces"], r["plan"])
        with r.each(plan["page_count"]) as i:
            page = plan.element("pages", PagePlan, i)
            r.call(code["take_page"], page.pointer, plan["control"])
            forces = plan["force_changes_seen"]
            at_rest = page["seen"].equals(page["moved"]) & forces.equals(page["moved_forces"])
            may_restore = at_rest & plan["packs_still"].differs(0)
            page["moved"] = page["seen"]
            page["moved_forces"] = forces
            with r.each(page["run_count"]) as j:
                run = page.element("runs", Run, j)
                with r.either(may_restore & (r["now"] <= run["fresh_until_ns"])) as (restore, move):
                    with restore:
                        r.call(code["restore"], run.pointer, plan["app"])
                    with move:
                        r.call(code["scatter"], run.pointer, page["current"], plan["app"], r["now"])
            with r.when(page["text_count"].differs(0)):
                r.call(code["latch_texts"], page.pointer, plan["app"], r["now"])
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
        run["packed_count"] = r.word(0)
        run["fresh_until_ns"] = r.word(_FOR_EVER_NS)
        for kind in _PAGE_KINDS:
            with r.when(run["kind"].equals(kind)), r.each(run["count"]) as i:
                _move_point(r, run, run.element("moves", InputMove, i), kind)
    with code.routine("restore", run=PTR, app=PTR) as r:
        run = View(r, Run, r["run"])
        offsets, values = run["packed_offsets"], run["packed_values"]
        for kind in _PAGE_KINDS:
            with r.when(run["kind"].equals(kind)), r.each(run["packed_count"]) as i:
                value = values.at(i * _SIZES[kind]).load(WIDTH[kind])
                r["app"].at(offsets.at(i * 4).load(I32)).store(value)


def _move_point(r: Routine, run: View, move: View, kind: ValueKind) -> None:
    entry = r["page"].at(move["entry_offset"])
    stamp = entry.load(I64)
    known = stamp > 0
    with r.when(known):
        value, place = load_value(entry.at(_ENTRY_VALUE), kind), run["packed_count"]
        r["app"].at(move["value_offset"]).store(value)
        run["packed_values"].at(place * _SIZES[kind]).store(value)
        run["packed_offsets"].at(place * 4).store(move["value_offset"])
        run["packed_count"] = place + 1
    stale_after = move["stale_after_ns"]
    stale_at = stamp + stale_after
    still_fresh = known & stale_after.differs(0) & (r["now"] <= stale_at)
    with r.when(still_fresh & (stale_at < run["fresh_until_ns"])):
        run["fresh_until_ns"] = stale_at
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
        plan["active_input_count"] = _collect_forces(code, r, "active_inputs", r.word(0), inputs)
        plan["active_output_count"] = _collect_forces(code, r, "active_outputs", inputs, plan["output_count"])
        r.call(code["take_pins"], r["plan"])


def _collect_forces(code: Code, r: Routine, table: str, first: Word, count: Word) -> Word:
    plan, found = View(r, Plan, r["plan"]), r.local(I64, r.word(0))
    with r.each(count) as i:
        point = first + i
        entry = plan["forces"].at(point * FORCE_ENTRY_SIZE)
        with r.when((entry.load(I8, "acquire") & 1).differs(0)):
            active = plan.element(table, ActiveForce, found.get())
            active["point"] = point
            active["value"] = entry.at(8).load(I64, "monotonic")
            known = plan.element("force_points", ForcePoint, point)
            with r.when(known["kind"].equals(ValueKind.TEXT)):
                r.call(code["take_force_text"], r["plan"], known.pointer, active["value"])
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
    with r.either(point["kind"].equals(ValueKind.TEXT)) as (text, number):
        with text:
            r.call(code["store_force_text"], r["plan"], point.pointer)
        with number:
            r.call(code["store_bits"], plan["app"].at(point["value_offset"]), active["value"], point["kind"])
    return point
