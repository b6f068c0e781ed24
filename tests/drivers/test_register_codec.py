"""Registers against raw numbers: types, word and byte orders, bits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from io_points import modbus_wire

from runtime.drivers.codec import raw_of_words, words_of_raw

TABLE = [
    # type, word order, byte order, words, raw
    ("u16", "big", "big", [0x1234], 0x1234),
    ("u16", "big", "little", [0x3412], 0x1234),
    ("i16", "big", "big", [0xFFFE], -2),
    ("u32", "big", "big", [0x0001, 0x0002], 0x00010002),
    ("u32", "little", "big", [0x0002, 0x0001], 0x00010002),
    ("i32", "little", "big", [0x2710, 0x0000], 10_000),  # EM340: 1 kW as 10000 * 0.1 W, low word first
    ("i32", "little", "big", [0xD8F0, 0xFFFF], -10_000),
    ("u32", "big", "little", [0x0100, 0x0200], 0x00010002),
    ("u32", "little", "little", [0x0200, 0x0100], 0x00010002),
    ("u64", "big", "big", [0x0001, 0x0002, 0x0003, 0x0004], 0x0001000200030004),
    ("u64", "little", "big", [0x0004, 0x0003, 0x0002, 0x0001], 0x0001000200030004),
    ("i64", "big", "big", [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF], -1),
    ("f32", "big", "big", [0x4248, 0x0000], 50.0),  # PQstorI: 50 Hz
    ("f32", "little", "big", [0x0000, 0x4248], 50.0),
    ("f64", "big", "big", [0x4049, 0x0000, 0x0000, 0x0000], 50.0),
]


@pytest.mark.parametrize(("kind", "word_order", "byte_order", "words", "raw"), TABLE)
def test_words_when_decoded_and_encoded_then_exact(
    kind: str, word_order: str, byte_order: str, words: list[int], raw: float
) -> None:
    wire = modbus_wire(kind, word_order=word_order, byte_order=byte_order)
    assert raw_of_words(wire, words) == raw
    assert words_of_raw(wire, raw) == words


@pytest.mark.parametrize("bit", [0, 7, 15])
def test_bit_when_decoded_then_only_its_own(bit: int) -> None:
    wire = modbus_wire("bit", bit=bit)
    assert raw_of_words(wire, [1 << bit]) == 1
    assert raw_of_words(wire, [0xFFFF ^ 1 << bit]) == 0
    assert words_of_raw(wire, 1) == [1 << bit]


def test_coil_when_decoded_then_a_bit() -> None:
    wire = modbus_wire("bit", table="coil")
    assert (raw_of_words(wire, [1]), words_of_raw(wire, 1), words_of_raw(wire, 0)) == (1, [1], [0])


@given(
    st.sampled_from(["u16", "i16", "u32", "i32", "u64", "i64"]),
    st.sampled_from(["big", "little"]),
    st.sampled_from(["big", "little"]),
    st.data(),
)
def test_raw_when_it_goes_through_words_then_itself(
    kind: str, word_order: str, byte_order: str, draw: st.DataObject
) -> None:
    wire = modbus_wire(kind, word_order=word_order, byte_order=byte_order)
    raw = draw.draw(st.integers(wire.number.raw_minimum, wire.number.raw_maximum))
    assert raw_of_words(wire, words_of_raw(wire, raw)) == raw
