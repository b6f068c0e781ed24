"""A driver of one's own: numbers in a text file, one a line. The example of io_maps/README.md, and tested as such.

A link names a folder, a device a file in it, a point a line of that file, counted from 1.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from runtime.core.fault import DriverFault
from runtime.drivers.base import Driver, LinkContext
from runtime.drivers.blocking import BlockingDriver
from runtime.drivers.blockingdevice import BlockingDevice
from runtime.drivers.plugin import (
    DriverPlugin,
    PluginDevice,
    PluginLink,
    PluginPoint,
    device_table,
    link_table,
    point_table,
)
from runtime.iomap.wire import Wire


class FolderLink(PluginLink):
    """`folder`: where the files of the link's devices lie."""

    folder: str


class FileDevice(PluginDevice):
    """`file`: the device's file in the link's folder."""

    file: str


class LinePoint(PluginPoint):
    """`line`: which line of the file holds the number, from 1."""

    line: Annotated[int, Field(ge=1)]


class TextFile(BlockingDevice):
    """One file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self) -> None:
        """Raises DriverFault when there is no such file."""
        self._lines()

    def close(self) -> None:
        """Nothing is held open."""

    def sample(self, wires: Sequence[Wire]) -> Sequence[float | None]:
        """The numbers of these lines; None for a line that is not there, or no number."""
        lines = self._lines()
        return [_number(lines, point_table(wire, LinePoint).line) for wire in wires]

    def write(self, wire: Wire, raw: float) -> None:
        """Write a number into its line."""
        lines, line = self._lines(), point_table(wire, LinePoint).line
        lines += ["0"] * (line - len(lines))
        lines[line - 1] = repr(raw)
        self._path.write_text("\n".join(lines) + "\n")

    def _lines(self) -> list[str]:
        try:
            return self._path.read_text().splitlines()
        except OSError as fault:
            reason = str(fault.strerror)
            raise DriverFault("the file cannot be read: " + reason, where=str(self._path)) from fault


def _number(lines: list[str], line: int) -> float | None:
    try:
        return float(lines[line - 1])
    except (ValueError, IndexError):
        return None


def _driver(context: LinkContext) -> Driver:
    folder = Path(link_table(context.link, FolderLink).folder)
    return BlockingDriver(context, lambda plan: TextFile(folder / device_table(plan, FileDevice).file))


PLUGIN = DriverPlugin(driver=_driver, link=FolderLink, device=FileDevice, point=LinePoint)
