"""Pins: values held in variables that are neither input nor output, at the start and the end of each task's turn.

A table of PINS_MAX entries in the image segment, behind the force table and announced by the same `changes` word.
Writer: gateway. Scan copies an entry and checks the copy, as with the mailbox: it writes nothing but variables.
"""

import ctypes
from collections.abc import Mapping

from runtime.core.elementary import Value
from runtime.core.fault import ProgramFault
from runtime.core.tag import TagTable, Variable
from runtime.image.layout import PINS_MAX, PinEntry
from runtime.image.segment import ImageSegment


class PinTable:
    """The pins of a controller. One writer: the gateway."""

    def __init__(self, segment: ImageSegment, tags: TagTable) -> None:
        self._segment = segment  # keeps the memory mapped
        self._entries = (PinEntry * PINS_MAX).from_address(segment.address + segment.layout.pins_offset)
        self._tags = tags
        self._by_offset: Mapping[int, Variable] | None = None

    def put(self, variable: Variable, bits: int) -> None:
        """Hold the variable at a value, given as its eight bytes. Raises ProgramFault when the table is full."""
        entry = self._entry(variable) or next((e for e in self._entries if not e.active), None)
        if entry is None:
            raise ProgramFault(
                f"{PINS_MAX} variables are held already",
                where=variable.name,
                mend="let one go: voltscan forces lists them, voltscan unforce NAME",
            )
        if entry.active and entry.offset == variable.offset:
            entry.value = bits
            return
        entry.offset, entry.size, entry.value = variable.offset, variable.type.size, bits
        entry.active = 1

    def clear(self, variable: Variable) -> None:
        """Let the variable go."""
        entry = self._entry(variable)
        if entry is not None:
            entry.active = 0

    def clear_all(self) -> None:
        """Let every variable go."""
        for entry in self._entries:
            entry.active = 0

    def list(self) -> dict[str, Value]:
        """The variables that are held, and their values."""
        found: dict[str, Value] = {}
        for entry in self._entries:
            variable = self._variable(entry) if entry.active else None
            if variable is not None:
                found[variable.name] = variable.type.unpack(ctypes.string_at(ctypes.addressof(entry) + 16, 8))
        return found

    def _entry(self, variable: Variable) -> PinEntry | None:
        return next((e for e in self._entries if e.active and e.offset == variable.offset), None)

    def _variable(self, entry: PinEntry) -> Variable | None:
        if self._by_offset is None:
            self._by_offset = {leaf.offset: leaf for leaf in (*self._tags.tags, *self._tags.variables)}
        return self._by_offset.get(entry.offset)
