"""State carried from one layout of application memory to another, by name and type.

A plan says what becomes of every variable; carrying it out is a list of moves, so that it costs one pass over memory.
Names are whole paths (`rack[2].cell_mv[14]`, `main.pid_1.sum`), so instances within instances, structures and the
common part of arrays that grew or shrank need no rule of their own. What a variable's value is worth afterwards:

    same type                       kept
    a narrower subrange of it       kept where the value is in it, else the initial value
    another number type             kept where it holds the very same value, else the initial value
    enumeration                     kept by the name of its label, else the initial value
    STRING of another length        kept, cut to what the new one holds
    anything else, a block of another type around it, a constant, a reference whose target may have moved
                                    the initial value
    no longer there                 dropped

Pointers (runtime/lang/ir/pointer.py) have no name to those outside: they go on where the layout is the very same, and
are null where it is not. Tags keep quality and time stamp with their value. A variable that was renamed is dropped and
initialised.
"""

import itertools
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from runtime.core.appmemory import HEADER_SIZE
from runtime.core.elementary import Elementary, Kind
from runtime.core.tag import Tag, TagTable, Variable

_NUMBERS = frozenset({Kind.BOOL, Kind.SIGNED, Kind.UNSIGNED, Kind.BITS, Kind.REAL})
_STAMP_SIZE = 8
_PADDING_MAX = 8
"""Between two neighbours in memory lie fewer bytes than the widest alignment."""


@dataclass(frozen=True, slots=True)
class Copy:
    """`size` bytes as they are."""

    old: int
    new: int
    size: int


@dataclass(frozen=True, slots=True)
class Convert:
    """A number or text into another type, where that holds the same value; of a subrange, where it is in it."""

    old: int
    new: int
    of: Elementary
    to: Elementary
    subrange: tuple[int, int] | None = None

    @property
    def limits(self) -> tuple[int, int]:
        """The lowest and the highest whole number that the target takes."""
        if self.to.kind is Kind.BOOL:
            return 0, 1
        return self.subrange or (self.to.minimum, self.to.maximum)


@dataclass(frozen=True, slots=True)
class Relabel:
    """An enumeration's value, from its former number to the one of the same label. `pairs` are (former, new)."""

    old: int
    new: int
    of: Elementary
    to: Elementary
    pairs: tuple[tuple[int, int], ...]


Move = Copy | Convert | Relabel


@dataclass(frozen=True, slots=True)
class Memory:
    """A layout: its variables, and where the qualities and stamps of its tags lie (None: they lie nowhere)."""

    tags: TagTable
    quality_offset: int | None = None
    stamp_offset: int | None = None
    layout_hash: str = ""

    def leaves(self) -> Iterable[Variable]:
        """Tags and variables."""
        yield from self.tags.tags
        yield from self.tags.variables


@dataclass(frozen=True, slots=True)
class Change:
    """A variable that does not simply go on, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Migration:
    """What becomes of every variable, and the moves that do it.

    `kept` counts; the others are listed: `retyped` go on with another type where their value fits it, `initialised`
    start with their initial value, `dropped` are no more.
    """

    moves: tuple[Move, ...]
    kept: int
    retyped: tuple[Change, ...]
    initialised: tuple[Change, ...]
    dropped: tuple[str, ...]
    names: Mapping[int, str] = field(repr=False)
    """Of the variables behind converting moves, by their new offset."""

    @cached_property
    def is_plain(self) -> bool:
        """True when every variable goes on as it is."""
        return not (self.retyped or self.initialised or self.dropped)

    def apply(self, old: bytes | bytearray | memoryview, new: bytearray | memoryview) -> list[str]:
        """Carry the values of `old` into `new`, which holds its initial values; the names of those that did not fit."""
        return [self.names[move.new] for move in self.moves if not _carried(move, old, new)]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "kept": self.kept,
            "retyped": [{"name": c.name, "why": c.why} for c in self.retyped],
            "initialised": [{"name": c.name, "why": c.why} for c in self.initialised],
            "dropped": list(self.dropped),
        }

    def lines(self, *, names_max: int = 20) -> list[str]:
        """As text: how many of each, and up to `names_max` of their names a line each."""
        told = [f"kept         {self.kept}"]
        changed = {"retyped": self.retyped, "initialised": self.initialised}
        for word, changes in changed.items():
            told += _listed(word, [f"{c.name} ({c.why})" for c in changes], names_max)
        return told + _listed("dropped", self.dropped, names_max)


def _listed(word: str, names: Sequence[str], names_max: int) -> list[str]:
    shown = [*names[:names_max], *([f"and {len(names) - names_max} more"] if len(names) > names_max else [])]
    count = f"{word:<13}{len(names)}"
    if not shown:
        return [count]
    return [f"{count:<17}{shown[0]}", *(f"{'':17}{name}" for name in shown[1:])]


def plan_migration(old: Memory, new: Memory, *, reset: Mapping[str, str] | None = None) -> Migration:
    """The plan from one layout to another. `reset`: variables (in lower case) that start anew, and why."""
    return _Planner(old, new, reset or {}).plan()


class _Planner:
    def __init__(self, old: Memory, new: Memory, reset: Mapping[str, str]) -> None:
        self._old, self._new, self._reset = old, new, reset
        self._same_layout = bool(new.layout_hash) and old.layout_hash == new.layout_hash
        self._copies: list[tuple[Variable, Variable]] = []
        self._bytes: list[Copy] = []
        self._converting: list[Move] = []
        self._retyped: list[Change] = []
        self._initialised: list[Change] = []
        self._names: dict[int, str] = {}

    def plan(self) -> Migration:
        former = {leaf.name.lower(): leaf for leaf in self._old.leaves()}
        kept = 0
        for leaf in self._new.leaves():
            before = former.pop(leaf.name.lower(), None)
            kept += self._take(before, leaf)
        if self._same_layout and self._new.quality_offset is not None:
            anew = {change.name for change in (*self._initialised, *self._retyped)}
            copies = _all_but([leaf for leaf in self._new.leaves() if leaf.name in anew], self._new.quality_offset)
        else:
            copies = _joined(self._copies, list(self._old.leaves()), list(self._new.leaves()))
        return Migration(
            moves=(*copies, *_adjoining(self._bytes), *self._converting),
            kept=kept,
            retyped=tuple(self._retyped),
            initialised=tuple(self._initialised),
            dropped=tuple(leaf.name for leaf in former.values()),
            names=self._names,
        )

    def _take(self, before: Variable | None, leaf: Variable) -> bool:
        """True when the variable goes on as it is."""
        why = self._obstacle(before, leaf)
        if before is None or why:
            self._initialised.append(Change(leaf.name, why or "new"))
            return False
        self._carry_tag(before, leaf)
        if before.type == leaf.type and before.labels == leaf.labels and _is_within(before, leaf):
            self._copies.append((before, leaf))
            return True
        self._names[leaf.offset] = leaf.name
        self._retyped.append(Change(leaf.name, _retyping(before, leaf)))
        if leaf.labels:
            values = {name.lower(): value for name, value in leaf.labels}
            pairs = tuple((was, values[name.lower()]) for name, was in before.labels if name.lower() in values)
            self._converting.append(Relabel(before.offset, leaf.offset, before.type, leaf.type, pairs))
        else:
            self._converting.append(Convert(before.offset, leaf.offset, before.type, leaf.type, leaf.subrange))
        return False

    def _obstacle(self, before: Variable | None, leaf: Variable) -> str:
        """Why the variable starts anew; empty when it need not."""
        if leaf.name.lower() in self._reset:
            return self._reset[leaf.name.lower()]
        if before is None:
            return "new"
        if leaf.constant:
            return "a constant has the value of the program"
        if leaf.reference or before.reference:
            same = self._same_layout and before.type == leaf.type
            return "" if same else "a reference: what it leads to may lie elsewhere now"
        if before.block.lower() != leaf.block.lower():
            return f"it belongs to {_blocks(leaf)} now, to {_blocks(before)} before"
        return "" if _is_convertible(before, leaf) else f"it is {leaf.type_name} now, {before.type_name} before"

    def _carry_tag(self, before: Variable, leaf: Variable) -> None:
        if not isinstance(before, Tag) or not isinstance(leaf, Tag):
            return
        old, new = self._old, self._new
        if old.quality_offset is None or old.stamp_offset is None:
            return
        if new.quality_offset is None or new.stamp_offset is None:
            return
        self._bytes.append(Copy(old.quality_offset + before.index, new.quality_offset + leaf.index, 1))
        stamps = old.stamp_offset + _STAMP_SIZE * before.index, new.stamp_offset + _STAMP_SIZE * leaf.index
        self._bytes.append(Copy(*stamps, _STAMP_SIZE))


def _is_convertible(before: Variable, leaf: Variable) -> bool:
    if before.labels or leaf.labels:
        return bool(before.labels and leaf.labels)
    was, now = before.type, leaf.type
    if was == now or (was.kind in _NUMBERS and now.kind in _NUMBERS):
        return True
    if was.kind is Kind.TEXT:
        return now.kind is Kind.TEXT and was.width == now.width
    return was.name in (now.name.removeprefix("L"), "L" + now.name) and was.kind in (Kind.TIME, Kind.DATE)


def _is_within(before: Variable, leaf: Variable) -> bool:
    """True when every value that the variable could have before is one that it may have now."""
    if leaf.subrange is None:
        return True
    was = before.subrange or (before.type.minimum, before.type.maximum)
    return leaf.subrange[0] <= was[0] and was[1] <= leaf.subrange[1]


def _retyping(before: Variable, leaf: Variable) -> str:
    if leaf.labels:
        return f"{before.type_name} to {leaf.type_name}, by the names of the labels"
    if leaf.type.kind is Kind.TEXT:
        cut = f", cut after {leaf.type.capacity} characters" if leaf.type.capacity < before.type.capacity else ""
        return f"{before.type_name} to {leaf.type_name}{cut}"
    return f"{_ranged(before)} to {_ranged(leaf)}, where the value fits"


def _ranged(leaf: Variable) -> str:
    return leaf.type_name if leaf.subrange is None else f"{leaf.type_name} ({leaf.subrange[0]}..{leaf.subrange[1]})"


def _blocks(leaf: Variable) -> str:
    return leaf.block.rpartition("/")[2] or "no block"


def _all_but(anew: Iterable[Variable], end: int) -> list[Copy]:
    """Globals and instances of an unchanged layout as they lie, with the pointers that are no variables to others."""
    made: list[Copy] = []
    start = HEADER_SIZE
    for leaf in sorted(anew, key=lambda leaf: leaf.offset):
        made.append(Copy(start, start, leaf.offset - start))
        start = leaf.offset + leaf.type.size
    return [copy for copy in (*made, Copy(start, start, end - start)) if copy.size > 0]


def _joined(pairs: Sequence[tuple[Variable, Variable]], old: Sequence[Variable], new: Sequence[Variable]) -> list[Copy]:
    """One copy for neighbours that stayed neighbours, with the padding between them."""
    was_after, is_after = _followers(old), _followers(new)
    made: list[Copy] = []
    last: tuple[int, int] | None = None
    for before, leaf in sorted(pairs, key=lambda pair: pair[1].offset):
        if last is not None and was_after.get(last[0]) == before.offset and is_after.get(last[1]) == leaf.offset:
            start = made[-1]
            grown = leaf.offset + leaf.type.size - start.new
            gap_was, gap_is = before.offset - (start.old + start.size), leaf.offset - (start.new + start.size)
            if gap_was == gap_is < _PADDING_MAX:
                made[-1] = Copy(start.old, start.new, grown)
                last = before.offset, leaf.offset
                continue
        made.append(Copy(before.offset, leaf.offset, leaf.type.size))
        last = before.offset, leaf.offset
    return made


def _followers(leaves: Sequence[Variable]) -> dict[int, int]:
    """Of each variable's offset, that of the next one in memory."""
    offsets = sorted(leaf.offset for leaf in leaves)
    return dict(itertools.pairwise(offsets))


def _adjoining(copies: Iterable[Copy]) -> list[Copy]:
    made: list[Copy] = []
    for copy in sorted(copies, key=lambda c: c.new):
        last = made[-1] if made else None
        if last is not None and (last.old + last.size, last.new + last.size) == (copy.old, copy.new):
            made[-1] = Copy(last.old, last.new, last.size + copy.size)
        else:
            made.append(copy)
    return made


# ---- carrying it out ----


def _carried(move: Move, old: bytes | bytearray | memoryview, new: bytearray | memoryview) -> bool:
    """False when the value does not fit; then the initial value stays."""
    if isinstance(move, Copy):
        new[move.new : move.new + move.size] = old[move.old : move.old + move.size]
        return True
    value: Any = move.of.unpack(old, move.old)
    if isinstance(move, Relabel):
        value = next((to for was, to in move.pairs if was == value), None)
    elif move.to.kind is Kind.TEXT:
        value = value[: move.to.capacity]
    else:
        value = lossless(value, move.to)
        if value is not None and move.subrange is not None and not move.subrange[0] <= value <= move.subrange[1]:
            value = None
    if value is None:
        return False
    move.to.pack_into(new, move.new, value)
    return True


def lossless(value: float, to: Elementary) -> float | None:
    """The same number as a value of the type, or None when the type does not hold it."""
    if to.kind is not Kind.REAL:
        if value != value or abs(value) == float("inf") or int(value) != value:
            return None
        whole = int(value)
        limits = (0, 1) if to.kind is Kind.BOOL else (to.minimum, to.maximum)
        return whole if limits[0] <= whole <= limits[1] else None
    try:
        held: float = to.codec.unpack_from(to.codec.pack(value))[0]
    except (OverflowError, struct.error):
        return None
    return held if held == value or value != value else None
