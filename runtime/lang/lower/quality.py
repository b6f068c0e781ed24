"""QUALITY(tag), IS_GOOD(tag), AGE(tag): loads from the arrays behind the instances (core/appmemory.py)."""

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce

from runtime.core import appmemory
from runtime.core.elementary import BOOL, ELEMENTARY, TIME
from runtime.core.quality import Quality
from runtime.lang import ir, tree
from runtime.lang.lower import place
from runtime.lang.lower.arguments import bind
from runtime.lang.lower.context import Context, Typed, nothing
from runtime.lang.lower.ref import Ref
from runtime.lang.lower.signatures import QUALITY
from runtime.lang.semantics.pragmas import needs
from runtime.lang.semantics.types import RefType, StructType, leaves_of, storage_of

NAMES = QUALITY
_RESULTS = {"QUALITY": ELEMENTARY["BYTE"], "IS_GOOD": BOOL, "AGE": TIME}
_BYTE = ELEMENTARY["BYTE"]


def lower(ctx: Context, node: tree.CallExpr, name: str) -> Typed:
    """The call as IR; a mistake when the argument is not an elementary part of a VAR_GLOBAL.

    IS_GOOD takes a structure of a VAR_GLOBAL too, and asks for all of its fields that are marked {needed}.
    """
    bound = bind(ctx, node, name, inputs=("TAG",), outputs=())
    if not bound.ok:
        return nothing(node.span)
    if not bound.inputs:
        ctx.report.error("L3007", f"{name} takes one tag", node.span, "none given")
        return nothing(node.span)
    ref = place.refer(ctx, bound.inputs["tag"])
    result = _RESULTS[name]
    if ref is None:
        return Typed(result, node.span)
    if name == "IS_GOOD" and ref.leaf >= 0 and isinstance(ref.type, StructType):
        return Typed(result, node.span, _all_good(ctx, ref, ref.type))
    if ref.leaf < 0 or storage_of(ref.type) is None or isinstance(ref.type, RefType):
        what = "a structure or array" if ref.leaf >= 0 else "not in a VAR_GLOBAL"
        mend = "take one field or element" if ref.leaf >= 0 else "quality and age exist for VAR_GLOBAL only"
        if isinstance(ref.type, RefType):
            what, mend = "a pointer", "name what it leads to"
        ctx.report.error("L3017", f"{name} needs a tag", ref.span, f"this is {what}", ref.declared, help=mend)
        return Typed(result, node.span)
    return Typed(result, node.span, _load(ctx, ref, name))


def _load(ctx: Context, ref: Ref, name: str) -> ir.Expr:
    if name == "AGE":
        stamps = tuple(replace(i, stride=i.stride * TIME.size) for i in ref.leaf_indices)
        stamp = ir.Load(TIME, ir.Place(ir.Base.APP, ctx.stamp_offset + ref.leaf * TIME.size, stamps))
        return ir.Binary(TIME, "sub", ir.Load(TIME, ir.Place(ir.Base.APP, appmemory.NOW_NS)), stamp)
    level = ir.Load(_BYTE, ir.Place(ir.Base.APP, ctx.quality_offset + ref.leaf, ref.leaf_indices))
    return level if name == "QUALITY" else ir.Compare("eq", level, ir.Const(_BYTE, int(Quality.GOOD)))


def _all_good(ctx: Context, ref: Ref, kind: StructType) -> ir.Expr:
    good = [_load(ctx, replace(ref, leaf=ref.leaf + leaf), "IS_GOOD") for leaf in _needed(kind)]
    return reduce(lambda left, right: ir.Binary(BOOL, "and", left, right), good)


def _needed(kind: StructType) -> Iterator[int]:
    """The fields that the structure cannot do without, counted in leaves: those marked {needed}, without marks all."""
    marked = any(needs(member.note) for member in kind.members)
    leaf = 0
    for member in kind.members:
        if needs(member.note) or not marked:
            inner = _needed(member.type) if isinstance(member.type, StructType) else range(leaves_of(member.type))
            yield from (leaf + n for n in inner)
        leaf += leaves_of(member.type)
