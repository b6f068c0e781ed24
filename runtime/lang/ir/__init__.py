"""The typed intermediate representation: small, structured, already checked and laid out.

The checker has refused everything wrong before this exists, names are gone (addresses remain), every implicit
conversion is an explicit `Convert`, and every operand has exactly the type its operation needs. Both back ends,
`interp` and `llvm`, give each node the one meaning written here; tests compare all of application memory bit for bit.

Memory. A `Place` is an address: a base, a constant byte offset, and checked indices. Bases are application memory,
the instance a body was called with, the body's own frame, by-reference parameters, and what a pointer leads to.

Faults. A node that can fault carries `site`, the index into `Application.sites`. A fault is recorded in the header of
application memory (core/appmemory.py) and execution goes on with the result decided in `FaultCode`.

Budget. `Loop.cost` and `For.cost` are charged against the BUDGET word *before each iteration of the body*; a task's
`cost` is charged once at its start. When the word would go below 0: record BUDGET_EXCEEDED at the site, set CUT to 1
and unwind to the task's entry; the word stays as it was. Only bodies with `may_cut` contain loops (themselves or in
what they call), so only after calls to those need a caller test CUT.

NaN. Which of its bit patterns a NaN has means nothing to a program and is left open (processors differ); whoever
compares two memories takes one NaN for another.
"""

from runtime.lang.ir.bodies import Body, Local, Origin, Parameter
from runtime.lang.ir.calls import After, Call, Dispatch, DispatchArm, Locate
from runtime.lang.ir.expressions import (
    Base,
    Binary,
    Compare,
    Const,
    Convert,
    Expr,
    Followed,
    Index,
    Intrinsic,
    Load,
    Place,
    Point,
    Reachable,
    ShortCircuit,
    Unary,
    type_of,
)
from runtime.lang.ir.pointer import POINTER
from runtime.lang.ir.statements import (
    Advance,
    Asked,
    Assign,
    Block,
    CallInstance,
    Case,
    CaseArm,
    Continue,
    Copy,
    Evaluate,
    Exit,
    For,
    If,
    Loop,
    Return,
    Statement,
    walk,
)

__all__ = [
    "POINTER",
    "Advance",
    "After",
    "Asked",
    "Assign",
    "Base",
    "Binary",
    "Block",
    "Body",
    "Call",
    "CallInstance",
    "Case",
    "CaseArm",
    "Compare",
    "Const",
    "Continue",
    "Convert",
    "Copy",
    "Dispatch",
    "DispatchArm",
    "Evaluate",
    "Exit",
    "Expr",
    "Followed",
    "For",
    "If",
    "Index",
    "Intrinsic",
    "Load",
    "Local",
    "Locate",
    "Loop",
    "Origin",
    "Parameter",
    "Place",
    "Point",
    "Reachable",
    "Return",
    "ShortCircuit",
    "Statement",
    "Unary",
    "type_of",
    "walk",
]
