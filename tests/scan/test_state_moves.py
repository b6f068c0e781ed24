"""The native moves leave the same bytes as the plan's own (core/migration.py)."""

import ctypes
import math
import struct
from random import Random

import pytest

from runtime.core.elementary import ELEMENTARY, Elementary, Kind, string
from runtime.core.migration import Convert, Copy, Migration, Move, Relabel
from runtime.image.emit import I64, PTR, Code
from runtime.image.nativecode import NativeCode, object_code
from runtime.scan.change.statemoves import StateMove, state_move, write_state_moves

NUMBERS = [t for t in ELEMENTARY.values() if t.kind in (Kind.BOOL, Kind.SIGNED, Kind.UNSIGNED, Kind.BITS, Kind.REAL)]


@pytest.fixture(scope="module")
def native():
    code = Code("moves")
    write_state_moves(code)
    with code.routine("vs_make_moves", exported=True, moves=PTR, count=I64) as r:
        r.call(code["make_moves"], r["moves"], r["count"])
    bound = NativeCode(object_code(code.text()))
    return bound, bound.function("vs_make_moves", None, ctypes.c_void_p, ctypes.c_uint64)


def both(native, moves: list[Move], old: bytes, new: bytes) -> tuple[bytes, bytes]:
    """What the plan makes of `new`, and what the native code does."""
    expected = bytearray(new)
    Migration(tuple(moves), 0, (), (), (), dict.fromkeys((m.new for m in moves), "")).apply(old, expected)
    source = ctypes.create_string_buffer(old, len(old))
    target = ctypes.create_string_buffer(new, len(new))
    made = [state_move(m, ctypes.addressof(source), ctypes.addressof(target)) for m in moves]
    rows = (StateMove * len(made))(*(row for row, _ in made))
    native[1](ctypes.addressof(rows), len(rows))
    return bytes(expected), target.raw


def awkward(of: Elementary, random: Random) -> list[bytes]:
    if of.kind is Kind.BOOL:
        return [b"\0", b"\1"]
    if of.kind is Kind.REAL:
        edges = [0.0, -0.0, 0.5, 1.0, -1.0, 2.0**24, 2.0**31, 2.0**53, 2.0**63, -(2.0**63), 2.0**64, 3e38, -1e300]
        edges += [math.nan, math.inf, -math.inf, 2.0**62, -(2.0**31) - 1, 255.0, 256.0, -128.0, -129.0, 65535.0]
        packed = []
        for value in edges:
            try:
                packed.append(of.codec.pack(value))
            except OverflowError:
                packed.append(struct.pack("<f", math.inf))
        return packed + [random.randbytes(of.size) for _ in range(10)]
    edges_whole = {of.minimum, of.maximum, 0, 1, *(min(of.maximum, 2**n) for n in (7, 8, 15, 16, 24, 31, 32, 53, 63))}
    edges_whole |= {min(of.maximum, 2**n - 1) for n in (7, 8, 15, 16, 31, 32, 63)} | {min(of.maximum, 2**53 + 1)}
    return [of.codec.pack(v) for v in sorted(edges_whole)] + [random.randbytes(of.size) for _ in range(10)]


@pytest.mark.parametrize("was", NUMBERS, ids=lambda t: t.name)
def test_numbers_when_carried_natively_then_the_bytes_are_those_of_the_plan(native, was):
    random = Random(was.name)
    for to in NUMBERS:
        if to == was:
            continue
        for raw in awkward(was, random):
            expected, got = both(native, [Convert(8, 16, was, to)], bytes(8) + raw.ljust(8, b"\0"), b"\x07" * 32)
            assert got == expected or _both_nan(to, expected, got), f"{was.name} {raw.hex()} to {to.name}"


@pytest.mark.parametrize("was", NUMBERS, ids=lambda t: t.name)
def test_numbers_when_carried_into_a_subrange_then_the_bytes_are_those_of_the_plan(native, was):
    random = Random(was.name)
    for to in NUMBERS:
        if to.kind in (Kind.BOOL, Kind.REAL):
            continue
        for _ in range(4):
            low, high = sorted(random.sample(range(max(to.minimum, -300), min(to.maximum, 300)), 2))
            edges = {low - 1, low, high, high + 1} & set(range(max(was.minimum, -400), min(was.maximum, 400)))
            values = [was.codec.pack(v) for v in edges] if was.kind is not Kind.REAL else []
            for raw in (*values, *awkward(was, random)):
                expected, got = both(
                    native, [Convert(8, 16, was, to, (low, high))], bytes(8) + raw.ljust(8, b"\0"), b"\x07" * 32
                )
                assert got == expected, f"{was.name} {raw.hex()} to {to.name} ({low}..{high})"


def _both_nan(to: Elementary, expected: bytes, got: bytes) -> bool:
    """Which NaN it is may differ."""
    return to.kind is Kind.REAL and all(math.isnan(to.unpack(memory, 16)) for memory in (expected, got))


@pytest.mark.parametrize("wide", [False, True])
def test_texts_when_carried_natively_then_the_bytes_are_those_of_the_plan(native, wide):
    was = string(6, wide=wide)
    for to in (string(3, wide=wide), string(6, wide=wide), string(9, wide=wide)):
        for text in ("", "a", "abc", "abcd", "abcdef"):
            raw = bytearray(was.codec.pack(text))
            if len(text) < 5:
                raw[-was.width :] = b"x" * was.width  # leftovers behind the end mean nothing
            expected, got = both(native, [Convert(0, 16, was, to)], bytes(raw), b"\x07" * 64)
            assert got == expected, (text, to.name)


def test_labels_and_copies_when_carried_natively_then_the_bytes_are_those_of_the_plan(native):
    sint, dint = ELEMENTARY["SINT"], ELEMENTARY["DINT"]
    moves: list[Move] = [
        Copy(0, 40, 7),
        Relabel(8, 16, sint, dint, ((-1, 300), (2, -5))),
        Relabel(9, 20, sint, dint, ((-1, 300), (2, -5))),
        Relabel(10, 24, sint, dint, ((-1, 300), (2, -5))),
        Relabel(12, 28, dint, sint, ((70_000, -1),)),
    ]
    old = bytes(range(8)) + struct.pack("<bbbxi", -1, 2, 3, 70_000)
    expected, got = both(native, moves, old, b"\x07" * 64)
    assert got == expected
    assert struct.unpack_from("<iii", got, 16) == (300, -5, 0x07070707)
