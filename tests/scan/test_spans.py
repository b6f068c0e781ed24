"""Spans: restoring inputs in long copies is the same as restoring each."""

import random

import pytest

from runtime.scan.spans import WHOLE_MIN, Piece, find_spans, overlap


@pytest.mark.parametrize(
    ("inputs", "whole", "mixed"),
    [
        ([], [], []),
        ([Piece(400, 4)], [], [Piece(400, 8)]),
        ([Piece(400, 4), Piece(404, 4)], [], [Piece(400, 8)]),
        ([Piece(400 + 4 * n, 4) for n in range(16)], [Piece(400, 64)], []),
        ([Piece(400, 1), Piece(404, 4), Piece(416, 8)], [], [Piece(400, 24)]),
        ([Piece(400, 4), Piece(600, 4)], [], [Piece(400, 8), Piece(600, 8)]),
        ([Piece(403, 1), *(Piece(404 + 8 * n, 8) for n in range(8))], [Piece(403, 65)], []),
    ],
)
def test_spans_when_inputs_lie_so_then_they_are_these(inputs, whole, mixed):
    found = find_spans(inputs, 1024)
    assert (list(found.whole), list(found.mixed)) == (whole, mixed)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ([Piece(400, 4), Piece(404, 4)], False),
        ([Piece(400, 4), Piece(402, 1)], True),
        ([Piece(402, 1), Piece(400, 2)], False),
        ([Piece(400, 8), Piece(400, 8)], True),
    ],
)
def test_overlap_when_inputs_share_a_byte_then_true(inputs, expected):
    assert overlap(inputs) is expected


@pytest.mark.parametrize("seed", range(20))
def test_spans_when_copied_then_inputs_and_only_they_are_as_told(seed):
    chance = random.Random(seed)
    inputs, at = [], 384
    while at < 1900:
        size = chance.choice((1, 2, 4, 8))
        at = (at + size - 1) // size * size
        if chance.random() < (0.5, 0.9, 0.1, 0.98)[seed % 4]:
            inputs.append(Piece(at, size))
        at += size
    memory, told = bytearray(chance.randbytes(2048)), chance.randbytes(2048)
    expected = bytearray(memory)
    for piece in inputs:
        expected[piece.offset : piece.end] = told[piece.offset : piece.end]
    spans = find_spans(inputs, len(memory))
    for piece in spans.whole:
        memory[piece.offset : piece.end] = told[piece.offset : piece.end]
        assert piece.size >= WHOLE_MIN
    for piece in spans.mixed:
        assert piece.offset % 8 == piece.size % 8 == 0
        for n in range(piece.offset, piece.end):
            memory[n] ^= (memory[n] ^ told[n]) & spans.mask[n]
    assert memory == expected, f"seed {seed}"
