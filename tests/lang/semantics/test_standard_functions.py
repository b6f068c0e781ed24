"""The standard functions but conversions (IEC 61131-3, 3rd edition, tables 28 to 36), on every family of types.

Expected values come from the C library, from Python's own numbers, strings and calendar, never from the compiler.
"""

import ctypes
import datetime as dt
import itertools
import math
import random
import struct

import pytest

LIBM = ctypes.CDLL("libm.so.6")
C_NAMES = {"SQRT": "sqrt", "LN": "log", "LOG": "log10", "EXP": "exp", "SIN": "sin", "COS": "cos", "TAN": "tan",
           "ASIN": "asin", "ACOS": "acos", "ATAN": "atan"}  # fmt: skip
POINTS = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 2.0, 10.0, 100.0, 0.1, 3.14159265, 1e-7, 123456.789, -7.25, 1e22, 1e30,
          math.inf, -math.inf, math.nan]  # fmt: skip
WIDTHS = {"BYTE": 8, "WORD": 16, "DWORD": 32, "LWORD": 64}
WHOLE = {"SINT": 7, "INT": 15, "DINT": 31, "LINT": 63, "USINT": 8, "UINT": 16, "UDINT": 32, "ULINT": 64}
DAY_NS = 86_400 * 10**9


def at(*parts):
    return dt.datetime(*parts, tzinfo=dt.UTC)


EPOCH = at(1970, 1, 1)


def c_function(name, real, arguments=1):
    kind = ctypes.c_float if real == "REAL" else ctypes.c_double
    found = getattr(LIBM, name + ("f" if real == "REAL" else ""))
    found.restype, found.argtypes = kind, [kind] * arguments
    return found


def bits_of(value, real):
    return "NaN" if math.isnan(value) else struct.pack("f" if real == "REAL" else "d", value)


@pytest.mark.parametrize("real", ["REAL", "LREAL"])
def test_functions_of_one_real_when_called_then_they_are_the_c_librarys_to_the_bit(real, machine):
    last = len(POINTS) - 1
    body = " ".join(f"r_{n}[i] := {n}(v[i]);" for n in C_NAMES)
    results = ", ".join(f"r_{n}" for n in C_NAMES)
    bench = machine(f"""PROGRAM main
        VAR v, r_ABS, {results} : ARRAY [0..{last}] OF {real}; i : INT;
            ok : ARRAY [0..{last}] OF BOOL; END_VAR
        FOR i := 0 TO {last} DO {body} r_ABS[i] := ABS(v[i]); ok[i] := IS_VALID(v[i]); END_FOR
        END_PROGRAM""")
    for i, value in enumerate(POINTS):
        bench.set(f"main.v[{i}]", value)
    bench.scan()
    for (name, c_name), i in itertools.product({**C_NAMES, "ABS": "fabs"}.items(), range(len(POINTS))):
        expected = c_function(c_name, real)(POINTS[i])
        assert bits_of(bench.get(f"main.r_{name}[{i}]"), real) == bits_of(expected, real), (name, POINTS[i])
    assert [bench.get(f"main.ok[{i}]") for i in range(len(POINTS))] == [math.isfinite(v) for v in POINTS]
    assert bench.fault_count == 0


@pytest.mark.parametrize("real", ["REAL", "LREAL"])
def test_functions_of_two_reals_when_called_then_they_are_the_c_librarys_to_the_bit(real, machine):
    points = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, 3.0, 1e10, math.inf, math.nan]
    last = len(points) - 1
    bench = machine(f"""PROGRAM main
        VAR v : ARRAY [0..{last}] OF {real}; i, j : INT; a, p, q : ARRAY [0..{last}, 0..{last}] OF {real}; END_VAR
        FOR i := 0 TO {last} DO FOR j := 0 TO {last} DO
            a[i, j] := ATAN2(v[i], v[j]); p[i, j] := EXPT(v[i], v[j]); q[i, j] := v[i] ** v[j];
        END_FOR END_FOR
        END_PROGRAM""")
    for i, value in enumerate(points):
        bench.set(f"main.v[{i}]", value)
    bench.scan()
    for (i, x), (j, y) in itertools.product(enumerate(points), repeat=2):
        for result, c_name in (("a", "atan2"), ("p", "pow"), ("q", "pow")):
            expected = bits_of(c_function(c_name, real, 2)(x, y), real)
            assert bits_of(bench.get(f"main.{result}[{i},{j}]"), real) == expected, (c_name, x, y)


@pytest.mark.parametrize("name", WIDTHS)
def test_shifts_when_by_any_count_then_bits_fall_out_or_come_round(name, machine):
    width = WIDTHS[name]
    mask = (1 << width) - 1
    values, counts = (
        [1, 0xA5 & mask, mask, 1 << (width - 1), 0x1234567890ABCDEF & mask],
        [0, 1, 3, width - 1, width, width + 3],
    )
    bench = machine(f"""PROGRAM main
        VAR v : ARRAY [0..4] OF {name}; n : ARRAY [0..5] OF INT; i, j : INT; l, r, a, b : ARRAY [0..4, 0..5] OF {name};
            no, both, any, other, big, small : ARRAY [0..4] OF {name}; END_VAR
        FOR i := 0 TO 4 DO
            FOR j := 0 TO 5 DO
                l[i, j] := SHL(v[i], n[j]); r[i, j] := SHR(IN := v[i], N := n[j]);
                a[i, j] := ROL(v[i], n[j]); b[i, j] := ROR(v[i], n[j]);
            END_FOR
            no[i] := NOT v[i]; both[i] := AND(v[i], v[0], v[1]); any[i] := v[i] OR v[1]; other[i] := XOR(v[i], v[1]);
            big[i] := TO_BIG_ENDIAN(v[i]); small[i] := FROM_LITTLE_ENDIAN(v[i]);
        END_FOR
        END_PROGRAM""")
    for i, value in enumerate(values):
        bench.set(f"main.v[{i}]", value)
    for j, count in enumerate(counts):
        bench.set(f"main.n[{j}]", count)
    bench.scan()
    for (i, v), (j, n) in itertools.product(enumerate(values), enumerate(counts)):
        turn = n % width
        expected = {"l": v << n & mask, "r": v >> n, "a": (v << turn | v >> (width - turn)) & mask,
                    "b": (v >> turn | v << (width - turn)) & mask}  # fmt: skip
        assert {k: bench.get(f"main.{k}[{i},{j}]") for k in expected} == expected, (v, n)
    for i, v in enumerate(values):
        turned = int.from_bytes(v.to_bytes(width // 8, "little"), "big")
        expected = {"no": ~v & mask, "both": v & values[0] & values[1], "any": v | values[1], "other": v ^ values[1],
                    "big": turned, "small": v}  # fmt: skip
        assert {k: bench.get(f"main.{k}[{i}]") for k in expected} == expected, v


NS = 10**9
FAMILIES = {
    **{name: [0, 5, (1 << bits) - 1] for name, bits in WHOLE.items()},
    "SINT ": [-128, -1, 127],
    "LINT ": [-(1 << 63), -1, 1],
    **{name: [0, 1 << (width - 1), (1 << width) - 1] for name, width in WIDTHS.items()},
    "REAL": [-1.5, 0.0, 1e30],
    "LREAL": [-1e300, 1e-300, 2.5],
    **{name: [-5 * NS, 0, 1] for name in ("TIME", "LTIME", "DATE", "LDATE", "DT", "LDT")},
    **{name: [0, 1, DAY_NS - 1] for name in ("TOD", "LTOD")},
    "STRING": ["", "Ab", "ab"],
    "STRING ": ["ab", "ab ", "abc"],
    "WSTRING": ["a", "z", "\u00e9"],
    "CHAR": [0, 65, 255],
    "WCHAR": [10, 65, 0x2030],
}
"""Three values of each type, in rising order; a blank only tells two rows of one type apart."""
COMPARISONS = {"GT": ">", "GE": ">=", "EQ": "=", "LE": "<=", "LT": "<", "NE": "<>"}


@pytest.mark.parametrize("family", FAMILIES)
def test_comparison_and_selection_when_on_a_family_then_they_go_by_its_order(family, machine):
    name, values = family.strip(), FAMILIES[family]
    compared = " ".join(
        f"f_{f}[i, j] := {f}(v[i], v[j]); o_{f}[i, j] := v[i] {op} v[j];" for f, op in COMPARISONS.items()
    )
    declared = " ".join(f"f_{f}, o_{f} : ARRAY [0..2, 0..2] OF BOOL;" for f in COMPARISONS)
    bench = machine(f"""PROGRAM main
        VAR v, lim, chosen : ARRAY [0..2] OF {name}; i, j : INT; {declared} up, flat : BOOL;
            big, small : ARRAY [0..2, 0..2] OF {name}; most, least, s0, s1, m : {name}; END_VAR
        FOR i := 0 TO 2 DO
            FOR j := 0 TO 2 DO {compared} big[i, j] := MAX(v[i], v[j]); small[i, j] := MIN(v[i], v[j]); END_FOR
            lim[i] := LIMIT(MN := v[0], IN := v[i], MX := v[1]); chosen[i] := MUX(i, v[0], v[1], v[2]);
        END_FOR
        up := LT(v[0], v[1], v[2]) AND NOT LT(v[0], v[2], v[1]);
        flat := EQ(v[1], v[1], v[1]) AND NOT EQ(v[1], v[1], v[2]);
        most := MAX(v[1], v[2], v[0]); least := MIN(v[1], v[2], v[0]); m := MOVE(v[2]);
        s0 := SEL(FALSE, v[1], v[2]); s1 := SEL(G := TRUE, IN0 := v[1], IN1 := v[2]);
        END_PROGRAM""")
    for i, value in enumerate(values):
        bench.set(f"main.v[{i}]", value)
    bench.scan()
    got = [bench.get(f"main.v[{i}]") for i in range(3)]  # as the type holds them
    for i, j in itertools.product(range(3), repeat=2):
        order = {"GT": i > j, "GE": i >= j, "EQ": i == j, "LE": i <= j, "LT": i < j, "NE": i != j}
        for f, expected in order.items():
            assert bench.get(f"main.f_{f}[{i},{j}]") is bench.get(f"main.o_{f}[{i},{j}]") is expected, (f, i, j)
        assert bench.get(f"main.big[{i},{j}]") == got[max(i, j)]
        assert bench.get(f"main.small[{i},{j}]") == got[min(i, j)]
    assert [bench.get(f"main.lim[{i}]") for i in range(3)] == [got[0], got[1], got[1]]
    assert [bench.get(f"main.chosen[{i}]") for i in range(3)] == got
    assert (bench.get("main.up"), bench.get("main.flat"), bench.fault_count) == (True, True, 0)
    singles = {"most": got[2], "least": got[0], "s0": got[1], "s1": got[2], "m": got[2]}
    assert {k: bench.get(f"main.{k}") for k in singles} == singles


def test_comparison_and_selection_when_on_bool_then_false_is_below_true(machine):
    compared = " ".join(f"f_{f} := {f}(a, b); o_{f} := a {op} b;" for f, op in COMPARISONS.items())
    declared = ", ".join(f"f_{f}, o_{f}" for f in COMPARISONS)
    bench = machine(f"""PROGRAM main
        VAR a, b, big, small, between, {declared} : BOOL; END_VAR
        {compared} big := MAX(a, b, a); small := MIN(a, b); between := LIMIT(MN := a, IN := TRUE, MX := b);
        END_PROGRAM""")
    for a, b in itertools.product((False, True), repeat=2):
        bench.set("main.a", a).set("main.b", b).scan()
        order = {"GT": a > b, "GE": a >= b, "EQ": a == b, "LE": a <= b, "LT": a < b, "NE": a != b}
        for f, expected in order.items():
            assert bench.get(f"main.f_{f}") is bench.get(f"main.o_{f}") is expected, (f, a, b)
        assert [bench.get(f"main.{name}") for name in ("big", "small", "between")] == [a or b, a and b, b]


def test_comparison_when_it_has_three_operands_then_each_is_evaluated_once(machine):
    bench = machine("""VAR_GLOBAL calls : INT; END_VAR
        FUNCTION next : INT VAR_INPUT step : INT; END_VAR calls := calls + 1; next := calls * step; END_FUNCTION
        PROGRAM main VAR rising, falling, texts : BOOL; s : STRING[3]; END_VAR
        rising := LT(0, next(2), next(1) + 1, 100); falling := GT(next(1), next(1), next(1));
        texts := LE('a', CONCAT('a', s), 'b');
        END_PROGRAM""").scan()
    got = [bench.get(f"main.{name}") for name in ("rising", "falling", "texts")]
    assert (bench.get("calls"), got) == (5, [True, False, True])


def test_comparison_when_one_side_is_nan_then_nothing_holds_but_ne(machine):
    bench = machine("""PROGRAM main VAR z, n : LREAL; r : ARRAY [0..5] OF BOOL; END_VAR
        n := z / z;
        r[0] := GT(n, z); r[1] := GE(n, n); r[2] := EQ(n, n); r[3] := LE(z, n); r[4] := LT(n, z); r[5] := NE(n, n);
        END_PROGRAM""").scan()
    assert [bench.get(f"main.r[{i}]") for i in range(6)] == [False] * 5 + [True]


def part(text, count, first):
    """The characters from `first` (from 1) on, of which only those inside the text count (rule 12)."""
    return "".join(c for i, c in enumerate(text, 1) if first <= i < first + count)


def without(text, count, first):
    return "".join(c for i, c in enumerate(text, 1) if not first <= i < first + count)


def string_cases():
    chance = random.Random(5)
    letters = "abAB x"
    for _ in range(60):
        text = "".join(chance.choice(letters) for _ in range(chance.randrange(12)))
        other = "".join(chance.choice(letters) for _ in range(chance.randrange(4)))
        yield text, other, chance.randrange(-2, 15), chance.randrange(-2, 15)


@pytest.mark.parametrize("kind", ["STRING", "WSTRING"])
def test_string_functions_when_given_any_positions_then_what_lies_outside_is_clipped(kind, machine):
    bench = machine(f"""PROGRAM main
        VAR a, b, l, r, m, c, i, d, p : {kind}; x, y, n, f : INT; END_VAR
        n := LEN(a); l := LEFT(a, x); r := RIGHT(IN := a, L := x); m := MID(a, x, y); c := CONCAT(a, b, a);
        i := INSERT(a, b, y); d := DELETE(a, x, y); p := REPLACE(IN1 := a, IN2 := b, L := x, P := y); f := FIND(a, b);
        END_PROGRAM""")
    for a, b, x, y in string_cases():
        for name, value in (("a", a), ("b", b), ("x", x), ("y", y)):
            bench.set(f"main.{name}", value)
        bench.scan()
        behind = min(max(y, 0), len(a))
        at = min(max(y, 1) - 1, len(without(a, x, y)))
        expected = {
            "n": len(a), "l": a[: max(x, 0)], "r": a[max(len(a) - max(x, 0), 0) :], "m": part(a, x, y), "c": a + b + a,
            "i": a[:behind] + b + a[behind:], "d": without(a, x, y),
            "p": without(a, x, y)[:at] + b + without(a, x, y)[at:], "f": a.find(b) + 1 if b else 0,
        }  # fmt: skip
        assert {k: bench.get(f"main.{k}") for k in expected} == expected, (a, b, x, y)
    assert bench.fault_count == 0


MOMENTS = [at(1970, 1, 1), at(2024, 2, 29, 23, 59, 59, 999_000), at(2000, 3, 1, 12), at(1969, 12, 31, 1, 2, 3, 4_000),
           at(2100, 2, 28, 6, 30), at(1900, 1, 1), at(2261, 12, 31, 23, 0, 0, 1_000)]  # fmt: skip
STEP = dt.timedelta(days=400, hours=5, milliseconds=7)


def ns(moment):
    return (moment - EPOCH) // dt.timedelta(microseconds=1) * 1000


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
@pytest.mark.parametrize("long", ["", "L"])
def test_calendar_functions_when_given_a_moment_then_they_agree_with_pythons_calendar(moment, long, machine):
    step = -STEP if moment.year > 2200 else STEP
    m, millisecond = moment, moment.microsecond // 1000
    bench = machine(f"""PROGRAM main
        VAR n, n2, plus, minus : {long}DT; d, d2 : DATE; ld : LDATE; o, o2 : {long}TOD;
            t, diff, days, clock : {long}TIME;
            y, mo, da, h, mi, s, ms, y2, mo2, da2, y3, h2, mi2, s2, ms2, w : INT; END_VAR
        n2 := CONCAT_{long}DT({m.year}, {m.month}, {m.day}, {m.hour}, {m.minute}, {m.second}, {millisecond});
        d := {long}DT_TO_DATE(n); o := {long}DT_TO_{long}TOD(n); ld := d;
        d2 := CONCAT_DATE({m.year}, {m.month}, {m.day});
        o2 := CONCAT_{long}TOD(HOUR := {m.hour}, MINUTE := {m.minute}, SECOND := {m.second},
            MILLISECOND := {millisecond});
        SPLIT_{long}DT(IN := n, YEAR => y, MONTH => mo, DAY => da, HOUR => h, MINUTE => mi, SECOND => s,
            MILLISECOND => ms);
        SPLIT_DATE(IN := d, YEAR => y2, MONTH => mo2, DAY => da2); SPLIT_LDATE(IN := ld, YEAR => y3);
        SPLIT_{long}TOD(IN := o, HOUR => h2, MINUTE => mi2, SECOND => s2, MILLISECOND => ms2);
        w := DAY_OF_WEEK(d);
        plus := ADD_{long}DT_{long}TIME(n, t); minus := SUB_{long}DT_{long}TIME(plus, t);
        diff := SUB_{long}DT_{long}DT(plus, n);
        days := SUB_{long}DATE_{long}DATE(d, D#1970-01-01); clock := SUB_{long}TOD_{long}TOD(o, {long}TOD#00:00:00);
        IF CONCAT_DATE_{long}TOD(d, o) <> n THEN w := -1; END_IF
        END_PROGRAM""")
    bench.set("main.n", ns(m)).set("main.t", ns(EPOCH + step)).scan()
    day = at(m.year, m.month, m.day)
    expected = {
        "n2": ns(m), "d": ns(day), "d2": ns(day), "o": ns(m) - ns(day), "o2": ns(m) - ns(day),
        "plus": ns(m + step), "minus": ns(m), "diff": ns(EPOCH + step), "days": ns(day), "clock": ns(m) - ns(day),
        "y": m.year, "mo": m.month, "da": m.day, "h": m.hour, "mi": m.minute, "s": m.second, "ms": millisecond,
        "y2": m.year, "mo2": m.month, "da2": m.day, "y3": m.year, "h2": m.hour, "mi2": m.minute, "s2": m.second,
        "ms2": millisecond, "w": m.isoweekday() % 7,
    }  # fmt: skip
    assert {k: bench.get(f"main.{k}") for k in expected} == expected
    assert bench.fault_count == 0


@pytest.mark.parametrize("long", ["", "L"])
def test_time_functions_when_called_then_they_count_whole_nanoseconds(long, machine):
    bench = machine(f"""PROGRAM main
        VAR a : {long}TIME := {long}TIME#1h2m3s4ms; b : {long}TIME := {long}TIME#-1s500ms;
            r : ARRAY [0..7] OF {long}TIME; o : {long}TOD := {long}TOD#10:00:00; o1, o2 : {long}TOD;
            n : INT := -3; x : REAL := 0.5; big : LREAL := 1.0E-3; END_VAR
        r[0] := ADD_{long}TIME(a, b); r[1] := SUB_{long}TIME(a, b);
        r[2] := MUL_{long}TIME(a, n); r[3] := DIV_{long}TIME(a, n);
        r[4] := MUL_{long}TIME(a, x); r[5] := DIV_{long}TIME(b, x); r[6] := MUL_{long}TIME(b, big); r[7] := ABS(b);
        o1 := ADD_{long}TOD_{long}TIME(o, a); o2 := SUB_{long}TOD_{long}TIME(o, a);
        END_PROGRAM""").scan()
    a, b, ten = 3_723_004 * 10**6, -1_500 * 10**6, 36_000 * NS
    expected = [a + b, a - b, a * -3, -(a // 3), a // 2, b * 2, -1_500_000, -b]
    assert [bench.get(f"main.r[{i}]") for i in range(8)] == expected
    assert (bench.get("main.o1"), bench.get("main.o2"), bench.fault_count) == (ten + a, ten - a, 0)
