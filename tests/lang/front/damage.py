"""Damages ST at random and says what the compiler did wrong with it: it must neither raise nor speak of its inside."""

import random
import re
import traceback
from pathlib import Path

from watchdog import Hangs, watched

from runtime.core.diagnostic import Source, has_errors, render
from runtime.lang.compile import compile_sources

SEMANTICS = Path(__file__).parent.parent / "semantics"
TEXTS = [p.read_text() for p in sorted(SEMANTICS.glob("*.st"))]
_PIECES = re.compile(r"\w+|\s+|[^\w\s]")
_INSIDE = re.compile(
    r"\b(lark|Token|NoneType|Elementary|Python|None|SEMI|LPAR|RPAR)\b|[^']\bNAME\b|\$END|runtime/lang|Place\("
)


def damaged(rng: random.Random, texts: list[str] = TEXTS) -> str:
    """One of the texts with a few words dropped, doubled, moved or cut."""
    pieces = _PIECES.findall(rng.choice(texts))
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


def complaint(text: str) -> str:
    """What the compiler did wrong with a text; empty when it behaved."""
    try:
        with watched():
            result = compile_sources([Source("damaged.st", text)])
    except Hangs as hangs:
        return str(hangs)
    except (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        return traceback.format_exc()
    if (result.application is None) != has_errors(result.diagnostics):
        return "an application and errors, or neither"
    for diagnostic in result.diagnostics:
        said = [diagnostic.message, diagnostic.help, *(label.text for label in diagnostic.labels)]
        if _INSIDE.search(" | ".join(said)):
            return render(diagnostic)
    return ""
