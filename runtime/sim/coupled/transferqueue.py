"""Native code: which transfer is due next. A binary heap: a scan's cost does not grow with the square of a site.

Transfers due at one time cross in the order of the table, as a search through all of it would find them. The heap is
that of Williams (Algorithm 232, CACM 7, 1964): a sorted table is one, and only the first's time ever changes.
"""

from runtime.image.emit import I1, I32, I64, PTR, Code, Word
from runtime.image.view import View
from runtime.sim.coupled.plan import Coupling, Transfer


def waiting(coupling: View, place: Word) -> Word:
    """The number of the transfer at a place of the heap; at 0 it is the one that is due first."""
    return coupling["queue"].at(place * 4).load(I32).widened(I64)


def write_queue(code: Code) -> None:
    """Write `requeue(coupling)`: the first transfer has another time, find its new place."""
    with code.routine("before", I1, coupling=PTR, one=I64, other=I64) as r:
        coupling = View(r, Coupling, r["coupling"])
        one_ns, other_ns = (coupling.element("transfers", Transfer, r[name])["next_ns"] for name in ("one", "other"))
        r.give((one_ns < other_ns) | (one_ns.equals(other_ns) & (r["one"] < r["other"])))
    with code.routine("requeue", coupling=PTR) as r:
        coupling = View(r, Coupling, r["coupling"])
        queue, count = coupling["queue"], coupling["transfer_count"]
        moved, place = waiting(coupling, r.word(0)), r.local(I64, r.word(0))
        with r.loop() as down:  # the gap goes to a leaf first: where one that has just crossed mostly belongs
            left = place.get() * 2 + 1
            down.leave_when(left >= count)
            right = (left + 1 < count).choose(left + 1, left)
            wins = r.call(code["before"], r["coupling"], waiting(coupling, right), waiting(coupling, left))
            sooner = wins.choose(right, left)
            queue.at(place.get() * 4).store(waiting(coupling, sooner).narrowed(I32))
            place.set(sooner)
        with r.loop() as up:
            up.leave_when(place.get().equals(0))
            parent = (place.get() - 1).shifted_right(1)
            up.leave_when(r.call(code["before"], r["coupling"], waiting(coupling, parent), moved))
            queue.at(place.get() * 4).store(waiting(coupling, parent).narrowed(I32))
            place.set(parent)
        queue.at(place.get() * 4).store(moved.narrowed(I32))
