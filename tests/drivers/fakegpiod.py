"""Stands in for gpiod at the edge of the driver: chips, who holds which line, edges by a pipe.

An output that is let go falls to low, as with the kernel's gpio-sim.
"""

import errno
import os
import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Self

from gpiod import line
from gpiod.edge_event import EdgeEvent
from gpiod.line_settings import LineSettings


@dataclass
class Line:
    name: str
    direction: line.Direction = line.Direction.INPUT
    level: bool = False
    consumer: str = ""
    settings: LineSettings | None = None


@dataclass
class FakeChip:
    """One chip. `gone`: it was unplugged. `fails`: the error of each use of a line; `slow_s`: how long one takes."""

    path: str
    label: str
    lines: list[Line]
    gone: bool = False
    fails: int = 0
    slow_s: float = 0.0
    requests: list["FakeRequest"] = field(default_factory=list)

    def set(self, offset: int, *, level: bool, stamp_ns: int | None = None) -> None:
        """The world outside changes a line."""
        self.lines[offset].level = level
        for request in self.requests:
            request.edge(offset, level=level, stamp_ns=time.monotonic_ns() if stamp_ns is None else stamp_ns)


class FakeRequest:
    def __init__(self, chip: FakeChip, config: dict[int, LineSettings], consumer: str) -> None:
        self.chip = chip
        self._events: list[SimpleNamespace] = []
        self.fd, self._writer = os.pipe()
        for offset in config:
            if chip.lines[offset].consumer:
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
            chip.lines[offset].consumer = consumer
        self.reconfigure_lines(config)
        chip.requests.append(self)

    def reconfigure_lines(self, config: dict[int, LineSettings]) -> None:
        self.config = config
        for offset, settings in config.items():
            held = self.chip.lines[offset]
            held.settings = settings
            if settings.direction is line.Direction.OUTPUT:
                held.direction = line.Direction.OUTPUT
                held.level = (settings.output_value is line.Value.ACTIVE) != settings.active_low

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def get_value(self, offset: int) -> line.Value:
        return self.get_values([offset])[0]

    def get_values(self, offsets: list[int]) -> list[line.Value]:
        self._alive()
        return [line.Value(int(self.chip.lines[o].level != self.config[o].active_low)) for o in offsets]

    def set_value(self, offset: int, value: line.Value) -> None:
        self._alive()
        assert self.config[offset].direction is line.Direction.OUTPUT
        self.chip.lines[offset].level = (value is line.Value.ACTIVE) != self.config[offset].active_low

    def edge(self, offset: int, *, level: bool, stamp_ns: int) -> None:
        settings = self.config.get(offset)
        if settings is None or settings.edge_detection is line.Edge.NONE:
            return
        kind = EdgeEvent.Type.RISING_EDGE if level != settings.active_low else EdgeEvent.Type.FALLING_EDGE
        self._events.append(SimpleNamespace(line_offset=offset, event_type=kind, timestamp_ns=stamp_ns))
        os.write(self._writer, b"e")

    def wait_edge_events(self, _timeout: object) -> bool:
        return bool(self._events)

    def read_edge_events(self) -> list[SimpleNamespace]:
        self._alive()
        events, self._events = self._events, []
        os.read(self.fd, 64)
        return events

    def release(self) -> None:
        self.chip.requests.remove(self)
        for offset in self.config:
            held = self.chip.lines[offset]
            held.consumer, held.level = "", False if held.direction is line.Direction.OUTPUT else held.level
        os.close(self.fd)
        os.close(self._writer)

    def _alive(self) -> None:
        time.sleep(self.chip.slow_s)
        code = errno.ENODEV if self.chip.gone else self.chip.fails
        if code:
            raise OSError(code, os.strerror(code))


class FakeGpiod:
    """The module, with these chips."""

    line = line
    LineSettings = LineSettings
    EdgeEvent = EdgeEvent

    def __init__(self, *chips: FakeChip) -> None:
        self.chips = {chip.path: chip for chip in chips}

    def is_gpiochip_device(self, path: str) -> bool:
        return path in self.chips and not self.chips[path].gone

    def Chip(self, path: str) -> "OpenChip":  # noqa: N802 - the library's name
        return OpenChip(self.chips[path])


class OpenChip:
    def __init__(self, chip: FakeChip) -> None:
        self.chip = chip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get_info(self) -> SimpleNamespace:
        return SimpleNamespace(
            name=self.chip.path.rpartition("/")[2], label=self.chip.label, num_lines=len(self.chip.lines)
        )

    def line_offset_from_id(self, name: str) -> int:
        found = [n for n, one in enumerate(self.chip.lines) if one.name == name]
        if not found:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        return found[0]

    def get_line_info(self, offset: int) -> SimpleNamespace:
        held = self.chip.lines[offset]
        return SimpleNamespace(used=bool(held.consumer), consumer=held.consumer, direction=held.direction)

    def request_lines(self, config: dict[int, LineSettings], consumer: str) -> FakeRequest:
        return FakeRequest(self.chip, config, consumer)
