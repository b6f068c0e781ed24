"""How a request of the operator ended, in words that say what to do next."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum


class Ending(Enum):
    """Symbol and word of each way a request can end."""

    DONE = "✓ DONE"
    REFUSED = "✗ REFUSED"
    TIMED_OUT = "◌ TIMED OUT"
    UNKNOWN = "◌ UNKNOWN"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The ending and its reason. `again`: asks for the very same once more, which is done once at most however often it
    is asked for; None where that would be another request."""

    ending: Ending
    text: str = ""
    again: "Callable[[], Awaitable[Outcome]] | None" = None
