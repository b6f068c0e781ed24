"""Which bytes of application memory a set of programs may store into: for a runner that leaves the others alone.

What is found is a bound, not what will happen: every index may have any value in its range, every branch may be taken.
A program that stores through a pointer, or calls a method through an interface or a reference, may reach anything (what
they hold is data, and anybody may write data): then there is no bound.
"""

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from runtime.core.elementary import Elementary
from runtime.lang.ir.bodies import Body
from runtime.lang.ir.calls import Call, Dispatch
from runtime.lang.ir.expressions import Base, Index, Place
from runtime.lang.ir.statements import Assign, CallInstance, Copy, For

Stretches = tuple[tuple[int, int], ...]
"""Pieces of memory, each from its first byte to behind its last, in order and apart from each other."""

_PIECES_MAX = 10_000
"""Of one store: more than any array of structures at a site has elements."""

_Root = tuple[Base, int]
"""What an offset counts from: a base, and the parameter's number where that is REF."""
_Stores = dict[_Root, Stretches]


class _AnywhereError(Exception):
    """A store that may reach any byte."""


def stored_stretches(bodies: Mapping[str, Body], programs: Iterable[tuple[str, int]]) -> Stretches | None:
    """What these programs (body, offset of the instance) and all that they call may store into; None: anything."""
    known: dict[str, _Stores] = {}
    found: list[tuple[int, int]] = []
    try:
        for name, offset in programs:
            stores = _stores_of(name, bodies, known)
            found += stores.get((Base.APP, -1), ())
            found += ((start + offset, end + offset) for start, end in stores.get((Base.SELF, -1), ()))
    except _AnywhereError:
        return None
    return _joined(found)


def _stores_of(name: str, bodies: Mapping[str, Body], known: dict[str, _Stores]) -> _Stores:
    """By what each offset counts from. No body calls itself, directly or by others: the checker refuses it."""
    if name not in known:
        found: dict[_Root, list[tuple[int, int]]] = {}
        for node in _nodes(bodies[name].block):
            match node:
                case Assign(target, of, _) | For(target, of):
                    _store(found, target, ((0, of.size),))
                case Copy(target, _, size):
                    _store(found, target, ((0, size),))
                case CallInstance(body, instance, refs) | Call(_, body, _, refs, instance):
                    _call(found, _stores_of(body, bodies, known), instance, refs)
                case Dispatch():
                    raise _AnywhereError
        known[name] = {root: _joined(pieces) for root, pieces in found.items()}
    return known[name]


def _call(
    found: dict[_Root, list[tuple[int, int]]], callee: _Stores, instance: Place | None, refs: Sequence[Place]
) -> None:
    for (base, param), pieces in callee.items():
        if base is Base.APP:
            found.setdefault((base, param), []).extend(pieces)
        elif base is Base.REF:
            _store(found, refs[param], pieces)
        elif instance is not None:
            _store(found, instance, pieces)


def _store(found: dict[_Root, list[tuple[int, int]]], place: Place, pieces: Stretches) -> None:
    """Pieces relative to a place. A call's own frame is no part of application memory."""
    if place.base is Base.POINTER:
        raise _AnywhereError
    if place.base is not Base.FRAME:
        root = (place.base, place.param if place.base is Base.REF else -1)
        reached = _joined((start + place.offset, end + place.offset) for start, end in pieces)
        for index in place.indices:
            reached = _repeated(reached, index)
        found.setdefault(root, []).extend(reached)


def _repeated(pieces: Stretches, index: Index) -> Stretches:
    """The pieces for every value of an index; what lies between them too, where they would be too many."""
    count = index.high - index.low + 1
    if count * len(pieces) > _PIECES_MAX:
        return ((pieces[0][0], pieces[-1][1] + (count - 1) * index.stride),)
    steps = (number * index.stride for number in range(count))
    return _joined((start + step, end + step) for step in steps for start, end in pieces)


def _joined(pieces: Iterable[tuple[int, int]]) -> Stretches:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(pieces):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _nodes(node: Any) -> Iterator[Any]:
    """A node and all nodes in it, statements and expressions, by what their classes declare."""
    if isinstance(node, tuple):
        for part in node:
            yield from _nodes(part)
    elif dataclasses.is_dataclass(node) and not isinstance(node, Elementary | type):
        yield node
        for name in _parts(type(node)):
            yield from _nodes(getattr(node, name))


@functools.cache
def _parts(of: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(of))
