"""Places in the protocol's terms (lines and UTF-16 columns from 0) and in ours (lines and characters from 1)."""

from urllib.parse import quote, unquote, urlsplit

from lsprotocol import types as lsp

from runtime.core.diagnostic import Source, Span


def range_of(span: Span) -> lsp.Range:
    """The range of a span."""
    line = span.source.line(span.line)
    start = _units(line[: span.column - 1])
    end = start + _units(line[span.column - 1 : span.column - 1 + span.length])
    return lsp.Range(lsp.Position(span.line - 1, start), lsp.Position(span.line - 1, max(end, start)))


def whole(source: Source) -> lsp.Range:
    """The range of a whole text."""
    lines = source.text.split("\n")
    return lsp.Range(lsp.Position(0, 0), lsp.Position(len(lines) - 1, _units(lines[-1])))


def to_column(line: str, character: int) -> int:
    """The column, from 1, of a UTF-16 offset in a line."""
    return len(line.encode("utf-16-le")[: 2 * character].decode("utf-16-le", "ignore")) + 1


def place_of(uri: str) -> str:
    """The path that a file URI names."""
    return unquote(urlsplit(uri).path)


def uri_of(path: str) -> str:
    """The URI of an absolute path."""
    return "file://" + quote(path)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
