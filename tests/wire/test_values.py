"""Values as text and JSON: what is taken, what is refused and in which words."""

import math

import pytest

from runtime.core.elementary import ELEMENTARY, Value
from runtime.core.tag import Variable
from runtime.core.timeliteral import parse_time, show_time
from runtime.wire.fault import ValueFault
from runtime.wire.messages import JsonValue
from runtime.wire.values import parse, show, to_json, type_text

MODE = (("PASSIVE", 0), ("SELF_CONSUMPTION", 1), ("PEAK_SHAVING", 7))


def variable(type_name: str, **more: object) -> Variable:
    return Variable(name="plant_1.x", type=ELEMENTARY[type_name], offset=0, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("type_name", "told", "value"),
    [
        ("BOOL", "TRUE", True),
        ("BOOL", "false", False),
        ("BOOL", 1, True),
        ("BOOL", False, False),
        ("INT", "-32_768", -32768),
        ("INT", 7.0, 7),
        ("INT", "INT#7", 7),
        ("UINT", "16#FF_FF", 65535),
        ("BYTE", "2#1010_1010", 170),
        ("USINT", "8#17", 15),
        ("ULINT", 2**64 - 1, 2**64 - 1),
        ("REAL", "12.5", 12.5),
        ("REAL", "-1e3", -1000.0),
        ("LREAL", 3, 3.0),
        ("TIME", "T#1h30m", 5_400_000_000_000),
        ("TIME", "time#-1.5ms", -1_500_000),
        ("TIME", 42, 42),
        ("DATE", "D#1970-01-02", 86_400_000_000_000),
        ("DATE", "1970-01-02", 86_400_000_000_000),
        ("TOD", "tod#0:0:1.5", 1_500_000_000),
        ("LDT", "LDT#1970-01-01-00:00:01", 1_000_000_000),
    ],
)
def test_parse_when_value_fits_then_value_of_the_type(type_name: str, told: JsonValue, value: Value) -> None:
    parsed = parse(told, variable(type_name))
    assert (parsed, type(parsed)) == (value, type(value))


@pytest.mark.parametrize(
    ("type_name", "told", "says"),
    [
        ("BOOL", "2", "is no BOOL"),
        ("INT", "32768", "does not fit into INT"),
        ("UINT", -1, "does not fit into UINT"),
        ("INT", "1.5", "is no whole number"),
        ("INT", True, "is no whole number"),
        ("BYTE", "2#12", "digits that base 2"),
        ("REAL", "1e39", "is too large for REAL"),
        ("REAL", "NaN", "is no finite number"),
        ("LREAL", math.inf, "is no finite number"),
        ("REAL", True, "is no number"),
        ("TIME", "5", "is no TIME"),
        ("DATE", "D#2023-02-29", "is no DATE"),
        ("DATE", "DT#2023-02-28-12:00", "is no DATE"),
        ("TOD", "TOD#24:00:00", "is no TOD"),
        ("TIME", "T#5m3h", "is no TIME"),
        ("TIME", "T#1.5h3m", "is no TIME"),
        ("TIME", "T#300000d", "does not fit into TIME"),
    ],
)
def test_parse_when_value_does_not_fit_then_says_why_and_what_does(type_name: str, told: JsonValue, says: str) -> None:
    with pytest.raises(ValueFault) as caught:
        parse(told, variable(type_name))
    assert says in caught.value.what
    assert caught.value.where == "plant_1.x"
    assert caught.value.mend == f"write {type_text(variable(type_name))}"


@pytest.mark.parametrize("told", ["PEAK_SHAVING", "peak_shaving", "MODE#PEAK_SHAVING", "7", 7])
def test_parse_when_enumeration_then_label_or_its_number(told: JsonValue) -> None:
    assert parse(told, variable("INT", labels=MODE, enum_name="MODE")) == 7


def test_parse_when_label_is_misspelt_then_names_the_nearest() -> None:
    with pytest.raises(ValueFault, match=r"did you mean SELF_CONSUMPTION\?"):
        parse("SELF_CONSUMTION", variable("INT", labels=MODE, enum_name="MODE"))


@pytest.mark.parametrize("told", [2, "2", True, 1.0, "PASSIVE PASSIVE"])
def test_parse_when_no_label_then_refused(told: JsonValue) -> None:
    with pytest.raises(ValueFault, match="is no value of MODE") as caught:
        parse(told, variable("INT", labels=MODE, enum_name="MODE"))
    assert caught.value.mend == "write MODE: one of PASSIVE, SELF_CONSUMPTION, PEAK_SHAVING"


@pytest.mark.parametrize("told", [100.5, "-100.001"])
def test_parse_when_outside_declared_range_then_refused(told: JsonValue) -> None:
    bounded = variable("REAL", minimum=-100.0, maximum=100.0, unit="kW")
    with pytest.raises(ValueFault, match="outside the declared range") as caught:
        parse(told, bounded)
    assert caught.value.mend == "write REAL, -100 to 100 kW"
    assert parse("100", bounded) == 100.0


@pytest.mark.parametrize(
    ("type_name", "value", "told"),
    [
        ("REAL", 0.10000000149011612, 0.1),
        ("REAL", math.nan, "NaN"),
        ("LREAL", -math.inf, "-Infinity"),
        ("LREAL", 0.1, 0.1),
        ("TIME", 1_500_000, 1_500_000),
        ("BOOL", True, True),
        ("ULINT", 2**64 - 1, 2**64 - 1),
    ],
)
def test_to_json_when_value_from_memory_then_by_the_rules(type_name: str, value: Value, told: JsonValue) -> None:
    assert to_json(value, variable(type_name)) == told


def test_to_json_when_enumeration_then_label_else_number() -> None:
    mode = variable("INT", labels=MODE, enum_name="MODE")
    assert [to_json(v, mode) for v in (0, 7, 3)] == ["PASSIVE", "PEAK_SHAVING", 3]


@pytest.mark.parametrize(
    ("told", "type_name", "text"),
    [
        (True, "BOOL", "TRUE"),
        (90_000_000_000, "TIME", "T#1m30s"),
        (5, "INT", "5"),
        (0.1, "REAL", "0.1"),
        (49.98123931884766, "REAL", "49.98124"),
        ("NaN", "REAL", "NaN"),
        ("READY", "RACK_STATE", "READY"),
        (1_709_164_800_000_000_000, "DATE", "DATE#2024-02-29"),
        (-1, "DATE", "DATE#1969-12-31+86399999999999ns"),
        (45_015_500_000_000, "TOD", "TOD#12:30:15.5"),
        (-3_600_000_000_000, "LTOD", "LTOD#23:00:00-1d"),
        (1_709_208_000_000_000_001, "LDT", "LDT#2024-02-29-12:00:00.000000001"),
        ("it's\n$5\x01", "STRING[20]", "'it$'s$N$$5$01'"),
        ('"\u0007', "WSTRING", '"$"$0007"'),
        ("x", "CHAR", "'x'"),
    ],
)
def test_show_when_value_from_a_message_then_as_people_read_it(told: JsonValue, type_name: str, text: str) -> None:
    assert show(told, type_name) == text


@pytest.mark.parametrize("ns", [0, 1, -1, 999, 1_500_000, 86_400_000_000_000, 90_061_001_001_001, -(2**63), 2**63 - 1])
def test_time_literal_when_shown_and_parsed_then_same_ns(ns: int) -> None:
    assert parse_time(show_time(ns)) == ns
