"""X_TO_Y between all elementary types (IEC 61131-3, 3rd edition, tables 22 to 26), with values at every edge.

Expected values come from whole-number arithmetic here. Decided where the standard leaves it open: what is too wide
for a whole number or bit string keeps its low bits; reals round half to even and saturate (rule 4); DWORD ↔ REAL and
LWORD ↔ LREAL move the bits (table 25); every other pair keeps the number; times go by their units (rule 5).
"""

import itertools
import math
import struct
from fractions import Fraction

import pytest

WHOLE = {"SINT": -8, "INT": -16, "DINT": -32, "LINT": -64, "USINT": 8, "UINT": 16, "UDINT": 32, "ULINT": 64}
BITS = {"BYTE": 8, "WORD": 16, "DWORD": 32, "LWORD": 64}
LIKE_WHOLE = WHOLE | BITS
"""Width in bits, negative for the signed."""
REALS = {"REAL": "f", "LREAL": "d"}
NUMBERS = ("BOOL", *LIKE_WHOLE, *REALS)
UNIT_NS = {"TIME": 10**6, "TOD": 10**6, "DATE": 10**9, "DT": 10**9, "LTIME": 1, "LTOD": 1, "LDATE": 1, "LDT": 1}
CODES = {"SINT": "b", "INT": "h", "DINT": "i", "LINT": "q", "USINT": "B", "UINT": "H", "UDINT": "I", "ULINT": "Q",
         "BYTE": "B", "WORD": "H", "DWORD": "I", "LWORD": "Q", **REALS}  # fmt: skip


def limits(name):
    bits = LIKE_WHOLE[name]
    return (-(1 << (-bits - 1)), (1 << (-bits - 1)) - 1) if bits < 0 else (0, (1 << bits) - 1)


def cut(value, name):
    """The low bits of a whole number, as the type reads them."""
    low, high = limits(name)
    value &= high - low
    return value - (high - low + 1) if value > high else value


def nearest(value, name):
    """The REAL or LREAL nearest to an exact number, half to even."""
    if not value:
        return 0.0
    exact, bits = Fraction(value), 24 if name == "REAL" else 53
    size = abs(exact)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    exponent -= size < Fraction(2) ** exponent
    step = Fraction(2) ** (exponent - bits + 1)
    return float(round(exact / step) * step)


def saturated(value, name):
    low, high = limits(name)
    if math.isnan(value):
        return 0
    if math.isinf(value):
        return high if value > 0 else low
    return min(max(round(Fraction(value)), low), high)


def single(value):
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)


def moved(value, source, target):
    return struct.unpack("<" + CODES[target], struct.pack("<" + CODES[source], value))[0]


def converted(value, source, target):
    """What source_TO_target makes of a number."""
    if target == "BOOL":
        return value != 0
    if source in REALS and target in REALS:
        return single(value) if target == "REAL" else value
    if {(source, target), (target, source)} & {("DWORD", "REAL"), ("LWORD", "LREAL")}:
        return moved(value, source, target)
    if source in REALS:
        return saturated(value, target)
    return nearest(int(value), target) if target in REALS else cut(int(value), target)


def values_of(name):
    if name == "BOOL":
        return [False, True]
    if name in REALS:
        whole = [0.5, 1.5, 2.5, 127.5, 128.5, 255.5, 32767.5, 65535.5, 2.0**31, 2.0**32, 2.0**63, 2.0**64, 1e30]
        found = [0.0, *whole, *(-v for v in whole), 16777217.0, 0.1, math.inf, -math.inf, math.nan]
        return [single(v) for v in found] if name == "REAL" else [*found, 1e300, 5e-324, 1 + 2**-24]
    low, high = limits(name)
    edges = {
        0,
        1,
        2,
        3,
        7,
        *(1 << n for n in (7, 8, 15, 16, 24, 31, 32, 53, 63)),
        *((1 << n) + 1 for n in (24, 25, 53)),
    }
    edges |= {-v for v in edges} | {e - 1 for e in edges} | {low, low + 1, high - 1, high}
    return sorted(v for v in edges if low <= v <= high)


def same(got, expected):
    return got == expected or (got != got and expected != expected)


def run(machine, source, targets, values, call="{s}_TO_{t}"):
    """{target: results} of all values."""
    last = len(values) - 1
    declared = " ".join(f"r_{t} : ARRAY [0..{last}] OF {t};" for t in targets)
    body = " ".join(f"r_{t}[i] := {call.format(s=source, t=t)}(v[i]);" for t in targets)
    bench = machine(f"PROGRAM main VAR v : ARRAY [0..{last}] OF {source}; i : INT; {declared} END_VAR\n"
                    f"FOR i := 0 TO {last} DO {body} END_FOR\nEND_PROGRAM")  # fmt: skip
    for i, value in enumerate(values):
        bench.set(f"main.v[{i}]", value)
    bench.scan()
    return {t: [bench.get(f"main.r_{t}[{i}]") for i in range(len(values))] for t in targets}, bench.fault_count


@pytest.mark.parametrize(
    ("source", "call"),
    [*((n, "{s}_TO_{t}") for n in NUMBERS), *((n, "TO_{t}") for n in ("BOOL", "DINT", "WORD", "REAL"))],
)
def test_number_when_converted_to_every_other_type_then_value_or_bits_are_as_decided(source, call, machine):
    values = values_of(source)
    targets = [t for t in NUMBERS if t != source]
    got, faults = run(machine, source, targets, values, call)
    wrong = {
        (t, value): (result, converted(value, source, t))
        for t in targets
        for value, result in zip(values, got[t], strict=True)
        if not same(result, converted(value, source, t))
    }
    assert wrong == {}
    into_whole = [t for t in targets if t in LIKE_WHOLE and (source, t) not in (("REAL", "DWORD"), ("LREAL", "LWORD"))]
    assert faults == (len(into_whole) if source in REALS else 0)  # one NaN each


@pytest.mark.parametrize("clock", UNIT_NS)
def test_time_when_converted_to_a_number_then_it_counts_its_unit_and_cuts_the_rest(clock, machine):
    unit = UNIT_NS[clock]
    values = [0, 1, unit - 1, unit, 3 * unit // 2, 90_500 * unit, 86_399 * unit + 1]
    values += [] if "TOD" in clock else [-1, -unit, -90_500 * unit]
    targets = [n for n in NUMBERS if n != "BOOL"]
    got, _ = run(machine, clock, targets, values)
    for t, (i, value) in itertools.product(targets, enumerate(values)):
        whole = abs(value) // unit * (1 if value >= 0 else -1)
        expected = nearest(Fraction(value, unit), "LREAL") if t in REALS else cut(whole, t)
        assert got[t][i] == (single(expected) if t == "REAL" else expected), (clock, t, value)


@pytest.mark.parametrize("source", [n for n in NUMBERS if n != "BOOL"])
def test_number_when_converted_to_a_time_then_it_counts_the_units(source, machine):
    values = (
        [0.0, 1.0, 0.5, 1500.0, -2.25, 1e-7] if source in REALS else [v for v in values_of(source) if abs(v) < 10**9]
    )
    values = [single(v) for v in values] if source == "REAL" else values
    got, _ = run(machine, source, list(UNIT_NS), values)
    for clock, unit in UNIT_NS.items():
        assert got[clock] == [
            round(nearest(Fraction(v) * unit, "LREAL")) if source in REALS else v * unit for v in values
        ]


def test_times_when_converted_into_each_other_then_nothing_is_lost_but_what_the_target_has_not(machine):
    day, clock = 19_782 * 86_400 * 10**9, 45_296 * 10**9 + 789_000_001
    expected = {
        ("DT", "DATE"): day, ("DT", "LDATE"): day, ("LDT", "DATE"): day, ("DT", "TOD"): clock, ("DT", "LTOD"): clock,
        ("LDT", "TOD"): clock, ("LDT", "LTOD"): clock, ("DT", "LDT"): day + clock, ("LDT", "DT"): day + clock,
        ("DATE", "LDATE"): day, ("TIME", "LTIME"): clock, ("LTIME", "TIME"): clock, ("TOD", "LTOD"): clock,
        ("LTOD", "TOD"): clock,
    }  # fmt: skip
    start = {
        "DT": day + clock,
        "LDT": day + clock,
        "DATE": day,
        "TIME": clock,
        "LTIME": clock,
        "TOD": clock,
        "LTOD": clock,
    }
    for (source, target), value in expected.items():
        got, faults = run(machine, source, [target], [start[source]])
        assert (got[target], faults) == ([value], 0)


@pytest.mark.parametrize("name", [*WHOLE, *BITS])
def test_whole_number_when_written_as_text_and_read_again_then_it_is_the_same(name, machine):
    values = values_of(name)
    last = len(values) - 1
    bench = machine(f"""PROGRAM main
        VAR v, back : ARRAY [0..{last}] OF {name}; t : ARRAY [0..{last}] OF STRING; i : INT; END_VAR
        FOR i := 0 TO {last} DO t[i] := {name}_TO_STRING(v[i]); back[i] := STRING_TO_{name}(t[i]); END_FOR
        END_PROGRAM""")
    for i, value in enumerate(values):
        bench.set(f"main.v[{i}]", value)
    bench.scan()
    for i, value in enumerate(values):
        assert bench.get(f"main.back[{i}]") == value
        if name in WHOLE:
            assert bench.get(f"main.t[{i}]") == str(value)


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
def test_decimal_digits_when_coded_in_bits_and_back_then_they_are_the_same(bits, machine):
    bit, number = ((t, n) for t, n in itertools.product(BITS, WHOLE) if BITS[t] == WHOLE[n] == bits).__next__()
    digits = bits // 4
    values = [0, 9, 10, int("9" * digits), int("1234567890123456"[:digits])]
    last = len(values) - 1
    bench = machine(f"""PROGRAM main
        VAR v, back, back2 : ARRAY [0..{last}] OF {number}; c, c2, c3 : ARRAY [0..{last}] OF {bit}; i : INT;
            ok, bad : ARRAY [0..{last}] OF BOOL; END_VAR
        FOR i := 0 TO {last} DO
            c[i] := {number}_TO_BCD_{bit}(v[i]); c2[i] := {number}_TO_BCD(v[i]); c3[i] := TO_BCD_{bit}(v[i]);
            back[i] := {bit}_BCD_TO_{number}(c[i]); back2[i] := BCD_TO_{number}(c[i]);
            ok[i] := IS_VALID_BCD(c[i]); bad[i] := IS_VALID_BCD(c[i] OR 16#A);
        END_FOR
        END_PROGRAM""")
    for i, value in enumerate(values):
        bench.set(f"main.v[{i}]", value)
    bench.scan()
    for i, value in enumerate(values):
        assert [bench.get(f"main.{c}[{i}]") for c in ("c", "c2", "c3")] == [int(str(value), 16)] * 3
        assert [bench.get(f"main.{b}[{i}]") for b in ("back", "back2")] == [value] * 2
        assert (bench.get(f"main.ok[{i}]"), bench.get(f"main.bad[{i}]")) == (True, False)
