"""Sources laid out by chance: what a formatter is given, and what it must not change."""

from itertools import pairwise

from runtime.core.diagnostic import Source
from runtime.lang.format import format_source
from runtime.lang.syntax.tokens import KEYWORDS, scan


def meaning(text):
    """Kinds and texts of tokens, keywords in any case, and the words of comments and pragmas."""
    scanned = scan(Source("t.st", text))
    tokens = [(t.kind, t.text.upper() if t.kind == t.text.upper() else t.text) for t in scanned.tokens]
    return tokens, [(m.kind, m.text.split()) for m in scanned.margins]


def formatted(text):
    """The text in the house layout."""
    made = format_source(Source("t.st", text)).text
    assert made is not None
    return made


def relaid(text, rng):
    """The same tokens and comments with other blanks and line breaks."""
    scanned = scan(Source("t.st", text))
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    places = [(starts[t.line - 1] + t.column - 1, len(t.text)) for t in scanned.tokens[:-1]]
    names = [t for t in scanned.tokens if t.kind == "NAME" and t.text.upper() in KEYWORDS]
    called = {starts[t.line - 1] + t.column - 1 for t in names}
    for margin in scanned.margins:
        at = starts[margin.line - 1] + margin.column - 1
        around = 2 if margin.kind == "pragma" or text.startswith("//", at) else 4
        places.append((at, len(margin.text) + around))
    made = ""
    places.sort()
    for (at, length), (after, _) in pairwise([*places, (len(text), 0)]):
        piece = text[at : at + length]
        made += piece + ("\n" if piece.startswith("//") else "")
        if at in called and text[at + length] == "(":
            continue  # `AND(a, b)` is a call only without a blank
        if text.startswith("{", after) and "\n" not in text[at:after]:
            made += rng.choice([" ", "  ", "\t"])  # a pragma is about what its line begins with
            continue
        made += rng.choice([" ", "  ", "\n", "\t", " \n\n\n  ", "        ", "\n\t"])
    return made
