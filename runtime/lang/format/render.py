"""Lines of pieces to text, with the colons of declarations and what stands behind them in columns (columns.py)."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import zip_longest

from runtime.lang.format.code import cells, code_of, shifted
from runtime.lang.format.columns import GAP, Mark, next_stop, settle, settle_sections
from runtime.lang.format.lines import INDENT, Line
from runtime.lang.format.pieces import Piece

_LONGEST_NAME = 24
"""A name, or list of names, past this does not push the colons of the others away."""
_LONGEST_CODE = 60
"""Nor does a declaration past this push away what is remarked about the others."""


@dataclass(slots=True)
class _Drawn:
    """A line on its way to text: code without what trails it, and what stands in front of its colon."""

    line: Line
    indent: int
    code: str = ""
    name: str = ""
    pragmas: str = ""
    tail: list[Piece] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    column: int = 0
    second: int = 0

    @property
    def is_aligned(self) -> bool:
        """A declaration of one line, by whose neighbours what trails it stands."""
        return self.line.declares and bool(self.tail) and "\n" not in self.code

    def in_source(self, piece: Piece) -> int:
        """The column of a piece as the writer had it, were the line at its present indentation; -1 on another line."""
        first = self.line.pieces[0]
        return piece.column - first.column + self.indent if piece.line == first.line else -1


def render_lines(lines: list[Line]) -> str:
    """The text of all lines, ending in a newline; empty for no lines."""
    drawn: list[_Drawn] = []
    before: Piece | None = None
    for line in lines:
        drawn.append(_draw(line, before))
        before = next((p for p in reversed(line.pieces) if not p.is_margin), before)
    _align_colons(drawn)
    _align_rows([item for item in drawn if item.line.row and "\n" not in item.code])
    _align_tails(drawn)
    texts: list[str] = []
    for item in drawn:
        if item.line.blank_before:
            texts.append("")
        texts += [text.rstrip() for text in _text(item).split("\n")]
    if texts and not texts[0]:
        del texts[0]
    return "".join(text + "\n" for text in texts)


def _draw(line: Line, token: Piece | None) -> _Drawn:
    made = _Drawn(line, line.depth * INDENT + line.extra)
    last = max((i for i, p in enumerate(line.pieces) if not p.is_margin), default=len(line.pieces) - 1)
    shown, types = line.pieces[: last + 1], line.types
    made.code, made.name = code_of(shown, made.indent, names_types=types, tight=line.label, before=token)
    before = line.pieces[last]
    for piece in line.pieces[last + 1 :]:
        made.tail.append(piece)
        end = before.column + len(before.text.rsplit("\n", 1)[-1]) if "\n" not in before.text else piece.column
        made.gaps.append(max(GAP if before is line.pieces[last] else 1, piece.column - end))
        before = piece
    return made


def _align_colons(drawn: list[_Drawn]) -> None:
    declared = [(i, p) for i, p in zip(drawn, _parts(drawn), strict=True) if i.line.declares and i.name]
    declared = [(item, part) for item, part in declared if "\n" not in item.code]
    items, places = [item for item, _ in declared], [part for _, part in declared]
    marks = []
    for item in items:
        colon = next(p for p in item.line.pieces if p.kind == "COLON")
        asked = item.in_source(colon) - item.indent - 1
        marks.append(Mark(len(item.name), asked, len(item.name) <= _LONGEST_NAME))
    widths = settle_sections(marks, places)
    for item, width in zip(items, widths, strict=True):
        item.code = item.name.ljust(width) + item.code[len(item.name) :]


def _align_rows(rows: list[_Drawn]) -> None:
    """Values of a table end in one column."""
    tables: dict[int, list[tuple[_Drawn, list[str]]]] = defaultdict(list)
    for item in rows:
        if (values := cells(item.line.pieces)) is not None:
            tables[item.line.section].append((item, values))
    for table in tables.values():
        widths = [max(map(len, column)) for column in zip_longest(*(values for _, values in table), fillvalue="")]
        for item, values in table:
            item.code = ", ".join(v.rjust(w) for v, w in zip(values, widths, strict=False)) + ";"


def _parts(items: list[_Drawn]) -> list[tuple[int, int]]:
    """The POU of each line, and a number for its part of a section: blank lines part one."""
    found: list[tuple[int, int]] = []
    part, before = 0, -1
    for item in items:
        part += item.line.section != before or item.line.blank_before
        before = item.line.section
        found.append((item.line.group, part))
    return found


def _align_tails(drawn: list[_Drawn]) -> None:
    """Where pragmas and comments begin: a column a section, a second one for comments behind pragmas."""
    groups: dict[int, list[_Drawn]] = defaultdict(list)
    for item in drawn:
        if item.is_aligned:
            groups[item.line.section].append(item)
    for items in groups.values():
        marks = [
            Mark(item.indent + len(item.code) + GAP, item.in_source(item.tail[0]), len(item.code) <= _LONGEST_CODE)
            for item in items
        ]
        column = settle(marks, share=0.8, step=INDENT)
        for item in items:
            item.column = max(column, next_stop(item.indent + len(item.code) + GAP, INDENT))
    for block in _blocks(drawn):
        _align_second(block)


def _blocks(drawn: list[_Drawn]) -> list[list[_Drawn]]:
    """Runs of declarations with something behind them, without a blank line between."""
    found: list[list[_Drawn]] = []
    joins = False
    for item in drawn:
        if joins and found and item.line.declares and not item.line.blank_before:
            found[-1].append(item)
        elif item.line.declares:
            found.append([item])
        joins = item.line.declares
    return found


def _align_second(block: list[_Drawn]) -> None:
    both = []
    for item in (b for b in block if b.is_aligned):
        count = next((i for i, p in enumerate(item.tail) if p.kind == "comment"), len(item.tail))
        item.pragmas = " ".join(p.text for p in item.tail[:count])
        if 0 < count < len(item.tail):
            both.append((item, item.tail[count]))
    marks = [Mark(i.column + len(i.pragmas) + GAP, i.in_source(piece)) for i, piece in both]
    column = settle(marks, share=0.5, step=INDENT)
    for item, _ in both:
        item.second = max(column, next_stop(item.column + len(item.pragmas) + GAP, INDENT))


def _text(item: _Drawn) -> str:
    text = " " * item.indent + item.code
    if item.is_aligned:
        return _with_columns(text, item)
    for piece, gap in zip(item.tail, item.gaps, strict=True):
        text += " " * gap
        text += shifted(piece, len(text.rsplit("\n", 1)[-1]))
    return text


def _with_columns(text: str, item: _Drawn) -> str:
    """A declaration's code, its pragmas, then its comments."""
    count = next((i for i, p in enumerate(item.tail) if p.kind == "comment"), len(item.tail))
    if item.pragmas:
        text = text.ljust(item.column) + item.pragmas
    for number, piece in enumerate(item.tail[count:]):
        start = (item.second if item.pragmas else item.column) if number == 0 else len(text.rsplit("\n", 1)[-1]) + 1
        text = text.ljust(start) if "\n" not in text else text + " "
        text += shifted(piece, start)
    return text
