"""Programs damaged at random: the compiler never raises, and says nothing of its own inside."""

import random
import re
from pathlib import Path

import pytest

from runtime.core.diagnostic import Source, has_errors, render
from runtime.lang.compile import compile_sources

SEMANTICS = Path(__file__).parent.parent / "semantics"
TEXTS = [p.read_text() for p in sorted(SEMANTICS.glob("*.st"))]
PIECES = re.compile(r"\w+|\s+|[^\w\s]")
INSIDE = re.compile(r"\b(lark|Token|NoneType|Elementary|Python|None|SEMI|LPAR|RPAR|NAME)\b|\$END|runtime/lang|Place\(")
MUTANTS = 150


def _damaged(text, rng):
    pieces = PIECES.findall(text)
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = rng.randrange(len(pieces))
        match rng.randrange(5):
            case 0:
                pieces[at] = ""
            case 1:
                pieces[at] = rng.choice(pieces)
            case 2:
                pieces.insert(at, f" {rng.choice(pieces)} ")
            case 3:
                pieces[at] = pieces[at][:-1]
            case _:
                pieces = pieces[: max(2, at)] if rng.random() < 0.2 else pieces
    return "".join(pieces)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_program_when_damaged_then_it_is_told_in_the_users_words(seed):
    rng = random.Random(seed)
    for number in range(MUTANTS):
        text = _damaged(rng.choice(TEXTS), rng)
        result = compile_sources([Source("damaged.st", text)])
        assert (result.application is None) == has_errors(result.diagnostics)
        for diagnostic in result.diagnostics:
            said = [diagnostic.message, diagnostic.help, *(label.text for label in diagnostic.labels)]
            assert not INSIDE.search(" | ".join(said)), f"seed {seed}, mutant {number}:\n{render(diagnostic)}"
