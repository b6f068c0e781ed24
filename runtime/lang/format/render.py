"""Lines of pieces to text: blanks within lines, colons of declarations and what stands behind them aligned."""

from collections import defaultdict
from dataclasses import dataclass, field

from runtime.lang.format.lines import INDENT, Line
from runtime.lang.format.pieces import Piece
from runtime.lang.format.spaces import blanks, is_sign

GAP = 2
"""Blanks between code and what is remarked about it, at least."""


@dataclass(slots=True)
class _Drawn:
    """A line on its way to text: code without what trails it, and where its colon is (-1: not to be aligned)."""

    line: Line
    indent: int
    code: str = ""
    name: str = ""
    pragmas: str = ""
    tail: list[Piece] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)


def render_lines(lines: list[Line]) -> str:
    """The text of all lines, ending in a newline; empty for no lines."""
    drawn = [_draw(line) for line in lines]
    _align_colons(drawn)
    columns = _tail_columns(drawn)
    texts: list[str] = []
    for block in _blocks(drawn):
        texts += _tailed(block, columns)
    if texts and not texts[0]:
        del texts[0]
    return "".join(text + "\n" for text in texts)


def _draw(line: Line) -> _Drawn:
    made = _Drawn(line, line.depth * INDENT + line.extra)
    last = max((i for i, p in enumerate(line.pieces) if not p.is_margin), default=len(line.pieces) - 1)
    made.code, made.name = _code(line.pieces[: last + 1], made.indent, declares=line.declares, tight=line.label)
    before = line.pieces[last]
    for piece in line.pieces[last + 1 :]:
        made.tail.append(piece)
        end = before.column + len(before.text.rsplit("\n", 1)[-1]) if "\n" not in before.text else piece.column
        made.gaps.append(max(GAP if before is line.pieces[last] else 1, piece.column - end))
        before = piece
    return made


def _code(pieces: list[Piece], indent: int, *, declares: bool, tight: bool) -> tuple[str, str]:
    """The code of a line, and of a declaration what stands in front of its colon."""
    text, name = "", ""
    before: Piece | None = None
    token: Piece | None = None
    sign = False
    for piece in pieces:
        if before is not None:
            if before.is_margin or piece.is_margin:
                text += " "
            else:
                text += " " * blanks(before, piece, after_sign=sign, tight=tight, declares=declares)
        if declares and piece.kind == "COLON" and not name:
            name = text.rstrip()
        text += _shifted(piece, indent + len(text.rsplit("\n", 1)[-1]) if "\n" not in text else piece.column)
        if not piece.is_margin:
            sign, token = is_sign(token, piece), piece
        before = piece
    return text, name


def _shifted(piece: Piece, column: int) -> str:
    """A piece's text at a column; further lines of a comment keep their place beside the first."""
    first, *others = piece.text.split("\n")
    moved = [first]
    for other in others:
        expanded = other.expandtabs(INDENT)
        stripped = expanded.lstrip()
        moved.append(" " * max(0, len(expanded) - len(stripped) + column - piece.column) + stripped if stripped else "")
    return "\n".join(moved)


def _align_colons(drawn: list[_Drawn]) -> None:
    groups: dict[tuple[int, int], list[_Drawn]] = defaultdict(list)
    part = 0
    for item in drawn:
        part += item.line.blank_before
        if item.line.declares and item.name and "\n" not in item.code:
            groups[item.line.group, part if item.line.group <= 0 else 0].append(item)
    for items in groups.values():
        width = max(len(item.name) for item in items)
        for item in items:
            item.code = item.name.ljust(width) + item.code[len(item.name) :]


def _blocks(drawn: list[_Drawn]) -> list[list[_Drawn]]:
    """Runs of declarations without a blank line between them; every other line by itself."""
    found: list[list[_Drawn]] = []
    for item in drawn:
        joins = found and item.line.declares and found[-1][-1].line.declares and not item.line.blank_before
        if joins and found[-1][-1].line.depth == item.line.depth:
            found[-1].append(item)
        else:
            found.append([item])
    return found


def _has_aligned_tail(item: _Drawn) -> bool:
    return item.line.declares and bool(item.tail) and "\n" not in item.code


def _tail_columns(drawn: list[_Drawn]) -> dict[int, int]:
    """Where pragmas and comments begin, for the declarations of each POU, or of each section outside of POUs."""
    ends: dict[int, int] = defaultdict(int)
    for item in drawn:
        if _has_aligned_tail(item):
            ends[item.line.group] = max(ends[item.line.group], item.indent + len(item.code) + GAP)
    return {group: end + -end % INDENT for group, end in ends.items()}


def _tailed(block: list[_Drawn], columns: dict[int, int]) -> list[str]:
    aligned = [b for b in block if _has_aligned_tail(b)]
    column = columns.get(block[0].line.group, 0)
    for item in aligned:
        item.pragmas = " ".join(p.text for p in item.tail if p.kind == "pragma" and _before_comments(p, item.tail))
    both = [b for b in aligned if b.pragmas and len(b.tail) > b.pragmas.count("{")]
    second = column + max((len(b.pragmas) for b in both), default=0) + GAP
    second += -second % INDENT
    texts: list[str] = []
    for item in block:
        if item.line.blank_before:
            texts.append("")
        text = " " * item.indent + item.code
        texts += (_with_columns(text, item, column, second) if item in aligned else _with_gaps(text, item)).split("\n")
    return [text.rstrip() for text in texts]


def _before_comments(piece: Piece, tail: list[Piece]) -> bool:
    comment = next((i for i, p in enumerate(tail) if p.kind == "comment"), len(tail))
    return next(i for i, p in enumerate(tail) if p is piece) < comment


def _with_columns(text: str, item: _Drawn, column: int, second: int) -> str:
    if item.pragmas:
        text = text.ljust(column) + item.pragmas
    rest = [p for p in item.tail if not (p.kind == "pragma" and _before_comments(p, item.tail))]
    for number, piece in enumerate(rest):
        start = (second if item.pragmas else column) if number == 0 else len(text.rsplit("\n", 1)[-1]) + 1
        if "\n" not in text:
            text = text.ljust(start)
        else:
            text += " "
        text += _shifted(piece, start)
    return text


def _with_gaps(text: str, item: _Drawn) -> str:
    for piece, gap in zip(item.tail, item.gaps, strict=True):
        text += " " * gap
        text += _shifted(piece, len(text.rsplit("\n", 1)[-1]))
    return text
