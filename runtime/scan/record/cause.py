"""Which input made a variable change: answered by running the recorded scans again with that input held back.

Every change of an input in a window of scans is a suspect: a point of a page that got another value or quality, a
command that was taken, a force, an acknowledgement, the run switch. Each is withheld alone: the point keeps what it had
before for as long as the change lasted, the command is not given. If the variable then is not what it was, the suspect
is a cause.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from runtime.core.elementary import Value
from runtime.core.fault import ConfigFault
from runtime.core.tag import Variable
from runtime.core.textliteral import show_text
from runtime.image.control import MAILBOX_IS_TEXT, MailboxEntry
from runtime.image.layout import ImageLayout, InputSlot, text_room
from runtime.image.manifest import Manifest
from runtime.image.recordring import Part, Record
from runtime.scan.record.replay import Replay, Stretch

_STAMP = struct.Struct("<q")
_HELD = {Part.FORCES: "forces", Part.PINS: "held variables"}


@dataclass(frozen=True, slots=True)
class Suspect:
    """One change of an input: in which scan, what, from and to in words; `place` is the page entry, if it is one."""

    scan_no: int
    name: str
    was: str
    became: str
    kind: Part
    place: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Cause:
    """A suspect without which the variable would have been `without` instead of what it was."""

    suspect: Suspect
    without: Value


@dataclass(frozen=True, slots=True)
class Answer:
    """Why a variable was what it was after a scan. `before`: after the first scan that could matter less one.

    `without_all`: what it would have been with no input changing in the window at all.
    """

    before: Value
    after: Value
    suspects: int
    causes: tuple[Cause, ...]
    without_all: Value


def why(
    replay: Replay, manifest: Manifest, stretch: Stretch, variable: Variable, *, scan_no: int, window: int
) -> Answer:
    """The causes of a variable's value after scan `scan_no`, among what changed in it and the scans before it.

    Raises ConfigFault when the stretch does not hold the scan.
    """
    if not stretch.first <= scan_no <= stretch.last:
        raise ConfigFault(
            f"scan {scan_no} is not in the recording", mend=f"this stretch holds {stretch.first} to {stretch.last}"
        )
    end = scan_no - stretch.checkpoint.scan_no
    begin = max(0, end - window)
    replay.restore(stretch.checkpoint)
    for record in stretch.records[:begin]:
        replay.step(record)
    start = replay.checkpoint(stretch.records[begin - 1] if begin else stretch.checkpoint)
    records = stretch.records[begin:end]
    inquiry = _Inquiry(replay, manifest.layout(), start, records, variable)
    suspects = list(inquiry.suspects())
    before, after = inquiry.value(()), inquiry.value(records)
    causes = []
    for suspect in suspects:
        without = inquiry.value(inquiry.withheld(suspect))
        if without != after:
            causes.append(Cause(suspect, without))
    return Answer(before, after, len(suspects), tuple(causes), inquiry.value(inquiry.quiet()))


class _Inquiry:
    def __init__(
        self, replay: Replay, layout: ImageLayout, checkpoint: Record, records: Sequence[Record], variable: Variable
    ) -> None:
        self._replay, self._checkpoint, self._records = replay, checkpoint, records
        self._variable = variable
        self._devices = list(layout.pages)
        self._slots = {(self._devices.index(slot.device), slot.entry): slot for slot in layout.inputs}
        self._force_texts_size = layout.force_texts_size

    def value(self, records: Sequence[Record]) -> Value:
        """The variable after all of these."""
        self._replay.restore(self._checkpoint)
        for record in records:
            self._replay.step(record)
        return self._variable.type.unpack(self._replay.scan.memory, self._variable.offset)

    def suspects(self) -> Iterator[Suspect]:
        """All changes of inputs."""
        pages = self._pages_before(0)
        former = self._checkpoint
        held = {part: self._held(former, part, content) for part, _, content in former.parts if part in _HELD}
        for record in self._records:
            for part, index, content in record.parts:
                if part is Part.PAGE:
                    yield from self._changed_points(record, index, pages.get(index, b""), content)
                    pages[index] = content
                elif part is Part.COMMAND:
                    entry = MailboxEntry.from_buffer_copy(content)
                    is_text = bool(entry.size & MAILBOX_IS_TEXT)
                    told = "a text" if is_text else bytes(entry.value[: entry.size]).hex()
                    yield Suspect(record.scan_no, f"write at {entry.offset}", "", told, part)
                elif part in _HELD:
                    now_held = self._held(record, part, content)
                    if now_held != held.get(part):
                        yield Suspect(record.scan_no, _HELD[part], "", "changed", part)
                    held[part] = now_held
            if (record.fault_ack, record.run_switch) != (former.fault_ack, former.run_switch):
                was, now = (f"{r.run_switch}/{r.fault_ack}" for r in (former, record))
                yield Suspect(record.scan_no, "run switch/acknowledged faults", was, now, Part.ORIGIN)
            former = record

    def _held(self, record: Record, part: Part, content: bytes) -> tuple[bytes, bytes]:
        """What forces or pins hold, with their texts."""
        texts = next((told for of, _, told in record.parts if of is Part.HELD_TEXTS), b"")
        size = self._force_texts_size
        return content, texts[:size] if part is Part.FORCES else texts[size:]

    def _changed_points(self, record: Record, page: int, was: bytes, now: bytes) -> Iterator[Suspect]:
        for place, slot in self._slots.items():
            if place[0] == page and any(was[at] != now[at] for at in _told_places(slot)):
                yield Suspect(record.scan_no, slot.tag.name, _shown(slot, was), _shown(slot, now), Part.PAGE, place)

    def _pages_before(self, first: int) -> dict[int, bytes]:
        pages: dict[int, bytes] = {}
        for record in (self._checkpoint, *self._records[:first]):
            pages |= {index: content for part, index, content in record.parts if part is Part.PAGE}
        return pages

    def withheld(self, suspect: Suspect) -> list[Record]:
        """The records as if that one change had not been."""
        number = suspect.scan_no - self._records[0].scan_no
        if suspect.kind is Part.PAGE:
            return self._point_kept(suspect, number)
        records = list(self._records)
        if suspect.kind is Part.ORIGIN:
            former = records[number - 1] if number else self._checkpoint
            for i in range(number, len(records)):
                records[i] = replace(records[i], fault_ack=former.fault_ack, run_switch=former.run_switch)
        else:
            parts = tuple(
                self._texts_kept(part, suspect.kind, number) if part[0] is Part.HELD_TEXTS else part
                for part in records[number].parts
                if part[0] is not suspect.kind
            )
            records[number] = replace(records[number], parts=parts)
        return records

    def _texts_kept(self, part: tuple[Part, int, bytes], kind: Part, number: int) -> tuple[Part, int, bytes]:
        """Texts of forces and of pins lie behind each other: those of the kind that is withheld are the former ones."""
        former = b""
        for record in (self._checkpoint, *self._records[:number]):
            former = next((content for told, _, content in record.parts if told is Part.HELD_TEXTS), former)
        of, index, content = part
        size = self._force_texts_size
        if kind is Part.FORCES:
            return of, index, former[:size].ljust(size, b"\0") + content[size:]
        return (of, index, content[:size] + former[size:]) if kind is Part.PINS else part

    def _point_kept(self, suspect: Suspect, number: int) -> list[Record]:
        """The point keeps value and quality while the device goes on saying what it said in that scan."""
        page = suspect.place[0]
        places = _told_places(self._slots[suspect.place])
        before = self._pages_before(number)[page]
        records = list(self._records)
        changed: list[bytes] | None = None
        for i in range(number, len(records)):
            parts = []
            for part, index, content in records[i].parts:
                told = content
                if part is Part.PAGE and index == page:
                    said = [content[at] for at in places]
                    changed = said if changed is None else changed
                    if said != changed:
                        return records  # the device said something else: that change is another suspect
                    for at in places:
                        told = told[: at.start] + before[at] + told[at.stop :]
                parts.append((part, index, told))
            records[i] = replace(records[i], parts=tuple(parts))
        return records

    def quiet(self) -> list[Record]:
        """The records as if no device, operator or switch had said anything new."""
        former, pages = self._checkpoint, self._pages_before(0)
        still = []
        for record in self._records:
            parts = tuple(
                (part, index, self._restamped(index, pages[index], content))
                for part, index, content in record.parts
                if part is Part.PAGE
            )
            still.append(replace(record, parts=parts, fault_ack=former.fault_ack, run_switch=former.run_switch))
        return still

    def _restamped(self, page: int, told: bytes, newer: bytes) -> bytes:
        """Values and qualities of one page with the time stamps of another: the device answers, with nothing new."""
        made = bytearray(told)
        for (of_page, _), slot in self._slots.items():
            if of_page == page:
                at = slot.places.stamp
                made[at : at + _STAMP.size] = newer[at : at + _STAMP.size]
        return bytes(made)


def _told_places(slot: InputSlot) -> list[slice]:
    """Where in its page an input's value and quality lie."""
    value, quality = slot.places.value, slot.places.quality
    return [slice(value, value + (text_room(slot.tag.type) or slot.tag.type.size)), slice(quality, quality + 1)]


def _shown(slot: InputSlot, page: bytes) -> str:
    if not page:
        return "nothing"
    value, quality = slot.tag.type.unpack(page, slot.places.value), page[slot.places.quality]
    word = show_text(str(value), slot.tag.type.name) if slot.is_text else _number_shown(slot, value)
    return word + ("" if quality == 2 else " UNCERTAIN" if quality == 1 else " BAD")


def _number_shown(slot: InputSlot, told: Value) -> str:
    labels = {number: label for label, number in slot.tag.labels}
    number = f"{told:.7g}" if isinstance(told, float) else str(told)
    return labels.get(int(told), number) if labels and not isinstance(told, float) else number
