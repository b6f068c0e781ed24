"""The arithmetic of a point: scale then offset, rounding, saturation, values that mean no value."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.core.elementary import Kind
from runtime.iomap.wire import Numeric


def number(kind: str = "i32", **changes: object) -> Numeric:
    made = {"bits": int(kind[1:]), "signed": kind[0] == "i", "floating": kind[0] == "f"}
    return Numeric(**(made | changes))  # type: ignore[arg-type]


TABLE = [
    # wire, raw, engineering value
    (number("i32", scale=0.0001), -425_000, -42.5),
    (number("i16", scale=0.1), 499, 49.9),
    (number("u16", scale=1.0, offset=-50.0), 75, 25.0),
    (number("u16", scale=0.1, offset=-2000.0), 20_000, 0.0),
    (number("i16", scale=-0.1), 123, -12.3),
    (number("f32"), 1.5, 1.5),
    (number("u32", scale=0.1), 4_294_967_295, 429_496_729.5),
]


@pytest.mark.parametrize(("wire", "raw", "value"), TABLE)
def test_number_when_decoded_and_encoded_then_scale_comes_before_offset(
    wire: Numeric, raw: float, value: float
) -> None:
    assert wire.decode(raw, Kind.REAL) == pytest.approx(value, rel=1e-12)
    assert wire.encode(value) == raw


@pytest.mark.parametrize(
    ("wire", "value", "raw"),
    [
        (number("i16", scale=0.1), 1e9, 32_767),
        (number("i16", scale=0.1), -1e9, -32_768),
        (number("u16"), -5.0, 0),
        (number("u16"), 70_000, 65_535),
        (number("u16", bits=4), 16, 15),
        (number("u16"), 2.5, 2),
        (number("u16"), 3.5, 4),
        (number("i16"), -2.5, -2),
        (number("u16", scale=2.0), 5, 2),
        (number("u16", scale=2.0), 7, 4),
        (number("i16", scale=-1.0), 40_000.0, -32_768),
        (number("u64"), 2**63 + 1, 2**63 + 1),
        (number("u64"), 2**70, 2**64 - 1),
        (number("f32"), 1e300, 3.4028234663852886e38),
        (number("f32"), 0.1, 0.10000000149011612),
        (number("u16", boolean=True), True, 1),
        (number("u16", boolean=True, on=2), True, 2),
        (number("u16", boolean=True, on=2), False, 0),
    ],
)
def test_encode_when_value_is_between_or_beyond_raws_then_rounded_to_even_and_saturated(
    wire: Numeric, value: float, raw: float
) -> None:
    assert wire.encode(value) == raw


@pytest.mark.parametrize(
    ("wire", "raw"),
    [
        (number("i16", not_implemented=-32_768), -32_768),
        (number("u16", not_implemented=65_535), 65_535),
        (number("f32"), math.nan),
        (number("f32"), math.inf),
    ],
)
def test_decode_when_raw_means_no_value_then_none(wire: Numeric, raw: float) -> None:
    assert wire.decode(raw, Kind.REAL) is None


@pytest.mark.parametrize(("on", "raw", "expected"), [(None, 0, False), (None, 7, True), (1, 1, True), (1, 2, False)])
def test_flag_when_decoded_then_only_its_on_value_is_true(on: int | None, raw: int, expected: bool) -> None:
    assert number("u16", boolean=True, on=on).decode(raw, Kind.BOOL) is expected


def test_integer_when_decoded_for_an_integer_tag_then_exact() -> None:
    assert number("u64", scale=3.0, offset=1.0).decode(2**60, Kind.UNSIGNED) == 3 * 2**60 + 1


@given(
    st.integers(-(2**31), 2**31 - 1), st.sampled_from([1.0, 0.1, 0.001, 0.0001, -0.1]), st.sampled_from([0.0, -50.0])
)
def test_raw_when_decoded_and_encoded_then_itself(raw: int, scale: float, offset: float) -> None:
    wire = number("i32", scale=scale, offset=offset)
    value = wire.decode(raw, Kind.REAL)
    assert value is not None
    assert wire.encode(value) == raw
