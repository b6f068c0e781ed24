"""Strings in the scan: latched from pages, gathered into the frame, and held by forces and pins.

Strings are moved apart from numbers, so that those cost nothing for them. How much is copied, and where, is the plan's
word; what shared memory holds is bytes only. A text taken from there is *tidied* in the scan's own copy, so that memory
holds it as programs write it: up to its first 0, at most the declared length, then zeros (core/elementary.py).
"""

from runtime.core.quality import Quality
from runtime.image.control import MAILBOX_IS_TEXT, MAILBOX_TEXT_SIZE
from runtime.image.emit import I8, I16, I64, PTR, Code, Routine, Word
from runtime.image.layout import PIN_TEXT_SIZE
from runtime.image.view import View
from runtime.scan.phases.snapshot import mark_changed
from runtime.scan.phases.values import in_plc_time
from runtime.scan.plan import ActivePin, ForcePoint, PagePlan, Plan, TextMove


def write_texts(code: Code) -> None:
    """Write `latch_texts(plan, page, now)`, `gather_texts(plan)`, and what forces and pins need of strings."""
    _write_tidy(code)
    _write_latch(code)
    with code.routine("gather_texts", plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        with r.each(plan["output_text_count"]) as i:
            move = plan.element("output_texts", TextMove, i)
            place = plan["frame_made"].at(move["text_place"])
            r.copy(place, plan["app"].at(move["value_offset"]), move["size"].widened(I64))
    _write_forces(code)
    _write_pins(code)


def command_text_size(r: Routine, entry: View) -> Word:
    """How many bytes of text a mailbox entry writes; 0 when it writes a number, or says what no text can be."""
    size = entry["size"].widened(I64)
    told = size & (MAILBOX_IS_TEXT - 1)
    sound = (size & MAILBOX_IS_TEXT).differs(0) & told.below(MAILBOX_TEXT_SIZE + 1)
    return sound.choose(told, r.word(0))


def _write_tidy(code: Code) -> None:
    """`tidy(text, size, width)`: what follows the first 0, and the last character of `size` bytes, become 0."""
    with code.routine("tidy", text=PTR, size=I64, width=I64) as r:
        end = r.local(I64, r.word(0))
        last = r["size"] - r["width"]
        with r.loop() as loop:
            loop.leave_when(end.get() >= last)
            at = r["text"].at(end.get())
            wide = r["width"].differs(1)
            with r.either(wide) as (of_two, of_one):
                character = r.local(I64)
                with of_two:
                    character.set(at.load(I16).widened(I64))
                with of_one:
                    character.set(at.load(I8).widened(I64))
            loop.leave_when(character.get().equals(0))
            end.set(end.get() + r["width"])
        with r.when(end.get() < r["size"]):
            r.clear(r["text"].at(end.get()), r["size"] - end.get())


def _write_latch(code: Code) -> None:
    """A page is tidied once, when it is new; its texts are moved every scan, as its numbers are."""
    with code.routine("latch_texts", plan=PTR, page=PTR, now=I64) as r:
        plan, page = View(r, Plan, r["plan"]), View(r, PagePlan, r["page"])
        with r.when(page["seen"].differs(page["tidied"])):
            page["tidied"] = page["seen"]
            with r.each(page["text_count"]) as i:
                move = page.element("texts", TextMove, i)
                text = page["current"].at(move["text_place"])
                r.call(code["tidy"], text, move["size"].widened(I64), move["width"].widened(I64))
        with r.each(page["text_count"]) as i:
            _latch_text(r, plan, page, page.element("texts", TextMove, i))


def _latch_text(r: Routine, plan: View, page: View, move: View) -> None:
    app, source = plan["app"], page["current"]
    stamp, told = source.at(move["stamp_place"]).load(I64), source.at(move["quality_place"]).load(I8)
    known = stamp > 0
    with r.when(known):
        text = page["current"].at(move["text_place"])
        r.copy(app.at(move["value_offset"]), text, move["size"].widened(I64))
    stale_after = move["stale_after_ns"]
    fresh = stale_after.equals(0) | (r["now"] - stamp <= stale_after)
    trusted = known & fresh & told.below(len(Quality))
    quality = trusted.choose(told, r.word(Quality.BAD, I8))
    since = in_plc_time(r, stamp, known=known, offset=plan["plc_offset_ns"])
    quality_at, stamp_at = app.at(move["quality_offset"]), app.at(move["stamp_offset"])
    with r.when(quality_at.load(I8).differs(quality) | stamp_at.load(I64).differs(since)):
        quality_at.store(quality)
        stamp_at.store(since)
        mark_changed(r, plan["tag_blocks"], move["quality_offset"].widened(I64) - plan["writable_end"])


def _write_forces(code: Code) -> None:
    """`take_force_text(plan, point, number)` into the scan's own memory; `store_force_text(plan, point)` from there."""
    with code.routine("take_force_text", plan=PTR, point=PTR, number=I64) as r:
        plan, point = View(r, Plan, r["plan"]), View(r, ForcePoint, r["point"])
        size, place = point["size"].widened(I64), point["text_place"].widened(I64)
        room = (size + 7) & ~7
        source = plan["force_texts"].at(place * 2 + (r["number"] & 1) * room)
        text = plan["held_texts"].at(place)
        r.copy(text, source, size)
        r.call(code["tidy"], text, size, point["width"].widened(I64))
    with code.routine("store_force_text", plan=PTR, point=PTR) as r:
        plan, point = View(r, Plan, r["plan"]), View(r, ForcePoint, r["point"])
        text = plan["held_texts"].at(point["text_place"].widened(I64))
        r.copy(plan["app"].at(point["value_offset"]), text, point["size"].widened(I64))


def _write_pins(code: Code) -> None:
    """`take_pin_text(plan, entry, number, size, width)` gives its place in memory; `store_pin_text(plan, pin)`."""
    with code.routine("take_pin_text", I64, plan=PTR, entry=I64, number=I64, size=I64, width=I64) as r:
        plan = View(r, Plan, r["plan"])
        place = plan["force_texts_size"] + plan["pin_text_count"] * PIN_TEXT_SIZE
        plan["pin_text_count"] = plan["pin_text_count"] + 1
        text = plan["held_texts"].at(place)
        r.copy(text, plan["pin_texts"].at((r["entry"] * 2 + (r["number"] & 1)) * PIN_TEXT_SIZE), r.word(PIN_TEXT_SIZE))
        r.call(code["tidy"], text, _at_most(r, r["size"]), r["width"])
        r.give(place)
    with code.routine("store_pin_text", plan=PTR, pin=PTR) as r:
        plan, pin = View(r, Plan, r["plan"]), View(r, ActivePin, r["pin"])
        size, target = pin["size"].widened(I64), plan["app"].at(pin["offset"])
        told = _at_most(r, size)
        r.copy(target, plan["held_texts"].at(pin["value"]), told)
        r.clear(target.at(told), size - told)


def _at_most(r: Routine, size: Word) -> Word:
    return size.below(PIN_TEXT_SIZE).choose(size, r.word(PIN_TEXT_SIZE))
