"""A planned swap: no more outputs; once the last ones are at the devices, and the standby holds what made them, Raft
hands over."""

from dataclasses import dataclass


@dataclass(slots=True)
class Swap:
    """`until_ns`: what is not handed over by then is given up. `handing`: it is on its way. `cause`: for people."""

    until_ns: int
    cause: str
    handing: bool = False
