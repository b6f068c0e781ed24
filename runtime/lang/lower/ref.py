"""A variable or a part of one, as it is referred to, and how its place moves on to what is in it."""

from dataclasses import dataclass, replace

from runtime.core.diagnostic import Label, Span
from runtime.core.elementary import Elementary, Kind
from runtime.lang import ir
from runtime.lang.semantics.types import Member, Type, alignment_of, name_of, size_of
from runtime.lang.semantics.variables import VarSymbol


@dataclass(frozen=True, slots=True)
class Ref:
    """A variable or a part of one. `read_only` says why it cannot be assigned; empty when it can.

    `leaf` and `leaf_indices` find the tag of a global's elementary part: its index, and strides in tags.
    `place` is None for a folded constant. `before` are statements that leave there what is meant.
    `followed`: what a reference in `root` leads to.
    """

    type: Type
    span: Span
    root: VarSymbol
    place: ir.Place | None
    read_only: str = ""
    leaf: int = -1
    leaf_indices: tuple[ir.Index, ...] = ()
    before: ir.Block = ()
    followed: bool = False
    member: Member | None = None
    bit: int = -1
    """The one bit of the byte at `place` that is meant; -1 for whole values."""
    whole: tuple[ir.Place, int] | None = None
    """For an element the array it is in (the outermost, with its size): what a pointer to the element may reach."""

    @property
    def declared(self) -> Label:
        """Where it is declared, as a label."""
        span = self.member.span if self.member else self.root.span
        return Label(span, f"declared {name_of(self.type)} here")


def moved(place: ir.Place, offset: int) -> ir.Place:
    """An address some bytes further."""
    return replace(place, offset=place.offset + offset)


def touched(place: ir.Place, kind: Type) -> ir.Place:
    """The place of a value of this type: behind a pointer, that much must be there. Single values may lie anywhere."""
    if place.followed is None:
        return place
    alignment = kind.width if isinstance(kind, Elementary) and kind.kind is Kind.TEXT else 1
    return replace(place, followed=replace(place.followed, size=size_of(kind), alignment=alignment))


def steady(place: ir.Place, kind: Type) -> ir.Place:
    """The place as it must be to be passed by reference or called: behind a pointer, aligned as variables are."""
    if place.followed is None:
        return place
    return replace(place, followed=replace(place.followed, alignment=alignment_of(kind)))
