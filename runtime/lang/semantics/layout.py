"""Where everything lies in application memory (core/appmemory.py), and the table of its leaves."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from runtime.core import appmemory
from runtime.core.elementary import TIME
from runtime.core.tag import Tag, TagTable, Variable
from runtime.lang import ir
from runtime.lang.ir.pointer import mark_of
from runtime.lang.semantics.addresses import Areas
from runtime.lang.semantics.located import Mirror, place_at
from runtime.lang.semantics.pragmas import bound_of, hides, vetoes
from runtime.lang.semantics.retain import retained
from runtime.lang.semantics.symbols import PouSymbol
from runtime.lang.semantics.typedefs import aligned
from runtime.lang.semantics.types import (
    ArrayType,
    BlockType,
    EnumType,
    InterfaceType,
    RefType,
    StructType,
    SubrangeType,
    Type,
    alignment_of,
    leaves_of,
    name_of,
    size_of,
    storage_of,
)
from runtime.lang.semantics.variables import VarSymbol
from runtime.lang.tree import Note

_SECTION_ALIGNMENT = 64
"""Instances, qualities and stamps start on cache lines of their own."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A program instance and where its variables start."""

    name: str
    pou: PouSymbol
    offset: int
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Application memory laid out. `mark` is what pointers into it carry; `mirrors` are the bits that have a cell."""

    instances: tuple[Placed, ...]
    quality_offset: int
    stamp_offset: int
    initial: bytes
    tags: TagTable
    layout_hash: str
    mark: int
    mirrors: list[Mirror]


@dataclass(frozen=True, slots=True)
class _Leaf:
    name: str
    type: Type
    offset: int
    note: Note
    file: str
    line: int
    constant: bool = False
    block: str = ""
    retain: bool = False
    no_force: bool = False
    secret: bool = False


def lay_out(
    globals_: Sequence[VarSymbol],
    programs: Iterable[tuple[str, PouSymbol]],
    numbered: Sequence[str] = (),
    statics: Sequence[VarSymbol] = (),
    areas: Areas | None = None,
    retained_programs: Collection[str] = (),
) -> Layout:
    """Give areas, globals and program instances their addresses; folded constants take no room.

    `numbered` are the types whose number an interface variable may hold: memory means something else when they change.
    `statics` are variables of calls whose address is taken: they come last, and are no variables to those outside.
    """
    areas, programs = areas or Areas(), list(programs)
    start = areas.place(appmemory.HEADER_SIZE, _SECTION_ALIGNMENT)
    laid, offset, leaf = _place_globals(globals_, areas, start)
    located = [s for pou in {id(p): p for _, p in programs}.values() for s in pou.located]
    offset = _place_located(located, areas, offset)
    mirrors, offset = _mirrors([*laid, *located], offset)
    offset = aligned(offset, _SECTION_ALIGNMENT)
    instances: list[Placed] = []
    for name, pou in programs:
        assert pou.block is not None
        offset = aligned(offset, pou.block.alignment)
        instances.append(Placed(name, pou, offset, name in retained_programs))
        offset += pou.block.size
    for symbol in statics:
        offset = aligned(offset, alignment_of(symbol.type))
        symbol.in_frame, symbol.place = symbol.place, ir.Place(ir.Base.APP, offset)
        offset += size_of(symbol.type)
    quality_offset = aligned(offset, _SECTION_ALIGNMENT)
    stamp_offset = aligned(quality_offset + leaf, _SECTION_ALIGNMENT)
    memory = bytearray(stamp_offset + leaf * TIME.size)
    memory[stamp_offset:] = TIME.codec.pack(appmemory.NEVER_NS) * leaf
    tags = TagTable(_tags(laid), _variables(instances))
    _fill(memory, [*laid, *located], instances)
    _fill_cells(memory, mirrors)
    named = [f"{s.owner}.{s.name}|{name_of(s.type)}" for s in statics]
    digest = _hash(tags, quality_offset, stamp_offset, (*numbered, *named))
    mark = mark_of(bytes.fromhex(digest))
    return Layout(tuple(instances), quality_offset, stamp_offset, bytes(memory), tags, digest, mark, mirrors)


def _place_globals(globals_: Sequence[VarSymbol], areas: Areas, offset: int) -> tuple[list[VarSymbol], int, int]:
    """The globals that lie somewhere, the first byte behind them, and how many leaves they have."""
    laid: list[VarSymbol] = []
    leaf = 0
    for symbol in globals_:
        if symbol.value is not None or not size_of(symbol.type):
            continue
        symbol.first_leaf = leaf
        leaf += leaves_of(symbol.type)
        laid.append(symbol)
        if symbol.address is not None:
            offset = _place_located([symbol], areas, offset)
            continue
        offset = aligned(offset, alignment_of(symbol.type))
        symbol.place = ir.Place(ir.Base.APP, offset)
        offset += size_of(symbol.type)
    return laid, offset, leaf


def _place_located(symbols: Sequence[VarSymbol], areas: Areas, offset: int) -> int:
    """Variables at addresses lie there; those at a bit get a cell from `offset` on. The first byte behind the cells."""
    for symbol in symbols:
        place_at(areas, symbol)
        if symbol.bit >= 0:
            symbol.cell = offset
            offset += 1
    return offset


def _mirrors(symbols: Sequence[VarSymbol], offset: int) -> tuple[list[Mirror], int]:
    """The bits that have a cell, and the first byte behind what they need."""
    made: list[Mirror] = []
    for symbol in symbols:
        if symbol.bit >= 0 and symbol.place is not None:
            made.append(Mirror(symbol.place.offset, symbol.bit, symbol.cell, offset + len(made)))
    return made, offset + len(made)


def _fill_cells(memory: bytearray, mirrors: Sequence[Mirror]) -> None:
    for mirror in mirrors:
        memory[mirror.cell] = memory[mirror.shown] = memory[mirror.byte] >> mirror.bit & 1


def _fill(memory: bytearray, laid: Sequence[VarSymbol], instances: Sequence[Placed]) -> None:
    for symbol in laid:
        assert symbol.place is not None
        if symbol.bit >= 0:
            memory[symbol.place.offset] |= symbol.initial[0] << symbol.bit
            continue
        if symbol.address is not None and not any(symbol.initial):
            continue  # what shares its bytes may have a value
        memory[symbol.place.offset : symbol.place.offset + len(symbol.initial)] = symbol.initial
    for placed in instances:
        assert placed.pou.block is not None
        for member in placed.pou.block.members:
            start = placed.offset + member.offset
            memory[start : start + len(member.initial)] = member.initial


def _tags(laid: Sequence[VarSymbol]) -> Iterator[Tag]:
    index = 0
    for symbol in laid:
        assert symbol.place is not None
        span = symbol.span
        offset = symbol.cell if symbol.bit >= 0 else symbol.place.offset
        root = _Leaf(symbol.name, symbol.type, offset, symbol.note, span.source.name, span.line)
        retain = symbol.retain == "RETAIN"
        root = replace(root, constant=symbol.constant, retain=retain)
        root = replace(root, no_force=vetoes(symbol.note), secret=hides(symbol.note))
        for leaf in _leaves(root):
            yield Tag(**_described(leaf), index=index)  # type: ignore[arg-type]  # keyword arguments by name
            index += 1


def _variables(instances: Sequence[Placed]) -> Iterator[Variable]:
    for placed in instances:
        span = placed.pou.tree.name.span
        assert placed.pou.block is not None
        root = _Leaf(placed.name, placed.pou.block, placed.offset, Note(), span.source.name, span.line)
        for leaf in (*_leaves(replace(root, retain=placed.retain)), *_located(placed)):
            yield Variable(**_described(leaf))  # type: ignore[arg-type]  # keyword arguments by name


def _located(placed: Placed) -> Iterator[_Leaf]:
    for symbol in placed.pou.located:
        assert symbol.place is not None
        offset, at = symbol.cell if symbol.bit >= 0 else symbol.place.offset, symbol.span
        root = _Leaf(f"{placed.name}.{symbol.name}", symbol.type, offset, symbol.note, at.source.name, at.line)
        yield from _leaves(replace(root, block=placed.pou.name, retain=symbol.retain == "RETAIN"))


def _leaves(leaf: _Leaf) -> Iterator[_Leaf]:
    kind = leaf.type
    if isinstance(kind, StructType | BlockType):
        block = f"{leaf.block}/{kind.name}".lstrip("/") if isinstance(kind, BlockType) else leaf.block
        for member in kind.members:
            at = member.span
            inner = _Leaf(
                name=f"{leaf.name}.{member.name}",
                type=member.type,
                offset=leaf.offset + member.offset,
                note=member.note,
                file=at.source.name,
                line=at.line,
                constant=leaf.constant or "CONSTANT" in member.section,
                block=block,
                retain=retained(member, around=leaf.retain),
                no_force=leaf.no_force or vetoes(member.note),
                secret=leaf.secret or hides(member.note),
            )
            yield from _leaves(inner)
    elif isinstance(kind, ArrayType):
        for subscripts, element, offset in _elements(kind, kind.dimensions):
            name = f"{leaf.name}[{','.join(map(str, subscripts))}]"
            yield from _leaves(replace(leaf, name=name, type=element, offset=leaf.offset + offset))
    elif storage_of(kind) is not None and not isinstance(kind, RefType):
        yield leaf


def _elements(kind: ArrayType, dimensions: int) -> Iterator[tuple[tuple[int, ...], Type, int]]:
    """Each element of an array with its subscripts, one a dimension, and its offset."""
    for position in range(kind.count):
        offset, subscript = position * kind.stride, kind.low + position
        if dimensions > 1 and isinstance(kind.element, ArrayType):
            for rest, element, further in _elements(kind.element, dimensions - 1):
                yield (subscript, *rest), element, offset + further
        else:
            yield (subscript,), kind.element, offset


def _described(leaf: _Leaf) -> dict[str, object]:
    pragmas = {key: text for key, text, _ in leaf.note.pragmas}
    enum = leaf.type if isinstance(leaf.type, EnumType) else None
    return {
        "name": leaf.name,
        "type": storage_of(leaf.type),
        "offset": leaf.offset,
        "labels": enum.labels if enum else (),
        "enum_name": enum.name if enum else "",
        "unit": pragmas.get("unit", ""),
        "comment": leaf.note.comment,
        "minimum": bound_of(pragmas["min"]) if "min" in pragmas else None,
        "maximum": bound_of(pragmas["max"]) if "max" in pragmas else None,
        "file": leaf.file,
        "line": leaf.line,
        "constant": leaf.constant,
        "reference": isinstance(leaf.type, InterfaceType),
        "block": leaf.block,
        "retain": leaf.retain,
        "no_force": leaf.no_force,
        "secret": leaf.secret,
        "subrange": (leaf.type.low, leaf.type.high) if isinstance(leaf.type, SubrangeType) else None,
    }


def _hash(tags: TagTable, quality_offset: int, stamp_offset: int, numbered: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for leaf in (*tags.tags, *tags.variables):
        labels = ",".join(f"{n}={v}" for n, v in leaf.labels)
        digest.update(f"{leaf.name.lower()}|{leaf.type_name}|{labels}|{leaf.type.name}|{leaf.offset}\n".encode())
    for number, name in enumerate(numbered, 1):
        digest.update(f"{number}={name.lower()}\n".encode())
    digest.update(f"{quality_offset}|{stamp_offset}".encode())
    return digest.hexdigest()
