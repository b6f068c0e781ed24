"""Calls that are too long for a line: one argument a line."""

from runtime.lang.format.code import code_of
from runtime.lang.format.lines import INDENT, WIDTH, Line
from runtime.lang.format.pieces import Piece

_CALLED = frozenset({"NAME", "RBRACK", "CARET"})


def wrap_calls(lines: list[Line]) -> list[Line]:
    """The lines, with the arguments of a call below it where a statement of one line is too long."""
    return [made for line in lines for made in (_wrapped(line) if _is_too_long(line) else [line])]


def _is_too_long(line: Line) -> bool:
    if not line.whole or line.declares or line.label:
        return False
    last = max((i for i, p in enumerate(line.pieces) if not p.is_margin), default=0)
    text, _ = code_of(line.pieces[: last + 1], 0, names_types=line.types, tight=line.label)
    return "\n" not in text and line.depth * INDENT + len(text) > WIDTH


def _wrapped(line: Line) -> list[Line]:
    """The line up to the parenthesis of its outermost call, then its arguments; as it is without such a call."""
    tokens = [(at, p) for at, p in enumerate(line.pieces) if not p.is_margin]
    kinds = [p.kind for _, p in tokens]
    if kinds[-2:] != ["RPAR", "SEMI"]:
        return [line]
    depth, first = 0, len(kinds) - 2
    for number in range(len(kinds) - 2, -1, -1):
        depth += (kinds[number] in ("RPAR", "RBRACK")) - (kinds[number] in ("LPAR", "LBRACK"))
        if depth == 0:
            first = number
            break
    if first == 0 or kinds[first - 1] not in _CALLED:
        return [line]
    parts = _split(line.pieces[tokens[first][0] + 1 :])
    if len(parts) < 2:
        return [line]
    head = Line(line.depth, line.pieces[: tokens[first][0] + 1], line.extra, line.blank_before, types=line.types)
    head.group, head.section = line.group, line.section
    return [head, *(Line(line.depth, part, INDENT, group=line.group, section=line.section) for part in parts)]


def _split(pieces: list[Piece]) -> list[list[Piece]]:
    """Arguments, each with its comma and what is remarked behind it."""
    parts: list[list[Piece]] = [[]]
    depth, ended = 0, False
    for piece in pieces:
        if ended and not piece.is_margin:
            parts.append([])
            ended = False
        parts[-1].append(piece)
        depth += (piece.kind in ("LPAR", "LBRACK")) - (piece.kind in ("RPAR", "RBRACK"))
        ended |= piece.kind == "COMMA" and depth == 0
    return parts
