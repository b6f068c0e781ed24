"""Which statements and branches of an application ran: counted by the programs themselves, in both back ends.

`counting` gives an application with a counter before each written statement and at the start of each branch, which is
one more assignment of the IR. So the back ends know nothing of it, and count alike. The counters lie behind all else in
application memory: no name, address or layout hash changes.

A branch is one way through a written IF or CASE, among them the ELSE that nobody wrote.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, repeat

from runtime.core.elementary import LINT
from runtime.lang import ir
from runtime.lang.application import Application
from runtime.lang.machine import Buffer

TEST_BODIES = "TEST '"
"""What the names of the bodies of tests begin with: nobody asks whether those ran."""


@dataclass(frozen=True, slots=True)
class Covered:
    """One statement or branch: where it was written, what it is called, how often it ran."""

    pou: str
    file: str
    line: int
    column: int
    branch: str
    count: int


@dataclass(frozen=True, slots=True)
class Counting:
    """An application that counts. `counted` says of each counter what it counts, 8 bytes each from `offset` on."""

    application: Application
    counted: tuple[Covered, ...]
    offset: int

    def counts(self, memory: Buffer) -> tuple[int, ...]:
        """All counters of a memory that the application ran on."""
        return struct.unpack_from(f"<{len(self.counted)}q", memory, self.offset)

    def covered(self, counts: list[int]) -> Iterator[Covered]:
        """Everything that was written in the application's bodies, in order, with these counts."""
        return (replace(place, count=count) for place, count in zip(self.counted, counts, strict=True))


def counting(app: Application) -> Counting:
    """The application with counters."""
    offset = -(-len(app.initial) // LINT.size) * LINT.size
    counted: list[Covered] = []
    bodies = {
        name: body if name.startswith(TEST_BODIES) else _Counted(body, offset, counted).body()
        for name, body in app.bodies.items()
    }
    initial = app.initial.ljust(offset + LINT.size * len(counted), b"\0")
    made = replace(app, bodies=bodies, initial=initial, stored=None, source_key="")
    return Counting(made, tuple(counted), offset)


class _Counted:
    """One body while counters are put into it."""

    def __init__(self, body: ir.Body, offset: int, counted: list[Covered]) -> None:
        self._body, self._offset, self._counted = body, offset, counted
        self._origins = chain(body.origins, repeat(None))
        """In the order of `ir.walk`: each statement before what is inside it."""

    def body(self) -> ir.Body:
        """The body with counters. What it was written as is told by them, no longer by its origins."""
        return replace(self._body, block=self._block(self._body.block), origins=())

    def _block(self, block: ir.Block) -> ir.Block:
        made: list[ir.Statement] = []
        for node in block:
            origin = next(self._origins)
            if origin is not None:
                made.append(self._counter(origin, ""))
            made.append(self._inside(node, origin))
        return tuple(made)

    def _inside(self, node: ir.Statement, origin: ir.Origin | None) -> ir.Statement:
        match node:
            case ir.If(arms, otherwise):
                written = origin if origin is not None and origin.form == "If" else None
                names = ["THEN", *(f"ELSIF {n}" for n in range(1, len(arms))), "ELSE"]
                *blocks, last = self._branches(written, names, [*(block for _, block in arms), otherwise])
                return ir.If(tuple((c, block) for (c, _), block in zip(arms, blocks, strict=True)), last)
            case ir.Case(selector, arms, otherwise):
                written = origin if origin is not None and origin.form == "Case" else None
                names = [*(f"label {n}" for n in range(1, len(arms) + 1)), "ELSE"]
                *blocks, last = self._branches(written, names, [*(arm.block for arm in arms), otherwise])
                made = tuple(replace(arm, block=block) for arm, block in zip(arms, blocks, strict=True))
                return ir.Case(selector, made, last)
            case ir.Loop():
                return replace(node, block=self._block(node.block), after=self._block(node.after))
            case ir.For():
                return replace(node, block=self._block(node.block))
            case _:
                return node

    def _branches(self, origin: ir.Origin | None, names: list[str], blocks: list[ir.Block]) -> list[ir.Block]:
        if origin is None:
            return [self._block(block) for block in blocks]
        counters = [self._counter(origin, name) for name in names]
        return [(counter, *self._block(block)) for counter, block in zip(counters, blocks, strict=True)]

    def _counter(self, origin: ir.Origin, branch: str) -> ir.Assign:
        place = ir.Place(ir.Base.APP, self._offset + LINT.size * len(self._counted))
        self._counted.append(Covered(self._body.name, origin.file, origin.line, origin.column, branch, 0))
        more = ir.Binary(LINT, "add", ir.Load(LINT, place), ir.Const(LINT, 1))
        return ir.Assign(place, LINT, more)
