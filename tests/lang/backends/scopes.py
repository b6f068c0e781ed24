"""What generated code may touch: variables, arrays, instances and references, as places in reach of a body."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from handbuilt import TYPES

from runtime.core.elementary import Elementary
from runtime.lang import ir


@dataclass(frozen=True, slots=True)
class Member:
    """A variable, or an array of `count` of them; of an elementary type or of a block."""

    name: str
    offset: int
    type: "Elementary | Shape"
    count: int = 0

    @property
    def stride(self) -> int:
        """Bytes from one element to the next."""
        return self.type.size


@dataclass(slots=True)
class Shape:
    """The layout of an instance, of globals or of a frame; `body` is what runs on an instance."""

    body: ir.Body | None = None
    size: int = 0
    members: list[Member] = field(default_factory=list)

    def add(self, type_: "Elementary | Shape", count: int = 0) -> Member:
        """Lay out one member more."""
        align = type_.size if isinstance(type_, Elementary) else 8
        offset = (self.size + align - 1) // align * align
        member = Member(f"v{len(self.members)}", offset, type_, count)
        self.size = offset + type_.size * max(count, 1)
        if isinstance(type_, Shape):
            self.size = (self.size + 7) // 8 * 8
        self.members.append(member)
        return member

    def close(self) -> None:
        """Round the size up, so that instances can stand in a row."""
        self.size = (self.size + 7) // 8 * 8

    def leaves(self, name: str, offset: int) -> Iterator[tuple[str, int, Elementary]]:
        """Every elementary variable: name, offset, type."""
        for member in self.members:
            for i in range(max(member.count, 1)):
                label = f"{name}.{member.name}" + (f"[{i}]" if member.count else "")
                at = offset + member.offset + i * member.stride
                if isinstance(member.type, Shape):
                    yield from member.type.leaves(label, at)
                else:
                    yield label, at, member.type


@dataclass(frozen=True, slots=True)
class Array:
    """An array in reach: elements `count`, first subscript `low`."""

    place: ir.Place
    count: int
    low: int
    stride: int

    def element(self, i: int) -> ir.Place:
        """Element `i` from 0, its address known."""
        return ir.Place(self.place.base, self.place.offset + i * self.stride, (), self.place.param)


@dataclass(slots=True)
class Scope:
    """Places by what lies there."""

    scalars: dict[Elementary, list[ir.Place]] = field(default_factory=lambda: {t: [] for t in TYPES})
    arrays: dict[Elementary, list[Array]] = field(default_factory=lambda: {t: [] for t in TYPES})
    instances: list[tuple[ir.Place, Shape]] = field(default_factory=list)
    instance_arrays: list[tuple[Array, Shape]] = field(default_factory=list)
    pointers_end: int = 0
    """First byte that pointers may not reach; 0 where there are none."""

    def add_shape(self, chance: random.Random, base: ir.Base, shape: Shape, offset: int = 0) -> None:
        """Bring everything of a shape into reach, fields of inner instances included."""
        for member in shape.members:
            place = ir.Place(base, offset + member.offset)
            array = Array(place, member.count, chance.choice((0, 1, -3)), member.stride)
            if isinstance(member.type, Elementary):
                if member.count:
                    self.arrays[member.type].append(array)
                else:
                    self.scalars[member.type].append(place)
            elif member.count:
                self.instance_arrays.append((array, member.type))
            else:
                self.instances.append((place, member.type))
                self.add_shape(chance, base, member.type, offset + member.offset)

    def element_scope(self, i: int, count_min: int) -> "Scope":
        """Element `i` of every array of `count_min` elements or more, as variables and instances."""
        scope = Scope(pointers_end=self.pointers_end)
        for type_, arrays in self.arrays.items():
            scope.scalars[type_] = [array.element(i) for array in arrays if array.count >= count_min]
        scope.instances = [(a.element(i), shape) for a, shape in self.instance_arrays if a.count >= count_min]
        return scope

    def add_ref(self, type_: Elementary, param: int) -> None:
        """Bring a by-reference parameter into reach."""
        self.scalars[type_].append(ir.Place(ir.Base.REF, 0, (), param))
