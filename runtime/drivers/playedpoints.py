"""Lines, chips and the host as a program plays them: raw numbers by the points' names, as lines of JSON on TCP.

    {"device": "relay_1", "read": ["relay_1", "relay_2"]}       {"raw": [1.0, 0.0]}        null: it has no value
    {"device": "relay_1", "write": "relay_1", "raw": 1.0}       {"raw": []}
    {"device": "button_1", "follow": ["pressed"]}               {"raw": [0.0]}, and again after each change
    anything that cannot be done                                {"refused": "why"}

`sim/played/points.py` is the other end. What stands between program and device is thus the real driver's schedule of
polls and writes, and none of its library.
"""

import contextlib
import json
import socket
import time
from collections.abc import Sequence
from typing import Any

from runtime.core.fault import DriverFault
from runtime.drivers.base import Driver, LinkContext
from runtime.drivers.blocking import BlockingDriver
from runtime.drivers.blockingdevice import BlockingDevice, Change
from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.wire import GpioWire, Wire

LINE_MAX = 65_536
"""Bytes of one line: a thousand points, and more than any of these devices has."""


class PlayedPoints(BlockingDevice):
    """One device that is played at `address` (host:port). Edges of lines come by a connection of their own."""

    def __init__(self, plan: DevicePlan, address: str, *, timeout_s: float) -> None:
        self._name = plan.name
        self._address = address
        self._timeout_s = timeout_s
        self._names: dict[Wire, str] = {beat.wire: beat.point for beat in plan.heartbeats}
        self._names |= {point.wire: point.name for point in plan.inputs}
        self._names |= {point.wire: point.name for point in plan.outputs}
        self._edges = [point.wire for point in plan.inputs if isinstance(point.wire, GpioWire)]
        self._asked: _Talk | None = None
        self._followed: _Talk | None = None

    def open(self) -> None:
        """Meet the program that plays it. Raises DriverFault when nobody is there."""
        self._asked = _Talk(self._address, self._timeout_s)
        if self._edges:
            self._followed = _Talk(self._address, self._timeout_s)
            self._followed.say(device=self._name, follow=[self._names[wire] for wire in self._edges])

    def close(self) -> None:
        """Let go of it."""
        for talk in (self._asked, self._followed):
            if talk is not None:
                talk.close()
        self._asked = self._followed = None

    def sample(self, wires: Sequence[Wire]) -> Sequence[float | None]:
        """Raw numbers of these points."""
        raw = self._ask(read=[self._names[wire] for wire in wires])
        if len(raw) != len(wires):
            raise DriverFault(f"{len(raw)} values instead of {len(wires)}", where=self._address)
        return raw

    def write(self, wire: Wire, raw: float) -> None:
        """Set an output."""
        self._ask(write=self._names[wire], raw=raw)

    def fileno(self) -> int | None:
        """Readable when an edge has come."""
        return None if self._followed is None else self._followed.fileno()

    def changes(self) -> Sequence[Change]:
        """Edges since the last call, with the time they arrived."""
        if self._followed is None:
            return ()
        now_ns = time.monotonic_ns()
        told = [(wire, raw) for line in self._followed.come() for wire, raw in zip(self._edges, line, strict=False)]
        return [(wire, raw, now_ns) for wire, raw in told if raw is not None]

    def _ask(self, **question: object) -> list[float | None]:
        if self._asked is None:
            raise DriverFault("the connection was let go", where=self._address)
        self._asked.say(device=self._name, **question)
        return self._asked.answer()


class _Talk:
    """One connection. Every call raises DriverFault when it breaks or what comes is not understood."""

    def __init__(self, address: str, timeout_s: float) -> None:
        self._address = address
        host, _, port = address.rpartition(":")
        try:
            self._socket = socket.create_connection((host, int(port)), timeout=timeout_s)
        except OSError as fault:
            mend = "is the program that plays this device running, and is played_at its address?"
            raise DriverFault("nobody plays it there", where=address, mend=mend) from fault
        self._heard = b""

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def say(self, **line: object) -> None:
        try:
            self._socket.sendall(json.dumps(line).encode() + b"\n")
        except OSError as fault:
            raise self._broken() from fault

    def answer(self) -> list[float | None]:
        """The next line; waits for it."""
        while b"\n" not in self._heard:
            self._hear()
        line, _, self._heard = self._heard.partition(b"\n")
        return self._raw(line)

    def come(self) -> list[list[float | None]]:
        """The lines that are there; does not wait."""
        self._socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            self._hear()
        *lines, self._heard = self._heard.split(b"\n")
        return [self._raw(line) for line in lines]

    def close(self) -> None:
        self._socket.close()

    def _hear(self) -> None:
        try:
            some = self._socket.recv(LINE_MAX)
        except BlockingIOError:
            raise
        except TimeoutError as fault:
            self.close()  # a late answer would be taken for the next one
            raise DriverFault("no answer", where=self._address) from fault
        except OSError as fault:
            raise self._broken() from fault
        if not some or len(self._heard) > LINE_MAX:
            raise self._broken()
        self._heard += some

    def _raw(self, line: bytes) -> list[float | None]:
        try:
            told: Any = json.loads(line)
        except ValueError as fault:
            raise DriverFault("the answer cannot be read", where=self._address) from fault
        match told:
            case {"raw": [*numbers]} if all(number is None or isinstance(number, (int, float)) for number in numbers):
                return numbers
            case {"refused": str(why)}:
                raise DriverFault(why, where=self._address)
        raise DriverFault("the answer cannot be read", where=self._address)

    def _broken(self) -> DriverFault:
        return DriverFault("the connection broke", where=self._address)


def played_driver(context: LinkContext, address: str) -> Driver:
    """The driver of a link whose devices are played at `address`."""
    timeout_s = context.link.timeout_ns / 1e9
    return BlockingDriver(context, lambda plan: PlayedPoints(plan, address, timeout_s=timeout_s))
