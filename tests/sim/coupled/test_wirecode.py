"""The native way over the wire against `Numeric` and `interpret`: the same bits, whatever the point and the value."""

import ctypes
import math
import struct
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.core.elementary import ELEMENTARY, Kind, Value, elementary
from runtime.core.fault import ConfigFault
from runtime.core.quality import Quality
from runtime.drivers.page import interpret
from runtime.image.pageplaces import PointPlaces
from runtime.image.pages import fits
from runtime.iomap.plan.plan import InputPoint, OutputPoint
from runtime.iomap.wire import CanWire, Numeric
from runtime.sim.coupled.passages import Ends, passage_of
from tests.sim.conftest import kernels

STAMP_NS = 77
SCALES = (1.0, -1.0, 0.1, 10.0, 0.01, 1000.0, -7.0, 3.0)
OFFSETS = (0.0, -40.0, 2.5, 100.0)
BITS = {
    "SINT": 8,
    "INT": 16,
    "DINT": 32,
    "LINT": 64,
    "USINT": 8,
    "UINT": 16,
    "UDINT": 32,
    "ULINT": 64,
    "REAL": 32,
    "LREAL": 64,
}


def cross(output: OutputPoint, point: InputPoint, value: Value) -> tuple[Value, Quality, int]:
    """What the native code makes of a value: the page's entry after it."""
    of, to = elementary(output.type_name), elementary(point.type_name)
    source, sink, kept = ctypes.create_string_buffer(max(8, of.size)), ctypes.create_string_buffer(16 + to.size), []
    source[: of.size] = of.codec.pack(value)
    places = PointPlaces(value=16, stamp=0, quality=8)
    passage = passage_of(Ends(output, ctypes.addressof(source), point, places.at(ctypes.addressof(sink))), kept)
    kernels().coupling.fetch(ctypes.addressof(passage))
    kernels().coupling.deliver(ctypes.addressof(passage), STAMP_NS)
    stamp, quality = struct.unpack_from("<qB", sink.raw)
    return to.unpack(sink.raw, 16), Quality(quality), stamp


def expected(output: OutputPoint, point: InputPoint, value: Value) -> tuple[Value, Quality, int]:
    """The same by the drivers' own code."""
    of = elementary(point.type_name)
    told, quality = interpret(point, output.wire.number.encode(output.clamp(value)))
    if told is None or not fits(of, told):
        return of.default, Quality.BAD, 0
    return of.unpack(of.codec.pack(told)), quality, STAMP_NS


@st.composite
def points(draw: st.DrawFn) -> tuple[OutputPoint, InputPoint, Value]:
    boolean, floating = draw(st.sampled_from([(False, False), (False, False), (True, False), (False, True)]))
    number = Numeric(
        bits=draw(st.sampled_from([32, 64] if floating else [1, 4, 8, 16, 32, 64])),
        signed=draw(st.booleans()),
        floating=floating,
        boolean=boolean,
        on=draw(st.sampled_from([None, 1, 3])) if boolean else None,
        scale=1.0 if boolean else draw(st.sampled_from(SCALES)),
        offset=0.0 if boolean else draw(st.sampled_from(OFFSETS)),
        not_implemented=draw(st.sampled_from([None, 0, 5])),
    )
    whole = [name for name in BITS if number.is_integral and name[-1] == "T"]
    plain = not floating and (number.scale, number.offset) == (1.0, 0.0)
    names = ["BOOL"] if boolean else ["REAL", "LREAL", *(name for name in whole if plain or name != "ULINT")]
    wire = CanWire(message="M", signal="S", frame_id=1, number=number)
    bound = st.none() | st.integers(-50, 50).map(float) | st.sampled_from([2.5, -0.5])
    limits = sorted([draw(bound), draw(bound)], key=lambda b: math.inf if b is None else b)
    low, high = limits if limits[0] is not None else (None, None)
    source = draw(st.sampled_from(names))
    if source == "ULINT" and high is not None:  # a maximum below 0 is refused
        low, high = (None if low is None else abs(low)), max(abs(high), abs(low or 0))
    out = OutputPoint(name="p", tag="a.p", type_name=source, entry=0, wire=wire, fail_safe=None,
                      minimum=low, maximum=high)  # fmt: skip
    allowed = draw(st.sampled_from([(), (), (0, 1, 2, 40)])) if number.is_integral else ()
    into = InputPoint(name="p", tag="b.p", type_name=draw(st.sampled_from(names)), entry=0, wire=wire, period_ns=1,
                      minimum=draw(st.sampled_from([None, -3.0])), maximum=draw(st.sampled_from([None, 3.5])),
                      allowed=allowed)  # fmt: skip
    return out, into, draw(values(out.type_name))


def values(type_name: str) -> st.SearchStrategy[Value]:
    of = ELEMENTARY[type_name]
    if of.kind is Kind.BOOL:
        return st.booleans()
    if of.kind is Kind.REAL:
        halves = st.integers(-2000, 2000).map(lambda n: n / 2)
        return halves | st.floats(allow_nan=False, allow_infinity=False, width=8 * of.size)
    if of.name == "ULINT":
        return st.integers(0, 300) | st.integers(0, of.maximum) | st.integers((1 << 63) - 3, (1 << 63) + 3)
    small = st.integers(max(of.minimum, -300), min(of.maximum, 300))
    return small | st.integers(max(of.minimum, -(1 << 52)), min(of.maximum, 1 << 52))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(points())
def test_wire_when_any_value_crosses_it_then_natively_the_same_as_by_the_drivers_code(
    case: tuple[OutputPoint, InputPoint, Value],
) -> None:
    output, point, value = case
    native, told = cross(output, point, value), expected(output, point, value)
    assert same(native, told), f"{native} natively, {told} by the drivers"


def same(one: tuple[Value, Quality, int], other: tuple[Value, Quality, int]) -> bool:
    bits = [struct.pack("<d", found[0]) if isinstance(found[0], float) else found[0] for found in (one, other)]
    return bits[0] == bits[1] and one[1:] == other[1:]


@pytest.mark.parametrize("type_name", ["ULINT", "LWORD"])
@pytest.mark.parametrize("value", [0, 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
def test_wire_when_a_tag_has_64_bits_without_sign_then_all_of_them_cross(type_name: str, value: int) -> None:
    out, into = wide_points(type_name, Numeric(bits=64, signed=False, floating=False))
    assert cross(out, into, value) == (value, Quality.GOOD, STAMP_NS)


@pytest.mark.parametrize(
    "number",
    [
        Numeric(bits=64, signed=False, floating=False, scale=10.0),
        Numeric(bits=64, signed=False, floating=False, offset=-40.0),
        Numeric(bits=64, signed=False, floating=True),
    ],
)
def test_wire_when_64_bits_without_sign_are_scaled_then_refused_with_words(number: Numeric) -> None:
    out, into = wide_points("ULINT", number)
    with pytest.raises(ConfigFault) as refused:
        passage_of(Ends(out, 0, into, PointPlaces(0, 0, 0)), [])
    assert "LINT" in refused.value.mend


def test_wire_when_64_bits_without_sign_may_only_be_negative_then_refused_with_words() -> None:
    out, into = wide_points("ULINT", Numeric(bits=64, signed=False, floating=False))
    with pytest.raises(ConfigFault, match="none so low"):
        passage_of(Ends(replace(out, maximum=-1.0), 0, into, PointPlaces(0, 0, 0)), [])
    with pytest.raises(ConfigFault, match="none so low"):
        passage_of(Ends(out, 0, replace(into, maximum=-1.0), PointPlaces(0, 0, 0)), [])


def wide_points(type_name: str, number: Numeric) -> tuple[OutputPoint, InputPoint]:
    wire = CanWire(message="M", signal="S", frame_id=1, number=number)
    out = OutputPoint(name="p", tag="a.p", type_name=type_name, entry=0, wire=wire, fail_safe=None)
    return out, InputPoint(name="p", tag="b.p", type_name=type_name, entry=0, wire=wire, period_ns=1)


TEXTS = ["STRING[5]", "STRING[40]", "WSTRING[5]", "WSTRING[40]"]


@st.composite
def texts(draw: st.DrawFn) -> tuple[OutputPoint, InputPoint, Value]:
    padding = draw(st.sampled_from(["nul", "blank"]))
    absent = draw(st.sampled_from([None, 0]))
    number = Numeric(bits=8 * draw(st.integers(1, 12)), signed=False, floating=False, padding=padding,
                     not_implemented=absent)  # fmt: skip
    wire = CanWire(message="M", signal="S", frame_id=1, number=number)
    out = OutputPoint(name="p", tag="a.p", type_name=draw(st.sampled_from(TEXTS)), entry=0, wire=wire, fail_safe=None)
    into = InputPoint(name="p", tag="b.p", type_name=draw(st.sampled_from(TEXTS)), entry=0, wire=wire, period_ns=1)
    of = elementary(out.type_name)
    letters = st.sampled_from("ab  \xe4\xff" + ("\u03bb\uffff" if of.width == 2 else ""))
    return out, into, draw(st.text(letters, max_size=of.capacity))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(texts())
def test_wire_when_any_text_crosses_it_then_natively_the_same_as_by_the_drivers_code(
    case: tuple[OutputPoint, InputPoint, Value],
) -> None:
    output, point, value = case
    assert cross(output, point, value) == expected(output, point, value)
