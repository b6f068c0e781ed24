"""Lines of a GPIO chip by the kernel's character device (libgpiod 2).

Inputs report edges with the kernel's monotonic time stamp; between edges a poll confirms them. An output that is
driven already when io comes keeps its state until the program, or fail-safe, says otherwise: a restart of io is no
glitch. When io lets go of a line the kernel promises no state: what it falls to is for the board's pull resistor.
"""

from __future__ import annotations

import errno
import importlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from runtime.core.fault import DriverFault
from runtime.drivers.base import Driver, LinkContext
from runtime.drivers.blocking import BlockingDriver
from runtime.drivers.blockingdevice import BlockingDevice, Change
from runtime.iomap.plan.plan import DevicePlan
from runtime.iomap.plan.settings import GpioSettings
from runtime.iomap.wire import GpioWire, Wire

if TYPE_CHECKING:
    import gpiod

INSTALL = "install it: pip install 'voltscan[gpio]' (Linux only)"


class GpioLines(BlockingDevice):
    """The lines of one device, requested together. `library` is gpiod, or what stands in for it."""

    def __init__(self, plan: DevicePlan, settings: GpioSettings, *, library: ModuleType | None = None) -> None:
        self._plan = plan
        self._settings = settings
        self._library = library
        self._request: gpiod.LineRequest | None = None
        self._offsets: dict[GpioWire, int] = {}

    def open(self) -> None:
        """Request all lines. Raises DriverFault when the chip or a line is not there, or a line is taken."""
        library = self._library = self._library or _gpiod()
        path = _find_chip(library, self._settings.chip)
        try:
            with library.Chip(path) as chip:
                self._offsets = {wire: _offset(chip, wire.line, path) for wire in self._wires()}
                self._refuse_taken(chip, path)
                self._request = self._take_over(chip)
        except OSError as fault:
            raise _told(fault, path) from fault

    def listen(self) -> None:
        """Request the inputs: to request an output is to drive it."""
        library = self._library = self._library or _gpiod()
        path = _find_chip(library, self._settings.chip)
        try:
            with library.Chip(path) as chip:
                inputs = [wire for wire in self._wires() if not wire.is_output]
                self._offsets = {wire: _offset(chip, wire.line, path) for wire in inputs}
                self._refuse_taken(chip, path)
                settings = {offset: self._line_settings(wire, on=False) for wire, offset in self._offsets.items()}
                self._request = chip.request_lines(settings, consumer=self._settings.consumer) if settings else None
        except OSError as fault:
            raise _told(fault, path) from fault

    def close(self) -> None:
        """Release the lines."""
        request, self._request = self._request, None
        if request is not None:
            with suppress(OSError):  # the chip is gone: there is nothing left to release
                request.release()

    def sample(self, wires: Sequence[Wire]) -> Sequence[float | None]:
        """The states of these lines: 1.0 is active."""
        request, library = self._held()
        offsets = [self._offsets[wire] for wire in wires if isinstance(wire, GpioWire)]
        try:
            return [float(value is library.line.Value.ACTIVE) for value in request.get_values(offsets)]
        except OSError as fault:
            raise _told(fault, self._settings.chip) from fault

    def write(self, wire: Wire, raw: float) -> None:
        """Set a line active (1.0) or inactive."""
        assert isinstance(wire, GpioWire), "a point of this kind"
        request, library = self._held()
        try:
            request.set_value(self._offsets[wire], library.line.Value.ACTIVE if raw else library.line.Value.INACTIVE)
        except OSError as fault:
            raise _told(fault, self._settings.chip) from fault

    def fileno(self) -> int | None:
        """The request's descriptor: readable when an edge has come."""
        return self._request.fd if self._request is not None and self._plan.inputs else None

    def changes(self) -> Sequence[Change]:
        """Edges, each with the kernel's time."""
        request, library = self._request, self._library
        if request is None or library is None or not request.wait_edge_events(timedelta(0)):
            return ()
        wires = {offset: wire for wire, offset in self._offsets.items()}
        rising = library.EdgeEvent.Type.RISING_EDGE
        try:
            events = request.read_edge_events()
        except OSError as fault:
            raise _told(fault, self._settings.chip) from fault
        return [(wires[e.line_offset], float(e.event_type is rising), e.timestamp_ns) for e in events]

    def _wires(self) -> list[GpioWire]:
        wires = [point.wire for point in self._plan.inputs] + [point.wire for point in self._plan.outputs]
        wires += [beat.wire for beat in self._plan.heartbeats]
        return [wire for wire in wires if isinstance(wire, GpioWire)]

    def _held(self) -> tuple[gpiod.LineRequest, Any]:
        assert self._library is not None, "opened before it is used"
        if self._request is None:
            raise DriverFault("the lines were let go", where=self._settings.chip)
        return self._request, self._library

    def _refuse_taken(self, chip: gpiod.Chip, path: str) -> None:
        for wire, offset in self._offsets.items():
            info = chip.get_line_info(offset)
            if info.used:
                what = f"line {wire.line} is taken by {info.consumer or 'the kernel'}"
                raise DriverFault(what, where=path, mend="end the other program, or give this point another line")

    def _take_over(self, chip: gpiod.Chip) -> gpiod.LineRequest:
        """Request the lines. One that is driven is taken as it is and never let go in between: that might drop it."""
        assert self._library is not None, "set by open"
        line, outputs = self._library.line, [wire for wire in self._offsets if wire.is_output]
        driven = [w for w in outputs if chip.get_line_info(self._offsets[w]).direction is line.Direction.OUTPUT]
        as_is: dict[Any, gpiod.LineSettings | None] = {
            self._offsets[w]: self._library.LineSettings(direction=line.Direction.AS_IS, active_low=w.active_low)
            for w in driven
        }
        settings: dict[Any, gpiod.LineSettings | None]
        settings = {o: self._line_settings(w, on=self._first_state(w)) for w, o in self._offsets.items()}
        request = chip.request_lines(settings | as_is, consumer=self._settings.consumer)
        if driven:
            try:
                levels = request.get_values([self._offsets[wire] for wire in driven])
                for wire, level in zip(driven, levels, strict=True):
                    settings[self._offsets[wire]] = self._line_settings(wire, on=level is line.Value.ACTIVE)
                request.reconfigure_lines(settings)
            except OSError:  # held on, the lines would be taken when they are asked for again
                request.release()
                raise
        return request

    def _line_settings(self, wire: GpioWire, *, on: bool) -> gpiod.LineSettings:
        """How the line is requested. `on`: the state of an output from then on."""
        assert self._library is not None, "set by open"
        line = self._library.line
        common = {"active_low": wire.active_low, "bias": getattr(line.Bias, wire.bias.upper())}
        made: gpiod.LineSettings
        if wire.is_output:
            made = self._library.LineSettings(
                direction=line.Direction.OUTPUT,
                drive=getattr(line.Drive, wire.drive.upper()),
                output_value=line.Value.ACTIVE if on else line.Value.INACTIVE,
                **common,
            )
        else:
            made = self._library.LineSettings(
                direction=line.Direction.INPUT,
                edge_detection=line.Edge.BOTH,
                event_clock=line.Clock.MONOTONIC,
                debounce_period=timedelta(milliseconds=wire.debounce_ms),
                **common,
            )
        return made

    def _first_state(self, wire: GpioWire) -> bool:
        """The state of an output that nobody drives yet: `initial`, else fail-safe, else off."""
        if wire.initial is not None:
            return wire.initial
        return any(bool(point.fail_safe) for point in self._plan.outputs if point.wire == wire)


def gpio_driver(context: LinkContext) -> Driver:
    """The driver of links of kind gpio."""
    settings = context.link.settings
    assert isinstance(settings, GpioSettings), "the registry gives this driver links of its kind"
    return BlockingDriver(context, lambda plan: GpioLines(plan, settings))


def _gpiod() -> ModuleType:
    try:
        return importlib.import_module("gpiod")
    except ImportError as fault:
        raise DriverFault("the Python package gpiod is not installed", mend=INSTALL) from fault


def _find_chip(library: ModuleType, told: str) -> str:
    """The path of the chip of that path, name or label."""
    paths = [told] if told.startswith("/") else sorted(str(p) for p in Path("/dev").glob("gpiochip*"))
    seen = []
    for path in paths:
        if not library.is_gpiochip_device(path):
            continue
        try:
            with library.Chip(path) as chip:
                info = chip.get_info()
        except OSError as fault:
            raise _told(fault, path) from fault
        if told in (path, info.name, info.label):
            return path
        seen.append(f"{info.name} ({info.label})")
    mend = f"there are: {', '.join(seen)}" if seen else "this machine shows no GPIO chip: is the board's driver loaded?"
    raise DriverFault("no such GPIO chip", where=told, mend=mend)


def _offset(chip: gpiod.Chip, line: str, path: str) -> int:
    try:
        offset = int(line) if line.isdigit() else chip.line_offset_from_id(line)
    except OSError as fault:
        raise DriverFault(f"no line {line}", where=path, mend="`gpioinfo` lists the lines with their names") from fault
    if offset >= chip.get_info().num_lines:
        raise DriverFault(f"no line {line}", where=path, mend=f"its offsets end at {chip.get_info().num_lines - 1}")
    return offset


def _told(fault: OSError, where: str) -> DriverFault:
    mend = {
        errno.EACCES: "may this user open it? Group gpio, or a udev rule",
        errno.EBUSY: "another program holds a line: end it, or choose another line",
    }.get(fault.errno or 0, "")
    return DriverFault(f"{fault.strerror or fault}", where=where, mend=mend)
