"""Methods and properties: what a call or a name reaches, on an instance, on THIS and SUPER, or through an interface."""

from dataclasses import dataclass

from runtime.core.diagnostic import Label, Span
from runtime.core.elementary import ULINT
from runtime.lang import ir, tree
from runtime.lang.lower import place
from runtime.lang.lower.context import Context
from runtime.lang.lower.function import Made, Receiver, call_function
from runtime.lang.lower.ref import steady
from runtime.lang.semantics.classes import find_method, find_property, lineage
from runtime.lang.semantics.namespaces import namespace_of, within
from runtime.lang.semantics.symbols import PouSymbol, PropertySymbol
from runtime.lang.semantics.types import BlockType, InterfaceType, Type

_SELF = ir.Place(ir.Base.SELF, 0)


@dataclass(frozen=True, slots=True)
class Reached:
    """A method and what it is to run on."""

    method: PouSymbol
    on: Receiver


@dataclass(frozen=True, slots=True)
class _Home:
    """What stands before the dot: the type whose methods are meant, and the receiver."""

    pou: PouSymbol | None
    on: Receiver


def find(ctx: Context, callee: tree.Expr) -> Reached | None:
    """The method a callee names; None when it names none."""
    if isinstance(callee, tree.Name):
        if callee.key not in ctx.scope.symbols.method_names or ctx.scope.variable(callee.key) is not None:
            return None
        home: _Home | None = _this(ctx)
        key, span = callee.key, callee.span
    elif isinstance(callee, tree.Field) and callee.name.key in ctx.scope.symbols.method_names:
        home = _home(ctx, callee.base)
        key, span = callee.name.key, callee.name.span
    else:
        return None
    method = find_method(home.pou, key) if home is not None else None
    if home is None or method is None:
        return None
    _check_access(ctx, method, span)
    return Reached(method, home.on)


def find_accessible_property(ctx: Context, node: tree.Expr) -> tuple[PropertySymbol, Receiver, Span] | None:
    """The property a name or field stands for; None when it stands for none."""
    names = ctx.scope.symbols.property_names
    if not names:
        return None
    if isinstance(node, tree.Name):
        if node.key not in names or ctx.scope.variable(node.key) is not None:
            return None
        home: _Home | None = _this(ctx)
        key, span = node.key, node.span
    elif isinstance(node, tree.Field) and node.name.key in names:
        home = _home(ctx, node.base)
        key, span = node.name.key, node.name.span
    else:
        return None
    found = find_property(home.pou, key) if home is not None else None
    return (found, home.on, span) if home is not None and found is not None else None


def read_property(ctx: Context, node: tree.Name | tree.Field) -> tuple[PouSymbol | None, Made | None] | None:
    """The call of GET for a name; None when it is no property, (None, None) where the property has no accessor."""
    found = find_accessible_property(ctx, node)
    if found is None:
        return None
    symbol, on, span = found
    if symbol.get is None:
        ctx.report.error("L7010", f"{symbol.name} has no GET", span, "read here", Label(symbol.span, "declared here"))
        return symbol.set, None
    _check_access(ctx, symbol.get, span)
    return symbol.get, call_function(ctx, tree.CallExpr(node.span, node, ()), symbol.get, None, on)


def write_property(ctx: Context, target: tree.Expr, value: tree.Expr) -> list[ir.Statement] | None:
    """The call of SET for an assignment; None when the target is no property."""
    found = find_accessible_property(ctx, target)
    if found is None:
        return None
    symbol, on, span = found
    if symbol.set is None:
        label = Label(symbol.span, "declared here")
        ctx.report.error("L7010", f"{symbol.name} has no SET", span, "assigned here", label)
        return []
    _check_access(ctx, symbol.set, span)
    node = tree.CallExpr(target.span, target, (tree.Arg(None, is_output=False, value=value),))
    made = call_function(ctx, node, symbol.set, None, on)
    return made.statements if made is not None else []


def call_base(ctx: Context, node: tree.CallExpr) -> list[ir.Statement] | None:
    """`SUPER()`: the body of the base on this instance; None when the call is something else."""
    if _word(node.callee) != "super":
        return None
    home = ctx.home
    base = home.base if home is not None and ctx.pou is home else None
    if base is None:
        place.refuse_self(ctx, node.callee.span, "SUPER()", "only the body of a block that extends another has it")
        return []
    if node.args:
        mend = "assign inputs before the call: they are this block's own"
        ctx.report.error("L3007", "SUPER() takes nothing", node.span, "arguments given", help=mend)
    compiled = ctx.compile_body(
        base, node.callee.span, ctx.this, tuple(g for g in ctx.given if g[0] < len(base.in_outs))
    )
    if compiled is None:
        return []
    ctx.charge(compiled)
    ctx.writes += compiled.writes
    refs = tuple(ir.Place(ir.Base.REF, 0, param=n) for n in range(len(base.refs)))
    return [ir.CallInstance(compiled.body.name, _SELF, refs)]


def _word(node: tree.Expr) -> str:
    """`this` or `super`, also as `THIS^`."""
    inner = node.base if isinstance(node, tree.Dereference) else node
    return inner.key if isinstance(inner, tree.Name) and inner.key in ("this", "super") else ""


def _this(ctx: Context) -> _Home | None:
    """Where a bare name is looked for: first the block itself where it is PRIVATE there, then the instance's type."""
    if ctx.this is None or ctx.home is None:
        return None
    return _Home(ctx.this, Receiver(ctx.this, _SELF))


def _home(ctx: Context, base: tree.Expr) -> _Home | None:
    if _word(base) == "super":
        if ctx.home is None or ctx.home.base is None:
            place.refuse_self(ctx, base.span, "SUPER", "this block extends nothing")
            return None
        return _Home(ctx.home.base, Receiver(ctx.this, _SELF))
    if isinstance(base, tree.CallExpr):
        got = ctx.lower(base)
        return _interface(ctx, got.type, got.expr)
    ref = place.refer(ctx, base)
    if ref is None or ref.place is None:
        return None
    if isinstance(ref.type, BlockType):
        pou, lead = place.block_of(ctx, ref), place.led_to(ctx, ref)
        if lead is not None:
            return _Home(pou, Receiver(None, subject=lead, base=pou))
        return _Home(pou, Receiver(pou, steady(ref.place, ref.type)))
    return _interface(ctx, ref.type, ir.Load(ULINT, ref.place))


def _interface(ctx: Context, kind: Type, subject: ir.Expr | None) -> _Home | None:
    if not isinstance(kind, InterfaceType) or subject is None:
        return None
    pou = ctx.scope.symbols.pous[kind.name.lower()]
    ctx.scope.symbols.declare(pou)
    return _Home(pou, Receiver(None, subject=subject))


def _check_access(ctx: Context, method: PouSymbol, span: Span) -> None:
    """Report a method that may not be called from here; the call is read on as if it might."""
    assert method.owner is not None
    ctx.scope.symbols.declare(method.owner)
    ctx.scope.symbols.declare(method)
    home = ctx.home
    word = next((w for w in ("PRIVATE", "PROTECTED") if method.has(w)), "")
    inside = home is method.owner or (word == "PROTECTED" and method.owner in lineage(home))
    space = namespace_of(method.owner.name)
    if not word and method.has("INTERNAL") and not within(ctx.namespace, space) and not ctx.in_test:
        label = Label(method.tree.name.span, "declared INTERNAL here")
        message = f"{method.path} is INTERNAL to namespace {space}"
        ctx.report.error("L3305", message, span, "cannot be reached from here", label)
    if word and not inside and not ctx.in_test:
        label = Label(method.tree.name.span, f"declared {word} here")
        ctx.report.error("L7007", f"{method.path} is {word}", span, "cannot be reached from here", label)
