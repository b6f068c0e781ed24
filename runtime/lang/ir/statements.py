"""Nodes of the IR that do something, and blocks of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from runtime.core.elementary import Elementary
from runtime.lang.ir.calls import Call, Dispatch
from runtime.lang.ir.expressions import Expr, Place


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


class Asked(IntEnum):
    """What a TEST asks for, and what `amount` (LINT) then is."""

    DURATION = 0
    """That time passes: nanoseconds."""
    SCANS = 1
    """That so many scans pass."""
    FAULT = 2
    """That a fault was recorded: its code and 256 times the number of the assertion, from 1."""


@dataclass(frozen=True, slots=True)
class Advance:
    """Only in the body of a TEST: ask something of whoever runs it, most often to let virtual time pass (`asked`).

    Whoever runs the machine runs the application's tasks meanwhile (`on_advance` of both machines); then the body goes
    on, unless CUT is set.
    """

    amount: "Expr"
    asked: Asked


Statement = Assign | Copy | CallInstance | Evaluate | If | Case | Loop | For | Exit | Continue | Return | Advance
Block = tuple[Statement, ...]


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
