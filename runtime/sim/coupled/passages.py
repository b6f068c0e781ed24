"""Fills a passage of the coupling from the two ends of a point: the plan's `Numeric` numbers as native constants."""

import ctypes
import math
from dataclasses import dataclass

from runtime.core.elementary import ELEMENTARY, Elementary, Kind, elementary
from runtime.core.fault import ConfigFault
from runtime.image.pageplaces import PointPlaces
from runtime.iomap.plan.plan import InputPoint, OutputPoint
from runtime.iomap.wire import Numeric
from runtime.sim.coupled.plan import Encoding, Form, Passage

_I64_MIN, _I64_MAX, _U64_MAX = -(1 << 63), (1 << 63) - 1, (1 << 64) - 1
_FLOAT_MAX = {32: 3.4028234663852886e38, 64: 1.7976931348623157e308}


@dataclass(frozen=True, slots=True)
class Ends:
    """Where a value comes from and where it goes, as addresses. `output` None: nobody drives the point, it reads 0."""

    output: OutputPoint | None
    source: int
    input: InputPoint
    sink: PointPlaces


def passage_of(ends: Ends, kept: list[object]) -> Passage:
    """The passage's constants; `kept` takes what must live as long as it does.

    Raises ConfigFault for what 64-bit signed arithmetic cannot carry exactly, or two ends that do not fit together.
    """
    made = Passage(written_at_ns=-(1 << 62), clamp_low=_I64_MIN, clamp_high=_I64_MAX)
    made.real_low, made.real_high = -math.inf, math.inf
    if ends.output is not None:
        _refuse_unlike(ends.output, ends.input)
    if ends.input.wire.number.chars:
        _text(made, ends, kept)
    else:
        _number(made, ends, kept)
    made.sink, made.sink_stamp, made.sink_quality = ends.sink.value, ends.sink.stamp, ends.sink.quality
    made.sink_size = elementary(ends.input.type_name).size
    return made


def form_of(of: Elementary) -> Form:
    """How the bits of a value of this type are to be taken."""
    if of.kind is Kind.REAL:
        return Form.REAL if of.size == 4 else Form.LREAL
    if of.is_signed:
        return Form.SIGNED
    return Form.WIDE if of.size == 8 else Form.UNSIGNED


def _number(made: Passage, ends: Ends, kept: list[object]) -> None:
    if ends.output is not None:
        _source(made, ends.output, ends.source)
        _encode(made, ends.output)
    _decode(made, ends.input, kept)


def _text(made: Passage, ends: Ends, kept: list[object]) -> None:
    number, sink = ends.input.wire.number, elementary(ends.input.type_name)
    wires = tuple(ctypes.create_string_buffer(number.chars) for _ in range(2))
    kept.append(wires)
    made.text, made.text_written = map(ctypes.addressof, wires)
    made.text_chars, made.absent = number.chars, number.not_implemented == 0
    made.sink_capacity, made.sink_width = sink.capacity, sink.width
    if ends.output is not None:
        source, policy = elementary(ends.output.type_name), ends.output.policy
        made.source, made.text_capacity, made.text_width = ends.source, source.capacity, source.width
        made.text_fill = ord(" " if ends.output.wire.number.padding == "blank" else "\0")
        made.refresh_ns, made.min_interval_ns = policy.refresh_ns, policy.min_interval_ns


def _source(made: Passage, point: OutputPoint, address: int) -> None:
    of = ELEMENTARY[point.type_name]
    form = form_of(of)
    made.source, made.form, made.shift = address, form, 64 - 8 * of.size
    low, high = point.minimum, point.maximum
    if form in (Form.REAL, Form.LREAL):
        made.real_low = -math.inf if low is None else low
        made.real_high = math.inf if high is None else high
    elif form is Form.WIDE:
        _refuse_negative(of, point)
        made.clamp_low, made.clamp_low_to = (
            _as_signed(bound) for bound in (_at_least(low), _at_least(low and int(low)))
        )
        made.clamp_high = made.clamp_high_to = _as_signed(_at_most(high))
    else:  # an integer below 2.5 becomes int(2.5), as OutputPoint.clamp does it
        whole = bool if of.kind is Kind.BOOL else int
        if low is not None:
            made.clamp_low, made.clamp_low_to = _saturated(math.ceil(low)), _saturated(int(whole(low)))
        if high is not None:
            made.clamp_high, made.clamp_high_to = _saturated(math.floor(high)), _saturated(int(whole(high)))
    policy = point.policy
    made.dead_band, made.refresh_ns, made.min_interval_ns = policy.dead_band, policy.refresh_ns, policy.min_interval_ns


def _encode(made: Passage, point: OutputPoint) -> None:
    number = point.wire.number
    made.scale, made.offset = number.scale, number.offset
    made.on = 1 if number.on is None else number.on
    if number.boolean:
        made.encoding = Encoding.BOOLEAN
        return
    if number.floating:
        made.encoding = Encoding.FLOAT_32 if number.bits == 32 else Encoding.FLOAT_64
        made.raw_low_real, made.raw_high_real = -_FLOAT_MAX[number.bits], _FLOAT_MAX[number.bits]
        return
    is_integer = ELEMENTARY[point.type_name].kind is not Kind.REAL
    made.encoding = Encoding.WHOLE if is_integer and number.is_integral else Encoding.SCALED
    if made.encoding == Encoding.WHOLE:
        _refuse_scaled(ELEMENTARY[point.type_name], number, point.tag)
        made.whole_scale, made.whole_offset = int(number.scale), int(number.offset)
    made.raw_unsigned = number.bits == 64 and not number.signed
    # All ones where they stand for 2**64 - 1; an integer source is signed and never gets there.
    all_ones = made.raw_unsigned and made.encoding == Encoding.SCALED
    made.raw_low, made.raw_high = number.raw_minimum, -1 if all_ones else min(number.raw_maximum, _I64_MAX)
    made.raw_high_wide = _unsigned(number.raw_maximum)
    made.raw_low_real, made.raw_high_real = float(number.raw_minimum), float(number.raw_maximum)


def _decode(made: Passage, point: InputPoint, kept: list[object]) -> None:
    number, of = point.wire.number, ELEMENTARY[point.type_name]
    form = form_of(of)
    if form is Form.WIDE:
        _refuse_negative(of, point)
        if not number.boolean:
            _refuse_scaled(of, number, point.tag)
    made.sink_form = form
    made.floating, made.single = number.floating, number.floating and number.bits == 32
    made.raw_unsigned = number.bits == 64 and not number.signed and not number.floating
    made.raw_shift, made.raw_signed = 64 - number.bits, number.signed
    made.absent = number.not_implemented is not None
    made.absent_raw = _as_signed(number.not_implemented or 0)
    if number.boolean or of.kind is Kind.BOOL:
        made.boolean, made.sink_on = (1, 0) if number.on is None else (2, number.on)
    made.sink_scale, made.sink_offset = number.scale, number.offset
    if form not in (Form.REAL, Form.LREAL) and not made.boolean:
        made.sink_whole_scale, made.sink_whole_offset = int(number.scale), int(number.offset)
    made.fit_low, made.fit_high = (0, 0) if form in (Form.REAL, Form.LREAL) else (of.minimum, min(of.maximum, _I64_MAX))
    low, high = point.minimum, point.maximum
    made.certain_low = _I64_MIN if low is None else _saturated(math.ceil(low))
    made.certain_high = _I64_MAX if high is None else _saturated(math.floor(high))
    made.certain_low_wide, made.certain_high_wide = _at_least(low), _at_most(high)
    made.certain_low_real = -math.inf if low is None else low
    made.certain_high_real = math.inf if high is None else high
    allowed = (ctypes.c_int64 * len(point.allowed))(*map(_as_signed, point.allowed))
    kept.append(allowed)
    made.allowed, made.allowed_count = ctypes.addressof(allowed), len(point.allowed)


def _refuse_unlike(output: OutputPoint, point: InputPoint) -> None:
    ends: list[Numeric] = [output.wire.number, point.wire.number]
    shapes = {(number.bits, number.signed, number.floating) for number in ends}
    if len(shapes) > 1:
        raise ConfigFault(
            "controller and plant disagree about the raw number on the wire",
            where=f"{output.tag} and {point.tag}",
            mend="use one device profile on both sides",
        )


def _refuse_scaled(of: Elementary, number: Numeric, tag: str) -> None:
    """64 bits without sign cross as they are: scaled ones would take more than 64 bits."""
    if form_of(of) is Form.WIDE and (number.floating or (number.scale, number.offset) != (1.0, 0.0)):
        raise ConfigFault(
            f"{of.name} crosses the simulated wires as a whole raw number without scale and offset only",
            where=tag,
            mend="declare the tag as LINT or LREAL",
        )


def _refuse_negative(of: Elementary, point: InputPoint | OutputPoint) -> None:
    if point.maximum is not None and point.maximum < 0:
        raise ConfigFault(
            f"the greatest value allowed is {point.maximum:g}: {of.name} has none so low",
            where=point.tag,
            mend="give the point a maximum of at least 0, or declare the tag as LINT",
        )


def _at_least(low: float | None) -> int:
    """The least number without sign that is not below it."""
    return _unsigned(0 if low is None else math.ceil(low))


def _at_most(high: float | None) -> int:
    """The greatest number without sign that is not above it; 0 for any below 0."""
    return _unsigned(_U64_MAX if high is None else math.floor(high))


def _unsigned(value: int) -> int:
    return min(max(value, 0), _U64_MAX)


def _saturated(value: int) -> int:
    return min(max(value, _I64_MIN), _I64_MAX)


def _as_signed(value: int) -> int:
    return value - (1 << 64) if value > _I64_MAX else value
