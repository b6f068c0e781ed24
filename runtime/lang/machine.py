"""What runs an application: the reference interpreter and the native code look the same from outside."""

from typing import Protocol

from runtime.lang.application import Application

Buffer = bytearray | memoryview
"""Writable application memory, bytes."""


class Machine(Protocol):
    """An application with memory of its own, one task at a time.

    The runner writes NOW_NS, DT_NS, WALL_NS, SCAN_NO, FIRST_SCAN and BUDGET of core/appmemory.py and clears CUT before
    each `run_task`. Reading and writing `memory` between two tasks is always safe, whatever is written.
    """

    @property
    def app(self) -> Application:
        """What it runs."""
        ...

    @property
    def memory(self) -> Buffer:
        """Application memory, `len(app.initial)` bytes."""
        ...

    def run_task(self, i: int) -> None:
        """Run task number `i` of `app.tasks` once, to its end or to where its budget cuts it. Never raises."""
        ...
