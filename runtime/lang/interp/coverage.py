"""Which statements and branches of a program ran: counted while it is interpreted.

A branch is one way through a written IF or CASE, among them the ELSE that nobody wrote.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from runtime.lang import ir
from runtime.lang.application import Application
from runtime.lang.interp.activation import Activation


@dataclass(frozen=True, slots=True)
class Covered:
    """One statement or branch: where it was written, what it is called, how often it ran."""

    pou: str
    file: str
    line: int
    column: int
    branch: str
    count: int


class Coverage:
    """Counts over any number of runs. A `Probe`."""

    def __init__(self) -> None:
        self._statements: Counter[tuple[str, int]] = Counter()
        self._branches: Counter[tuple[str, int, int]] = Counter()

    def statement(self, body: str, index: int, _: Activation) -> None:
        """Count a statement."""
        self._statements[body, index] += 1

    def branch(self, body: str, index: int, number: int) -> None:
        """Count a branch."""
        self._branches[body, index, number] += 1

    def enter(self, body: str, activation: Activation) -> None:
        """A body begins: nothing to count."""

    def leave(self) -> None:
        """A body ends: nothing to count."""

    def of(self, app: Application) -> Iterator[Covered]:
        """Everything that was written in an application's bodies, in order, with its count so far."""
        for body in app.bodies.values():
            for index, (node, origin) in enumerate(zip(ir.walk(body.block), body.origins, strict=False)):
                if origin is None:
                    continue
                place = (body.name, origin.file, origin.line, origin.column)
                yield Covered(*place, "", self._statements[body.name, index])
                for number, name in enumerate(_branches(node, origin)):
                    yield Covered(*place, name, self._branches[body.name, index, number])


def _branches(node: ir.Statement, origin: ir.Origin) -> list[str]:
    if isinstance(node, ir.If) and origin.form == "If":
        return ["THEN", *(f"ELSIF {n}" for n in range(1, len(node.arms))), "ELSE"]
    if isinstance(node, ir.Case) and origin.form == "Case":
        return [*(f"label {n}" for n in range(1, len(node.arms) + 1)), "ELSE"]
    return []
