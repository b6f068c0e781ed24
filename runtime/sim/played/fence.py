"""The fence of a played device of class `term`: which writes it takes."""

from collections.abc import Sequence

from runtime.drivers.codec import raw_of_words
from runtime.iomap.plan.plan import FencePlan
from runtime.iomap.wire import ModbusWire, Table


class PlayedFence:
    """Writes of the fenced registers carry a term in the same request, and none that is lower than one before.

    `refused`: how many did not. `newest`: the highest term so far.
    """

    def __init__(self, plan: FencePlan, fenced: Sequence[ModbusWire]) -> None:
        self.newest = 0
        self.refused = 0
        self._wire = plan.wire
        self._fenced = tuple(fenced)

    def term_of(self, table: Table, address: int, words: Sequence[int]) -> int | None:
        """The term that a write carries; None: none, or half of one."""
        wire = self._wire
        first = wire.address - address
        if table is not wire.table or first < 0 or wire.end > address + len(words):
            return None
        return int(raw_of_words(wire, words[first : first + wire.words]))

    def takes(self, table: Table, address: int, words: Sequence[int]) -> bool:
        """Whether the device takes the write; a higher term than before is the one that counts from now on."""
        term, end = self.term_of(table, address, words), address + len(words)
        touches = any(w.table is table and address < w.end and w.address < end for w in (self._wire, *self._fenced))
        if touches and (term is None or term < self.newest):
            self.refused += 1
            return False
        self.newest = max(self.newest, term or 0)
        return True
