"""Phase latch: input pages into the input image, then input forces.

A page is copied whole and verified before any of it is used; one that was lapped meanwhile counts as a retry and the
last whole copy stays. An input is what its device said in every scan, whatever programs or commands wrote into it. A
point without any good reading yet (stamp 0) keeps its value and is BAD. Whether a reading is stale is judged in
monotonic time, which is the pages'; the stamp in application memory is in PLC time, which is the programs'.

A page is moved (values, qualities, stamps) when there is a newer one, when forces changed, and when something in it has
just become stale. The values of inputs that programs store into go into `inputs`, a copy that no program writes, and in
every scan from there into application memory, which is a few long copies (scan/spans.py); those of the others, and that
is all of them in most sites, go there at once (scan/phases/resting.py). So a page at rest costs two compares.
"""

from runtime.core.quality import Quality
from runtime.image.channelcode import slot_of
from runtime.image.control import Control
from runtime.image.emit import I8, I32, I64, PTR, Code, Local, Routine, Word
from runtime.image.layout import FORCE_ENTRY_SIZE, PAGE_NUMBER_SIZE
from runtime.image.view import View
from runtime.scan.phases.snapshot import mark_changed, mark_value, mark_values
from runtime.scan.phases.strips import FOR_EVER_NS, write_move_strips
from runtime.scan.phases.values import in_plc_time, load_value
from runtime.scan.plan import STAMP_SIZE, ActiveForce, ForcePoint, InputMove, PagePlan, Plan, Run, Span, ValueKind

_PAGE_KINDS = (ValueKind.BOOL, ValueKind.BYTES_1, ValueKind.BYTES_2, ValueKind.BYTES_4, ValueKind.BYTES_8)
_SIZES = {ValueKind.BOOL: 1, ValueKind.BYTES_1: 1, ValueKind.BYTES_2: 2, ValueKind.BYTES_4: 4, ValueKind.BYTES_8: 8}


def write_latch(code: Code) -> None:
    """Write `latch(plan, now)`."""
    _write_fetch_page(code)
    _write_take_page(code)
    write_move_strips(code)
    _write_move_run(code)
    _write_move_page(code)
    _write_restore(code)
    _write_look_at_forces(code)
    with code.routine("latch", plan=PTR, now=I64) as r:
        plan = View(r, Plan, r["plan"])
        pages, numbers = plan["page_count"], plan["page_numbers"]
        with r.each(pages) as i:
            page = plan.element("pages", PagePlan, i)
            with r.when(_newest(numbers, i).differs(page["seen"])):
                r.call(code["fetch_page"], page.pointer, _newest(numbers, i))
        r.call(code["look_at_forces"], r["plan"])
        forces = plan["force_changes_seen"]
        forces_rest = forces.equals(plan["force_changes_latched"])
        untouched = (plan["resting_touched"] | plan["resting_pinned"]).equals(0)
        may_rest = plan["alone"].differs(0) & plan["inputs"].differs(plan["app"]) & forces_rest & untouched
        plan["resting_touched"] = r.word(0)
        plan["force_changes_latched"] = forces
        with r.each(pages) as i:
            page = plan.element("pages", PagePlan, i)
            taken = r.local(I64, r.word(0))
            with r.when(_newest(numbers, i).differs(page["seen"])):
                taken.set(r.call(code["take_page"], page.pointer, plan["control"]))
            rests = may_rest & taken.get().equals(0) & (r["now"] <= page["fresh_until_ns"])
            with r.when(rests.equals(0)):
                r.call(code["move_page"], r["plan"], page.pointer, r["now"])
            _keep_unknown(r, plan, page)
            with r.when(page["text_count"].differs(0)):
                r.call(code["latch_texts"], r["plan"], page.pointer, r["now"])
        r.call(code["restore"], r["plan"])
        _apply_input_forces(code, r, plan)


def _newest(numbers: Word, page: Word) -> Word:
    return numbers.at(page * PAGE_NUMBER_SIZE).load(I64, "acquire")


def _write_fetch_page(code: Code) -> None:
    """`fetch_page(page, newest)`: begin to fetch what taking it will touch, all of it side by side."""
    with code.routine("fetch_page", page=PTR, newest=I64) as r:
        page = View(r, PagePlan, r["page"])
        channel = page.inner("channel")
        slot = slot_of(channel["address"], r["newest"], channel["slots"], channel["stride"])
        channel["address"].prefetch()
        page["value_strips"].prefetch()
        page["status_strips"].prefetch()
        with r.each(channel["size"].shifted_right(6) + 2) as i:
            slot.at(i * 64).prefetch()
            page["spare"].at(i * 64).prefetch()


def _write_take_page(code: Code) -> None:
    """`take_page(page, control) -> 1` when there is a newer one."""
    with code.routine("take_page", I64, page=PTR, control=PTR) as r:
        page = View(r, PagePlan, r["page"])
        channel = page.inner("channel")
        published = channel["address"].load(I64, "acquire")
        with r.when(published.equals(page["seen"])):
            r.give(r.word(0))
        shape = (channel["slots"], channel["stride"], channel["size"])
        number = r.call(code["vs_read"], channel["address"], *shape, page["spare"])
        with r.when(number.equals(0)):
            View(r, Control, r["control"]).add("page_retries", 1)
            r.give(r.word(0))
        taken = page["spare"]
        page["spare"] = page["current"]
        page["current"] = taken
        page["seen"] = number
        r.give(r.word(1))


def _write_move_page(code: Code) -> None:
    with code.routine("move_page", plan=PTR, page=PTR, now=I64) as r:
        page = View(r, PagePlan, r["page"])
        with r.when(r.call(code["move_strips"], r["plan"], r["page"], r["now"]).differs(0)):
            r.give()
        page["fresh_until_ns"] = r.word(FOR_EVER_NS)
        page["unknown_count"] = r.word(0)
        with r.each(page["run_count"]) as i:
            r.call(code["move_run"], r["plan"], page.pointer, page.element("runs", Run, i).pointer, r["now"])


def _write_move_run(code: Code) -> None:
    with code.routine("move_run", plan=PTR, page=PTR, run=PTR, now=I64) as r:
        page, run = View(r, PagePlan, r["page"]), View(r, Run, r["run"])
        kind, fresh_until = run["kind"], r.local(I64, page["fresh_until_ns"])
        for of in _PAGE_KINDS:
            with r.when(kind.equals(of)):
                _move_points(code, r, of, fresh_until)
        page["fresh_until_ns"] = fresh_until.get()


def _move_points(code: Code, r: Routine, kind: ValueKind, fresh_until: Local) -> None:
    plan, page, run = View(r, Plan, r["plan"]), View(r, PagePlan, r["page"]), View(r, Run, r["run"])
    app, inputs, source = plan["app"], plan["inputs"], page["current"]
    tag_blocks, value_blocks = plan["tag_blocks"], plan["value_blocks"]
    qualities, stamps = app.at(plan["writable_end"]), app.at(plan["stamp_offset"])
    moves, stale_after, told = run["moves"], run["stale_after_ns"], source.at(page["quality_place"])
    bad, never_stale, plc_offset = r.word(Quality.BAD, I8), stale_after.equals(0), plan["plc_offset_ns"]
    with r.each(run["count"]) as i:
        move = run.element_at(moves, InputMove, i)
        rank, value = move["rank"].widened(I64), load_value(source.at(move["value_place"]), kind)
        stamp, quality = source.at(rank * STAMP_SIZE).load(I64), told.at(rank).load(I8)
        known = stamp > 0
        with r.either(known) as (take, leave):
            with take:
                inputs.at(move["value_offset"]).store(value)
                app.at(move["value_offset"]).store(value)  # nobody restores a resting input
                mark_value(r, value_blocks, move["value_offset"].widened(I64))
            with leave:
                offset, size = move["value_offset"], r.word(_SIZES[kind], I32)
                with r.when(r.call(code["meets_resting"], r["plan"], offset.widened(I64), r.word(1)).equals(0)):
                    unknown = page.element("unknown", Span, page["unknown_count"])
                    unknown["offset"], unknown["size"] = offset, size
                    page["unknown_count"] = page["unknown_count"] + 1
        stale_at = stamp + stale_after
        in_time = r["now"] <= stale_at
        ends_first = known & never_stale.equals(0) & in_time & (stale_at < fresh_until.get())
        fresh_until.set(ends_first.choose(stale_at, fresh_until.get()))
        fresh = never_stale | (r["now"] - stamp <= stale_after)
        trusted = known & fresh & quality.below(len(Quality))
        index = move["index"].widened(I64)
        qualities.at(index).store(trusted.choose(quality, bad))
        stamps.at(index * 8).store(in_plc_time(r, stamp, known=known, offset=plc_offset))
        mark_changed(r, tag_blocks, index)


def _keep_unknown(r: Routine, plan: View, page: View) -> None:
    """What a point without a reading has is what it goes on having: a resting one by itself."""
    with r.each(page["unknown_count"]) as i:
        span = page.element("unknown", Span, i)
        with r.when(plan["inputs"].differs(plan["app"])):
            r.copy(plan["inputs"].at(span["offset"]), plan["app"].at(span["offset"]), span["size"].widened(I64))


def _write_restore(code: Code) -> None:
    """`restore(plan)`: all inputs from their copy into application memory."""
    with code.routine("restore", plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        app, inputs, mask = plan["app"], plan["inputs"], plan["input_mask"]
        with r.each(plan["whole_span_count"]) as i:
            span = plan.element("whole_spans", Span, i)
            r.copy(app.at(span["offset"]), inputs.at(span["offset"]), span["size"].widened(I64))
        with r.each(plan["mixed_span_count"]) as i:
            span = plan.element("mixed_spans", Span, i)
            here, told, ours = (start.at(span["offset"]) for start in (app, inputs, mask))
            with r.each(span["size"].widened(I64).shifted_right(3)) as j:
                at = j * 8
                word = here.at(at).load(I64)
                here.at(at).store(word ^ ((word ^ told.at(at).load(I64)) & ours.at(at).load(I64)))


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
        app.at(point["stamp_offset"]).store(r["now"] + plan["plc_offset_ns"])
        mark_changed(r, plan["tag_blocks"], point["quality_offset"].widened(I64) - plan["writable_end"])


def store_force(code: Code, r: Routine, plan: View, active: View) -> View:
    """Write a forced value over the variable; its point."""
    point = plan.element("force_points", ForcePoint, active["point"])
    with r.either(point["kind"].equals(ValueKind.TEXT)) as (text, number):
        with text:
            r.call(code["store_force_text"], r["plan"], point.pointer)
            offset, size = (point[name].widened(I64) for name in ("value_offset", "size"))
            mark_values(r, plan["value_blocks"], offset, size)
        with number:
            r.call(code["store_bits"], plan["app"].at(point["value_offset"]), active["value"], point["kind"])
            mark_value(r, plan["value_blocks"], point["value_offset"].widened(I64))
    return point
