"""Values of variables as people and messages write them: enumeration labels, TIME literals, based integers.

`parse` goes towards memory and refuses what does not fit; `to_json` and `show` come from memory and never fail.
"""

import difflib
import math
import re
import struct

from runtime.core.dateliteral import DATE_PREFIXES, EXAMPLES, parse_date, show_date
from runtime.core.elementary import ELEMENTARY, REAL, Kind, Number, Value, holds_text
from runtime.core.tag import Variable
from runtime.core.textliteral import show_text
from runtime.core.timeliteral import parse_time, show_time
from runtime.wire.fault import ValueFault
from runtime.wire.messages import JsonValue

MASKED = "***"
"""In place of a secret's value."""
_INTEGER = re.compile(r"[+-]?[0-9](_?[0-9])*")
_BASED = re.compile(r"([+-]?)(2|8|16)#([0-9a-fA-F](?:_?[0-9a-fA-F])*)")
_REAL = re.compile(r"[+-]?[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9]+)?")
_TEXT = re.compile(r"(W?)(STRING|CHAR)\b")
_TRUE = frozenset({"TRUE", "1", "BOOL#TRUE", "BOOL#1"})
_FALSE = frozenset({"FALSE", "0", "BOOL#FALSE", "BOOL#0"})


def parse(told: JsonValue, variable: Variable) -> Value:
    """The value to write into a variable, from text (IEC literals) or from JSON (TIME: integer nanoseconds).

    Raises ValueFault when it is of another type, out of the type's or the declared range, not a label, or not finite.
    """
    if variable.labels:
        return _label(told, variable)
    kind = variable.type.kind
    if kind is Kind.BOOL:
        return _bool(told, variable)
    value: Number
    if kind is Kind.REAL:
        value = _real(told, variable)
    elif kind is Kind.TEXT:
        return _text(told, variable)
    elif kind is Kind.CHAR and isinstance(told, str) and len(told) == 1:
        value = ord(told)
    elif kind in (Kind.TIME, Kind.DATE):
        value = _time(told, variable)
    else:
        value = _integer(told, variable)
    return _within(value, variable)


def to_json(value: Value, variable: Variable) -> JsonValue:
    """A value for a message: the label of an enumeration, a string for what JSON cannot write, else the number.

    Of a secret MASKED, whatever it is: every value that leaves the gateway goes through here.
    """
    if variable.secret:
        return MASKED
    for label, number in variable.labels:
        if number == value:
            return label
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if variable.type.kind is Kind.CHAR:
        return chr(int(value))
    if variable.type is REAL or variable.type.name == REAL.name:
        return shortest_real(float(value))
    return value


def show(told: JsonValue, type_name: str) -> str:
    """The text for people of a value that came in a message; `type_name` as in TagInfo and ReadValue."""
    if isinstance(told, bool):
        return "TRUE" if told else "FALSE"
    if isinstance(told, int):
        if type_name in DATE_PREFIXES:
            return show_date(ELEMENTARY[type_name], told)
        return show_time(told) if type_name in ("TIME", "LTIME") else str(told)
    if isinstance(told, float):
        return f"{told:.7g}"
    return show_text(told, type_name) if _TEXT.match(type_name) else told


def shortest_real(value: float) -> float:
    """The 64-bit number with the fewest digits that is this 32-bit REAL: 0.1, not 0.10000000149011612."""
    if not math.isfinite(value):
        return value
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        if struct.pack("<f", short) == struct.pack("<f", value):
            return short
    return value


def type_text(variable: Variable) -> str:
    """What may be written, for a help line: `REAL, -100 to 100 kW` or the labels."""
    if variable.labels:
        return f"{variable.type_name}: one of {', '.join(label for label, _ in variable.labels)}"
    low, high = variable.minimum, variable.maximum
    unit = f" {variable.unit}" if variable.unit else ""
    if low is not None or high is not None:
        return f"{variable.type_name}, {_bound(low, 'any')} to {_bound(high, 'any')}{unit}"
    if variable.type.kind in (Kind.SIGNED, Kind.UNSIGNED, Kind.BITS):
        return f"{variable.type_name}, {variable.type.minimum} to {variable.type.maximum}{unit}"
    example = {
        Kind.BOOL: "TRUE or FALSE",
        Kind.TIME: "such as T#1m30s",
        Kind.REAL: "such as 12.5",
        Kind.DATE: f"such as {EXAMPLES.get(variable.type)}",
        Kind.CHAR: "one character",
        Kind.TEXT: f"up to {variable.type.capacity} characters",
    }
    return f"{variable.type_name}, {example[variable.type.kind]}{unit}"


def _bound(bound: float | None, text: str) -> str:
    return text if bound is None else f"{bound:g}"


def _misfit(told: JsonValue, variable: Variable, why: str) -> ValueFault:
    return ValueFault(f"{told!r} {why}", where=variable.name, mend=f"write {type_text(variable)}")


def _label(told: JsonValue, variable: Variable) -> int:
    labels = {label.upper(): number for label, number in variable.labels}
    if isinstance(told, str):
        name = told.strip().rpartition("#")[2].upper()
        if name in labels:
            return labels[name]
        if _INTEGER.fullmatch(name) and int(name) in labels.values():
            return int(name)
        near = difflib.get_close_matches(name, labels, n=1)
        if near:
            raise _misfit(told, variable, f"is no value of {variable.type_name}; did you mean {near[0]}?")
    elif isinstance(told, int) and not isinstance(told, bool) and told in labels.values():
        return told
    raise _misfit(told, variable, f"is no value of {variable.type_name}")


def _bool(told: JsonValue, variable: Variable) -> bool:
    if isinstance(told, bool):
        return told
    text = str(told).strip().upper()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise _misfit(told, variable, "is no BOOL")


def _real(told: JsonValue, variable: Variable) -> float:
    if isinstance(told, bool):
        raise _misfit(told, variable, "is no number")
    if isinstance(told, str):
        text = told.strip()
        if not _REAL.fullmatch(text):
            raise _misfit(told, variable, "is no finite number")
        told = float(text.replace("_", ""))
    try:
        value = float(told)
        struct.pack("<f" if variable.type.size == REAL.size else "<d", value)
    except OverflowError:
        raise _misfit(told, variable, f"is too large for {variable.type.name}") from None
    if not math.isfinite(value):
        raise _misfit(told, variable, "is no finite number")
    return value


def _integer(told: JsonValue, variable: Variable) -> int:
    if isinstance(told, int) and not isinstance(told, bool):
        return told
    if isinstance(told, float) and told.is_integer():
        return int(told)
    text = told.strip().rpartition(f"{variable.type.name}#")[2] if isinstance(told, str) else ""
    if _INTEGER.fullmatch(text):
        return int(text.replace("_", ""))
    based = _BASED.fullmatch(text)
    if based:
        try:
            return int(based[1] + based[3].replace("_", ""), int(based[2]))
        except ValueError:
            raise _misfit(told, variable, f"has digits that base {based[2]} does not know") from None
    raise _misfit(told, variable, "is no whole number")


def _text(told: JsonValue, variable: Variable) -> str:
    if not isinstance(told, str):
        raise _misfit(told, variable, "is no text")
    of = variable.type
    if len(told) > of.capacity:
        raise _misfit(told, variable, f"has {len(told)} characters, {of.name} holds {of.capacity}")
    if not holds_text(of, told):
        raise _misfit(told, variable, f"has characters that {of.name} does not know")
    return told


def _time(told: JsonValue, variable: Variable) -> int:
    if isinstance(told, int) and not isinstance(told, bool):
        return told
    if not isinstance(told, str):
        raise _misfit(told, variable, f"is no {variable.type.name}")
    if variable.type.kind is Kind.DATE:
        return _date(told, variable)
    ns = parse_time(told)
    if ns is None:
        raise _misfit(told, variable, f"is no {variable.type.name}")
    return ns


def _date(told: str, variable: Variable) -> int:
    """From the literal of the variable's type, with its prefix or without: `D#2024-02-29`, `2024-02-29`."""
    prefix, _, rest = told.strip().rpartition("#")
    if prefix and DATE_PREFIXES.get(prefix.upper()) != variable.type:
        raise _misfit(told, variable, f"is no {variable.type.name}")
    ns = parse_date(variable.type, rest)
    if isinstance(ns, str):
        raise _misfit(told, variable, f"is no {variable.type.name}")
    return ns


def _within(value: Number, variable: Variable) -> Number:
    kind = variable.type.kind
    if kind is not Kind.REAL and not variable.type.minimum <= value <= variable.type.maximum:
        raise _misfit(value, variable, f"does not fit into {variable.type.name}")
    if variable.subrange is not None and not variable.subrange[0] <= value <= variable.subrange[1]:
        raise _misfit(value, variable, f"is outside the subrange {variable.subrange[0]}..{variable.subrange[1]}")
    low, high = variable.minimum, variable.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        raise _misfit(value, variable, "is outside the declared range")
    return value
