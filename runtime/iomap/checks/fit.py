"""Does a binding fit: the tag's type to the raw number, the fail-safe value and limits to both."""

import math
from collections.abc import Iterator

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.core.elementary import Kind, Value, holds_text
from runtime.core.tag import Tag
from runtime.iomap.sites.loaded import LoadedSite
from runtime.iomap.sites.use import Use
from runtime.iomap.wire import ModbusWire

HOLD = "hold"
_INPUT_KEYS = ("stale_after_ms", "frozen_after_ms")
_OUTPUT_KEYS = ("fail_safe", "dead_band", "refresh_ms", "min_interval_ms", "read_back", "rpc_attempts", "rpc_wait_ms")


def check_use(site: LoadedSite, use: Use) -> Iterator[Diagnostic]:
    """Everything wrong with one binding by itself."""
    yield from _check_keys(site, use)
    misfit = _misfit(use)
    if misfit:
        declared = f"{use.tag.name} is {use.tag.type_name} ({use.tag.file}:{use.tag.line})"
        why, mend = misfit
        yield error("M3003", f"`{use.name}` does not fit its tag: {why}", Label(use.place, declared), help=mend)
        return
    yield from _check_labels(use)
    yield from _check_unit(use)
    yield from _check_limits(site, use)
    if use.is_output:
        yield from _check_read_back(site, use)
        yield from _check_fail_safe(site, use)


def fail_safe_value(use: Use) -> Value | None:
    """The fail-safe value as the tag holds it, None to hold. Only for a binding without mistakes."""
    told = use.rule.fail_safe
    if told is None or told == HOLD:
        return None
    value = _as_tag_value(use.tag, told)
    assert value is not None, "check_use has refused this"
    return value


def limits(use: Use) -> tuple[float | None, float | None]:
    """The limits that hold at this site: the site's, else the profile's."""
    low = use.rule.min if use.rule.min is not None else use.point.min
    high = use.rule.max if use.rule.max is not None else use.point.max
    return low, high


def _misfit(use: Use) -> tuple[str, str] | None:
    """Why the tag's type and the raw number do not go together, and how to mend it."""
    number, kind, tag = use.wire.number, use.tag.type.kind, use.tag
    if use.turned and (number.boolean or not (number.floating or number.minimum < 0 < number.maximum)):
        return "an unsigned raw value has no sign to turn", f"take {'invert' if use.rule.invert else 'charge_sign'} out"
    if number.chars:
        return _text_misfit(use)
    if kind in (Kind.TIME, Kind.DATE, Kind.CHAR, Kind.TEXT):
        mend = "bind an integer or REAL and convert it in the program"
        return f"a device point is a number, not a {tag.type.name}", mend
    if (kind is Kind.BOOL) != number.boolean:
        if kind is Kind.BOOL:
            return "it is a number, not a bit", 'give the point type = "flag" or "bit", or declare the tag as a number'
        return "it is a bit", "declare the tag as BOOL"
    if kind in (Kind.BOOL, Kind.REAL):
        return None
    if (decimals := _decimals(use)) is not None:
        return decimals, "declare the tag as REAL"
    low, high = limits(use)
    if use.is_output:
        lowest = tag.type.minimum if low is None else low
        if lowest < 0 <= number.minimum:
            return "the device takes no negative value", "declare the tag unsigned, or set min = 0"
        return None
    if use.point.enum:
        low, high = min(use.point.enum.values()), max(use.point.enum.values())
    lowest = number.minimum if low is None else max(low, number.minimum)
    highest = number.maximum if high is None else min(high, number.maximum)
    if tag.type.minimum <= lowest and highest <= tag.type.maximum:
        return None
    return f"it can be {lowest:.0f} to {highest:.0f}", f"declare the tag wider than {tag.type.name}"


def _decimals(use: Use) -> str | None:
    """Why the values are no whole numbers."""
    if isinstance(use.wire, ModbusWire) and use.wire.exponent is not None:
        return f"the device gives its scale ({use.wire.exponent.point})"
    number = use.wire.number
    return None if number.is_integral else f"its values have decimals (scale {number.scale:g})"


def _text_misfit(use: Use) -> tuple[str, str] | None:
    chars, of = use.wire.number.chars, use.tag.type
    if of.kind is not Kind.TEXT or of.width != 1:
        return f"it is a text, not {of.name}", f"declare the tag as STRING[{chars}]"
    if not use.is_output and of.capacity < chars:
        return f"it can have {chars} characters", f"declare the tag as STRING[{chars}]"
    return None


def _check_labels(use: Use) -> Iterator[Diagnostic]:
    told = {name.upper(): value for name, value in use.point.enum.items()}
    for label, value in use.tag.labels:
        if told.get(label.upper(), value) != value:
            at = Label(use.place, f"the profile says {label} = {told[label.upper()]}, {use.tag.enum_name} says {value}")
            mend = "give the enumeration the device's values"
            yield error("M3003", f"`{use.name}` and {use.tag.enum_name} disagree about {label}", at, help=mend)


def _check_unit(use: Use) -> Iterator[Diagnostic]:
    if use.tag.unit and use.point.unit and use.tag.unit != use.point.unit:
        at = Label(use.place, f"{use.tag.name} is in {use.tag.unit} ({use.tag.file}:{use.tag.line})")
        mend = "bind a tag of that unit and convert it in the program"
        yield error("M3014", f"`{use.name}` is in {use.point.unit}, its tag is not", at, help=mend)


def _check_keys(site: LoadedSite, use: Use) -> Iterator[Diagnostic]:
    wrong = _INPUT_KEYS if use.is_output else _OUTPUT_KEYS
    for key in wrong:
        if key in use.rule.model_fields_set:
            what = "written to" if use.is_output else "read from"
            at = Label(site.document.places.key(*use.path, key), f"`{use.name}` is {what} the device")
            yield error("M3011", f"`{key}` has no meaning here", at, help="take it out")


def _check_read_back(site: LoadedSite, use: Use) -> Iterator[Diagnostic]:
    if use.rule.read_back and (use.point.access != "rw" or site.map.serve):
        at = Label(site.document.places.key(*use.path, "read_back"), f"its access is {use.point.access}")
        yield error(
            "M3015", f"`{use.name}` cannot be read back", at, help='take it out; only access = "rw" can be read'
        )


def _check_limits(site: LoadedSite, use: Use) -> Iterator[Diagnostic]:
    places = site.document.places
    for key, value, wider in (("min", use.rule.min, use.point.min), ("max", use.rule.max, use.point.max)):
        if value is None or wider is None or not use.is_output:
            continue
        if (value < wider) if key == "min" else (value > wider):
            at = Label(places.value(*use.path, key), f"the device's own limit is {wider:g} {use.point.unit}".rstrip())
            yield error(
                "M3012", f"`{key}` of `{use.name}` goes beyond what the device takes", at, help=f"use {wider:g}"
            )
    low, high = limits(use)
    if low is not None and high is not None and low > high:
        at = Label(places.key(*use.path), f"min {low:g}, max {high:g}")
        yield error("M3012", f"no value of `{use.name}` lies within its limits", at, help="set min below max")


def _check_fail_safe(site: LoadedSite, use: Use) -> Iterator[Diagnostic]:
    told, places = use.rule.fail_safe, site.document.places
    if told is None:
        if not site.map.serve:
            at = Label(use.place, f"{use.tag.name} drives {use.device} here")
            entry = f"{use.name} = {{ fail_safe = … }}"
            mend = f'write {entry} under [devices.{use.device}.points]; "hold" keeps the last value'
            yield error("M3007", f"the output `{use.name}` has no fail-safe value", at, help=mend)
        return
    if told == HOLD:
        return
    value, span = _as_tag_value(use.tag, told), places.value(*use.path, "fail_safe")
    if value is None:
        yield error(
            "M3008",
            f"the fail-safe value of `{use.name}` does not fit",
            Label(span, _wanted(use.tag)),
            help='write such a value, or "hold"',
        )
        return
    if isinstance(value, str):
        return
    low, high = limits(use)
    if (low is not None and value < low) or (high is not None and value > high):
        ends = f"{'-inf' if low is None else f'{low:g}'} to {'inf' if high is None else f'{high:g}'}"
        yield error(
            "M3008",
            f"the fail-safe value of `{use.name}` lies outside its limits",
            Label(span, f"the limits are {ends}"),
            help="choose a value inside, or widen the limits",
        )


def _as_tag_value(tag: Tag, told: object) -> Value | None:
    if isinstance(told, str) and tag.type.kind is Kind.TEXT:
        return told if holds_text(tag.type, told) else None
    if isinstance(told, str):
        labels = {name.upper(): value for name, value in tag.labels}
        return labels.get(told.upper())
    if isinstance(told, bool):
        return told if tag.type.kind is Kind.BOOL else None
    if not isinstance(told, (int, float)) or not math.isfinite(told) or tag.type.kind in (Kind.BOOL, Kind.TEXT):
        return None
    if tag.type.kind is Kind.REAL:
        return float(told)
    if not float(told).is_integer() or not tag.type.minimum <= told <= tag.type.maximum:
        return None
    if tag.labels and int(told) not in (value for _, value in tag.labels):
        return None
    return int(told)


def _wanted(tag: Tag) -> str:
    if tag.labels:
        return f"{tag.name} is {tag.type_name}: {', '.join(name for name, _ in tag.labels)}"
    return f"{tag.name} is {tag.type_name}"
