"""What pointers lead to from the start: `p : POINTER TO INT := ADR(x);` in VAR_GLOBAL and in what instances keep.

The address is known when memory is laid out, and another one in each instance: so it is no constant of its type.
"""

from dataclasses import dataclass, field, replace

from runtime.core.diagnostic import Label
from runtime.lang import ir, tree
from runtime.lang.ir.pointer import POINTER, pointer
from runtime.lang.lower import expression
from runtime.lang.lower.context import Context
from runtime.lang.lower.convert import fit
from runtime.lang.semantics.initial import address_call
from runtime.lang.semantics.layout import Layout
from runtime.lang.semantics.symbols import PouSymbol, Scope
from runtime.lang.semantics.types import ArrayType, BlockType, RefType, StructType, Type, name_of
from runtime.lang.semantics.variables import VarSymbol

_SECTIONS = frozenset({"VAR", "VAR_INPUT", "VAR_OUTPUT", "VAR_GLOBAL"})
_HOMES = frozenset({"", "PROGRAM", "FUNCTION_BLOCK", "TEST"})


def address_of(symbol: VarSymbol, initial: tree.Init | None, home: str) -> tree.CallExpr | None:
    """The ADR(…) or REF(…) that a variable begins with; None where it begins with something else.

    `home` is the kind of the POU it is declared in, empty for a global.
    """
    lasts = symbol.section in _SECTIONS and home in _HOMES and not symbol.constant
    return address_call(initial) if lasts and isinstance(symbol.type, RefType) else None


@dataclass(slots=True)
class InitialAddresses:
    """The pointers of an application that lead somewhere from the start. `ctx` is one outside of all POUs."""

    ctx: Context
    _points: dict[PouSymbol, list[tuple[int, ir.Point]]] = field(default_factory=dict)
    _has_any: dict[str, bool] = field(default_factory=dict)

    def into(self, layout: Layout) -> bytes:
        """The memory before the first scan, with the pointers in it."""
        memory = bytearray(layout.initial)
        for symbol in self.ctx.scope.symbols.globals.values():
            if symbol.place is None:
                continue
            point = self._point(self.ctx, symbol)
            if point is not None:
                _write(memory, symbol.place.offset, point, 0)
            self._fill(memory, symbol.type, symbol.place.offset)
        for placed in layout.instances:
            self._fill_instance(memory, placed.pou, placed.offset)
        return bytes(memory)

    def check(self, pou: PouSymbol) -> None:
        """Report what is wrong with those of a POU that nobody may have an instance of."""
        self._of(pou)

    def _fill(self, memory: bytearray, kind: Type, at: int) -> None:
        """The pointers in a variable of a type."""
        if not any(self._has(pou) for pou in self._blocks(kind)):
            return
        match kind:
            case BlockType():
                self._fill_instance(memory, self.ctx.scope.symbols.pous[kind.name.lower()], at)
            case ArrayType():
                for position in range(kind.count):
                    self._fill(memory, kind.element, at + position * kind.stride)
            case StructType():
                for member in kind.members:
                    self._fill(memory, member.type, at + member.offset)

    def _fill_instance(self, memory: bytearray, pou: PouSymbol, at: int) -> None:
        for offset, point in self._of(pou):
            _write(memory, at + offset, point, at)
        for symbol in pou.kept:
            if symbol.place is not None:
                self._fill(memory, symbol.type, at + symbol.place.offset)

    def _has(self, pou: PouSymbol) -> bool:
        """Whether there are any in an instance: a site has thousands of instances that have none."""
        if pou.name not in self._has_any:
            self._has_any[pou.name] = any(
                s.leads_to is not None or any(self._has(inner) for inner in self._blocks(s.type)) for s in pou.kept
            )
        return self._has_any[pou.name]

    def _blocks(self, kind: Type) -> list[PouSymbol]:
        match kind:
            case BlockType():
                return [self.ctx.scope.symbols.pous[kind.name.lower()]]
            case ArrayType():
                return self._blocks(kind.element)
            case StructType():
                return [pou for member in kind.members for pou in self._blocks(member.type)]
            case _:
                return []

    def _of(self, pou: PouSymbol) -> list[tuple[int, ir.Point]]:
        """Where the pointers of a POU lie in its instances, what it inherits first, and where they lead."""
        if pou not in self._points:
            scope = Scope(self.ctx.scope.symbols, pou.variables)
            ctx = replace(self.ctx, pou=pou, scope=scope, this=pou if pou.kind == "FUNCTION_BLOCK" else None)
            own = [s for s in pou.kept if s.owner == pou.name]
            points = [(s.place.offset, self._point(ctx, s)) for s in own if s.place is not None]
            known = [(offset, point) for offset, point in points if point is not None]
            self._points[pou] = [*(self._of(pou.base) if pou.base is not None else ()), *known]
        return self._points[pou]

    @staticmethod
    def _point(ctx: Context, symbol: VarSymbol) -> ir.Point | None:
        if symbol.leads_to is None:
            return None
        label = Label(symbol.span, f"declared {name_of(symbol.type)} here")
        expr = fit(ctx, expression.lower(ctx, symbol.leads_to, symbol.type), symbol.type, label)
        if expr is None:
            return None
        if isinstance(expr, ir.Point) and _is_fixed(expr.place) and not expr.indices:
            return expr
        mend = "assign it in the body: where this leads is known only when the program runs"
        span = symbol.leads_to.span
        ctx.report.error("L5001", "an initial value must be a constant", span, "not known here", help=mend)
        return None


def _is_fixed(place: ir.Place) -> bool:
    return place.base in (ir.Base.APP, ir.Base.SELF) and not place.may_be_bad


def _write(memory: bytearray, at: int, point: ir.Point, instance: int) -> None:
    low = point.place.offset + (instance if point.place.base is ir.Base.SELF else 0)
    led = pointer(tag=point.tag, low=low, high=low + point.size, offset=low + point.offset)
    POINTER.codec.pack_into(memory, at, led)
