"""A source as pieces in order: tokens, comments and pragmas, each with its text and where it stood."""

from dataclasses import dataclass

from runtime.core.diagnostic import Source
from runtime.lang.syntax.tokens import KEYWORDS, Scanned

TAB = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """`kind` is the token's, or `comment` or `pragma`. `column` counts from 0, with tabs as four blanks."""

    kind: str
    text: str
    line: int
    end_line: int
    column: int

    @property
    def is_margin(self) -> bool:
        """A comment or pragma."""
        return self.kind in ("comment", "pragma")

    @property
    def is_line_comment(self) -> bool:
        """A `//` comment: nothing can stand behind it on its line."""
        return self.text.startswith("//")


def pieces_of(source: Source, scanned: Scanned) -> list[Piece]:
    """All pieces in order of the text; keywords in upper case."""
    starts = [0]
    for line in source.text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    lines = source.text.split("\n")
    found: list[Piece] = []
    for token in scanned.tokens[:-1]:
        text = token.text.upper() if token.kind in KEYWORDS else token.text
        column = _width(lines[token.line - 1][: token.column - 1])
        found.append(Piece(token.kind, text, token.line, token.line, column))
    for margin in scanned.margins:
        start = starts[margin.line - 1] + margin.column - 1
        text = _margin_text(source.text, start, len(margin.text), margin.kind)
        column = _width(lines[margin.line - 1][: margin.column - 1])
        found.append(Piece(margin.kind, _trimmed(text), margin.line, margin.end_line, column))
    return sorted(found, key=lambda p: (p.line, p.column))


def _margin_text(text: str, start: int, inner: int, kind: str) -> str:
    around = 2 if kind == "pragma" or text.startswith("//", start) else 4
    return text[start : start + inner + around]


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n"))


def _width(text: str) -> int:
    return len(text.expandtabs(TAB))
