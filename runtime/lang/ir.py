"""The typed intermediate representation: small, structured, already checked and laid out.

The checker has refused everything wrong before this exists, names are gone (addresses remain), every implicit
conversion is an explicit `Convert`, and every operand has exactly the type its operation needs. Both back ends,
`interp` and `llvm`, give each node the one meaning written here; tests compare all of application memory bit for bit.

Memory. A `Place` is an address: a base, a constant byte offset, and checked indices. Bases are application memory,
the instance a body was called with, the body's own frame, and by-reference parameters.

Faults. A node that can fault carries `site`, the index into `Application.sites`. A fault is recorded in the header of
application memory (core/appmemory.py) and execution goes on with the result decided in `FaultCode`.

Budget. `Loop.cost` and `For.cost` are charged against the BUDGET word *before each iteration of the body*; a task's
`cost` is charged once at its start. When the word would go below 0: record BUDGET_EXCEEDED at the site, set CUT to 1
and unwind to the task's entry; the word stays as it was. Only bodies with `may_cut` contain loops (themselves or in
what they call), so only after calls to those need a caller test CUT.

NaN. Which of its bit patterns a NaN has means nothing to a program and is left open (processors differ); whoever
compares two memories takes one NaN for another.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from runtime.core.elementary import BOOL, Elementary, Value
from runtime.lang.ir_calls import After as After  # the alias says: part of this module
from runtime.lang.ir_calls import Call as Call
from runtime.lang.ir_calls import Dispatch as Dispatch
from runtime.lang.ir_calls import DispatchArm as DispatchArm
from runtime.lang.ir_calls import Locate as Locate


class Base(Enum):
    """Where a place's offset counts from."""

    APP = "app"  # start of application memory
    SELF = "self"  # the instance this body was called with (PROGRAM, FUNCTION_BLOCK, METHOD)
    FRAME = "frame"  # this call's frame: VAR_TEMP, and all of a FUNCTION's or METHOD's variables
    REF = "ref"  # what by-reference parameter number `param` points at


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
class Place:
    """An address. With any index out of range: a load gives the default, a store, copy or call does nothing.

    Indices are evaluated and checked left to right; the first bad one faults, the rest are not evaluated.
    """

    base: Base
    offset: int
    indices: tuple[Index, ...] = ()
    param: int = -1


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
    LINT, negative counts as 0; a shift by the width or more gives 0, a rotation counts modulo the width).
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
)


def type_of(node: Expr) -> Elementary:
    """The type of an expression's value."""
    if isinstance(node, Compare | ShortCircuit | Reachable):
        return BOOL
    assert node.type is not None, "a function without result has no value"
    return node.type


@dataclass(frozen=True, slots=True)
class Assign:
    """Store a value: the value is evaluated first, then the target's indices."""

    target: Place
    type: Elementary
    value: Expr


@dataclass(frozen=True, slots=True)
class Copy:
    """Copy `size` bytes of a structure, array or instance; source and target may be the same, never half overlap.

    The source's indices come first, then the target's; after a bad one nothing more is evaluated.
    """

    target: Place
    source: Place
    size: int


@dataclass(frozen=True, slots=True)
class CallInstance:
    """Run an FB body on an instance. Inputs were assigned into the instance before, outputs are read after.

    The instance's indices come first, then those of `refs` in order; after a bad one nothing more is evaluated.
    """

    body: str
    instance: Place
    refs: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluate:
    """A function or method called for what it does; its result is dropped."""

    value: Call | Dispatch


@dataclass(frozen=True, slots=True)
class If:
    """The block of the first arm whose condition holds, else `otherwise`."""

    arms: tuple[tuple[Expr, "Block"], ...]
    otherwise: "Block" = ()


@dataclass(frozen=True, slots=True)
class CaseArm:
    """Inclusive ranges of the selector's type, and what to do then."""

    ranges: tuple[tuple[int, int], ...]
    block: "Block"


@dataclass(frozen=True, slots=True)
class Case:
    """Selector evaluated once; ranges never overlap."""

    selector: Expr
    arms: tuple[CaseArm, ...]
    otherwise: "Block" = ()


@dataclass(frozen=True, slots=True)
class Loop:
    """Repeats its block until Exit. WHILE begins `block` with `IF NOT cond THEN EXIT`; REPEAT tests in `after`.

    Each round: charge `cost`, run `block`, run `after`. `Continue` inside `block` goes to `after`.
    """

    block: "Block"
    after: "Block"
    cost: int
    site: int


@dataclass(frozen=True, slots=True)
class For:
    """FOR over `control`, an integer place of `type`; `start`, `end`, `step` are evaluated once, in that order.

    After those, and the test for step 0, the indices of `control` are evaluated once; a bad one skips the loop.
    Step 0 faults at `site_step` and does nothing more. Else: control := start; while the *control variable*, read
    anew, is not past `end` (in the direction of the step): charge `cost`, run the block, then control := control +
    step, unless that leaves the type's range, which ends the loop with control unchanged. `Continue` goes to the step.
    """

    control: Place
    type: Elementary
    start: Expr
    end: Expr
    step: Expr
    block: "Block"
    cost: int
    site_step: int
    site_budget: int


@dataclass(frozen=True, slots=True)
class Exit:
    """Leave the innermost loop."""


@dataclass(frozen=True, slots=True)
class Continue:
    """Next round of the innermost loop."""


@dataclass(frozen=True, slots=True)
class Return:
    """Leave the body; a function's result is what its result variable holds."""


@dataclass(frozen=True, slots=True)
class Advance:
    """Only in the body of a TEST: let virtual time pass, `amount` (LINT) nanoseconds, or scans.

    Whoever runs the machine runs the application's tasks meanwhile (`on_advance` of both machines); then the body goes
    on, unless CUT is set.
    """

    amount: "Expr"
    in_scans: bool


Statement = Assign | Copy | CallInstance | Evaluate | If | Case | Loop | For | Exit | Continue | Return | Advance
Block = tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value parameter of a FUNCTION: stored at `offset` of its frame before the block runs."""

    type: Elementary
    offset: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a statement was written. `form` is what it is there: `Assign`, `CallStatement`, `If`, `For`, …"""

    file: str
    line: int
    column: int
    form: str


@dataclass(frozen=True, slots=True)
class Local:
    """A variable that lies in the frame, for those who look at a running body."""

    name: str
    type: Elementary
    offset: int
    labels: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """The code of one POU type; it exists once, however many instances there are.

    `frame` is the frame's content at each call (its length is the frame's size); value parameters are stored over it.
    `origins` has a place in the source for each statement that `walk` meets, None for what the compiler added;
    `locals` are the frame's variables. Neither means anything to what the body does.
    `refs` counts by-reference parameters. A FUNCTION's or METHOD's result is read at `result_offset` of the frame. All
    but a FUNCTION run on an instance; a method that others inherit exists once for each type of instance.
    """

    name: str
    kind: Literal["PROGRAM", "FUNCTION_BLOCK", "FUNCTION", "METHOD"]
    block: Block
    frame: bytes
    may_cut: bool
    values: tuple[Parameter, ...] = ()
    refs: int = 0
    result: Elementary | None = None
    result_offset: int = 0
    origins: tuple[Origin | None, ...] = ()
    locals: tuple[Local, ...] = ()


def walk(block: Block) -> Iterator[Statement]:
    """All statements of a block, each before what is inside it: the order of `Body.origins`."""
    for node in block:
        yield node
        match node:
            case If(arms, otherwise):
                inner = (*(block for _, block in arms), otherwise)
            case Case(_, cases, otherwise):
                inner = (*(arm.block for arm in cases), otherwise)
            case Loop(inside, after):
                inner = (inside, after)
            case For():
                inner = (node.block,)
            case _:
                continue
        for part in inner:
            yield from walk(part)
