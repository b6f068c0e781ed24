"""A page moved in strips, as it is nearly always: every point of it was read, none is stale, every quality is one.

Then nothing has to be decided point by point. `move_strips` looks first, and moves nothing where that is not so: then
the latch goes point by point (scan/phases/latch.py).
"""

from runtime.core.quality import Quality
from runtime.image.emit import I1, I8, I64, PTR, Code, Routine, Word
from runtime.image.view import View
from runtime.scan.phases.snapshot import mark_values
from runtime.scan.phases.values import in_plc_time, load_value
from runtime.scan.plan import BLOCK_TAGS, STAMP_SIZE, PagePlan, Plan, StatusStrip, ValueKind, ValueStrip

FOR_EVER_NS = (1 << 63) - 1
_BLOCK_BITS = BLOCK_TAGS.bit_length() - 1


def write_move_strips(code: Code) -> None:
    """Write `move_strips(plan, page, now) -> 1` when the page was moved."""
    _write_copy_strip(code)
    _write_soonest_stale(code)
    with code.routine("move_strips", I64, plan=PTR, page=PTR, now=I64) as r:
        plan, page = View(r, Plan, r["plan"]), View(r, PagePlan, r["page"])
        soonest = r.call(code["soonest_stale"], r["page"], r["now"])
        with r.when(soonest.equals(0)):
            r.give(r.word(0))
        page["fresh_until_ns"], page["unknown_count"] = soonest, r.word(0)
        app, inputs, source = plan["app"], plan["inputs"], page["current"]
        with r.each(page["value_strip_count"]) as i:
            strip = page.element("value_strips", ValueStrip, i)
            rests, size = strip["resting"].differs(0), strip["size"].widened(I64)
            there, told = rests.choose(app, inputs).at(strip["offset"]), source.at(strip["place"])
            with r.when(rests):
                mark_values(r, plan["value_blocks"], strip["offset"].widened(I64), size)
            with r.either(strip["boolean"].differs(0)) as (flags, numbers):
                with flags, r.each(size) as j:
                    there.at(j).store(load_value(told.at(j), ValueKind.BOOL))
                with numbers:
                    r.call(code["copy_strip"], there, told, size)
        with r.each(page["status_strip_count"]) as i:
            _move_status(code, r, plan, page, page.element("status_strips", StatusStrip, i))
        r.give(r.word(1))


def _write_copy_strip(code: Code) -> None:
    """`copy_strip(target, source, size)`. Most strips of a site of structures hold one number: a copy of known size is
    an instruction, any other a call."""
    with code.routine("copy_strip", target=PTR, source=PTR, size=I64) as r:
        for size in (4, 8, 1):
            with r.when(r["size"].equals(size)):
                r.copy(r["target"], r["source"], r.word(size))
                r.give()
        r.copy(r["target"], r["source"], r["size"])


def _write_soonest_stale(code: Code) -> None:
    """`soonest_stale(page, now)`: when the first point becomes stale; 0 when one is or something is amiss."""
    with code.routine("soonest_stale", I64, page=PTR, now=I64) as r:
        page = View(r, PagePlan, r["page"])
        stamps, soonest = page["current"], r.local(I64, r.word(FOR_EVER_NS))
        qualities = stamps.at(page["quality_place"])
        with r.each(page["status_strip_count"]) as i:
            strip = page.element("status_strips", StatusStrip, i)
            rank, count = strip["rank"].widened(I64), strip["count"].widened(I64)
            oldest = _least(r, stamps.at(rank * STAMP_SIZE), count)
            stale_after = strip["stale_after_ns"]
            never = stale_after.equals(0)
            stale = never.equals(0) & (r["now"] - oldest > stale_after)
            known_quality = _greatest(r, qualities.at(rank), count).below(len(Quality))
            with r.when((oldest <= 0) | stale | known_quality.equals(0)):
                r.give(r.word(0))
            stale_at = oldest + stale_after
            ends_first = never.equals(0) & (stale_at < soonest.get())
            soonest.set(ends_first.choose(stale_at, soonest.get()))
        r.give(soonest.get())


def _least(r: Routine, stamps: Word, count: Word) -> Word:
    least = r.local(I64, r.word(FOR_EVER_NS))
    with r.each(count) as i:
        stamp = stamps.at(i * STAMP_SIZE).load(I64)
        least.set((stamp < least.get()).choose(stamp, least.get()))
    return least.get()


def _greatest(r: Routine, qualities: Word, count: Word) -> Word:
    greatest = r.local(I8, r.word(0, I8))
    with r.each(count) as i:
        quality = qualities.at(i).load(I8)
        greatest.set(greatest.get().below(quality).choose(quality, greatest.get()))
    return greatest.get()


def _move_status(code: Code, r: Routine, plan: View, page: View, strip: View) -> None:
    app, source = plan["app"], page["current"]
    rank, index, count = (strip[name].widened(I64) for name in ("rank", "index", "count"))
    stamps, qualities = app.at(plan["stamp_offset"]), app.at(plan["writable_end"])
    told, since, offset = source.at(rank * STAMP_SIZE), stamps.at(index * STAMP_SIZE), plan["plc_offset_ns"]
    with r.each(count) as i:
        at = i * STAMP_SIZE
        since.at(at).store(in_plc_time(r, told.at(at).load(I64), known=r.word(1, I1), offset=offset))
    r.call(code["copy_strip"], qualities.at(index), source.at(page["quality_place"]).at(rank), count)
    first = index.shifted_right(_BLOCK_BITS)
    last = (index + count - 1).shifted_right(_BLOCK_BITS)
    blocks = plan["tag_blocks"].at(first)
    with r.each(last - first + 1) as block:
        blocks.at(block).store(r.word(0xFF, I8))
