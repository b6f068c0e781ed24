"""What an I/O map made of the tags: the part that the process image and the scan need to know.

`iomap` makes these; `image` lays out pages and frames from them. How a point is encoded on the wire stays in the map.
"""

from dataclasses import dataclass

from runtime.core.elementary import Value


@dataclass(frozen=True, slots=True)
class InputBinding:
    """A tag fed by a device. Older than `stale_after_ns`, it turns BAD (0: any age is good, requirements Q-09)."""

    tag: str
    stale_after_ns: int


@dataclass(frozen=True, slots=True)
class OutputBinding:
    """A tag that drives a device point. `fail_safe` is the value when nobody may drive; None holds the last one."""

    tag: str
    device: str
    fail_safe: Value | None


@dataclass(frozen=True, slots=True)
class CommandBinding:
    """A command by name: the structure it is requested in and the one it is acknowledged in.

    The request structure has the fields `value` (the type of the command) and `seq : UDINT`; the acknowledgement has
    `seq : UDINT` and `result` (an enumeration whose labels start with ACCEPTED, DONE or REFUSED).
    """

    name: str
    request: str
    ack: str


@dataclass(frozen=True, slots=True)
class Bindings:
    """All bindings of a site. `inputs` by device: a device is one input page, written by one task of io."""

    inputs: dict[str, tuple[InputBinding, ...]]
    outputs: tuple[OutputBinding, ...]
    commands: tuple[CommandBinding, ...] = ()
