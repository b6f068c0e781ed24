"""Bodies of POUs, each lowered when first needed, so that a callee's cost is known before its caller's."""

from dataclasses import replace

from runtime.core.diagnostic import Label, Span
from runtime.lang import ir
from runtime.lang.diagnostics.report import Report
from runtime.lang.lower import sfc, statement
from runtime.lang.lower.context import Compiled, Context, Given, Sites
from runtime.lang.lower.expression import RECURSION
from runtime.lang.lower.gate import gate
from runtime.lang.lower.origins import locals_of, with_origins
from runtime.lang.semantics import edges
from runtime.lang.semantics.symbols import PouSymbol, Scope, Symbols
from runtime.lang.semantics.types import OPEN, ArrayType, alignment_of, name_of, size_of, storage_of
from runtime.lang.semantics.variables import VarSymbol

_Variant = tuple[PouSymbol, PouSymbol | None, Given]
"""A body as it is compiled: the POU, the type of the instance it runs on, the types of what its in-outs are given."""


class Bodies:
    """All lowered bodies by name. A POU that is asked for while it is being lowered calls itself: an error."""

    def __init__(
        self, symbols: Symbols, report: Report, sites: Sites, *, quality_offset: int, stamp_offset: int, mark: int
    ) -> None:
        self._symbols = symbols
        self._report = report
        self._sites = sites
        self._quality_offset = quality_offset
        self._stamp_offset = stamp_offset
        self._mark = mark
        self._running: list[_Variant] = []
        self._done: dict[str, Compiled] = {}
        self._bit_movers: dict[str, ir.Body] = {}
        self._action_bodies: dict[str, ir.Body] = {}

    @property
    def bodies(self) -> dict[str, ir.Body]:
        """What has been lowered so far."""
        return {c.body.name: c.body for c in self._done.values()} | self._bit_movers | self._action_bodies

    def compile(self, pou: PouSymbol, span: Span, this: PouSymbol | None = None, given: Given = ()) -> Compiled | None:
        """The body of a POU, for instances of type `this`; None, reported at `span`, when that would be recursion.

        None without a word for a method that has no body.
        """
        if pou.has("ABSTRACT") and pou.kind == "METHOD":
            return None
        if this is None and pou.kind == "FUNCTION_BLOCK":
            this = pou
        self._symbols.declare(pou)
        given = _with_bounds(pou, given)
        variant = (pou, this, given)
        name = _name(variant)
        if name in self._done:
            return self._done[name]
        # Two calls under way cannot share a static variable: then the types of instances make no difference.
        again = next((r for r in self._running if r == variant or (r[0] is pou and pou.statics)), None)
        if again is not None:
            self._refuse_recursion(again, span)
            return None
        self._running.append(variant)
        compiled = self._lower(variant, name)
        self._running.pop()
        self._done[name] = compiled
        return compiled

    def _lower(self, variant: _Variant, name: str) -> Compiled:
        pou, this, given = variant
        outer = pou.owner.variables if pou.owner is not None else None
        ctx = Context(
            self._report,
            Scope(self._symbols, pou.variables, outer),
            self._sites,
            RECURSION,
            pou,
            self.compile,
            self._quality_offset,
            self._stamp_offset,
            bytearray(pou.frame),
            mark=self._mark,
            this=this,
            given=given,
        )
        opening = _opening(ctx, pou) if pou.kind in ("FUNCTION", "METHOD") else edges.opening(pou, this)
        block = (*_static_values(pou), *opening, *statement.block(ctx, pou.tree.body))
        if pou.chart is not None:
            block += sfc.chart(ctx, pou, pou.chart)
        if pou.gate is not None:
            block += gate(ctx, pou, pou.gate)
        self._bit_movers |= ctx.bit_movers
        self._action_bodies |= {name: with_origins(ctx, body) for name, body in ctx.action_bodies.items()}
        body = replace(with_origins(ctx, _body(pou, name, ctx, block)), locals=locals_of(pou))
        return Compiled(pou, body, ctx.cost, ctx.may_cut, ctx.writes, ctx.assertions)

    def _refuse_recursion(self, key: _Variant, span: Span) -> None:
        pou = key[0]
        cycle = self._running[self._running.index(key) :]
        way = " calls ".join(p.path for p, _, _ in (*cycle, key))
        label = Label(pou.tree.name.span, f"{pou.path} is declared here")
        mend = "write it as a loop"
        self._report.error("L3010", f"recursion: {way}", span, "calls itself in the end", label, help=mend)


def _name(variant: _Variant) -> str:
    """The body's name: `PUMP`, `PUMP.start`, `PUMP.start@FAST_PUMP` where that inherits it, `RUN&0=FAST_PUMP` where
    its first in-out is given such a one.
    """
    pou, this, given = variant
    is_own = this is None or this is pou or this is pou.owner
    name = pou.path if is_own or this is None else f"{pou.path}@{this.name}"
    return name + "".join(f"&{number}={name_of(kind)}" for number, kind in given)


def _with_bounds(pou: PouSymbol, given: Given) -> Given:
    """Bounds also for an ARRAY[*] that nobody gives any: its POU is read for its mistakes, and never called."""
    known = dict(given)
    for number, symbol in enumerate(pou.in_outs):
        if isinstance(symbol.type, ArrayType) and symbol.type.is_open and number not in known:
            known[number] = _bounded(symbol.type)
    return tuple(sorted(known.items(), key=lambda item: item[0]))


def _bounded(kind: ArrayType) -> ArrayType:
    inner = _bounded(kind.element) if isinstance(kind.element, ArrayType) and kind.element.is_open else kind.element
    low, high = ANY_BOUNDS if (kind.low, kind.high) == OPEN else (kind.low, kind.high)
    return ArrayType(inner, low, high, dimensions=kind.dimensions)


ANY_BOUNDS = (-(1 << 15), (1 << 15) - 1)
"""So wide that no index in a POU that is only read is called wrong."""


def _static_values(pou: PouSymbol) -> list[ir.Statement]:
    """Parameters and initial values, out of the frame into the variables whose address is taken."""
    return [
        ir.Copy(symbol.place, symbol.in_frame, size_of(symbol.type))
        for symbol in pou.statics
        if symbol.place is not None and symbol.in_frame is not None
    ]


def _opening(ctx: Context, pou: PouSymbol) -> list[ir.Statement]:
    """What a function does before its first statement: take copies of aggregate inputs, reset its outputs."""
    made: list[ir.Statement] = [
        ir.Copy(symbol.place, ir.Place(ir.Base.REF, 0, param=number), size_of(symbol.type))
        for number, symbol in enumerate(pou.refs)
        if symbol.section == "VAR_INPUT" and symbol.place is not None
    ]
    return made + [
        _reset(ctx, symbol, symbol.place)
        for symbol in pou.refs
        if symbol.section in ("VAR_OUTPUT", "RESULT") and symbol.place is not None
    ]


def _reset(ctx: Context, symbol: VarSymbol, target: ir.Place) -> ir.Statement:
    storage = storage_of(symbol.type)
    if storage is not None:
        return ir.Assign(target, storage, ir.Const(storage, storage.unpack(symbol.initial)))
    fresh = ctx.scratch(size_of(symbol.type), alignment_of(symbol.type))
    ctx.frame[fresh.offset : fresh.offset + len(symbol.initial)] = symbol.initial
    return ir.Copy(target, fresh, size_of(symbol.type))


def _body(pou: PouSymbol, name: str, ctx: Context, block: ir.Block) -> ir.Body:
    inputs = pou.inputs if pou.kind in ("FUNCTION", "METHOD") else []
    values = [
        ir.Parameter(storage, place.offset)
        for symbol in inputs
        if (storage := storage_of(symbol.type)) is not None and (place := symbol.in_frame or symbol.place) is not None
    ]
    result = pou.result_symbol
    storage = storage_of(result.type) if result is not None else None
    offset = result.place.offset if result is not None and storage is not None and result.place is not None else 0
    kind = "PROGRAM" if pou.kind == "TEST" else pou.kind
    assert kind in ("PROGRAM", "FUNCTION_BLOCK", "FUNCTION", "METHOD")
    return ir.Body(
        name,
        kind,  # type: ignore[arg-type]  # checked in the line above
        block,
        bytes(ctx.frame),
        ctx.may_cut,
        tuple(values),
        len(pou.refs),
        storage,
        offset,
        result_is_static=result is not None and result.in_frame is not None,
    )
