"""In which column things that belong together stand: the writer's own where it serves, else the least that does."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

GAP = 2
"""Blanks between code and what is remarked about it, at least."""
_SPREAD_MAX = 4
"""Sections of a POU whose columns differ by no more than this share the widest."""
_WIDER_MAX = 32
"""How far a writer's column may lie beyond the least: past it is no taste but chance."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to be put into a column: the least it can have, the one it had (-1: none), and whether it counts."""

    least: int
    asked: int
    counts: bool = True


def settle(marks: Sequence[Mark], *, share: float = 1.0, step: int = 1) -> int:
    """The column for marks: the one that most of them have, where at least `share` of them can stand in it.

    Otherwise the least that holds all that count, rounded up to a multiple of `step`. 0 for no marks.
    Settling what was settled gives the same column again.
    """
    counting = [m for m in marks if m.counts] or list(marks)
    if not counting:
        return 0
    least = max(m.least for m in counting)
    asked = Counter(m.asked for m in counting if m.asked >= 0)
    column = min(asked, key=lambda c: (-asked[c], c), default=-1)
    fitting = sum(1 for m in counting if m.least <= column)
    if fitting >= share * len(counting) and column - least <= _WIDER_MAX:
        return column
    return next_stop(least, step)


def next_stop(column: int, step: int) -> int:
    """The first multiple of `step` that is not left of a column."""
    return column + -column % step


def settle_sections(marks: Sequence[Mark], places: Sequence[tuple[int, int]]) -> list[int]:
    """A column for each mark, the same within a section; `places` are numbers of its POU and its section."""
    sections: dict[tuple[int, int], list[Mark]] = defaultdict(list)
    for mark, place in zip(marks, places, strict=True):
        sections[place].append(mark)
    columns = {place: settle(found) for place, found in sections.items()}
    pous: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for place in columns:
        pous[place[0]].append(place)
    for found in pous.values():
        widest = max(columns[place] for place in found)
        if widest - min(columns[place] for place in found) <= _SPREAD_MAX:
            columns |= dict.fromkeys(found, widest)
    return [columns[place] for place in places]
