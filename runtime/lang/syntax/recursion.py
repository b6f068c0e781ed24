"""Room for deep recursion: programs nest deeper than Python's default limit allows."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

DEEPEST_CALLS = 40_000
"""Python frames that compiling or interpreting may nest. A level of FB calls takes about six, one of an expression one
or two. Python 3.11 keeps frames of Python functions on the heap, so the limit costs no C stack."""


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Raise the recursion limit for the duration of the block, never lower it."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEEPEST_CALLS))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
