"""Resting inputs: those that no program stores into (lang/ir/stores.py), so that nothing has to restore them.

Their values go from the page straight into application memory, when the page is moved. What else may write there, by an
offset out of shared memory, asks `meets_resting`, and has all pages moved again before programs run the next time.
"""

from runtime.image.emit import I8, I64, PTR, Code
from runtime.image.view import View
from runtime.scan.plan import Plan


def write_meets_resting(code: Code) -> None:
    """Write `meets_resting(plan, offset, size) -> 1` when a byte there, below the qualities, is a resting input's."""
    with code.routine("meets_resting", I64, plan=PTR, offset=I64, size=I64) as r:
        mask = View(r, Plan, r["plan"])["resting_mask"]
        found = r.local(I64, r.word(0))
        with r.when(mask.differs(r.null())), r.each(r["size"]) as i:
            found.set(found.get() | mask.at(r["offset"] + i).load(I8).widened(I64))
        r.give(found.get().differs(0).widened(I64))
