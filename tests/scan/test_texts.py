"""Strings from shared memory into application memory and back: pages, frame, mailbox, forces and pins."""

import ctypes
import random

import pytest
from scanrig import MS, START_NS

from runtime.core.appmemory import HEADER_SIZE
from runtime.core.binding import Bindings, InputBinding, OutputBinding
from runtime.core.elementary import INT, UDINT, string
from runtime.core.fault import ProgramFault
from runtime.core.quality import Quality
from runtime.core.tag import Tag, TagTable, Variable
from runtime.image.control import MAILBOX_IS_TEXT, MAILBOX_LEN, MAILBOX_TEXT_SIZE
from runtime.image.layout import PIN_IS_TEXT, PIN_IS_WIDE, PIN_TEXT_SIZE, PINS_MAX, PinEntry, lay_out
from runtime.image.mailbox import WriteStatus
from runtime.image.pages import PageEnd, PageReader

TYPES = {
    "serial": string(10),
    "count": INT,
    "place": string(3, wide=True),
    "shown": string(4),
    "kept": string(20),
    "seq": UDINT,
    "note": string(3000),
    "wide_note": string(1000, wide=True),
    "edge": string(7),
}
BINDINGS = Bindings(
    inputs={"plate": (InputBinding("serial", 50 * MS), InputBinding("count", 0), InputBinding("place", 0))},
    outputs=(OutputBinding("shown", "panel", "safe"), OutputBinding("kept", "panel", None)),
)


def _lay_tags():
    at = HEADER_SIZE
    for index, (name, of) in enumerate(TYPES.items()):
        yield Tag(name=name, type=of, offset=at, index=index)
        at += (of.size + 7) // 8 * 8
    yield Tag(name="end", type=INT, offset=at, index=len(TYPES))


TAGS = TagTable(_lay_tags())
QUALITY_OFFSET = TAGS.tag("end").offset + 8
STAMP_OFFSET = (QUALITY_OFFSET + len(TAGS) + 7) // 8 * 8
LAYOUT = lay_out(
    TAGS,
    BINDINGS,
    app_size=STAMP_OFFSET + 8 * len(TAGS),
    quality_offset=QUALITY_OFFSET,
    stamp_offset=STAMP_OFFSET,
    app_hash="texts",
)
GOOD, BAD = Quality.GOOD, Quality.BAD


@pytest.fixture
def rig(make_rig):
    return make_rig(tags=TAGS, laid=LAYOUT)


def told(rig, *texts):
    rig.pages["plate"].write([(texts[0], GOOD, START_NS), (7, GOOD, START_NS), (texts[1], GOOD, START_NS)])


def raw(rig, name):
    tag = rig.tag(name)
    with rig.memory as memory:
        return bytes(memory[tag.offset : tag.offset + tag.type.size])


def test_page_when_texts_and_numbers_are_mixed_then_reader_and_latch_see_each(rig):
    told(rig, "BAT-004711", "Üλ")
    assert PageReader(rig.image, "plate").read() == [
        ("BAT-004711", GOOD, START_NS),
        (7, GOOD, START_NS),
        ("Üλ", GOOD, START_NS),
    ]
    rig.scan()
    assert [rig.get(name) for name in ("serial", "count", "place")] == ["BAT-004711", 7, "Üλ"]
    assert rig.quality("serial") is GOOD


def test_page_when_a_text_is_longer_than_the_tag_then_bad_and_the_last_one_stays(rig):
    told(rig, "first", "abc")
    told(rig, "elevenchars", "abcd")
    rig.scan()
    assert [(rig.get(name), rig.quality(name)) for name in ("serial", "place")] == [("first", BAD), ("abc", BAD)]
    rig.pages["plate"].write([(5, GOOD, START_NS), ("7", GOOD, START_NS), ("abc", GOOD, START_NS)])
    rig.scan()
    assert [rig.quality(name) for name in ("serial", "count", "place")] == [BAD, BAD, GOOD]
    assert (rig.get("serial"), rig.get("count")) == ("first", 7)


def test_latch_when_never_read_or_stale_then_bad_and_a_written_value_is_put_right(rig):
    rig.put("serial", "program's")
    rig.scan()
    assert (rig.get("serial"), rig.quality("serial")) == ("program's", BAD)
    told(rig, "A", "")
    rig.scan()
    rig.mailbox.put(rig.tag("serial"), "by hand")
    rig.scan()
    assert rig.get("serial") == "by hand"
    rig.scan(6)
    assert (rig.get("serial"), rig.quality("serial"), rig.quality("place")) == ("A", BAD, GOOD)


def test_latch_when_a_shorter_text_follows_then_nothing_of_the_longer_is_left(rig):
    told(rig, "0123456789", "abc")
    rig.scan()
    told(rig, "x", "")
    rig.scan()
    assert raw(rig, "serial") == b"x".ljust(11, b"\0")
    assert raw(rig, "place") == bytes(8)


@pytest.mark.parametrize(
    ("page_bytes", "serial", "place"),
    [
        (b"\xff" * 16, b"\xff" * 10 + b"\0", b"\xff" * 6 + b"\0\0"),
        (b"ab\0cdefghijklmno", b"ab".ljust(11, b"\0"), b"ab\0cde\0\0"),
        (b"a\0\0\0bbbbbbbbbbbb", b"a".ljust(11, b"\0"), b"a".ljust(8, b"\0")),
    ],
)
def test_latch_when_the_bytes_of_a_page_are_hostile_then_a_text_of_at_most_its_length(rig, page_bytes, serial, place):
    told(rig, "fine", "abc")
    end = PageEnd(rig.image, "plate")
    end.read()
    for slot in LAYOUT.inputs:
        if slot.is_text:
            room = (slot.tag.type.size + 7) // 8 * 8
            end.buffer[slot.places.value : slot.places.value + room] = page_bytes[:room]
    end.publish()
    rig.put("shown", "next")
    rig.scan()
    assert (raw(rig, "serial"), raw(rig, "place"), rig.get("count")) == (serial, place, 7)
    assert rig.get("shown") == "next"


def test_frame_when_driving_then_texts_of_the_programs_and_else_those_that_are_safe(rig):
    rig.put("shown", "run")
    rig.put("kept", "last driven text")
    rig.scan()
    assert rig.frame().values == ("run", "last driven text")
    rig.put("kept", "not driven")
    rig.control.run_switch = 0
    rig.scan()
    assert rig.frame().values == ("safe", "last driven text")


def test_force_when_set_on_texts_then_inputs_and_outputs_are_held_at_them(rig):
    told(rig, "real", "abc")
    rig.put("shown", "prog")
    rig.forces.set("serial", "forced!")
    rig.forces.set("shown", "FORC")
    rig.scan()
    assert (rig.get("serial"), rig.quality("serial"), rig.frame().values[0]) == ("forced!", GOOD, "FORC")
    assert rig.forces.list() == {"serial": "forced!", "shown": "FORC"}
    rig.forces.set("serial", "x")
    rig.scan()
    assert raw(rig, "serial") == b"x".ljust(11, b"\0")
    rig.forces.clear_all()
    rig.scan()
    assert (rig.get("serial"), rig.forces.list()) == ("real", {})


def test_force_when_the_text_is_too_long_or_of_other_characters_then_refused(rig):
    for name, text in (
        ("serial", "elevenchars"),
        ("serial", "λ"),
        ("place", "abcd"),
        ("shown", "a\0b"),
        ("count", "7"),
    ):
        with pytest.raises(ProgramFault, match="does not fit"):
            rig.forces.set(name, text)
    with pytest.raises(ProgramFault, match="does not fit"):
        rig.forces.set("serial", 5)
    with pytest.raises(ProgramFault, match="1024 characters is too long") as refused:
        rig.forces.set("note", "n" * PIN_TEXT_SIZE)
    assert "at most 1023" in refused.value.mend
    assert rig.forces.list() == {}


@pytest.mark.parametrize(("name", "text"), [("note", "n" * 1023), ("wide_note", "λ" * 511), ("edge", "1234567")])
def test_pin_when_set_on_a_text_then_held_around_each_turn(make_rig, name, text):
    rig = make_rig([(lambda *_: None, 0)], tags=TAGS, laid=LAYOUT)
    rig.put(name, "before")
    rig.forces.set(name, text)
    rig.scan()
    rig.put(name, "x" * min(900, rig.tag(name).type.capacity))
    rig.scan()
    assert (rig.get(name), rig.forces.list()) == (text, {name: text})
    assert raw(rig, name) == rig.tag(name).type.codec.pack(text)
    rig.forces.set(name, "")
    rig.scan()
    assert raw(rig, name) == bytes(rig.tag(name).type.size)
    rig.forces.clear(name)
    rig.put(name, "free")
    rig.scan()
    assert rig.get(name) == "free"


@pytest.mark.parametrize("size", [0, 1, 3, 11, 0xFFFF, PIN_IS_WIDE - 1])
@pytest.mark.parametrize("flags", [PIN_IS_TEXT, PIN_IS_TEXT | PIN_IS_WIDE])
@pytest.mark.parametrize("at", [0, HEADER_SIZE - 1, HEADER_SIZE + 1, QUALITY_OFFSET - 2, 0xFFFF_FFFF])
def test_pin_when_its_text_entry_is_damaged_then_only_variables_change(make_rig, at, flags, size):
    rig = make_rig([(lambda *_: None, 0)], tags=TAGS, laid=LAYOUT)
    rig.forces.set("note", "held")
    rig.scan()
    entry = (PinEntry * PINS_MAX).from_address(rig.image.address + LAYOUT.pins_offset)[0]
    entry.offset, entry.size, entry.value = at, size | flags, 2**64 - 1
    ctypes.memset(rig.image.address + LAYOUT.pin_texts_offset, 0xFF, 2 * PIN_TEXT_SIZE)
    rig.forces.announce()
    with rig.memory as memory:
        rig.scan()
        assert rig.control.scan_no == 2
        assert not any(memory[QUALITY_OFFSET + len(TYPES) : STAMP_OFFSET])


def test_write_when_a_text_then_it_is_there_with_its_seq_and_the_rest_is_0(rig):
    rig.put("note", "o" * 3000)
    ticket = rig.mailbox.put(rig.tag("note"), "hello", seq_variable=rig.tag("seq"), seq=9)
    assert rig.mailbox.status(ticket) is WriteStatus.WAITING
    rig.scan()
    assert (rig.get("note"), rig.get("seq"), rig.mailbox.status(ticket)) == ("hello", 9, WriteStatus.WRITTEN)
    assert raw(rig, "note") == b"hello".ljust(3001, b"\0")


@pytest.mark.parametrize(
    ("name", "text"), [("note", "y" * 3000), ("wide_note", "λ" * 1000), ("edge", ""), ("place", "Üλ")]
)
def test_write_when_it_fills_the_string_then_all_of_it_in_one_scan(rig, name, text):
    ticket = rig.mailbox.put(rig.tag(name), text)
    rig.scan()
    assert (rig.get(name), rig.mailbox.status(ticket)) == (text, WriteStatus.WRITTEN)


def test_write_when_a_long_text_finds_too_few_places_then_none_and_nothing_is_queued(rig):
    for _ in range(MAILBOX_LEN - 2):
        assert rig.mailbox.put(rig.tag("count"), 1) is not None
    assert rig.mailbox.put(rig.tag("note"), "needs three") is None
    assert rig.mailbox.put(rig.tag("shown"), "one") is not None
    rig.scan()
    assert (rig.get("note"), rig.get("shown")) == ("", "one")


def test_write_when_longest_of_all_then_the_whole_mailbox_takes_it(make_rig):
    longest = string(32767, wide=True)
    tags = TagTable([Tag(name="all", type=longest, offset=HEADER_SIZE, index=0)])
    quality = HEADER_SIZE + longest.size
    laid = lay_out(
        tags,
        Bindings(inputs={}, outputs=()),
        app_size=quality + 16,
        quality_offset=quality,
        stamp_offset=quality + 8,
        app_hash="longest",
    )
    rig = make_rig(tags=tags, laid=laid)
    text = "".join(chr(0x100 + n % 999) for n in range(32767))
    assert rig.mailbox.put(rig.tag("all"), text) == MAILBOX_LEN - 1
    rig.scan()
    assert rig.get("all") == text


@pytest.mark.parametrize(
    ("at", "size"),
    [
        (HEADER_SIZE - 1, 4),
        (QUALITY_OFFSET - 8, 9),
        (0xFFFF_FFFF, MAILBOX_TEXT_SIZE),
        (HEADER_SIZE, 0),
        (HEADER_SIZE, MAILBOX_TEXT_SIZE + 1),
        (HEADER_SIZE, MAILBOX_IS_TEXT - 1),
    ],
)
def test_write_when_its_text_entry_is_damaged_then_refused(rig, at, size):
    rig.scan()
    ticket = rig.mailbox.put(rig.tag("shown"), "text")
    entry = rig.control.mailbox.entries[ticket]
    entry.offset, entry.size = at, size | MAILBOX_IS_TEXT
    with rig.memory as memory:
        before = bytes(memory[HEADER_SIZE:])
        rig.scan()
        assert bytes(memory[HEADER_SIZE:]) == before
    assert rig.mailbox.status(ticket) is WriteStatus.REFUSED


def test_scan_when_all_shared_texts_are_random_then_numbers_and_neighbours_stay(make_rig):
    """Every room that another process can write, filled with noise 200 times, with all forces and pins active."""
    rig = make_rig([(lambda *_: None, 0)], tags=TAGS, laid=LAYOUT)
    chance = random.Random(7)
    rig.put("end", 12345)
    told(rig, "a", "b")
    for name in ("serial", "place", "shown", "kept", "note", "wide_note", "edge"):
        rig.forces.set(name, "")
    end = PageEnd(rig.image, "plate")
    texts = ((LAYOUT.force_texts_offset, 2 * LAYOUT.force_texts_size), (LAYOUT.pin_texts_offset, 8 * PIN_TEXT_SIZE))
    for _ in range(200):
        for offset, size in texts:
            ctypes.memmove(rig.image.address + offset, chance.randbytes(size), size)
        end.read()
        first = min(slot.places.value for slot in LAYOUT.inputs if slot.is_text)
        end.buffer[first:] = chance.randbytes(len(end.buffer) - first)
        end.publish()
        rig.forces.announce()
        rig.scan()
        assert (rig.get("end"), rig.get("count")) == (12345, 7)
        for name in ("serial", "place", "shown", "kept"):
            of = rig.tag(name).type
            assert raw(rig, name) == of.codec.pack(rig.get(name))
    assert len(rig.frame().values[0]) <= 4
    with rig.memory as memory:
        assert all(memory[QUALITY_OFFSET + i] <= GOOD for i in range(3))


def test_layout_when_a_string_has_another_length_then_another_hash():
    longer = TagTable([*(t for t in TAGS if t.name != "serial"), _longer(TAGS.tag("serial"))])
    sizes = {"app_size": LAYOUT.app_size, "quality_offset": QUALITY_OFFSET, "stamp_offset": STAMP_OFFSET}
    assert lay_out(longer, BINDINGS, app_hash="texts", **sizes).hash != LAYOUT.hash


def _longer(tag: Variable) -> Tag:
    return Tag(name=tag.name, type=string(12), offset=tag.offset, index=0)
