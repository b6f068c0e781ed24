"""What looks on while a program is interpreted: coverage, the debugger."""

from typing import Protocol

from runtime.lang import ir
from runtime.lang.interp.activation import Activation


class Probe(Protocol):
    """Told of every statement that was written (not of what the compiler added), just before it runs."""

    def statement(self, body: str, index: int, activation: Activation) -> None:
        """Statement number `index` of `ir.walk` of a body is next."""
        ...

    def branch(self, body: str, index: int, number: int) -> None:
        """A written IF or CASE took its branch `number` (0 the first; behind the last one: ELSE, written or not)."""
        ...

    def enter(self, body: str, activation: Activation) -> None:
        """A body begins."""
        ...

    def leave(self) -> None:
        """The body that began last ends."""
        ...


class Written:
    """The written statements of one body, by node."""

    def __init__(self, body: ir.Body) -> None:
        self.name = body.name
        nodes = zip(ir.walk(body.block), body.origins, strict=False)
        self._indices = {id(node): (i, origin) for i, (node, origin) in enumerate(nodes) if origin is not None}

    def index(self, node: ir.Statement) -> int | None:
        """The number of a statement; None for what the compiler added."""
        found = self._indices.get(id(node))
        return found[0] if found is not None else None

    def branches(self, node: ir.Statement) -> bool:
        """Whether a node is an IF or CASE that was written as one."""
        found = self._indices.get(id(node))
        return found is not None and found[1].form in ("If", "Case")
