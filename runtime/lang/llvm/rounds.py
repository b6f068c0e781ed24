"""Finds groups of statements that repeat with addresses a constant step apart, so that they can become a loop.

A site with a thousand named instances repeats `pid_17(sp := …); out[17] := pid_17.out;` a thousand times. Written
out, that is more code than the instruction cache holds, and compiles slowly; as a loop it runs as fast as if an array
had been declared. The rounds run in the order of the statements, each does the same to other addresses: nothing that
a program can see changes.
"""

from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Self

from runtime.core import appmemory
from runtime.core.elementary import Elementary
from runtime.lang import ir

ROUNDS_MIN = 8
"""Fewer repetitions stay as they are: known addresses are worth more than short code."""

GROUP_MAX = 64
"""Statements a group may have; bounds the search to so many compares a statement."""


@dataclass(frozen=True, slots=True)
class SteppedPlace(ir.Place):
    """A place whose address grows by `step` bytes a round."""

    step: int = 0


class SteppedSite(int):
    """A fault site that grows by `step` a round: each statement of a row faults as itself."""

    step: int

    def __new__(cls, site: int, step: int) -> Self:
        """The site of the first round."""
        made = super().__new__(cls, site)
        made.step = step
        return made


@dataclass(frozen=True, slots=True)
class Rounds:
    """A group of statements to be run `count` times."""

    block: ir.Block
    count: int


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A statement: a number for all of it but offsets and fault sites, equal for equal ones; those; the first one."""

    shape: int
    offsets: tuple[int, ...]
    lead: int


def find_rounds(block: ir.Block) -> list[ir.Statement | Rounds]:
    """The block with each stretch of repeated groups as one `Rounds`."""
    if len(block) < ROUNDS_MIN:
        return list(block)
    numbers: dict[tuple[object, ...], int] = {}
    patterns = [_pattern(statement, numbers) for statement in block]
    made: list[ir.Statement | Rounds] = []
    at = 0
    while at < len(block):
        size, count = _repetition(patterns, at)
        if count:
            group = patterns[at : at + size]
            steps = [s for p, q in zip(group, patterns[at + size :], strict=False) for s in _steps(p, q)]
            made.append(Rounds(_stepped(block[at : at + size], iter(steps)), count))
            at += size * count
        else:
            made.append(block[at])
            at += 1
    return made


def contains_return(node: object) -> bool:
    """Whether there is a RETURN anywhere in a block or statement."""
    if isinstance(node, tuple):
        return any(contains_return(part) for part in node)
    if isinstance(node, ir.Return):
        return True
    return any(contains_return(getattr(node, name)) for name in _FIELDS.get(type(node), ()))


def _repetition(patterns: list[_Pattern], at: int) -> tuple[int, int]:
    """Size and number of the groups that start at `at`; number 0 when there are too few."""
    first = patterns[at]
    for size in range(1, min(GROUP_MAX, (len(patterns) - at) // ROUNDS_MIN) + 1):
        # A quick test that refuses nearly everything: do the first statements of three groups look alike?
        second, third = patterns[at + size], patterns[at + 2 * size]
        if first.shape == second.shape == third.shape and second.lead - first.lead == third.lead - second.lead:
            count = _count(patterns, at, size)
            if count >= ROUNDS_MIN:
                return size, count
    return 0, 0


def _count(patterns: list[_Pattern], at: int, size: int) -> int:
    """How often the `size` statements at `at` stand there in a row, each time the same steps on."""
    first = patterns[at : at + size]
    second = patterns[at + size : at + 2 * size]
    if any(p.shape != q.shape for p, q in zip(first, second, strict=True)):
        return 1
    steps = [_steps(p, q) for p, q in zip(first, second, strict=True)]
    end = at + size
    while end < len(patterns):
        before, now = patterns[end - size], patterns[end]
        if before.shape != now.shape or _steps(before, now) != steps[(end - at) % size]:
            break
        end += 1
    return (end - at) // size


def _steps(before: _Pattern, now: _Pattern) -> list[int]:
    return [b - a for a, b in zip(before.offsets, now.offsets, strict=True)]


def _pattern(statement: ir.Statement, numbers: dict[tuple[object, ...], int]) -> _Pattern:
    shape: list[object] = []
    offsets: list[int] = []
    _flatten(statement, shape, offsets)
    return _Pattern(numbers.setdefault(tuple(shape), len(numbers)), tuple(offsets), offsets[0] if offsets else 0)


def _flatten(node: object, shape: list[object], offsets: list[int]) -> None:
    """Append all that makes up a node to `shape`, but the offsets of places and the fault sites to `offsets`."""
    cls = type(node)
    shape.append(cls)
    if isinstance(node, tuple):
        shape.append(len(node))
        for part in node:
            _flatten(part, shape, offsets)
    elif isinstance(node, ir.Place):
        # The header has fields, not variables in a row: its offsets never step.
        is_header = node.base is ir.Base.APP and node.offset < appmemory.HEADER_SIZE
        (shape if is_header else offsets).append(node.offset)
        shape += (node.base.value, node.param)
        _flatten(node.indices, shape, offsets)
        _flatten(node.followed, shape, offsets)
    elif cls in _FIELDS:
        for name in _FIELDS[cls]:
            value = getattr(node, name)
            if name in _SITES and value >= 0:
                offsets.append(value)
            else:
                _flatten(value, shape, offsets)
    else:
        shape.append(_told(node))


def _told(leaf: object) -> object:
    """A leaf as something that hashes fast and tells 0.0 from -0.0."""
    if isinstance(leaf, Elementary):
        return leaf.name
    if isinstance(leaf, Enum):
        return leaf.value
    return repr(leaf) if isinstance(leaf, float) else leaf


def _stepped(node: Any, steps: Any) -> Any:
    """The node with each place and site stepped; `steps` come in the order in which `_flatten` met the offsets."""
    if isinstance(node, tuple):
        return tuple(_stepped(part, steps) for part in node)
    if isinstance(node, ir.Place):
        is_header = node.base is ir.Base.APP and node.offset < appmemory.HEADER_SIZE
        step = 0 if is_header else next(steps)
        indices, followed = _stepped(node.indices, steps), _stepped(node.followed, steps)
        return SteppedPlace(node.base, node.offset, indices, node.param, followed, step)
    names = _FIELDS.get(type(node))
    return type(node)(*(_stepped_field(node, name, steps) for name in names)) if names is not None else node


def _stepped_field(node: Any, name: str, steps: Any) -> Any:
    value = getattr(node, name)
    if name in _SITES and value >= 0:
        step = next(steps)
        return SteppedSite(value, step) if step else value
    return _stepped(value, steps)


_NODES = (
    ir.Index, ir.Const, ir.Load, ir.Unary, ir.Binary, ir.Compare, ir.ShortCircuit, ir.Convert, ir.Intrinsic, ir.Call,
    ir.After, ir.Reachable, ir.Point, ir.Followed, ir.Dispatch, ir.DispatchArm, ir.Locate,
    ir.Assign, ir.Copy, ir.CallInstance, ir.Evaluate, ir.If, ir.CaseArm, ir.Case, ir.Loop, ir.For, ir.Exit,
    ir.Continue, ir.Return, ir.Advance,
)  # fmt: skip
_FIELDS: dict[type, tuple[str, ...]] = {node: tuple(field.name for field in fields(node)) for node in _NODES}
_SITES = frozenset({"site", "site_step", "site_budget"})
