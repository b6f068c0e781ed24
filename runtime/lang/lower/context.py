"""What the lowering of one body shares: its scope, its frame, its cost so far, and where to report."""

from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.core.diagnostic import Span
from runtime.core.elementary import Elementary
from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.application import FaultSite
from runtime.lang.diagnostics.report import Report
from runtime.lang.lower.ref import Ref
from runtime.lang.semantics.namespaces import namespace_of
from runtime.lang.semantics.symbols import PouSymbol, Scope
from runtime.lang.semantics.types import UNKNOWN, Type
from runtime.lang.semantics.variables import VarSymbol
from runtime.lang.testing.testcase import Assertion


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression with its type.

    A single value has `expr`, a structure or array has `place`. A literal without a type yet has `make`, which gives
    it the type its context asks for (and reports if it does not fit), and `number`. After a mistake there is neither.
    `before` are statements that run before `place` is read: it holds what they leave. `lead` is the reference an
    instance is reached through, where it tells which block that is an instance of.
    """

    type: Type
    span: Span
    expr: ir.Expr | None = None
    place: ir.Place | None = None
    make: Callable[[Elementary], ir.Expr | None] | None = None
    number: int | float | None = None
    before: ir.Block = ()
    lead: ir.Expr | None = None


Given = tuple[tuple[int, Type], ...]
"""In-outs (by their number among a POU's) that are given something of another type than was declared: an instance of a
block that extends the declared one, an array for ARRAY[*], a STRING of another length."""


@dataclass(frozen=True, slots=True)
class GlobalWrite:
    """A store to a fixed stretch of a global."""

    symbol: VarSymbol
    start: int
    end: int
    span: Span


@dataclass(slots=True)
class Compiled:
    """A lowered body with what its callers need."""

    pou: PouSymbol
    body: ir.Body
    cost: int
    may_cut: bool
    writes: list[GlobalWrite]
    assertions: list[Assertion] = field(default_factory=list)


class Sites:
    """The fault sites of the application, each once."""

    def __init__(self) -> None:
        self._index: dict[FaultSite, int] = {}

    def index(self, code: FaultCode, pou: str, span: Span) -> int:
        """The number of a site."""
        site = FaultSite(code, pou, span.source.name, span.line, span.column)
        return self._index.setdefault(site, len(self._index))

    @property
    def sites(self) -> tuple[FaultSite, ...]:
        """All of them by number."""
        return tuple(self._index)


@dataclass(frozen=True, slots=True)
class Recursion:
    """What expressions consist of again: expressions, and calls whose result is reached into.

    Whatever an expression is made of stands below it, and is given the way back up here (expression.py).
    """

    expression: Callable[["Context", tree.Expr, Type | None], Typed]
    result_of: Callable[["Context", tree.CallExpr], Ref | None]


@dataclass(slots=True)
class Context:
    """One body (or, with `pou` None, one constant expression) on its way into IR.

    `this` is the type of the instance the body runs on: for a method the block itself or one that extends it.
    `given` are the types of what its in-outs are given here, where those extend what was declared.
    `mark` is what pointers carry in this layout.
    """

    report: Report
    scope: Scope
    sites: Sites
    recursion: Recursion
    pou: PouSymbol | None = None
    compile_body: Callable[[PouSymbol, Span, PouSymbol | None, Given], Compiled | None] = lambda *_: None
    quality_offset: int = 0
    stamp_offset: int = 0
    frame: bytearray = field(default_factory=bytearray)
    cost: int = 0
    may_cut: bool = False
    loops: int = 0
    controls: list[VarSymbol] = field(default_factory=list)
    writes: list[GlobalWrite] = field(default_factory=list)
    mark: int = 0
    this: PouSymbol | None = None
    given: Given = ()
    bit_movers: dict[str, ir.Body] = field(default_factory=dict)
    action_bodies: dict[str, ir.Body] = field(default_factory=dict)
    assertions: list[Assertion] = field(default_factory=list)
    origins: dict[int, tuple[ir.Statement, ir.Origin]] = field(default_factory=dict)

    def lower(self, node: tree.Expr, want: Type | None = None) -> Typed:
        """The expression as IR. `want` is the type its place would like: a hint, not a conversion."""
        return self.recursion.expression(self, node, want)

    @property
    def in_test(self) -> bool:
        """In the body of a TEST, which may look inside instances and call programs."""
        return self.pou is not None and self.pou.kind == "TEST"

    @property
    def gives_inputs(self) -> bool:
        """In a TEST of the user's, which gives located inputs their values."""
        return self.in_test and self.scope.symbols.pous.get(self.pou.name.lower() if self.pou else "") is self.pou

    def site(self, code: FaultCode, span: Span) -> int:
        """A place in this body where a fault can arise."""
        return self.sites.index(code, self.pou.path if self.pou else "", span)

    @property
    def home(self) -> PouSymbol | None:
        """The block whose text this is: what THIS, SUPER and PRIVATE mean here."""
        if self.pou is None:
            return None
        return self.pou.owner or (self.pou if self.pou.kind == "FUNCTION_BLOCK" else None)

    @property
    def namespace(self) -> str:
        """The namespace this text stands in; empty for the global one."""
        outermost = (self.pou.owner or self.pou) if self.pou is not None else None
        return namespace_of(outermost.name) if outermost is not None and outermost.kind != "TEST" else ""

    def scratch(self, size: int, alignment: int) -> ir.Place:
        """Room in the frame that nothing else uses."""
        while len(self.frame) % alignment:
            self.frame.append(0)
        offset = len(self.frame)
        self.frame += bytes(size)
        return ir.Place(ir.Base.FRAME, offset)

    def charge(self, callee: Compiled) -> None:
        """Count a call against the straight-line cost."""
        self.cost += 1 + callee.cost
        self.may_cut |= callee.may_cut


def nothing(span: Span) -> Typed:
    """What a mistake leaves behind."""
    return Typed(UNKNOWN, span)
