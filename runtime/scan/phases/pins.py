"""Pins in the scan: taken over when the force table has changed, written before and after each task's turn.

Entries lie in shared memory: each is copied first, then checked, and only the copy is used.
"""

from runtime.core.appmemory import HEADER_SIZE
from runtime.image.emit import I32, I64, PTR, Code, Routine, Word
from runtime.image.layout import PIN_IS_TEXT, PIN_IS_WIDE, PINS_MAX, PinEntry
from runtime.image.view import View
from runtime.scan.phases.snapshot import mark_value, mark_values
from runtime.scan.plan import ActivePin, Plan, ValueKind


def write_pins(code: Code) -> None:
    """Write `take_pins(plan)` and `apply_pins(plan)`."""
    with code.routine("take_pins", plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        found = r.local(I64, r.word(0))
        plan["pin_text_count"], plan["resting_pinned"] = r.word(0), r.word(0)
        with r.each(r.word(PINS_MAX)) as i:
            entry = plan.element("pins", PinEntry, i)
            with r.when(entry.atomic("active", "acquire").differs(0)):
                offset = entry.atomic("offset", "monotonic").widened(I64)
                size = entry.atomic("size", "monotonic").widened(I64)
                value = entry.atomic("value", "monotonic")
                active = plan.element("active_pins", ActivePin, found.get())
                with r.when(_is_variable(offset, size, plan["writable_end"])):
                    active["offset"] = offset
                    active["kind"] = (size.floor_log2() + int(ValueKind.BYTES_1)).narrowed(I32)
                    active["value"] = value
                    found.set(found.get() + 1)
                    _tell_resting(code, r, plan, offset, size)
                told = size & (PIN_IS_WIDE - 1)
                with r.when(_is_text(offset, size, told, plan["writable_end"])):
                    width = (size & PIN_IS_WIDE).differs(0).choose(r.word(2), r.word(1))
                    active["offset"] = offset
                    active["kind"], active["size"] = r.word(ValueKind.TEXT, I32), told.narrowed(I32)
                    active["value"] = r.call(code["take_pin_text"], r["plan"], i, value, told, width)
                    found.set(found.get() + 1)
                    _tell_resting(code, r, plan, offset, told)
        plan["active_pin_count"] = found.get()
    with code.routine("apply_pins", plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        with r.each(plan["active_pin_count"]) as i:
            pin = plan.element("active_pins", ActivePin, i)
            with r.either(pin["kind"].equals(ValueKind.TEXT)) as (text, number):
                with text:
                    r.call(code["store_pin_text"], r["plan"], pin.pointer)
                    mark_values(r, plan["value_blocks"], pin["offset"], pin["size"].widened(I64))
                with number:
                    r.call(code["store_bits"], plan["app"].at(pin["offset"]), pin["value"], pin["kind"])
                    mark_value(r, plan["value_blocks"], pin["offset"])


def _tell_resting(code: Code, r: Routine, plan: View, offset: Word, size: Word) -> None:
    """No pin is set on an input, but any bytes may stand in the table."""
    plan["resting_pinned"] = plan["resting_pinned"] | r.call(code["meets_resting"], r["plan"], offset, size)


def _is_variable(offset: Word, size: Word, end: Word) -> Word:
    """1 bit: a value of 1, 2, 4 or 8 bytes, aligned, wholly between header and qualities. Both come from 32 bits."""
    known = size.equals(1) | size.equals(2) | size.equals(4) | size.equals(8)
    aligned = (offset & (size - 1)).equals(0)
    return known & aligned & (offset >= HEADER_SIZE) & (offset + size <= end)


def _is_text(offset: Word, size: Word, told: Word, end: Word) -> Word:
    """1 bit: a string of `told` bytes, wholly between header and qualities; a wide one lies at an even offset."""
    is_text, wide = (size & PIN_IS_TEXT).differs(0), (size & PIN_IS_WIDE).differs(0)
    aligned = wide.equals(0) | ((offset | told) & 1).equals(0)
    return is_text & aligned & (told >= 2) & (offset >= HEADER_SIZE) & (offset + told <= end)
