"""A source to its formatted text."""

from dataclasses import dataclass

from runtime.core.diagnostic import Diagnostic, Source, has_errors
from runtime.lang.format.lines import Breaker
from runtime.lang.format.pieces import pieces_of
from runtime.lang.format.render import render_lines
from runtime.lang.format.wrap import wrap_calls
from runtime.lang.syntax.parse import parse_scanned
from runtime.lang.syntax.tokens import Scanned, scan


@dataclass(frozen=True, slots=True)
class Formatted:
    """The text, or None with what is wrong: text that cannot be read is not touched."""

    text: str | None
    diagnostics: tuple[Diagnostic, ...] = ()


def format_source(source: Source) -> Formatted:
    """The source in the house layout. Formatting the result again changes nothing."""
    _, found, scanned = parse_scanned(source)
    if has_errors(found):
        return Formatted(None, tuple(found))
    text = render_lines(wrap_calls(Breaker(pieces_of(source, scanned)).lines_of()))
    again = scan(Source(source.name, text))
    assert _meaning(again) == _meaning(scan(source)), f"{source.name}: formatting would change the program"
    return Formatted(text)


def _meaning(scanned: Scanned) -> tuple[list[tuple[str, str]], list[tuple[str, list[str]]]]:
    """What must stay as it is: kinds and texts of tokens (keywords in any case), words of comments and pragmas."""
    tokens = [(t.kind, t.text.upper() if t.kind == t.text.upper() else t.text) for t in scanned.tokens]
    return tokens, [(m.kind, m.text.split()) for m in scanned.margins]
