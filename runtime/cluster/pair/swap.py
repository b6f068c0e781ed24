"""A planned swap, step by step: the programs stop, their last state reaches the standby, then Raft hands over."""

from dataclasses import dataclass
from enum import Enum


class SwapStep(Enum):
    """How far it is."""

    STOPPING = "stopping"
    """Scan and io have not said yet that they no longer drive."""
    DRAINING = "draining"
    """The last state is on its way."""
    HANDING = "handing over"


@dataclass(slots=True)
class Swap:
    """`until_ns`: by then the standby has the last state, or this controller goes on. `cause`: for people."""

    until_ns: int
    cause: str
    step: SwapStep = SwapStep.STOPPING
    resend_ns: int = 0
