"""Pointers and references as values: `p^`, NULL, arithmetic (IEC 61131-3, 3rd edition, 6.4.4.10).

REF_TO and POINTER TO are one thing: a pointer with bounds (ir/pointer.py). What REF or ADR takes the address of sets
them: a variable or field, or for an element the whole array it is in. It may be moved and taken as a pointer to another
type; each use checks that all it touches lies in the bounds. Else the access is a BAD_REFERENCE fault, a read gives the
default and a write does nothing. As a number a pointer is its offset in application memory; a number is no pointer.
"""

from collections.abc import Mapping

from runtime.core.diagnostic import Label, Span
from runtime.core.elementary import BOOL, DINT, LINT, UDINT, Elementary, Kind
from runtime.core.fault import FaultCode
from runtime.lang import ir, tree
from runtime.lang.ir.pointer import OFFSET_BIT
from runtime.lang.lower import mismatch
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.folding import converted
from runtime.lang.lower.ref import Ref, touched
from runtime.lang.semantics.classes import extends
from runtime.lang.semantics.types import ANY_INT, NULL, BlockType, RefType, Type, name_of, same, size_of

_NULL = ir.Const(ir.POINTER, 0)
_WHOLE = (Kind.SIGNED, Kind.UNSIGNED, Kind.BITS)
_NUMBER_BYTES = 4
"""A whole number of fewer bytes does not hold what a pointer is as a number; nor does DINT, all of it."""


def held(ctx: Context, value: Typed, target: RefType, *declared: Label) -> ir.Expr | None:
    """The value as a pointer variable holds it; None after saying why it cannot."""
    if value.type is NULL or (value.type is ANY_INT and value.number == 0):
        return _NULL
    kind = name_of(value.type)
    if isinstance(value.type, RefType):
        if not same(value.type, target) and not _leads_to_one_of(ctx, value.type.target, target.target):
            message = f"{kind} is taken as {name_of(target)}"
            mend = "memory is read and written byte by byte, as it lies there: little-endian"
            ctx.report.warning("L9201", message, value.span, f"this is {kind}", *declared, help=mend)
        return value.expr
    mend = "take a reference: REF(...)" if same(value.type, target.target) else ""
    if not mend and (value.type is ANY_INT or (isinstance(value.type, Elementary) and value.type.kind in _WHOLE)):
        mend = "a number leads nowhere: keep what ADR(...) gave in a variable that is POINTER TO, and move that"
    ctx.report.error("L7009", f"{kind} is no {name_of(target)}", value.span, f"this is {kind}", *declared, help=mend)
    return None


def _leads_to_one_of(ctx: Context, given: Type, wanted: Type) -> bool:
    """Whether the target is an instance of a block that extends the wanted one."""
    if not isinstance(given, BlockType) or not isinstance(wanted, BlockType):
        return False
    pous = ctx.scope.symbols.pous
    return extends(ctx.scope.symbols, pous[given.name.lower()], pous[wanted.name.lower()])


def as_number(ctx: Context, value: Typed, target: Type) -> ir.Expr | None:
    """A pointer's offset as the whole number or bit string that is wanted; None where such cannot hold it."""
    if not isinstance(target, Elementary) or not _holds_pointers(target) or value.expr is None:
        return None
    message = f"{name_of(value.type)} is taken as {target.name}"
    mend = "the number is its offset in memory: good for comparing and for differences, it leads nowhere"
    ctx.report.warning("L9201", message, value.span, "a pointer", help=mend)
    return converted(_offset(value.expr, UDINT), target)


def follow(ctx: Context, base: Ref, kind: RefType, span: Span) -> Ref | None:
    """`base^`: the target as a variable."""
    target = kind.target
    if base.place is None or not size_of(target):
        return None
    site = ctx.site(FaultCode.BAD_REFERENCE, span)
    pointer = ir.Load(ir.POINTER, base.place)
    followed = ir.Followed(pointer, size_of(target), 1, ctx.mark, ctx.quality_offset, site)
    found = touched(ir.Place(ir.Base.POINTER, 0, followed=followed), target)
    return Ref(target, span, base.root, found, before=base.before, followed=True)


def operate(ctx: Context, node: tree.Binary, left: Typed, right: Typed, relations: Mapping[str, str]) -> Typed:
    """An operator with a pointer on one side or both: an order, a difference, a move by so many bytes."""
    if node.op in relations:
        return _compare(ctx, node, left, right, relations[node.op])
    both = isinstance(left.type, RefType) and isinstance(right.type, RefType)
    if node.op == "-" and both:
        if left.expr is None or right.expr is None:
            return Typed(DINT, node.span)
        apart = ir.Binary(UDINT, "sub", _offset(left.expr, UDINT), _offset(right.expr, UDINT))
        return Typed(DINT, node.span, ir.Convert(DINT, apart))
    moves = node.op == "+" or (node.op == "-" and isinstance(left.type, RefType))
    if both or not moves or not all(isinstance(v.type, RefType) or _is_whole(v) for v in (left, right)):
        mismatch.refuse_pair(ctx, node, left, right, None)
        return nothing(node.span)
    kind = left.type if isinstance(left.type, RefType) else right.type
    a, b = _added(left), _added(right)
    if a is None or b is None:
        return Typed(kind, node.span)
    return Typed(kind, node.span, ir.Binary(ir.POINTER, "add" if node.op == "+" else "sub", a, b))


def _compare(ctx: Context, node: tree.Binary, left: Typed, right: Typed, relation: str) -> Typed:
    numbers: list[ir.Expr | None] = []
    for value, other in ((left, right), (right, left)):
        kind = other.type if isinstance(other.type, Elementary) else UDINT
        if isinstance(value.type, RefType):
            meeting = kind if _holds_pointers(kind) else UDINT
            numbers.append(converted(_offset(value.expr, UDINT), meeting) if value.expr is not None else None)
        elif value.type is NULL or (value.type is ANY_INT and value.number == 0):
            numbers.append(ir.Const(UDINT, 0))
        elif isinstance(value.type, Elementary) and _holds_pointers(value.type):
            numbers.append(value.expr)
        else:
            kind_name = name_of(value.type)
            mend = "compare with another pointer, with NULL, or with a DWORD that one was assigned to"
            message = f"{kind_name} is no {name_of(other.type)}"
            ctx.report.error("L7009", message, value.span, f"this is {kind_name}", help=mend)
            return Typed(BOOL, node.span)
    if numbers[0] is None or numbers[1] is None:
        return Typed(BOOL, node.span)
    return Typed(BOOL, node.span, ir.Compare(relation, numbers[0], numbers[1]))  # type: ignore[arg-type]  # a relation


def _holds_pointers(kind: Elementary) -> bool:
    return kind.kind in _WHOLE and kind.size >= _NUMBER_BYTES and kind != DINT


def _is_whole(value: Typed) -> bool:
    return value.type is ANY_INT or (isinstance(value.type, Elementary) and value.type.kind in _WHOLE)


def _offset(pointer: ir.Expr, kind: Elementary) -> ir.Expr:
    """Where a pointer points."""
    return ir.Convert(kind, ir.Intrinsic(ir.POINTER, "SHR", (pointer, ir.Const(LINT, OFFSET_BIT))))


def _added(value: Typed) -> ir.Expr | None:
    """A pointer as it is, a number of bytes in the place where a pointer's offset is."""
    if isinstance(value.type, RefType):
        return value.expr
    number = value.make(LINT) if value.make is not None else value.expr
    if number is None:
        return None
    wide = ir.Convert(ir.POINTER, number)
    return ir.Intrinsic(ir.POINTER, "SHL", (wide, ir.Const(LINT, OFFSET_BIT)))
