"""Pins: values held in variables that are neither input nor output, at the start and the end of each task's turn.

A table of PINS_MAX entries in the image segment, behind the force table and announced by the same `changes` word.
Writer: gateway. Scan copies an entry and checks the copy, as with the mailbox: it writes nothing but variables.
"""

import ctypes
from collections.abc import Mapping

from runtime.core.elementary import Elementary, Kind, Value
from runtime.core.fault import ProgramFault
from runtime.core.tag import TagTable, Variable
from runtime.image.heldtext import standing_text, write_text
from runtime.image.layout import PIN_IS_TEXT, PIN_IS_WIDE, PIN_TEXT_SIZE, PINS_MAX, PinEntry
from runtime.image.segment import ImageSegment

VALUE_SIZE = 8


def bits_of(of: Elementary, value: Value) -> int:
    """The eight bytes of a number in a table, in the type's first bytes."""
    raw = bytearray(VALUE_SIZE)
    of.pack_into(raw, 0, bool(value) if of.kind is Kind.BOOL else value)
    return int.from_bytes(raw, "little")


def refuse_long_pin(variable: Variable, value: Value) -> None:
    """Raises ProgramFault when the text is longer than a variable can be held at."""
    longest = PIN_TEXT_SIZE // variable.type.width - 1
    if isinstance(value, str) and len(value) > longest:
        raise ProgramFault(
            f"a text of {len(value)} characters is too long to hold a {variable.type.name} at",
            where=variable.name,
            mend=f"use one of at most {longest} characters, or write it",
        )


def _size_word(of: Elementary) -> int:
    if of.kind is not Kind.TEXT:
        return of.size
    return of.size | PIN_IS_TEXT | (PIN_IS_WIDE if of.width > 1 else 0)


class PinTable:
    """The pins of a controller. One writer: the gateway."""

    def __init__(self, segment: ImageSegment, tags: TagTable) -> None:
        self._segment = segment  # keeps the memory mapped
        self._entries = (PinEntry * PINS_MAX).from_address(segment.address + segment.layout.pins_offset)
        self._tags = tags
        self._by_offset: Mapping[int, Variable] | None = None

    def put(self, variable: Variable, value: Value) -> None:
        """Hold the variable at a value that fits it (`refuse_long_pin`). Raises ProgramFault when the table is full."""
        entry = self._entry(variable) or next((e for e in self._entries if not e.active), None)
        if entry is None:
            raise ProgramFault(
                f"{PINS_MAX} variables are held already",
                where=variable.name,
                mend="let one go: voltscan forces lists them, voltscan unforce NAME",
            )
        held = self._held(entry, variable.type, value)
        if entry.active and entry.offset == variable.offset:
            entry.value = held
            return
        entry.offset, entry.size, entry.value = variable.offset, _size_word(variable.type), held
        entry.active = 1

    def _held(self, entry: PinEntry, of: Elementary, value: Value) -> int:
        """The entry's value word: the bits of a number, or the number of a text that is now in its room."""
        if of.kind is not Kind.TEXT:
            return bits_of(of, value)
        raw = of.codec.pack(value)[:PIN_TEXT_SIZE]
        return write_text(self._rooms(entry), PIN_TEXT_SIZE, entry.value, raw)

    def _rooms(self, entry: PinEntry) -> int:
        number = (ctypes.addressof(entry) - ctypes.addressof(self._entries)) // ctypes.sizeof(PinEntry)
        return self._segment.address + self._segment.layout.pin_texts_offset + 2 * PIN_TEXT_SIZE * number

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
                found[variable.name] = variable.type.unpack(self._raw(entry, variable.type))
        return found

    def _raw(self, entry: PinEntry, of: Elementary) -> bytes:
        if of.kind is Kind.TEXT:
            return standing_text(self._rooms(entry), PIN_TEXT_SIZE, entry.value)
        return ctypes.string_at(ctypes.addressof(entry) + PinEntry.value.offset, 8)

    def _entry(self, variable: Variable) -> PinEntry | None:
        return next((e for e in self._entries if e.active and e.offset == variable.offset), None)

    def _variable(self, entry: PinEntry) -> Variable | None:
        if self._by_offset is None:
            # Backwards: of several names the first stays, which is the declaration's and not one of VAR_ACCESS.
            self._by_offset = {leaf.offset: leaf for leaf in reversed((*self._tags.tags, *self._tags.variables))}
        return self._by_offset.get(entry.offset)
