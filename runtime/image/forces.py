"""The force table, from the gateway: values that stand for inputs and outputs whatever devices or programs say."""

from runtime.core.elementary import Kind, Value
from runtime.core.fault import ProgramFault
from runtime.image.layout import FORCE_ENTRY_SIZE, InputSlot, OutputSlot
from runtime.image.pages import fits
from runtime.image.primitives import primitives
from runtime.image.segment import ImageSegment

_VALUE_OFFSET = 8
_VALUE_SIZE = 8


class ForceTable:
    """All forces of a controller. One writer: the gateway."""

    def __init__(self, segment: ImageSegment) -> None:
        layout = segment.layout
        self._segment = segment
        self._entries = segment.address + layout.forces_offset
        self._changes = segment.address + layout.force_changes_offset
        points: tuple[InputSlot | OutputSlot, ...] = (*layout.inputs, *layout.outputs)
        self._points = {point.tag.name.lower(): point for point in points}

    def set(self, name: str, value: Value) -> None:
        """Force the tag from the next scan on. Raises ProgramFault when it is no input or output, or cannot hold it."""
        point = self._point(name)
        if not fits(point.tag.type, value):
            raise ProgramFault(
                f"{value!r} does not fit into {point.tag.type.name}",
                where=point.tag.name,
                mend=f"force it to a value that {point.tag.type.name} holds",
            )
        raw = bytearray(_VALUE_SIZE)
        held = bool(value) if point.tag.type.kind is Kind.BOOL else value
        point.tag.type.pack_into(raw, 0, held)
        at = self._entries + point.force * FORCE_ENTRY_SIZE
        primitives().store_u64(at + _VALUE_OFFSET, int.from_bytes(raw, "little"))
        primitives().store_u8(at, 1)
        primitives().add_u64(self._changes, 1)

    def clear(self, name: str) -> None:
        """Let the tag go. Raises ProgramFault when it is no input or output."""
        primitives().store_u8(self._entries + self._point(name).force * FORCE_ENTRY_SIZE, 0)
        primitives().add_u64(self._changes, 1)

    def clear_all(self) -> None:
        """Let every tag go."""
        for point in self._points.values():
            primitives().store_u8(self._entries + point.force * FORCE_ENTRY_SIZE, 0)
        primitives().add_u64(self._changes, 1)

    def list(self) -> dict[str, Value]:
        """The forced tags and the values they are forced to, in layout order."""
        return {point.tag.name: value for point in self._points.values() if (value := self._forced(point)) is not None}

    def _forced(self, point: InputSlot | OutputSlot) -> Value | None:
        at = self._entries + point.force * FORCE_ENTRY_SIZE
        if not primitives().load_u64(at) & 1:
            return None
        raw = primitives().load_u64(at + _VALUE_OFFSET).to_bytes(_VALUE_SIZE, "little")
        return point.tag.type.unpack(raw)

    def _point(self, name: str) -> InputSlot | OutputSlot:
        point = self._points.get(name.lower())
        if point is None:
            raise ProgramFault(
                "only tags that the map binds as input or output can be forced",
                where=name,
                mend="write the variable instead, or bind it in the I/O map",
            )
        return point
