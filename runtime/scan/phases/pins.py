"""Pins in the scan: taken over when the force table has changed, written before and after each task's turn.

Entries lie in shared memory: each is copied first, then checked, and only the copy is used.
"""

from runtime.core.appmemory import HEADER_SIZE
from runtime.image.emit import I32, I64, PTR, Code, Word
from runtime.image.layout import PINS_MAX, PinEntry
from runtime.scan.phases.view import View
from runtime.scan.plan import ActivePin, Plan, ValueKind


def write_pins(code: Code) -> None:
    """Write `take_pins(plan)` and `apply_pins(plan)`."""
    with code.routine("take_pins", plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        found = r.local(I64, r.word(0))
        with r.each(r.word(PINS_MAX)) as i:
            entry = plan.element("pins", PinEntry, i)
            with r.when(entry.atomic("active", "acquire").differs(0)):
                offset = entry.atomic("offset", "monotonic").widened(I64)
                size = entry.atomic("size", "monotonic").widened(I64)
                with r.when(_is_variable(offset, size, plan["writable_end"])):
                    active = plan.element("active_pins", ActivePin, found.get())
                    active["offset"] = offset
                    active["kind"] = (size.floor_log2() + int(ValueKind.BYTES_1)).narrowed(I32)
                    active["value"] = entry.atomic("value", "monotonic")
                    found.set(found.get() + 1)
        plan["active_pin_count"] = found.get()
    with code.routine("apply_pins", plan=PTR) as r:
        plan = View(r, Plan, r["plan"])
        with r.each(plan["active_pin_count"]) as i:
            pin = plan.element("active_pins", ActivePin, i)
            r.call(code["store_bits"], plan["app"].at(pin["offset"]), pin["value"], pin["kind"])


def _is_variable(offset: Word, size: Word, end: Word) -> Word:
    """1 bit: a value of 1, 2, 4 or 8 bytes, aligned, wholly between header and qualities. Both come from 32 bits."""
    known = size.equals(1) | size.equals(2) | size.equals(4) | size.equals(8)
    aligned = (offset & (size - 1)).equals(0)
    return known & aligned & (offset >= HEADER_SIZE) & (offset + size <= end)
