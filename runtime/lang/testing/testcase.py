"""What the compiler tells about tests: which there are, and what their assertions compare."""

from dataclasses import dataclass

from runtime.core.elementary import Elementary

FAULT_CODES = 256
"""More than there are codes of faults: what a test asks for is a code and its assertion's number in one word."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """One assertion of a test, and how to read what it left in application memory when it failed.

    `type` is that of both sides (None: nothing was left to show); `labels` name an enumeration's values. `left`,
    `right` and `sign` are source text: `pump.speed`, `5.0`, `=`.
    """

    file: str
    line: int
    column: int
    text: str
    type: Elementary | None = None
    labels: tuple[tuple[str, int], ...] = ()
    left: str = ""
    right: str = ""
    sign: str = ""


@dataclass(frozen=True, slots=True)
class TestCase:
    """A compiled test: task number `task` of its application, which follows the application's own tasks."""

    __test__ = False  # pytest takes every class that is called Test… for its own

    name: str
    file: str
    line: int
    task: int
    cycle_ns: int
    budget: int
    assertions: tuple[Assertion, ...]
