"""The three sorts of generated programs, each by the number of its seed: what the test and the tool run."""

import traceback
from collections.abc import Callable

from chart_differential import compare_chart
from differential import compare
from text_differential import compare_text
from watchdog import Hangs, watched

SORTS: dict[str, Callable[[int], str]] = {"ir": compare, "text": compare_text, "charts": compare_chart}
"""Programs in IR; ST text through the whole compiler; SFCs beside a model of rule 18."""


def complaint(sort: str, seed: int) -> str:
    """What is wrong with a program: a difference, a text that does not compile, an exception, a stall; or nothing."""
    try:
        with watched():
            return SORTS[sort](seed)
    except Hangs as hangs:
        return f"{sort} seed {seed} {hangs}"
    except (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        return f"{sort} seed {seed}\n{traceback.format_exc()}"
