import math

import pytest
from synthetic_site import SECOND_NS, T0_NS, FixedClock, status_frame

from hmi import wording
from hmi.banners import banners
from hmi.entry import entry_of, expected
from hmi.model import Model, TagInfo, TagReading
from hmi.tagfilter import TagFilter
from runtime.core.quality import Quality

REAL = TagInfo(name="inverter_1.p_set_kw", type="REAL", unit="kW", minimum=-100.0, maximum=100.0)
NOTE = TagInfo(name="note", type="STRING[12]")
MODE = TagInfo(name="mode", type="CONTROL_MODE", labels=("PASSIVE", "SELF_CONSUMPTION"))


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (850, "850 ns"),
        (26_123, "26.1 µs"),
        (3_200_000, "3.20 ms"),
        (120_400_000, "120 ms"),
        (1.5e9, "1.50 s"),
        (math.nan, "–"),
    ],
)
def test_duration_when_worded_then_it_has_three_figures(ns, text):
    assert wording.duration(ns) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (-1, "–"),
        (0, "<1 s"),
        (999, "<1 s"),
        (1000, "1 s"),
        (99_999, "99 s"),
        (100_000, "1 min"),
        (7.2e6, "2 h"),
        (9e8, "10 d"),
    ],
)
def test_age_when_worded_then_it_is_coarse(ms, text):
    assert wording.age(ms) == text


@pytest.mark.parametrize(
    ("value", "type_name", "text"),
    [
        (True, "BOOL", "TRUE"),
        (1.0, "REAL", "1.000"),
        (3, "REAL", "3.000"),
        (-12345.678, "REAL", "-12345.7"),
        (1e-9, "LREAL", "1.000e-09"),
        (3, "INT", "3"),
        (1_500_000_000, "TIME", "T#1s500ms"),
        ("RUN", "SYSTEM_STATE", "RUN"),
        ("NaN", "REAL", "NaN"),
        ("it's on", "STRING[20]", "'it$'s on'"),
        ("λ", "WCHAR", '"λ"'),
        (86_400_000_000_000, "DATE", "DATE#1970-01-02"),
        (None, "REAL", "–"),
    ],
)
def test_value_when_worded_then_it_reads_as_in_st(value, type_name, text):
    assert wording.value(value, type_name) == text


def test_number_when_it_rounds_to_zero_then_it_has_no_sign():
    assert [wording.number(v, sign=True) for v in (-0.01, 0.04, 12.34, -5.0)] == ["0.0", "0.0", "+12.3", "-5.0"]


@pytest.mark.parametrize(
    ("text", "info", "value"),
    [
        ("42.5", REAL, 42.5),
        (" -100 ", REAL, -100.0),
        ("self_consumption", MODE, "SELF_CONSUMPTION"),
        ("true", TagInfo(name="b", type="BOOL"), True),
        ("16#FF", TagInfo(name="w", type="UINT"), 255),
        ("T#1m30s", TagInfo(name="t", type="TIME"), 90 * SECOND_NS),
        ("north yard", NOTE, "north yard"),
        ("'it$'s'", NOTE, "it's"),
        ("it's", NOTE, "it's"),
        ("''", NOTE, ""),
        ('"λ"', TagInfo(name="w", type="WSTRING"), "λ"),
        ("'x'", TagInfo(name="c", type="CHAR"), "x"),
    ],
)
def test_entry_when_it_fits_then_it_is_the_value_of_the_wire(text, info, value):
    assert entry_of(text, info).value == value
    assert entry_of(text, info).problem == ""


@pytest.mark.parametrize(
    ("text", "info", "words"),
    [
        ("", REAL, "-100 to 100 kW"),
        ("101", REAL, "-100 to 100 kW"),
        ("nan", REAL, "REAL"),
        ("12kW", REAL, "REAL"),
        ("300", TagInfo(name="u", type="USINT"), "0 to 255"),
        ("maybe", TagInfo(name="b", type="BOOL"), "TRUE or FALSE"),
        ("ISLAND", MODE, "PASSIVE, SELF_CONSUMPTION"),
        ("thirteen char", NOTE, "up to 12 characters"),
        ("λ", NOTE, "up to 12 characters"),
    ],
)
def test_entry_when_it_does_not_fit_then_the_problem_says_what_fits(text, info, words):
    entry = entry_of(text, info)
    assert entry.value is None
    assert words in entry.problem
    assert words in expected(info) or words == "REAL"


INFOS = [
    TagInfo(name="grid_meter_1.p_kw", type="REAL", direction="input", device="grid_meter_1", comment="active power"),
    TagInfo(name="inverter_1.p_set_kw", type="REAL", direction="output", device="inverter_1", comment="power setpoint"),
    TagInfo(name="plant_1.mode", type="CONTROL_MODE"),
]
READINGS = [
    TagReading(0.0, Quality.BAD, 5000.0, False),
    TagReading(1.0, Quality.GOOD, 0.0, True),
    TagReading("PASSIVE", Quality.GOOD, -1.0, False),
]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", [0, 1, 2]),
        ("power", [0, 1]),
        ("POWER set", [1]),
        ("is:bad", [0]),
        ("is:forced", [1]),
        ("is:in", [0]),
        ("is:out", [1]),
        ("is:bad power", [0]),
        ("is:forced grid", []),
        ("is:odd", []),
    ],
)
def test_filter_when_typed_then_all_words_and_conditions_hold(text, rows):
    assert TagFilter.of(text).apply(INFOS, READINGS) == rows


def test_filter_when_there_are_no_values_then_nothing_is_bad():
    assert TagFilter.of("is:bad").apply(INFOS, []) == []
    assert TagFilter.of("plant").apply(INFOS, []) == [2]


def headlines(**changes: object) -> list[tuple[str, str]]:
    model = Model("/run/voltscan/demo")
    model.tick(SECOND_NS, T0_NS)
    model.take_status(status_frame(5, **changes), SECOND_NS, T0_NS)
    return [(banner.headline, banner.text) for banner in banners(model, FixedClock().clock)]


FAULT = {"scan": 5, "code": 2, "text": "t", "pou": "MAIN", "file": "main.st", "line": 12}


@pytest.mark.parametrize(
    ("changes", "headline", "words"),
    [
        ({"scanning": False}, "SCAN NOT ADVANCING", "stands at scan 1000500"),
        ({"fault_stop": True, "faults": [FAULT]}, "FAULT STOP", "INDEX_OUT_OF_RANGE in MAIN (main.st:12)"),
        ({"driving": False}, "OUTPUTS AT FAIL-SAFE", "does not drive"),
        ({"driving": False, "standby": True}, "STANDBY", "the other controller of the pair drives"),
        (
            {"view": {"plant_1.state": "ERROR", "plant_1.error_bits": 36}},
            "PLANT IN ERROR",
            "racks do not connect · emergency stop",
        ),
        ({"bad_inputs": ["a.x", "a.y", "b.z"], "bad_devices": ["a"]}, "BAD INPUT", "a (no answer), b.z"),
        ({"bad_inputs": [f"a.x{n}" for n in range(6)] + ["b.y"]}, "BAD INPUT", "a (6 inputs), b.y"),
        ({"bad_inputs": [f"a{n}.x" for n in range(6)]}, "BAD INPUT", "a3.x and 2 more"),
        ({"forces": [{"name": "a.x", "value": True}]}, "1 FORCED", "a.x = TRUE"),
        (
            {"forces": [{"name": "a.x", "value": "n" * 80, "type": "STRING"}]},
            "1 FORCED",
            "a.x = 'nnnnnnnnnnnnnnnnnnnnnnnnnnnn…",
        ),
    ],
)
def test_banner_when_something_is_wrong_then_it_says_what_and_where(changes, headline, words):
    ((told, text),) = headlines(**changes)
    assert told == headline
    assert words in text


def test_banners_when_all_is_well_then_there_are_none():
    assert headlines() == []


def test_banners_when_there_are_many_then_alarms_come_before_forces():
    told = headlines(forces=[{"name": "a.x", "value": 1}], driving=False, fault_stop=True)
    assert [headline for headline, _ in told] == ["FAULT STOP", "OUTPUTS AT FAIL-SAFE", "1 FORCED"]


def test_banners_when_nothing_is_heard_then_only_that_is_said():
    model = Model("/run/voltscan/demo")
    model.tick(SECOND_NS, T0_NS)
    model.take_status(status_frame(5, driving=False), SECOND_NS, T0_NS)
    model.tick(9 * SECOND_NS, T0_NS + 8 * SECOND_NS)
    ((banner,)) = banners(model, FixedClock().clock)
    assert (banner.headline, banner.text) == ("NO CONNECTION", "since 12:00:00 · values are those of then")
