"""Nodes of the IR that have a value, and the places they are read from."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from runtime.core.elementary import BOOL, Elementary, Value
from runtime.lang.ir.calls import After, Call, Dispatch, Locate
from runtime.lang.ir.pointer import POINTER


class Base(Enum):
    """Where a place's offset counts from."""

    APP = "app"  # start of application memory
    SELF = "self"  # the instance this body was called with (PROGRAM, FUNCTION_BLOCK, METHOD)
    FRAME = "frame"  # this call's frame: VAR_TEMP, and all of a FUNCTION's or METHOD's variables
    REF = "ref"  # what by-reference parameter number `param` points at
    POINTER = "pointer"  # where the pointer in `followed` points


@dataclass(frozen=True, slots=True)
class Index:
    """One checked array subscript: adds (value - low) * stride bytes if low <= value <= high, else faults.

    `value` is of type LINT (ULINT subscripts beyond LINT's range arrive clipped to LINT's maximum).
    """

    value: "Expr"
    low: int
    high: int
    stride: int
    site: int


@dataclass(frozen=True, slots=True)
class Followed:
    """The pointer (ir/pointer.py) a place is reached through, and what is done there: `size` bytes are touched.

    Good only if the pointer carries `mark`, and its bounds, kept within [HEADER_SIZE, end), hold the `size` bytes at
    the place, at a multiple of `alignment`. Else BAD_REFERENCE at `site`.
    """

    pointer: "Expr"
    size: int
    alignment: int
    mark: int
    end: int
    site: int


@dataclass(frozen=True, slots=True)
class Place:
    """An address. With any index out of range: a load gives the default, a store, copy or call does nothing.

    The pointer, where there is one, is evaluated first. Indices are evaluated and checked left to right; the first bad
    one faults, the rest are not evaluated. Where the pointer leads is checked last, with the indices added.
    """

    base: Base
    offset: int
    indices: tuple[Index, ...] = ()
    param: int = -1
    followed: Followed | None = None

    @property
    def may_be_bad(self) -> bool:
        """Whether there is something to check when the program runs."""
        return bool(self.indices) or self.followed is not None


@dataclass(frozen=True, slots=True)
class Const:
    """A literal of its type: bool for BOOL, float for REAL (already rounded to 32 bit) and LREAL, else int."""

    type: Elementary
    value: Value


@dataclass(frozen=True, slots=True)
class Load:
    """The value at a place. A BOOL byte other than 0 is TRUE."""

    type: Elementary
    place: Place


@dataclass(frozen=True, slots=True)
class Unary:
    """`neg` of a signed integer (wraps), TIME or real; `not` of BOOL or bits (integers count as bits)."""

    type: Elementary
    op: Literal["neg", "not"]
    operand: "Expr"


@dataclass(frozen=True, slots=True)
class Binary:
    """An operation whose operands and result are all of `type`. Both operands are evaluated, left first.

    Integers and TIME wrap; `div` and `mod` truncate towards zero, take `site`, and give 0 for a divisor of 0;
    MIN / -1 is MIN, MIN mod -1 is 0. Reals are IEEE 754 in their own width, never contracted. `mod` has no real form.
    `and`, `or`, `xor` are for BOOL, bits and integers.
    """

    type: Elementary
    op: Literal["add", "sub", "mul", "div", "mod", "and", "or", "xor"]
    left: "Expr"
    right: "Expr"
    site: int = -1


@dataclass(frozen=True, slots=True)
class Compare:
    """A BOOL from two operands of one type; reals compare ordered (NaN: all FALSE but `ne`, which is TRUE)."""

    op: Literal["eq", "ne", "lt", "le", "gt", "ge"]
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class ShortCircuit:
    """AND_THEN and OR_ELSE: the right side is evaluated only where it decides."""

    op: Literal["and_then", "or_else"]
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True, slots=True)
class Convert:
    """The operand as another type.

    integer, bits, TIME → integer, bits, TIME: truncated, or extended by the operand's signedness. → BOOL: not equal 0.
    BOOL → number: 0 or 1. integer → real: nearest, ties to even. REAL ↔ LREAL: IEEE.
    real → integer: rounds half to even and saturates; NaN gives 0 and faults at `site`. real → BOOL: not equal 0 (so
    NaN is TRUE).
    character → string: one character (none for 0) and back; a wide character that CHAR lacks becomes `?`. Texts are cut
    where they are stored.
    TIME's customary units are the lowerer's business (it multiplies or divides around a Convert).
    """

    type: Elementary
    operand: "Expr"
    site: int = -1


@dataclass(frozen=True, slots=True)
class Intrinsic:
    """A function both back ends know. Arguments are evaluated left to right, all of them.

    One type for arguments and result, unless said: ABS (wraps at MIN), MIN, MAX (n arguments; left fold of
    `b < a ? b : a` and `b > a ? b : a`), LIMIT(mn, in, mx) = MIN(MAX(in, mn), mx) in that order,
    SEL(BOOL g, in0, in1), MUX(LINT k, in0, …; k clipped into the range), SHL, SHR, ROL, ROR (bits; second argument
    LINT, negative counts as 0; a shift by the width or more gives 0, a rotation counts modulo the width; SHR of a
    signed integer fills up with its sign, so that by the width or more it gives 0 or -1).
    Reals: SQRT, LN, LOG, EXP, SIN, COS, TAN, ASIN, ACOS, ATAN, ATAN2(y, x), EXPT(base, exponent), FLOOR, CEIL, by
    libm's function of that width (sinf, sin, …). TRUNC: real argument towards zero into the integer `type`,
    saturating, NaN as Convert does, at `site`.
    Strings (numbers LINT, positions from 1, clipped; the result is cut to its capacity): LEN(text), FIND(in, sought)
    (0: no hit) give LINT; LEFT(text, n), RIGHT(text, n), MID(text, n, position), CONCAT(text, …),
    INSERT(text, added, position), DELETE(text, n, position), REPLACE(text, added, n, position) give text.
    """

    type: Elementary
    name: str
    args: tuple["Expr", ...]
    site: int = -1


@dataclass(frozen=True, slots=True)
class Reachable:
    """A BOOL: whether all indices of a place are good. They are evaluated and checked as for a load."""

    place: Place


@dataclass(frozen=True, slots=True)
class Point:
    """A pointer to the byte `offset` plus `indices` behind a place, bounded to the `size` bytes at the place.

    Where the place is itself reached through a pointer, that one moved: its bounds stay, and it is not checked.
    The null pointer when an index is bad; with a fault at `site` when the bounds are not within [HEADER_SIZE, end).
    `tag` goes into the pointer.
    """

    place: Place
    offset: int
    indices: tuple[Index, ...]
    size: int
    tag: int
    end: int
    site: int

    @property
    def type(self) -> Elementary:
        """Always POINTER."""
        return POINTER


Expr = (
    Const
    | Load
    | Unary
    | Binary
    | Compare
    | ShortCircuit
    | Convert
    | Intrinsic
    | Call
    | Dispatch
    | Locate
    | After
    | Reachable
    | Point
)


def type_of(node: Expr) -> Elementary:
    """The type of an expression's value."""
    if isinstance(node, Compare | ShortCircuit | Reachable):
        return BOOL
    assert node.type is not None, "a function without result has no value"
    return node.type
