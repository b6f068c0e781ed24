"""Registers against raw numbers and values: types, word and byte orders, bits, digits, texts, dialects of devices."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from io_points import modbus_wire

from runtime.core.elementary import Kind, Value
from runtime.drivers.codec import mask_words, raw_of_words, words_of_raw
from runtime.iomap.wire import Exponent, ModbusWire

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
    # the four orders of 32 bits (ABCD, CDAB, BADC, DCBA), of a float too
    ("i32", "big", "big", [0xFEDC, 0xBA98], -0x01234568),
    ("i32", "little", "big", [0xBA98, 0xFEDC], -0x01234568),
    ("i32", "big", "little", [0xDCFE, 0x98BA], -0x01234568),
    ("i32", "little", "little", [0x98BA, 0xDCFE], -0x01234568),
    ("f32", "big", "little", [0x4842, 0x0000], 50.0),
    ("f32", "little", "little", [0x0000, 0x4842], 50.0),
    ("u64", "big", "little", [0x0100, 0x0200, 0x0300, 0x0400], 0x0001000200030004),
    ("i64", "little", "little", [0xFEFF, 0xFFFF, 0xFFFF, 0xFFFF], -2),
    ("f64", "little", "little", [0x0000, 0x0000, 0x0000, 0x4940], 50.0),
    # decimal digits, four bits each
    ("bcd16", "big", "big", [0x1234], 1234),
    ("bcd16", "big", "little", [0x3412], 1234),
    ("bcd32", "big", "big", [0x0012, 0x3456], 123_456),
    ("bcd32", "little", "big", [0x3456, 0x0012], 123_456),
    ("bcd32", "big", "big", [0x9999, 0x9999], 99_999_999),
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


PARTS = [
    # type, bits, word order, words, raw
    ("u16", (0, 3), "big", [0xABC5], 5),
    ("u16", (4, 7), "big", [0xABC5], 0xC),
    ("u16", (12, 15), "big", [0xABC5], 0xA),
    ("i16", (4, 7), "big", [0x00F0], -1),
    ("i16", (4, 7), "big", [0x0070], 7),
    ("u32", (14, 17), "big", [0x0002, 0x4000], 0b1001),
    ("u32", (14, 17), "little", [0x4000, 0x0002], 0b1001),
    ("u32", (31, 31), "big", [0x8000, 0x0000], 1),
    ("u64", (48, 63), "big", [0x1234, 0, 0, 0], 0x1234),
]


@pytest.mark.parametrize(("kind", "bits", "word_order", "words", "raw"), PARTS)
def test_part_when_decoded_and_encoded_then_only_its_own_bits(
    kind: str, bits: tuple[int, int], word_order: str, words: list[int], raw: int
) -> None:
    wire = modbus_wire(kind, bits=bits, word_order=word_order)
    assert wire.is_part
    assert raw_of_words(wire, words) == raw
    ones = [0xFFFF] * wire.words
    masks = mask_words(wire)
    assert words_of_raw(wire, raw) == [word & mask for word, mask in zip(words, masks, strict=True)]
    assert words_of_raw(wire, raw, ones) == [
        word & mask | ~mask & 0xFFFF for word, mask in zip(words, masks, strict=True)
    ]


@pytest.mark.parametrize("words", [[0x00AB], [0xF000], [0x123A]])
def test_digits_when_one_is_above_nine_then_no_value(words: list[int]) -> None:
    wire = modbus_wire("bcd16")
    raw = raw_of_words(wire, words)
    assert math.isnan(raw)
    assert wire.number.decode(raw, Kind.REAL) is None


TEXTS = [
    # chars, byte order, padding, words, text
    (4, "big", "nul", [0x4142, 0x4300], "ABC"),
    (4, "big", "blank", [0x4142, 0x4320], "ABC"),
    (4, "little", "nul", [0x4241, 0x0043], "ABC"),
    (4, "big", "nul", [0x4142, 0x4344], "ABCD"),
    (3, "big", "nul", [0x4142, 0x4300], "ABC"),
    (4, "big", "nul", [0x0000, 0x0000], ""),
    (4, "big", "blank", [0x2020, 0x2020], ""),
    (4, "big", "nul", [0xFC20, 0x4100], "ü A"),
]


@pytest.mark.parametrize(("chars", "byte_order", "padding", "words", "text"), TEXTS)
def test_text_when_decoded_and_encoded_then_without_its_padding(
    chars: int, byte_order: str, padding: str, words: list[int], text: str
) -> None:
    wire = modbus_wire("string", chars=chars, byte_order=byte_order, number={"padding": padding})
    assert wire.words == len(words)
    assert wire.number.decode(raw_of_words(wire, words), Kind.TEXT) == text
    assert words_of_raw(wire, wire.number.encode(text)) == words


@pytest.mark.parametrize(
    ("text", "read"),
    [("ABCDE", "ABCD"), ("A\u20acB", "A?B"), ("A\0B", "A")],
)
def test_text_when_it_does_not_fit_then_cut_and_marked(text: str, read: str) -> None:
    wire = modbus_wire("string", chars=4)
    words = words_of_raw(wire, wire.number.encode(text))
    assert wire.number.decode(raw_of_words(wire, words), Kind.TEXT) == read


DIALECTS = [
    # what, wire, words, value
    ("EM340 p_kw", modbus_wire("i32", word_order="little", number={"scale": 0.0001}), [0xD8F0, 0xFFFF], -1.0),
    ("EM24 u_v", modbus_wire("i32", word_order="little", number={"scale": 0.1}), [0x08FC, 0x0000], 230.0),
    ("EM340 f_hz", modbus_wire("u16", number={"scale": 0.1}), [500], 50.0),
    ("SDM630 p_w", modbus_wire("f32"), [0xC47A, 0x0000], -1000.0),
    ("PQstorI dc_i_a", modbus_wire("f32"), [0x41A4, 0x0000], 20.5),
    ("TruConvert p_set_kva", modbus_wire("i16", number={"scale": 0.001}), [0x8300], -32.0),
    ("JINKO A i_a", modbus_wire("u16", number={"offset": -20000.0}), [20_123], 123.0),
    ("JINKO A rack i_a", modbus_wire("u16", number={"scale": 0.1, "offset": -2000.0}), [19_995], -0.5),
    ("JINKO A t_c", modbus_wire("u16", number={"offset": -50.0}), [25], -25.0),
    ("JINKO A energy", modbus_wire("u32", word_order="little", number={"scale": 0.1}), [0x86A0, 0x0001], 10_000.0),
    ("LXP e_kwh", modbus_wire("u32", word_order="little", byte_order="little", number={"scale": 0.1}),
     [0xE803, 0x0000], 100.0),
    ("SunSpec sf -1", modbus_wire("i16", exponent=Exponent("f_sf", -1), number={"scale": 0.1}), [499], 49.9),
]  # fmt: skip


@pytest.mark.parametrize(("what", "wire", "words", "value"), DIALECTS, ids=[row[0] for row in DIALECTS])
def test_device_when_its_dialect_is_read_and_written_then_exact(
    what: str, wire: ModbusWire, words: list[int], value: Value
) -> None:
    assert wire.number.decode(raw_of_words(wire, words), Kind.REAL) == pytest.approx(value, rel=1e-12), what
    assert words_of_raw(wire, wire.number.encode(value)) == words


@pytest.mark.parametrize(
    ("scale", "assumed", "power", "raw", "value"),
    [
        (1.0, 0, -2, 4999, 49.99),
        (1.0, 0, 3, 12, 12_000.0),
        (0.001, 0, 1, 1234, 12.34),
        (0.01, 1, 1, 1234, 12.34),  # 0.01 is of the exponent that was assumed
        (0.01, 1, 0, 1234, 1.234),
        (-1.0, 0, -1, 5, -0.5),
    ],
)
def test_scale_when_the_device_gives_the_power_of_ten_then_exact_both_ways(
    scale: float, assumed: int, power: int, raw: int, value: float
) -> None:
    number = modbus_wire("i16", exponent=Exponent("sf", assumed), number={"scale": scale}).scaled_by(power)
    assert number.decode(raw, Kind.REAL) == pytest.approx(value, rel=1e-15)
    assert number.encode(value) == raw


@given(
    st.sampled_from(["u16", "i16", "u32", "i32", "u64", "i64", "bcd16", "bcd32"]),
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
