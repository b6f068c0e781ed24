"""What looks on while a program is interpreted: the debugger."""

from typing import Protocol

from runtime.lang import ir
from runtime.lang.interp.activation import Activation


class Probe(Protocol):
    """Told of every statement that was written (not of what the compiler added), just before it runs."""

    def statement(self, body: str, index: int, activation: Activation) -> None:
        """Statement number `index` of `ir.walk` of a body is next."""
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
        self._indices = {id(node): i for i, (node, origin) in enumerate(nodes) if origin is not None}

    def index(self, node: ir.Statement) -> int | None:
        """The number of a statement; None for what the compiler added."""
        return self._indices.get(id(node))
