"""Bodies of POUs, each lowered when first needed, so that a callee's cost is known before its caller's."""

from dataclasses import replace

from runtime.core.diagnostic import Label, Span
from runtime.lang import edges, ir
from runtime.lang.lower import sfc, statement
from runtime.lang.lower.context import Compiled, Context, Sites
from runtime.lang.lower.origins import locals_of, with_origins
from runtime.lang.report import Report
from runtime.lang.symbols import PouSymbol, Scope, Symbols, VarSymbol
from runtime.lang.types import alignment_of, size_of, storage_of


class Bodies:
    """All lowered bodies by name. A POU that is asked for while it is being lowered calls itself: an error."""

    def __init__(
        self, symbols: Symbols, report: Report, sites: Sites, *, quality_offset: int, stamp_offset: int
    ) -> None:
        self._symbols = symbols
        self._report = report
        self._sites = sites
        self._quality_offset = quality_offset
        self._stamp_offset = stamp_offset
        self._running: list[PouSymbol] = []
        self._done: dict[str, Compiled] = {}
        self._bit_movers: dict[str, ir.Body] = {}
        self._action_bodies: dict[str, ir.Body] = {}

    @property
    def bodies(self) -> dict[str, ir.Body]:
        """What has been lowered so far."""
        return {c.body.name: c.body for c in self._done.values()} | self._bit_movers | self._action_bodies

    def compile(self, pou: PouSymbol, span: Span) -> Compiled | None:
        """The body of a POU; None, reported at `span`, when that would be recursion."""
        key = pou.name.lower()
        if key in self._done:
            return self._done[key]
        if pou in self._running:
            self._refuse_recursion(pou, span)
            return None
        self._symbols.declare(pou)
        self._running.append(pou)
        compiled = self._lower(pou)
        self._running.pop()
        self._done[key] = compiled
        return compiled

    def _lower(self, pou: PouSymbol) -> Compiled:
        ctx = Context(
            self._report,
            Scope(self._symbols, pou.variables),
            self._sites,
            pou,
            self.compile,
            self._quality_offset,
            self._stamp_offset,
            bytearray(pou.frame),
        )
        opening = _opening(ctx, pou) if pou.kind == "FUNCTION" else edges.opening(pou)
        block = (*opening, *statement.block(ctx, pou.tree.body))
        if pou.chart is not None:
            block += sfc.chart(ctx, pou, pou.chart)
        self._bit_movers |= ctx.bit_movers
        self._action_bodies |= {name: with_origins(ctx, body) for name, body in ctx.action_bodies.items()}
        body = replace(with_origins(ctx, _body(pou, ctx, block)), locals=locals_of(pou))
        return Compiled(pou, body, ctx.cost, ctx.may_cut, ctx.writes, ctx.assertions)

    def _refuse_recursion(self, pou: PouSymbol, span: Span) -> None:
        cycle = self._running[self._running.index(pou) :]
        way = " calls ".join(p.name for p in (*cycle, pou))
        label = Label(pou.tree.name.span, f"{pou.name} is declared here")
        mend = "write it as a loop"
        self._report.error("L3010", f"recursion: {way}", span, "calls itself in the end", label, help=mend)


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


def _body(pou: PouSymbol, ctx: Context, block: ir.Block) -> ir.Body:
    inputs = pou.inputs if pou.kind == "FUNCTION" else []
    values = [
        ir.Parameter(storage, symbol.place.offset)
        for symbol in inputs
        if (storage := storage_of(symbol.type)) is not None and symbol.place is not None
    ]
    result = pou.result_symbol
    storage = storage_of(result.type) if result is not None else None
    offset = result.place.offset if result is not None and storage is not None and result.place is not None else 0
    kind = "PROGRAM" if pou.kind == "TEST" else pou.kind
    assert kind in ("PROGRAM", "FUNCTION_BLOCK", "FUNCTION")
    return ir.Body(
        pou.name,
        kind,  # type: ignore[arg-type]  # checked in the line above
        block,
        bytes(ctx.frame),
        ctx.may_cut,
        tuple(values),
        len(pou.refs),
        storage,
        offset,
    )
