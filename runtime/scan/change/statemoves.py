"""Carries state from one plan's memory to the next one's in native code: the moves of core/migration.py.

A number goes on where the other type holds the very same one. It is looked at either as a whole number (64 bits, and
whether it is negative) or as a 64-bit float; the way back tells whether anything was lost.
"""

import ctypes
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

from runtime.core.elementary import Elementary, Kind
from runtime.core.migration import Convert, Copy, Move, Relabel
from runtime.image.emit import BY_SIZE, I8, I16, I32, I64, PTR, Code, Routine, Word
from runtime.image.view import View

_TWO_TO_63, _TWO_TO_64 = 1 << 63, 1 << 64


class MoveKind(IntEnum):
    """What a StateMove does."""

    COPY = 0
    NUMBER = 1
    LABEL = 2
    TEXT = 3


class NumberType(IntEnum):
    """How a number lies in memory."""

    BOOL = 0
    SIGNED_1 = 1
    SIGNED_2 = 2
    SIGNED_4 = 3
    SIGNED_8 = 4
    UNSIGNED_1 = 5
    UNSIGNED_2 = 6
    UNSIGNED_4 = 7
    UNSIGNED_8 = 8
    REAL = 9
    LREAL = 10


class LabelPair(ctypes.Structure):
    """Bits of an enumeration's former value, and of the one with the same label now."""

    _fields_ = (("was", ctypes.c_uint64), ("now", ctypes.c_uint64))


class StateMove(ctypes.Structure):
    """One move between addresses. `of` and `to`: bytes (COPY, `of` alone; LABEL), NumberType, or characters (TEXT)."""

    _fields_ = (
        ("kind", ctypes.c_uint64),
        ("source", ctypes.c_void_p),
        ("target", ctypes.c_void_p),
        ("of", ctypes.c_uint64),
        ("to", ctypes.c_uint64),
        ("width", ctypes.c_uint64),  # bytes of a character
        ("pairs", ctypes.c_void_p),
        ("pair_count", ctypes.c_uint64),
        # What a whole NUMBER may be: `least` to `largest` from 0 on, `deepest` to `highest` below 0.
        ("least", ctypes.c_uint64),
        ("largest", ctypes.c_uint64),
        ("deepest", ctypes.c_int64),
        ("highest", ctypes.c_int64),
    )


def state_move(move: Move, source: int, target: int) -> tuple[StateMove, Any]:
    """A move between two memories at these addresses, and the table it points at (to be kept with it)."""
    made = StateMove(source=source + move.old, target=target + move.new)
    table: Any = None
    if isinstance(move, Copy):
        made.kind, made.of = MoveKind.COPY, move.size
    elif isinstance(move, Relabel):
        pairs = [LabelPair(_bits(was, move.of), _bits(now, move.to)) for was, now in move.pairs]
        table = (LabelPair * len(pairs))(*pairs)
        made.kind, made.of, made.to = MoveKind.LABEL, move.of.size, move.to.size
        made.pairs, made.pair_count = ctypes.addressof(table), len(pairs)
    elif move.to.kind is Kind.TEXT:
        made.kind, made.of, made.to, made.width = MoveKind.TEXT, move.of.capacity, move.to.capacity, move.to.width
    else:
        made.kind, made.of, made.to = MoveKind.NUMBER, _number_type(move), _number_type(move, of_target=True)
        if move.to.kind is not Kind.REAL:
            low, high = move.limits
            made.least, made.largest = (max(low, 0), high) if high >= 0 else (1, 0)
            made.deepest, made.highest = min(low, 0), min(high, -1)
    return made, table


def _bits(value: int, of: Elementary) -> int:
    return value & ((1 << of.size * 8) - 1)


def _number_type(move: Convert, *, of_target: bool = False) -> NumberType:
    of = move.to if of_target else move.of
    if of.kind is Kind.BOOL:
        return NumberType.BOOL
    if of.kind is Kind.REAL:
        return NumberType.REAL if of.size == 4 else NumberType.LREAL
    return NumberType[f"{'SIGNED' if of.is_signed else 'UNSIGNED'}_{of.size}"]


def write_state_moves(code: Code) -> None:
    """Write `make_moves(moves, count)`. Targets that nothing fits into keep what they hold."""
    _write_number(code)
    _write_label(code)
    _write_text(code)
    with code.routine("make_moves", moves=PTR, count=I64) as r, r.each(r["count"]) as i:
        move = View(r, StateMove, r["moves"].at(i * ctypes.sizeof(StateMove)))
        kind = move["kind"]
        with r.when(kind.equals(MoveKind.COPY)):
            r.copy(move["target"], move["source"], move["of"])
        for other, name in ((MoveKind.NUMBER, "number"), (MoveKind.LABEL, "label"), (MoveKind.TEXT, "text")):
            with r.when(kind.equals(other)):
                r.call(code[f"move_{name}"], move.pointer)


def _write_label(code: Code) -> None:
    with code.routine("move_label", move=PTR) as r:
        move = View(r, StateMove, r["move"])
        value = r.local(I64, r.word(0))
        for size, of in BY_SIZE.items():
            with r.when(move["of"].equals(size)):
                value.set(move["source"].load(of).widened(I64))
        with r.each(move["pair_count"]) as i:
            pair = move.element("pairs", LabelPair, i)
            for size, of in BY_SIZE.items():
                with r.when(move["to"].equals(size) & pair["was"].equals(value.get())):
                    move["target"].store(pair["now"].narrowed(of))


def _write_text(code: Code) -> None:
    with code.routine("move_text", move=PTR) as r:
        move = View(r, StateMove, r["move"])
        length, width = r.local(I64, move["of"]), move["width"]
        with r.each(move["of"]) as i:
            at = move["source"].at(i * width)
            narrow, wide = at.load(I8).equals(0), at.load(I16).equals(0)
            ends = width.equals(1).choose(narrow, wide) & length.get().equals(move["of"])
            length.set(ends.choose(i, length.get()))
        length.set(length.get().below(move["to"]).choose(length.get(), move["to"]))
        r.clear(move["target"], (move["to"] + 1) * width)
        r.copy(move["target"], move["source"], length.get() * width)


class _Number:
    """A number on its way: `bits` of a whole number, or of a 64-bit real one."""

    def __init__(self, r: Routine) -> None:
        self.is_real = r.local(I64, r.word(0))
        self.negative = r.local(I64, r.word(0))
        self.bits = r.local(I64, r.word(0))


def _write_number(code: Code) -> None:
    with code.routine("move_number", move=PTR) as r:
        move, number = View(r, StateMove, r["move"]), _Number(r)
        for of, is_it in _each_type(move["of"]):
            with r.when(is_it):
                _load(r, move["source"], of, number)
        for to, is_it in _each_type(move["to"]):
            with r.when(is_it):
                if to in (NumberType.REAL, NumberType.LREAL):
                    _store_real(r, move["target"], to, number)
                else:
                    _store_whole(r, move, to, number)


def _each_type(word: Word) -> Iterator[tuple[NumberType, Word]]:
    for of in NumberType:
        yield of, word.equals(of)


def _shape(of: NumberType) -> tuple[Any, bool]:
    """The integer type that holds it, and whether that is signed."""
    if of is NumberType.BOOL:
        return I8, False
    return BY_SIZE[int(of.name[-1])], of.name.startswith("SIGNED")


def _load(r: Routine, source: Word, of: NumberType, number: _Number) -> None:
    if of in (NumberType.REAL, NumberType.LREAL):
        number.is_real.set(r.word(1))
        number.bits.set(source.load(I32 if of is NumberType.REAL else I64).as_real().bits())
        return
    held, signed = _shape(of)
    raw = source.load(held)
    whole = raw.signed_widened(I64) if signed else raw.widened(I64)
    number.bits.set(whole.differs(0).widened(I64) if of is NumberType.BOOL else whole)
    if signed:
        number.negative.set((whole < 0).widened(I64))


def _store_real(r: Routine, target: Word, to: NumberType, number: _Number) -> None:
    bits, is_real = number.bits.get(), number.is_real.get().differs(0)
    of_whole = number.negative.get().differs(0).choose(bits.to_real(), bits.to_real(unsigned=True))
    real = is_real.choose(bits.as_real(), of_whole).as_real()
    in_range = real < _TWO_TO_64
    sound = in_range.choose(real, r.word(0).as_real()).as_real()
    back = number.negative.get().differs(0).choose(sound.to_integer(), sound.to_integer(unsigned=True))
    exact = is_real | (in_range & back.equals(bits))
    if to is NumberType.LREAL:
        with r.when(exact):
            target.store(real.bits())
        return
    short = real.bits(I32)
    not_a_number = real.equals(real).equals(0)
    with r.when(exact & (short.as_real().equals(real) | not_a_number)):
        target.store(short)


def _store_whole(r: Routine, move: View, to: NumberType, number: _Number) -> None:
    bits, is_real = number.bits.get(), number.is_real.get().differs(0)
    real = bits.as_real()
    below_zero = real < 0
    in_range = (real >= -_TWO_TO_63) & (real < _TWO_TO_64)
    sound = in_range.choose(real, r.word(0).as_real()).as_real()
    of_real = below_zero.choose(sound.to_integer(), sound.to_integer(unsigned=True))
    back = below_zero.choose(of_real.to_real(), of_real.to_real(unsigned=True)).as_real()
    whole = is_real.choose(of_real, bits)
    negative = is_real.choose(below_zero, number.negative.get().differs(0))
    exact = is_real.equals(0) | (in_range & back.equals(real))
    held, _ = _shape(to)
    fits = move["largest"].below(whole).equals(0) & whole.below(move["least"]).equals(0)
    fits_below_zero = (whole >= move["deepest"]) & (move["highest"] >= whole)
    with r.when(exact & negative.choose(fits_below_zero, fits)):
        move["target"].store(whole.narrowed(held))
