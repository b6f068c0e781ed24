"""Quality of an input tag, as three states (OPC UA Part 8, 6.3 reduced to what control needs)."""

from enum import IntEnum


class Quality(IntEnum):
    """How far a value may be trusted. Zeroed memory reads BAD: safe until shown otherwise."""

    BAD = 0
    UNCERTAIN = 1
    GOOD = 2
