"""Variables and what is reached through them: names, fields and subscripts to addresses."""

from dataclasses import replace

from runtime.core.diagnostic import Label, Span
from runtime.lang import ir, tree
from runtime.lang.lower import partial, reference, subscript
from runtime.lang.lower.context import Context, GlobalWrite
from runtime.lang.lower.ref import Ref, moved, touched
from runtime.lang.semantics.addresses import DIRECT
from runtime.lang.semantics.classes import family, homes_of
from runtime.lang.semantics.located import check_address
from runtime.lang.semantics.namespaces import namespace_of, within
from runtime.lang.semantics.symbols import PouSymbol, suggest_of
from runtime.lang.semantics.types import (
    BlockType,
    InterfaceType,
    RefType,
    StructType,
    Type,
    members_at,
    name_of,
    size_of,
)
from runtime.lang.semantics.variables import VarSymbol

_OPEN = frozenset({"STRUCT", "VAR_INPUT", "VAR_OUTPUT", "VAR PUBLIC", "VAR CONSTANT PUBLIC"})
"""Sections whose members are reached from outside."""


LONGEST_PATH = 100
"""Fields and subscripts in one path; types that deep are not written by people."""


def refer(ctx: Context, node: tree.Expr) -> Ref | None:
    """The variable an expression names; None after a mistake was reported (or `node` was missing)."""
    steps, root = 0, node
    while isinstance(root, tree.Field | tree.Subscript | tree.Partial):
        steps, root = steps + 1, root.base
    if steps > LONGEST_PATH:
        ctx.report.error("L1009", f"a path of more than {LONGEST_PATH} steps", root.span, "begins here")
        return None
    return _refer(ctx, node)


def _refer(ctx: Context, node: tree.Expr) -> Ref | None:
    match node:
        case tree.Name():
            return _name(ctx, node)
        case tree.Field():
            return _field(ctx, node)
        case tree.Subscript():
            return subscript.element(ctx, _refer(ctx, node.base), node)
        case tree.Partial():
            base = _refer(ctx, node.base)
            return partial.part(ctx, base, node) if base is not None and size_of(base.type) else None
        case tree.Group():
            return _refer(ctx, node.inner)
        case tree.CallExpr():
            return ctx.recursion.result_of(ctx, node)
        case tree.Dereference():
            return _dereference(ctx, node)
        case tree.Missing():
            return None
        case _:
            ctx.report.error("L2008", "a variable is needed here", node.span, "this is a value")
            return None


def unknown_name(ctx: Context, node: tree.Name, *, help: str = "") -> None:
    """Report a name that stands for nothing: once a POU, and not if its declaration was lost to a syntax error."""
    if node.key in ctx.scope.symbols.lost or node.key in ctx.scope.told_unknown:
        return
    ctx.scope.told_unknown.add(node.key)
    mend = help or ctx.scope.nearest(node.text)
    ctx.report.error("L3001", f"unknown name '{node.text}'", node.span, "not declared", help=mend)


def writable(ctx: Context, ref: Ref) -> bool:
    """True when the reference may be assigned; else that is reported. Stores to globals are remembered."""
    if ref.read_only:
        ctx.report.error("L2009", ref.read_only, ref.span, "cannot be assigned", ref.declared)
        return False
    place = ref.place
    if ref.root.is_global and place is not None and place.base is ir.Base.APP and not place.indices:
        start = ref.root.cell if ref.bit >= 0 and ref.root.bit >= 0 else place.offset
        ctx.writes.append(GlobalWrite(ref.root, start, start + size_of(ref.type), ref.span))
    return True


def _given(ctx: Context, symbol: VarSymbol) -> Type | None:
    """The type of what an in-out is given where that is not the one it was declared with."""
    in_outs = ctx.pou.in_outs if ctx.pou is not None and ctx.given else []
    return next((kind for number, kind in ctx.given if in_outs[number] is symbol), None)


def block_of(ctx: Context, ref: Ref) -> PouSymbol:
    """The type of an instance: what is known of THIS and of what an in-out is given here, else as declared."""
    assert isinstance(ref.type, BlockType)
    if not ref.followed and ref.member is None and ref.whole is None:
        if ref.root.section == "THIS" and ctx.this is not None:
            return ctx.this
        known = _given(ctx, ref.root)
        if isinstance(known, BlockType):
            return ctx.scope.symbols.pous[known.name.lower()]
    return ctx.scope.symbols.pous[ref.type.name.lower()]


def led_to(ctx: Context, ref: Ref) -> ir.Expr | None:
    """The reference that an instance is reached through, if it may lead to one of a block that extends the target."""
    followed = ref.place.followed if ref.place is not None else None
    if followed is None or ref.member is not None or ref.whole is not None:
        return None
    base = block_of(ctx, ref)
    others = [b for _, b in family(ctx.scope.symbols, base) if b is not base]
    return followed.pointer if others else None


def refuse_self(ctx: Context, span: Span, word: str, reason: str) -> None:
    """Report THIS or SUPER where there is none."""
    ctx.report.error("L7008", f"{word} means nothing here", span, reason)


def _dereference(ctx: Context, node: tree.Dereference) -> Ref | None:
    base = _refer(ctx, node.base)
    if base is None or (base.root.section == "THIS" and not base.followed and base.member is None):
        return base
    if isinstance(base.type, RefType):
        return reference.follow(ctx, base, base.type, node.span)
    if size_of(base.type):
        message = f"{name_of(base.type)} leads nowhere"
        ctx.report.error("L7011", message, node.span, "^ follows a reference", base.declared, help="remove the ^")
    return None


def _this(ctx: Context, node: tree.Name) -> Ref | None:
    if ctx.home is None or ctx.this is None or ctx.this.block is None:
        refuse_self(ctx, node.span, "THIS", "only a FUNCTION_BLOCK and its methods have it")
        return None
    root = VarSymbol("THIS", node.span, "THIS", constant=False, note=tree.Note(), type=ctx.this.block)
    return Ref(ctx.this.block, node.span, root, ir.Place(ir.Base.SELF, 0))


def _direct(ctx: Context, node: tree.Name) -> Ref | None:
    """`%IX0.3`: a variable by its address."""
    address = check_address(ctx.report, tree.Ident(node.text, node.span))
    if address is None:
        return None
    if address.is_open:
        mend = "the star is for a declaration: name AT %I* : BOOL;"
        ctx.report.error("L3306", f"{node.text} does not say where", node.span, "which one?", help=mend)
        return None
    if ctx.pou is None:
        ctx.report.error("L5001", f"'{node.text}' is not a constant", node.span, "this varies")
        return None
    kind = DIRECT[address.size]
    root = VarSymbol(node.text, node.span, "ADDRESS", constant=False, note=tree.Note(), type=kind)
    where = ir.Place(ir.Base.APP, ctx.scope.symbols.areas.offset(address))
    reason = f"'{node.text}' is an input" if address.area == "I" and not ctx.gives_inputs else ""
    return Ref(kind, node.span, root, where, reason, bit=address.bit)


def _name(ctx: Context, node: tree.Name) -> Ref | None:
    if node.text[:1] == "%":
        return _direct(ctx, node)
    symbol = ctx.scope.variable(node.key)
    if symbol is None and node.key == "this":
        return _this(ctx, node)
    if symbol is None and node.key == "super":
        refuse_self(ctx, node.span, "SUPER", "only methods and the body of the base are reached through it")
        return None
    if symbol is not None and not _reachable(ctx, node, symbol):
        return None
    if symbol is None:
        if node.key in ctx.scope.symbols.pous:
            kind = ctx.scope.symbols.pous[node.key].kind
            mend = f"call it: {node.text}(...)" if kind == "FUNCTION" else "declare an instance of it and use that"
            if kind == "FUNCTION" and ctx.scope.symbols.pous[node.key].tree.result is None:
                mend = f"it has no result to assign: declare one with FUNCTION {node.text} : TYPE"
            message = f"'{node.text}' is a {kind}, not a variable"
            ctx.report.error("L3008", message, node.span, f"the name of a {kind}", help=mend)
        else:
            unknown_name(ctx, node)
        return None
    if symbol.busy:
        label = Label(symbol.span, "declared here")
        ctx.report.error("L3011", f"'{symbol.name}' depends on itself", node.span, "used in its own value", label)
        return None
    if symbol.place is None and symbol.value is None:
        if ctx.pou is None and size_of(symbol.type):
            text = f"'{symbol.name}' is not a constant"
            label = Label(symbol.span, "declared here")
            ctx.report.error("L5001", text, node.span, "this varies", label, help="declare it in VAR CONSTANT")
        return None
    reason = symbol.reason_read_only or (f"'{symbol.name}' is a constant" if symbol.constant else "")
    if symbol.address is not None and ctx.gives_inputs:
        reason = ""  # a test gives inputs their values
    given = _given(ctx, symbol) if symbol.section == "VAR_IN_OUT" else None
    actual = given if given is not None and not isinstance(given, BlockType) else symbol.type
    return Ref(actual, node.span, symbol, symbol.place, reason, symbol.first_leaf, bit=symbol.bit)


def _list_of_globals(ctx: Context, base: tree.Name, key: str) -> bool:
    """`GVL.speed`: True, and reported, when the base is unknown and the field is a global variable."""
    known = ctx.scope.symbols.globals.get(key)
    if known is None or ctx.scope.variable(base.key) is not None or base.key in ctx.scope.symbols.pous:
        return False
    if base.key in ctx.scope.symbols.type_trees:
        return False
    unknown_name(ctx, base, help=f"write {known.name} alone: the lists of global variables have no names")
    return True


def _reachable(ctx: Context, node: tree.Name, symbol: VarSymbol) -> bool:
    """Whether a body may use a variable of its block's base, or a method one of its block; else that is reported."""
    home, pou = ctx.home, ctx.pou
    if home is None or pou is None or not symbol.owner:
        return True
    label = Label(symbol.span, "declared here")
    if symbol.access == "PRIVATE" and symbol.owner not in (home.name, pou.name):
        message = f"'{symbol.name}' is PRIVATE to {symbol.owner}"
        ctx.report.error("L7007", message, node.span, "cannot be reached from here", label)
        return False
    if symbol.section in ("VAR_IN_OUT", "VAR_TEMP") and pou is not home and symbol.name.lower() not in pou.variables:
        message = f"'{symbol.name}' is there only while the body of {home.name} runs"
        mend = "give it to the method as a parameter"
        ctx.report.error("L7007", message, node.span, f"{symbol.section} of the block", label, help=mend)
        return False
    return True


def _field(ctx: Context, node: tree.Field) -> Ref | None:
    if isinstance(node.base, tree.Name) and _list_of_globals(ctx, node.base, node.name.key):
        return None
    base = _refer(ctx, node.base)
    if base is None or size_of(base.type) == 0:
        return None
    kind = base.type
    if isinstance(kind, InterfaceType):
        message, mend = f"{kind.name} has no '{node.name.text}'", suggest_of(node.name.text, _methods(ctx, kind))
        ctx.report.error("L3003", message, node.name.span, "unknown method or property", help=mend)
        return None
    if not isinstance(kind, StructType | BlockType):
        message = f"{name_of(kind)} has no field '{node.name.text}'"
        ctx.report.error("L2004", message, node.name.span, "a field", Label(base.span, f"this is {name_of(kind)}"))
        return None
    member = kind.by_name.get(node.name.key)
    if member is None:
        known = [m.name for m in kind.members if m.section in _OPEN]
        if isinstance(kind, BlockType):
            known += _methods(ctx, kind)
        if node.name.key not in ctx.scope.symbols.lost:
            message = f"{kind.name} has no {'field' if isinstance(kind, StructType) else 'variable'} '{node.name.text}'"
            ctx.report.error("L3003", message, node.name.span, "unknown", help=suggest_of(node.name.text, known))
        return None
    inside = base.root.section == "THIS" and base.member is None and not base.followed
    inside = inside or ctx.in_test
    shared = member.section.endswith(" INTERNAL") and within(ctx.namespace, namespace_of(kind.name))
    if member.section not in _OPEN and not inside and not shared:
        message = f"'{member.name}' is inside {kind.name} and cannot be reached from outside"
        label = Label(member.span, f"declared in {member.section} here")
        ctx.report.error("L3009", message, node.name.span, "not an input or output", label)
        return None
    reason = base.read_only
    if member.section == "VAR_OUTPUT" and not inside:
        reason = f"'{member.name}' is an output of {kind.name}, only the block itself assigns it"
    assert base.place is not None
    before = next(b for m, b in members_at(kind) if m is member) if base.leaf >= 0 else 0
    return replace(
        base,
        type=member.type,
        span=node.span,
        place=touched(moved(base.place, member.offset), member.type),
        whole=None,
        read_only=reason,
        leaf=base.leaf + before if base.leaf >= 0 else -1,
        member=member,
    )


def _methods(ctx: Context, kind: BlockType | InterfaceType) -> list[str]:
    homes = homes_of(ctx.scope.symbols.pous[kind.name.lower()])
    methods = [m.name for p in homes for m in p.methods.values()]
    return methods + [q.name for p in homes for q in p.properties.values()]
