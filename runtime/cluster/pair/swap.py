"""A planned swap: once the standby holds the newest state, the outputs stop and Raft hands over."""

from dataclasses import dataclass


@dataclass(slots=True)
class Swap:
    """`until_ns`: what is not handed over by then is given up. `handing`: outputs have stopped. `cause`: for people.

    `at_any_time`: no scan is waited for, because none comes.
    """

    until_ns: int
    cause: str
    at_any_time: bool = False
    handing: bool = False
