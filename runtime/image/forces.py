"""The force table, from the gateway: values that stand for inputs and outputs whatever devices or programs say.

Any other variable can be forced too, by a pin (image/pins.py). `{no_force}`, CONSTANT and READ_ONLY veto both.

A veto is judged where something is asked for, in the gateway, and not again in the scan. The scan cannot know who
asked: commands, scenarios and replays come by the same mailbox and may write what operators may not. And a veto there
would hold nobody who gets past the gateway: whoever maps the segments runs as the controller's own user, and writes
pages and object code too. So the scan guards memory against any bytes, the gateway guards variables against people.
"""

from collections.abc import Mapping

from runtime.core.elementary import Value
from runtime.core.fault import ProgramFault
from runtime.core.tag import TagTable, Variable
from runtime.image.heldtext import standing_text, write_text
from runtime.image.layout import FORCE_ENTRY_SIZE, InputSlot, OutputSlot, text_room
from runtime.image.pages import fits
from runtime.image.pins import VALUE_SIZE, PinTable, bits_of, refuse_long_pin
from runtime.image.primitives import primitives
from runtime.image.segment import ImageSegment

_VALUE_OFFSET = 8


def refuse_veto(variable: Variable) -> None:
    """Raises ProgramFault when the program allows nobody outside to change the variable."""
    if variable.veto:
        raise ProgramFault(
            f"the program vetoes it: {variable.veto}",
            where=variable.name,
            mend=f"change the declaration in {variable.file}:{variable.line}" if variable.file else "",
        )


class ForceTable:
    """All forces of a controller. One writer: the gateway. Without `tags` only inputs and outputs can be forced."""

    def __init__(self, segment: ImageSegment, tags: TagTable | None = None) -> None:
        layout = segment.layout
        self._segment = segment
        self._entries = segment.address + layout.forces_offset
        self._changes = segment.address + layout.force_changes_offset
        points: tuple[InputSlot | OutputSlot, ...] = (*layout.inputs, *layout.outputs)
        self._points = {point.tag.name.lower(): point for point in points}
        self._tags = tags
        self._pins = PinTable(segment, tags or TagTable(()))

    def set(self, name: str, value: Value) -> None:
        """Force one tag or variable from the next scan on; raises as `set_all` does."""
        self.set_all({name: value})

    def set_all(self, values: Mapping[str, Value]) -> None:
        """Force tags and variables, all from the same scan on.

        Raises ProgramFault, and forces none of them, when a name is unknown, a value does not fit, the program vetoes.
        """
        for name, value in values.items():
            self._check(name, value)
        for name, value in values.items():
            point = self._points.get(name.lower())
            if point is None:
                self._pins.put(self._forceable(name), value)
            else:
                at = self._entries + point.force * FORCE_ENTRY_SIZE
                primitives().store_u64(at + _VALUE_OFFSET, self._held(point, value))
                primitives().store_u8(at, 1)
        self.announce()

    def clear(self, name: str) -> None:
        """Let the tag or variable go. Raises ProgramFault when there is none of that name."""
        point = self._points.get(name.lower())
        if point is None:
            self._pins.clear(self._forceable(name))
        else:
            primitives().store_u8(self._entries + point.force * FORCE_ENTRY_SIZE, 0)
        self.announce()

    def clear_all(self) -> None:
        """Let everything go."""
        for point in self._points.values():
            primitives().store_u8(self._entries + point.force * FORCE_ENTRY_SIZE, 0)
        self._pins.clear_all()
        self.announce()

    def announce(self) -> None:
        """Have the scan look at the table; for a new gateway too, whose forerunner may have died before it did."""
        primitives().add_u64(self._changes, 1)

    def list(self) -> dict[str, Value]:
        """What is forced and to which value: inputs and outputs in layout order, then other variables."""
        points = self._points.values()
        found = {point.tag.name: value for point in points if (value := self._forced(point)) is not None}
        return found | self._pins.list()

    def _forced(self, point: InputSlot | OutputSlot) -> Value | None:
        at = self._entries + point.force * FORCE_ENTRY_SIZE
        if not primitives().load_u64(at) & 1:
            return None
        word = primitives().load_u64(at + _VALUE_OFFSET)
        room = text_room(point.tag.type)
        if room:
            return point.tag.type.unpack(standing_text(self._rooms(point), room, word))
        return point.tag.type.unpack(word.to_bytes(VALUE_SIZE, "little"))

    def _held(self, point: InputSlot | OutputSlot, value: Value) -> int:
        """The entry's value word: the bits of a number, or the number of a text that is now in its room."""
        of, room = point.tag.type, text_room(point.tag.type)
        if not room:
            return bits_of(of, value)
        before = primitives().load_u64(self._entries + point.force * FORCE_ENTRY_SIZE + _VALUE_OFFSET)
        return write_text(self._rooms(point), room, before, of.codec.pack(value))

    def _rooms(self, point: InputSlot | OutputSlot) -> int:
        return self._segment.address + self._segment.layout.force_texts_offset + 2 * point.force_text_place

    def _check(self, name: str, value: Value) -> None:
        variable = self._forceable(name)
        refuse_veto(variable)
        if variable.reference:
            raise ProgramFault("a reference cannot be forced", where=variable.name, mend="force what makes it")
        if not fits(variable.type, value):
            raise ProgramFault(
                f"{value!r} does not fit into {variable.type.name}",
                where=variable.name,
                mend=f"force it to a value that {variable.type.name} holds",
            )
        if name.lower() not in self._points:
            refuse_long_pin(variable, value)

    def _forceable(self, name: str) -> Variable:
        point = self._points.get(name.lower())
        found = point.tag if point is not None else self._tags.find(name) if self._tags is not None else None
        if found is None:
            raise ProgramFault("there is nothing of this name to force", where=name, mend="see them: voltscan tags")
        return found
