"""Rules that speak of every type, tried with every type: ST made from data, expected values from plain arithmetic."""

import itertools
import math
import struct
from fractions import Fraction

import pytest

from runtime.core.diagnostic import Source
from runtime.lang.compile import compile_sources

SIGNED = {"SINT": 8, "INT": 16, "DINT": 32, "LINT": 64}
UNSIGNED = {"USINT": 8, "UINT": 16, "UDINT": 32, "ULINT": 64}
INTEGERS = SIGNED | UNSIGNED
BITS = {"BYTE": 8, "WORD": 16, "DWORD": 32, "LWORD": 64}
MANTISSA = {"REAL": 24, "LREAL": 53}
CLOCKS = ("TIME", "LTIME", "DATE", "LDATE", "TOD", "LTOD", "DT", "LDT")
OTHERS = ("BOOL", "STRING", "WSTRING", "CHAR", "WCHAR")
EVERY_TYPE = (*INTEGERS, *BITS, *MANTISSA, *CLOCKS, *OTHERS)


def low(name):
    return -(1 << (INTEGERS[name] - 1)) if name in SIGNED else 0


def high(name):
    return (1 << (INTEGERS[name] - (name in SIGNED))) - 1


def wrapped(value, name):
    """Two's complement at the width of the type."""
    value &= (1 << INTEGERS[name]) - 1
    return value - (1 << INTEGERS[name]) if value > high(name) else value


def truncated_quotient(a, b):
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def common(a, b):
    """The type in which integers of two types meet (rule 6): the smallest that holds both losslessly."""
    if (a in SIGNED) == (b in SIGNED):
        return max(a, b, key=INTEGERS.__getitem__)
    signed, unsigned = (a, b) if a in SIGNED else (b, a)
    return next((t for t, bits in SIGNED.items() if bits >= SIGNED[signed] and bits > UNSIGNED[unsigned]), None)


def text_of(value, name):
    """A literal that is of the type by itself."""
    return f"{name}#{value}"


@pytest.mark.parametrize("name", INTEGERS)
def test_rule_1_when_integers_of_a_type_meet_then_they_wrap_at_its_width(name, machine):
    edges = sorted({low(name), low(name) + 1, 0, 1, 2, 7, high(name) // 2 + 1, high(name) - 1, high(name)} | (
        {-1, -7} if name in SIGNED else set()))  # fmt: skip
    last = len(edges) - 1
    bench = machine(f"""PROGRAM main
        VAR v : ARRAY [0..{last}] OF {name} := [{", ".join(map(str, edges))}]; i, j : INT;
            plus, minus, times, over, rest : ARRAY [0..{last}, 0..{last}] OF {name};
            turned : ARRAY [0..{last}] OF {name};
        END_VAR
        FOR i := 0 TO {last} DO
            {"turned[i] := -v[i];" if name in SIGNED else ""}
            FOR j := 0 TO {last} DO
                plus[i, j] := v[i] + v[j]; minus[i, j] := v[i] - v[j]; times[i, j] := v[i] * v[j];
                over[i, j] := v[i] / v[j]; rest[i, j] := v[i] MOD v[j];
            END_FOR
        END_FOR
        END_PROGRAM""").scan()
    for (i, a), (j, b) in itertools.product(enumerate(edges), repeat=2):
        quotient = truncated_quotient(a, b) if b else 0
        expected = {
            "plus": a + b,
            "minus": a - b,
            "times": a * b,
            "over": quotient,
            "rest": a - b * quotient if b else 0,
        }
        for result, value in expected.items():
            assert bench.get(f"main.{result}[{i},{j}]") == wrapped(value, name), (result, a, b)
    assert bench.fault_count == 2 * len(edges)
    for i, a in enumerate(edges):
        assert name in UNSIGNED or bench.get(f"main.turned[{i}]") == wrapped(-a, name)


def test_rule_1_when_integers_of_two_types_meet_then_they_wrap_at_their_common_type(machine):
    pairs = [(a, b, common(a, b)) for a, b in itertools.product(INTEGERS, repeat=2) if common(a, b)]
    declared = " ".join(f"v{n} : {t}; r{n} : {t};" for n, (_, _, t) in enumerate(pairs))
    of_type = " ".join(f"hi_{name} : {name} := {high(name)}; lo_{name} : {name} := {low(name)};" for name in INTEGERS)
    body = "\n".join(f"v{n} := hi_{a} + hi_{b}; r{n} := lo_{a} - hi_{b};" for n, (a, b, _) in enumerate(pairs))
    bench = machine(f"PROGRAM main VAR {declared} {of_type} END_VAR\n{body}\nEND_PROGRAM").scan()
    for n, (a, b, meeting) in enumerate(pairs):
        assert bench.get(f"main.v{n}") == wrapped(high(a) + high(b), meeting), (a, b)
        assert bench.get(f"main.r{n}") == wrapped(low(a) - high(b), meeting), (a, b)


HALVES = [0.0, -0.0, 0.49999997, 0.5, 1.5, 2.5, 3.5, -0.5, -1.5, -2.5, 0.75, -0.75]
REAL_EDGES = [
    *HALVES,
    *(sign * (2.0**n + d) for n in (7, 8, 15, 16) for d in (-1.5, -1, -0.5, 0, 0.5, 1) for sign in (1, -1)),
    *(sign * 2.0**n for n in (31, 32, 62, 63, 64, 100) for sign in (1, -1)),
    *(4294967040.0, 2147483520.0, 9223371487098961920.0, math.inf, -math.inf, math.nan),
]


def saturated(value, name, nearest):
    """The whole number of a real one by rule 4; `nearest` picks it."""
    if math.isnan(value):
        return 0
    if math.isinf(value):
        return high(name) if value > 0 else low(name)
    return min(max(nearest(Fraction(value)), low(name)), high(name))


@pytest.mark.parametrize("real", MANTISSA)
def test_rule_4_when_a_real_becomes_an_integer_then_half_goes_to_even_and_what_is_too_large_saturates(real, machine):
    kept = "f" if real == "REAL" else "d"
    values = [struct.unpack(kept, struct.pack(kept, v))[0] for v in REAL_EDGES]
    last = len(values) - 1
    body = "\n".join(
        f"near_{t}[i] := {real}_TO_{t}(v[i]); short_{t}[i] := TO_{t}(v[i]); cut_{t}[i] := {real}_TRUNC_{t}(v[i]);"
        for t in INTEGERS
    )
    bench = machine(f"""PROGRAM main
        VAR v : ARRAY [0..{last}] OF {real}; i : INT;
            {" ".join(f"near_{t}, short_{t}, cut_{t} : ARRAY [0..{last}] OF {t};" for t in INTEGERS)}
        END_VAR
        FOR i := 0 TO {last} DO {body} END_FOR
        END_PROGRAM""")
    for i, value in enumerate(values):
        bench.set(f"main.v[{i}]", value)
    bench.scan()
    for (i, value), name in itertools.product(enumerate(values), INTEGERS):
        rounded, cut = saturated(value, name, round), saturated(value, name, math.trunc)
        assert bench.get(f"main.near_{name}[{i}]") == rounded, (value, name)
        assert bench.get(f"main.short_{name}[{i}]") == rounded, (value, name)
        assert bench.get(f"main.cut_{name}[{i}]") == cut, (value, name)
    assert bench.fault_count == 3 * len(INTEGERS)  # NaN, once a conversion


def way(source, target):
    """What rule 6 says about a value of `source` assigned to `target`: None, or the code that is told."""
    if source == target:
        return None
    if source in INTEGERS and target in INTEGERS:
        wider = INTEGERS[target] > INTEGERS[source]
        return None if wider and not (source in SIGNED and target in UNSIGNED) else "L2007"
    if source in BITS and target in BITS:
        return None if BITS[target] > BITS[source] else "L2007"
    if source in INTEGERS and target in MANTISSA:
        held = INTEGERS[source] - (source in SIGNED) <= MANTISSA[target]
        return None if held else "L9001" if (source, target) == ("DINT", "REAL") else "L2007"
    if (source, target) == ("REAL", "LREAL"):
        return None
    whole = INTEGERS | BITS
    if source in whole and target in whole:
        return "L9001" if whole[target] >= whole[source] else "L2007"
    if target == f"L{source}" and source in CLOCKS:
        return None
    if (source, target) in (("CHAR", "STRING"), ("WCHAR", "WSTRING")):
        return None
    return "L2007"


def test_rule_6_when_a_value_of_any_type_is_assigned_to_any_other_then_it_is_widened_warned_of_or_refused():
    pairs = list(itertools.product(EVERY_TYPE, repeat=2))
    declared = " ".join(f"a_{name}, b_{name} : {name};" for name in EVERY_TYPE)
    body = "\n".join(f"b_{target} := a_{source};" for source, target in pairs)
    found = compile_sources([Source("m.st", f"PROGRAM main VAR {declared} END_VAR\n{body}\nEND_PROGRAM")]).diagnostics
    told = {pairs[d.place.line - 2]: d.code for d in found}
    assert len(told) == len(found)
    expected = {pair: way(*pair) for pair in pairs if way(*pair)}
    assert {pair: (told.get(pair), expected.get(pair)) for pair in pairs if told.get(pair) != expected.get(pair)} == {}


def test_rule_6_when_a_whole_literal_meets_a_type_then_it_takes_it_exactly_if_it_fits():
    limits = {name: (low(name), high(name)) for name in INTEGERS} | {n: (0, (1 << b) - 1) for n, b in BITS.items()}
    cases = [(n, v, a <= v <= b) for n, (a, b) in limits.items() for v in (a - 1, a, b, b + 1)]
    declared = " ".join(f"v_{name} : {name};" for name in limits)
    body = "\n".join(f"v_{name} := {value};" for name, value, _ in cases)
    found = compile_sources([Source("m.st", f"PROGRAM main VAR {declared} END_VAR\n{body}\nEND_PROGRAM")]).diagnostics
    assert [(d.code, cases[d.place.line - 2]) for d in found] == [("L5005", c) for c in cases if not c[2]]


def loop(start, end, step, name):
    """Rounds and last value of a FOR by rule 9."""
    value, rounds = start, 0
    while (value <= end) if step > 0 else (value >= end):
        rounds += 1
        if not low(name) <= value + step <= high(name):
            break
        value += step
    return rounds, value


def loops_of(name):
    top, bottom = high(name), low(name)
    yield from (
        (1, 5, 1),
        (5, 1, 1),
        (1, 5, 2),
        (1, 6, 2),
        (3, 3, 1),
        (top - 2, top, 1),
        (top - 3, top, 2),
        (top, top, 1),
    )
    yield from ((top - 5, top - 1, 3), (bottom, bottom + 2, 1), (top - 1, top, top))
    if name in SIGNED:
        yield from ((5, 1, -1), (5, 1, -3), (1, 5, -1), (bottom + 2, bottom, -1), (bottom + 3, bottom, -2))
        yield from ((bottom, bottom, -1), (bottom, top, top), (top, bottom, bottom), (-1, 1, 1))


@pytest.mark.parametrize("name", INTEGERS)
def test_rule_9_when_a_for_meets_any_end_then_rounds_and_last_value_are_as_decided(name, machine):
    cases = list(loops_of(name))
    declared = "".join(
        f"i{n}, j{n}, s{n} : {name} := {s}; e{n} : {name} := {e}; b{n} : {name} := {b}; k{n}, m{n} : LINT;\n"
        for n, (s, e, b) in enumerate(cases)
    )
    constant = "".join(
        f"k{n} := 0; FOR i{n} := {s} TO {e} BY {b} DO k{n} := k{n} + 1; END_FOR\n" for n, (s, e, b) in enumerate(cases)
    )
    variable = "".join(
        f"m{n} := 0; FOR j{n} := s{n} TO e{n} BY b{n} DO m{n} := m{n} + 1; END_FOR\n" for n in range(len(cases))
    )
    bench = machine(f"PROGRAM main VAR {declared} zero : {name}; never : INT; END_VAR\n{constant}{variable}\n"
                    f"FOR zero := 1 TO 2 BY e0 - e0 DO never := never + 1; END_FOR\nEND_PROGRAM").scan()  # fmt: skip
    for n, case in enumerate(cases):
        rounds, last = loop(*case, name)
        got = [bench.get(f"main.{v}{n}") for v in ("k", "i", "m", "j")]
        assert got == [rounds, last, rounds, last], case
    assert (bench.get("main.never"), bench.fault_count) == (0, 1)


INSIDE = "FOR i := 1 TO 2 DO FOR j := -1 TO 1 DO FOR k := 0 TO 3 DO"
AROUND = "FOR i := 0 TO 3 DO FOR j := -2 TO 2 DO FOR k := -1 TO 4 DO"


def test_rule_11_when_an_index_leaves_any_dimension_then_it_faults_though_the_place_in_memory_exists(machine):
    bounds = ((1, 2), (-1, 1), (0, 3))
    bench = machine(f"""PROGRAM main
        VAR a : ARRAY [1..2, -1..1, 0..3] OF DINT; i, j, k, n : DINT; seen : ARRAY [0..3, -2..2, -1..4] OF DINT; END_VAR
        {INSIDE} a[i, j, k] := i * 100 + (j + 1) * 10 + k + 1; END_FOR END_FOR END_FOR
        {AROUND} seen[i, j, k] := a[i, j, k]; END_FOR END_FOR END_FOR
        {AROUND} a[i, j, k] := -1; END_FOR END_FOR END_FOR
        {INSIDE} n := n + a[i, j, k]; END_FOR END_FOR END_FOR
        END_PROGRAM""").scan()
    outside = 0
    for i, j, k in itertools.product(range(4), range(-2, 3), range(-1, 5)):
        inside = all(a <= x <= b for x, (a, b) in zip((i, j, k), bounds, strict=True))
        outside += not inside
        assert bench.get(f"main.seen[{i},{j},{k}]") == (i * 100 + (j + 1) * 10 + k + 1 if inside else 0)
    assert (bench.get("main.n"), bench.fault_count) == (-24, 2 * outside)


def test_rule_5_when_the_wall_clock_steps_then_timers_and_the_scan_clock_go_on_as_before(machine):
    bench = machine("""PROGRAM main
        VAR on : TON; off : TOF; pulse : TP; edge : BOOL := TRUE; now : TIME; END_VAR
        on(IN := TRUE, PT := T#50ms); off(IN := edge, PT := T#50ms); pulse(IN := TRUE, PT := T#50ms);
        edge := FALSE; now := TIME();
        END_PROGRAM""")
    day_ns = 86_400_000_000_000
    for scan, step_ns in enumerate((0, day_ns, -400 * day_ns, 3_600_000_000_000, 0)):
        bench.wall_start_ns += step_ns
        bench.scan()
        elapsed_ns = scan * 10_000_000
        got = [bench.get(f"main.{name}") for name in ("on.ET", "off.ET", "pulse.ET", "now")]
        assert got == [elapsed_ns, max(elapsed_ns - 10_000_000, 0), elapsed_ns, elapsed_ns]
    assert [bench.get(f"main.{name}.Q") for name in ("on", "off", "pulse")] == [False, True, True]
