"""Which variables of calls have their address taken: they are static, so that no pointer outlives what it leads to.

A frame is gone with its call, and lies where no pointer can reach. Recursion is refused and tasks run one after the
other, so no two calls of a body are ever under way at once: a variable of application memory can stand in for one of
the frame, set to its first value at each call. Only those that need it are moved; the rest stay where they are fast.

Found on the tree, before anything has an address: what REF and ADR name, and what is passed by reference to a
parameter whose address is taken in turn. Calls are matched by name alone: one too many is moved, never one too few.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass

from runtime.core.diagnostic import Source, Span
from runtime.lang import ir, tree
from runtime.lang.semantics.classes import own_methods
from runtime.lang.semantics.symbols import PouSymbol, Symbols
from runtime.lang.semantics.variables import VarSymbol

_WORDS = re.compile(r"\b(ADR|REF)\b", re.IGNORECASE)
_TAKING = ("adr", "ref")


@dataclass(frozen=True, slots=True)
class _Calls:
    """A body with the calls in it."""

    pou: PouSymbol
    calls: tuple[tree.CallExpr, ...]


def addressed_in_calls(symbols: Symbols, sources: Sequence[Source]) -> list[VarSymbol]:
    """The variables in frames whose address is taken somewhere, in order of declaration."""
    if not any(_WORDS.search(source.text) for source in sources):
        return []
    bodies = [_Calls(pou, tuple(_calls_in((pou.tree.body, pou.tree.chart)))) for pou in _pous(symbols)]
    taken: dict[int, VarSymbol] = {}
    for body in bodies:
        for call in body.calls:
            if isinstance(call.callee, tree.Name) and call.callee.key in _TAKING:
                _take(symbols, body.pou, (a.value for a in call.args), taken)
    while _passed_on(symbols, bodies, taken):
        pass
    owned = [s for body in bodies for s in body.pou.variables.values() if id(s) in taken]
    return [s for s in owned if s.place is not None and s.place.base is ir.Base.FRAME]


def _pous(symbols: Symbols) -> Iterator[PouSymbol]:
    for pou in symbols.pous.values():
        if not pou.library and pou.kind != "INTERFACE":
            yield pou
            yield from own_methods(pou)


def _take(symbols: Symbols, pou: PouSymbol, arguments: Iterator[tree.Expr], taken: dict[int, VarSymbol]) -> bool:
    """Enter the body's own variables that are named; True when one of them is new."""
    symbols.declare(pou)
    found = [pou.variables.get(_root(argument)) for argument in arguments]
    new = [s for s in found if s is not None and id(s) not in taken]
    taken |= {id(s): s for s in new}
    return bool(new)


def _passed_on(symbols: Symbols, bodies: Sequence[_Calls], taken: dict[int, VarSymbol]) -> bool:
    """Enter what is given for a parameter by reference that is taken; True when that was news."""
    wanted = {b.pou: [s for s in b.pou.refs if id(s) in taken and s.section != "VAR_INPUT"] for b in bodies}
    asking = {pou: symbols_ for pou, symbols_ in wanted.items() if symbols_}
    news = False
    for body in bodies:
        for call in body.calls:
            for pou, parameters in asking.items():
                if pou.kind == "FUNCTION_BLOCK" or _last(pou.name) == _last_name(call.callee):
                    given = (a.value for n, a in enumerate(call.args) if _is_for(pou, parameters, n, a))
                    news |= _take(symbols, body.pou, given, taken)
    return news


def _is_for(pou: PouSymbol, parameters: Sequence[VarSymbol], position: int, argument: tree.Arg) -> bool:
    if argument.name is not None:
        return any(s.name.lower() == argument.name.key for s in parameters)
    inputs = [s for s in pou.variables.values() if s in pou.inputs or s in pou.in_outs]
    return position < len(inputs) and inputs[position] in parameters


def _last(name: str) -> str:
    """The name without the namespaces it is in."""
    return name.lower().rpartition(".")[2]


def _last_name(callee: tree.Expr) -> str:
    while isinstance(callee, tree.Group | tree.Dereference | tree.Subscript):
        callee = callee.inner if isinstance(callee, tree.Group) else callee.base
    if isinstance(callee, tree.Field):
        return callee.name.key
    return _last(callee.key) if isinstance(callee, tree.Name) else ""


def _root(node: tree.Expr) -> str:
    """The variable at the start of a path; none behind a pointer."""
    while isinstance(node, tree.Field | tree.Subscript | tree.Partial | tree.Group):
        node = node.inner if isinstance(node, tree.Group) else node.base
    return node.key if isinstance(node, tree.Name) else ""


def _calls_in(node: object) -> Iterator[tree.CallExpr]:
    pending = [node]
    while pending:
        at = pending.pop()
        if isinstance(at, tuple):
            pending += at
        elif is_dataclass(at) and not isinstance(at, type | Span):
            if isinstance(at, tree.CallExpr):
                yield at
            pending += [getattr(at, name) for name in _names(type(at))]


_known: dict[type, tuple[str, ...]] = {}


def _names(kind: type) -> tuple[str, ...]:
    """The fields of a kind of node that may hold nodes."""
    if kind not in _known:
        _known[kind] = tuple(f.name for f in fields(kind) if f.name not in ("span", "op_span", "text", "name"))
    return _known[kind]
