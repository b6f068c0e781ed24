"""A planned swap: once the standby holds the newest state, and io had time to write its outputs, they stop and Raft
hands over. So what is missed is what lies between two scans of the two controllers, one at most."""

from dataclasses import dataclass


@dataclass(slots=True)
class Swap:
    """`until_ns`: what is not handed over by then is given up. `handing`: outputs have stopped. `cause`: for people.

    `at_any_time`: no scan is waited for, because none comes. `hands_ns`: when the newest state will have been written;
    0: the standby does not hold it yet.
    """

    until_ns: int
    cause: str
    at_any_time: bool = False
    handing: bool = False
    hands_ns: int = 0
