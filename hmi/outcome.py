"""How a request of the operator ended, in words that say what to do next."""

from dataclasses import dataclass
from enum import Enum


class Ending(Enum):
    """Symbol and word of each way a request can end."""

    DONE = "✓ DONE"
    REFUSED = "✗ REFUSED"
    TIMED_OUT = "◌ TIMED OUT"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The ending and its reason."""

    ending: Ending
    text: str = ""
