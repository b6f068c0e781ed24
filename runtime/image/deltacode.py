"""Comparing two states of one memory block by block, written as native code: what a pair's stream does each scan.

A block is BLOCK bytes, a cache line. The check sum of a memory runs along eight words a block, each in a lane of its
own: `lane = (lane ^ word) * PRIME`. Both steps can be undone, so that a lane never forgets that one of its words was
another; two memories that differ in more of them have the same sum once in 2^64. It finds mistakes, not forgeries.
"""

from runtime.image.emit import I32, I64, PTR, Code, Local, Routine, Word
from runtime.image.layout import DELTA_BLOCK as BLOCK

LANES = BLOCK // 8
PRIME = 0x100000001B3
"""Odd, so that multiplying by it can be undone; the 64-bit prime of FNV-1a."""
SEED = 0x4BF29CE484222325


def write_delta(code: Code) -> None:
    """Write `vs_delta`, `vs_patch` and `vs_sum` into a module."""
    of = {"before": PTR, "after": PTR, "blocks": I64, "places": PTR, "content": PTR, "sum": PTR}
    with code.routine("vs_delta", I64, exported=True, **of) as r:
        count, lanes = r.local(I64, r.word(0)), _lanes(r)
        with r.each(r["blocks"]) as block:
            old, new = r["before"].at(block * BLOCK), r["after"].at(block * BLOCK)
            words = _words(new)
            _take(lanes, words)
            with r.when(_differs(_words(old), words)):
                now = count.get()
                r["places"].at(now * 4).store(block.narrowed(I32))
                r.copy(r["content"].at(now * BLOCK), new, r.word(BLOCK))
                count.set(now + 1)
        r["sum"].store(_folded(r, lanes))
        r.give(count.get())
    with code.routine("vs_patch", I64, exported=True, memory=PTR, blocks=I64, places=PTR, content=PTR, count=I64) as r:
        with r.each(r["count"]) as number:
            block = r["places"].at(number * 4).load(I32).widened(I64)
            with r.when(r["blocks"].below(block + 1)):
                r.give(r.word(0))
            r.copy(r["memory"].at(block * BLOCK), r["content"].at(number * BLOCK), r.word(BLOCK))
        r.give(r.word(1))
    with code.routine("vs_sum", I64, exported=True, memory=PTR, blocks=I64) as r:
        lanes = _lanes(r)
        with r.each(r["blocks"]) as block:
            _take(lanes, _words(r["memory"].at(block * BLOCK)))
        r.give(_folded(r, lanes))


def _lanes(r: Routine) -> list[Local]:
    return [r.local(I64, r.word(SEED + lane)) for lane in range(LANES)]


def _take(lanes: list[Local], words: list[Word]) -> None:
    for lane, word in zip(lanes, words, strict=True):
        lane.set((lane.get() ^ word) * PRIME)


def _words(block: Word) -> list[Word]:
    return [block.at(8 * number).load(I64) for number in range(LANES)]


def _differs(old: list[Word], new: list[Word]) -> Word:
    found = None
    for before, after in zip(old, new, strict=True):
        differs = before ^ after
        found = differs if found is None else found | differs
    assert found is not None
    return found.differs(0)


def _folded(r: Routine, lanes: list[Local]) -> Word:
    total = r.word(SEED)
    for lane in lanes:
        total = (total ^ lane.get()) * PRIME
    return total
