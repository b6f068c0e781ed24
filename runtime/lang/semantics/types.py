"""Semantic types: what a value is and how it lies in memory. Elementary types are core's own objects.

Structures and blocks are laid out in order of declaration, naturally aligned, their size rounded up to their
alignment. Named types are compared by identity, arrays by their bounds and element.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from runtime.core.diagnostic import Span
from runtime.core.elementary import ULINT, Elementary, Value
from runtime.lang.ir.pointer import POINTER
from runtime.lang.semantics.addresses import Address
from runtime.lang.tree import Note


@dataclass(frozen=True, slots=True, eq=False)
class EnumType:
    """An enumeration: labels in order with their values, held as `base`."""

    name: str
    base: Elementary
    labels: tuple[tuple[str, int], ...]
    default: int
    span: Span

    def value(self, label: str) -> int | None:
        """The value of a label, without regard to case."""
        return next((v for n, v in self.labels if n.lower() == label.lower()), None)


@dataclass(frozen=True, slots=True)
class Member:
    """One variable of a structure or block: where it lies from the start, and its bytes before the first scan.

    `section` is STRUCT for a structure's field, else the VAR keyword of the block's section. `retain` is RETAIN or
    NON_RETAIN where that section says so. `at` is `%I*` and so on, which VAR_CONFIG makes an address.
    """

    name: str
    type: "Type"
    offset: int
    initial: bytes
    section: str
    note: Note
    span: Span
    retain: str = ""
    at: Address | None = None


@dataclass(frozen=True, slots=True, eq=False)
class StructType:
    """A structure."""

    name: str
    members: tuple[Member, ...]
    size: int
    alignment: int
    leaves: int
    by_name: dict[str, Member] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class BlockType:
    """What an instance of a FUNCTION_BLOCK or PROGRAM holds. In-outs and temporaries are not in it."""

    name: str
    members: tuple[Member, ...]
    size: int
    alignment: int
    leaves: int
    by_name: dict[str, Member] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class SubrangeType:
    """A whole-number type that holds `low` to `high` only; its values are of type `base`."""

    name: str
    base: Elementary
    low: int
    high: int

    @property
    def default(self) -> int:
        """0 where that is a value, else the leftmost (IEC 61131-3, 3rd edition, table 11)."""
        return 0 if self.low <= 0 <= self.high else self.low


OPEN = (0, -1)
"""The bounds of an array that has none of its own."""


@dataclass(frozen=True, slots=True)
class ArrayType:
    """An array. One of several dimensions is an array of arrays whose outermost says how many belong together.

    `ARRAY[*]`, whose bounds are those of what a call gives, has the bounds OPEN, and no size.
    """

    element: "Type"
    low: int
    high: int
    dimensions: int = field(default=1, compare=False)

    @property
    def is_open(self) -> bool:
        """Whether its bounds are known only where a call gives an array."""
        return (self.low, self.high) == OPEN or (isinstance(self.element, ArrayType) and self.element.is_open)

    @property
    def count(self) -> int:
        """How many elements."""
        return self.high - self.low + 1

    @property
    def stride(self) -> int:
        """Bytes from one element to the next."""
        return size_of(self.element)


@dataclass(frozen=True, slots=True, eq=False)
class InterfaceType:
    """A variable that leads to an instance of any block that implements an interface; 0 is none (ir.Dispatch)."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class RefType:
    """A pointer or reference to a `target` (ir/pointer.py): an offset in application memory with bounds; 0 is none."""

    lookup: Callable[[], "Type"]

    @property
    def target(self) -> "Type":
        """What it leads to; found when asked for, because a structure may hold references to its own kind."""
        return self.lookup()

    @property
    def name(self) -> str:
        """As the user writes it."""
        return f"REF_TO {name_of(self.target)}"


@dataclass(frozen=True, slots=True)
class Unknown:
    """The type of something that was reported already: fits everywhere, silently."""


@dataclass(frozen=True, slots=True)
class Flexible:
    """The type of a literal before its context gave it one."""

    name: str


UNKNOWN = Unknown()
ANY_INT = Flexible("a whole number")
ANY_REAL = Flexible("a real number")
NULL = Flexible("NULL")

Type = (
    Elementary
    | EnumType
    | SubrangeType
    | StructType
    | BlockType
    | ArrayType
    | InterfaceType
    | RefType
    | Unknown
    | Flexible
)


def size_of(kind: Type) -> int:
    """Bytes a value takes."""
    match kind:
        case Elementary():
            return kind.size
        case EnumType() | SubrangeType():
            return kind.base.size
        case InterfaceType():
            return ULINT.size
        case RefType():
            return POINTER.size
        case StructType() | BlockType():
            return kind.size
        case ArrayType():
            return kind.count * kind.stride
        case _:
            return 0


def alignment_of(kind: Type) -> int:
    """What an offset of the type must be a multiple of."""
    match kind:
        case StructType() | BlockType():
            return kind.alignment
        case ArrayType():
            return alignment_of(kind.element)
        case Elementary():
            return kind.alignment
        case RefType():
            return POINTER.alignment
        case _:
            return max(1, size_of(kind))


def leaves_of(kind: Type) -> int:
    """How many elementary values the type is made of, as those outside see it: a pointer means nothing to them."""
    match kind:
        case StructType() | BlockType():
            return kind.leaves
        case ArrayType():
            return kind.count * leaves_of(kind.element)
        case Elementary() | EnumType() | SubrangeType() | InterfaceType():
            return 1
        case _:
            return 0


def storage_of(kind: Type) -> Elementary | None:
    """The elementary type that holds a value; None for structures, arrays, blocks and unknown ones."""
    match kind:
        case Elementary():
            return kind
        case EnumType() | SubrangeType():
            return kind.base
        case InterfaceType():
            return ULINT
        case RefType():
            return POINTER
        case _:
            return None


def default_bytes(kind: Type) -> bytes:
    """A value as it is when its declaration names no initial value."""
    match kind:
        case Elementary():
            return bytes(kind.size)
        case EnumType() | SubrangeType():
            return pack(kind.base, kind.default)
        case InterfaceType() | RefType():
            return bytes(size_of(kind))
        case StructType() | BlockType():
            memory = bytearray(kind.size)
            for member in kind.members:
                memory[member.offset : member.offset + len(member.initial)] = member.initial
            return bytes(memory)
        case ArrayType():
            return default_bytes(kind.element) * kind.count
        case _:
            return b""


def pack(kind: Elementary, value: Value) -> bytes:
    """A value as its bytes."""
    return kind.codec.pack(value)


def contains_block(kind: Type) -> bool:
    """True for block instances, and for what holds some."""
    match kind:
        case BlockType():
            return True
        case StructType():
            return any(contains_block(m.type) for m in kind.members)
        case ArrayType():
            return contains_block(kind.element)
        case _:
            return False


def name_of(kind: Type) -> str:
    """The type as the user writes it."""
    match kind:
        case ArrayType():
            bounds, element = [_bounds_of(kind)], kind.element
            while len(bounds) < kind.dimensions and isinstance(element, ArrayType):
                bounds.append(_bounds_of(element))
                element = element.element
            return f"ARRAY [{', '.join(bounds)}] OF {name_of(element)}"
        case Unknown():
            return "unknown"
        case _:
            return kind.name


def _bounds_of(kind: ArrayType) -> str:
    return "*" if (kind.low, kind.high) == OPEN else f"{kind.low}..{kind.high}"


def is_filled(declared: Type, given: Type) -> bool:
    """Whether an array gives an ARRAY[*] its bounds: as many dimensions, elements of the same type."""
    if not isinstance(declared, ArrayType) or not isinstance(given, ArrayType):
        return False
    if declared.dimensions != given.dimensions:
        return False
    if (declared.low, declared.high) not in (OPEN, (given.low, given.high)):
        return False
    return same(declared.element, given.element) or (
        declared.dimensions > 1 and is_filled(declared.element, given.element)
    )


def same(left: Type, right: Type) -> bool:
    """True when values of the types may be copied bytewise."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return True
    if isinstance(left, ArrayType) and isinstance(right, ArrayType):
        return left.low == right.low and left.high == right.high and same(left.element, right.element)
    if isinstance(left, RefType) and isinstance(right, RefType):
        return same(left.target, right.target)
    return left is right or (isinstance(left, Elementary) and left == right)


def value_of(kind: Type) -> Type:
    """The type of a variable's value: a subrange's base, else the type itself."""
    return kind.base if isinstance(kind, SubrangeType) else kind


def members_at(kind: StructType | BlockType) -> Iterator[tuple[Member, int]]:
    """Each member with the number of leaves before it."""
    before = 0
    for member in kind.members:
        yield member, before
        before += leaves_of(member.type)
