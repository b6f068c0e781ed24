"""Where lines break and how deep they stand.

A writer's own line breaks stay. Added are those between statements, around the words that open and close blocks, and
around VAR sections; what is short and stands on one line stays there (blocks.py). What goes on over several lines keeps
its offset from the line it began on.
"""

from dataclasses import dataclass, field

from runtime.lang.format.blocks import SECTIONS, block_ends, branch_end, is_short
from runtime.lang.format.code import code_of
from runtime.lang.format.pieces import Piece

INDENT = 4
WIDTH = 120
"""Columns that a line may fill where there is a choice."""
_CONTINUED_MAX = 60
"""Blanks that a continued line may stand further in than its first line."""

QUALIFIERS = frozenset({"CONSTANT", "RETAIN", "NON_RETAIN", "PERSISTENT", "PUBLIC", "PRIVATE", "PROTECTED", "INTERNAL"})
_UNITS = frozenset({"PROGRAM", "FUNCTION_BLOCK", "FUNCTION", "TYPE", "CONFIGURATION", "NAMESPACE", "TEST"})
"""Open something whose parts stand at its own depth, but for TYPE, CONFIGURATION and NAMESPACE."""
_INNER_UNITS = frozenset({"METHOD", "PROPERTY", "GET", "SET", "INTERFACE", "RESOURCE"})
_BLOCKS = frozenset({"IF", "FOR", "WHILE", "REPEAT", "CASE"})
_ELEMENTS = frozenset({"INITIAL_STEP", "STEP", "TRANSITION", "ACTION"})
_ENDS_LINE = frozenset({"THEN", "DO", "ELSE", "REPEAT", "STRUCT", "TYPE"})
_GOES_ON = frozenset({"COLON", "COMMA", "EXTENDS", "IMPLEMENTS", "ON", "WITH"})
_MEMBERS = frozenset({"METHOD", "PROPERTY"})
"""Stand one deeper than the block or interface they belong to, with what is in them."""
_ACCESSORS = frozenset({"GET", "SET"})
_DEEPER = (
    frozenset({"TYPE", "CONFIGURATION", "NAMESPACE", "RESOURCE", "STRUCT", "ROWS"}) | SECTIONS | _BLOCKS | _ELEMENTS
)
_DEEPER |= _MEMBERS | _ACCESSORS
_OWN_LINE = SECTIONS | _UNITS | _MEMBERS | _ACCESSORS | {"UNTIL", "ROWS"}


@dataclass(slots=True)
class Line:
    """Pieces of one line and how far it stands in.

    `declares`: a declaration, aligned with its neighbours of the same `section`, and of the POU's other sections
    (`group`); `types`: it names types; `label`: a colon on it ends a label; `whole`: a statement of one line;
    `row`: of a table.
    """

    depth: int
    pieces: list[Piece] = field(default_factory=list)
    extra: int = 0
    blank_before: bool = False
    declares: bool = False
    types: bool = False
    label: bool = False
    whole: bool = False
    row: bool = False
    group: int = 0
    section: int = 0


class Breaker:
    """Cuts pieces into lines, with a stack of what is open."""

    def __init__(self, pieces: list[Piece]) -> None:
        self._pieces = pieces
        self._tokens = [p for p in pieces if not p.is_margin]
        self._stack: list[str] = []
        self._parentheses = 0
        self._fresh = True
        self._first: Piece | None = None
        self._unit_column = 0
        self._unit_depth = 0
        self._break_next = False
        self._pous = 0
        self._sections = 0
        self._numbers = {id(p): i for i, p in enumerate(self._tokens)}
        self._places = [i for i, p in enumerate(pieces) if not p.is_margin]
        self._ends = block_ends(self._tokens)
        self.lines: list[Line] = []

    def lines_of(self) -> list[Line]:
        """All lines in order."""
        number, place = 0, 0
        before: Piece | None = None
        while place < len(self._pieces):
            piece = self._pieces[place]
            self._end_header(piece, before)
            if piece.is_margin:
                self._margin(piece, before, number)
                place += 1
            else:
                number = self._token(piece, before, number) + 1
                place = self._places[number - 1] + 1
            before = self._pieces[place - 1]
        return self.lines

    def _end_header(self, piece: Piece, before: Piece | None) -> None:
        """The header of a POU ends with its line, unless that ends or begins in a word that leads on."""
        if self._fresh or self._first is None or before is None or self._parentheses or piece.line == before.end_line:
            return
        header = self._first.kind in _UNITS or self._first.kind in _INNER_UNITS
        if header and piece.kind not in _GOES_ON and before.kind not in _GOES_ON:
            self._fresh = True

    # ---- pieces ----

    def _margin(self, piece: Piece, before: Piece | None, number: int) -> None:
        if before is not None and before.end_line == piece.line and self.lines and not before.is_line_comment:
            self.lines[-1].pieces.append(piece)
            return
        following = self._tokens[number] if number < len(self._tokens) else None
        continued = not self._fresh and self._first is not None
        leads = following is not None and not _closes(following)
        depth = self._unit_depth if continued else self._depth(following if leads else None)
        self._break_next = False  # what follows on this line stays beside the remark about it
        self._start(piece, before, depth, extra=self._continued(piece) if continued else 0)

    def _token(self, piece: Piece, before: Piece | None, number: int) -> int:
        """Put a token where it belongs, with the rest of a short block that begins at it. The last token put."""
        kind = piece.kind
        closes = kind.startswith("END_") or kind == "UNTIL"
        breaks = before is None or before.end_line != piece.line or before.is_line_comment
        if self._fresh:
            breaks |= self._break_next or closes or kind in _OWN_LINE
        elif self._parentheses == 0:
            breaks |= kind in _OWN_LINE or closes or kind in ("ELSE", "ELSIF")
        breaks &= not (kind == "END_REPEAT" and before is not None and before.end_line == piece.line)
        began = not self._parentheses and (self._fresh or closes or kind in _OWN_LINE or kind in ("ELSE", "ELSIF"))
        depth = self._depth(piece) if began else self._unit_depth
        if breaks:
            self._start(piece, before, depth, extra=0 if began or self._first is None else self._continued(piece))
            self._describe(self.lines[-1], piece, number, began=began)
        else:
            self.lines[-1].pieces.append(piece)
            self.lines[-1].whole = False if began else self.lines[-1].whole
        if began:
            line, self._unit_depth = self.lines[-1], depth
            self._first, self._unit_column = piece, line.pieces[0].column + (depth - line.depth) * INDENT - line.extra
            if number in self._ends and self._keep(number, self._ends[number]):
                self._end_unit()
                return self._with_semicolon(self._ends[number])
        self._after(piece, number, began=began)
        return self._keep_branch(number) if kind == "COLON" and self._fresh else number

    def _describe(self, line: Line, piece: Piece, number: int, *, began: bool) -> None:
        line.declares = began and self._declares(number)
        line.types = line.declares or piece.kind in SECTIONS or bool(self._stack and self._stack[-1] == "TYPE")
        line.label = began and (self._is_label(piece) or piece.kind in _ELEMENTS)
        line.row = began and bool(self._stack) and self._stack[-1] == "ROWS" and not piece.kind.startswith("END_")
        line.whole = began and not line.row

    # ---- what stays on a line ----

    def _keep(self, first: int, last: int) -> bool:
        """Put a short block on its line as a whole, where the writer had it so and it fits."""
        return is_short(self._tokens, first, last) and self._put(first + 1, last)

    def _put(self, first: int, last: int) -> bool:
        """Put tokens on the present line, if no comment is among them and they fit."""
        last = self._with_semicolon(last)
        if self._places[last] - self._places[first - 1] != last - first + 1:
            return False
        line = self.lines[-1]
        pieces = [*line.pieces, *self._tokens[first : last + 1]]
        text, _ = code_of(pieces, 0, names_types=line.types, tight=line.label)
        if "\n" in text or line.depth * INDENT + line.extra + len(text) > WIDTH:
            return False
        line.pieces, line.whole = pieces, False
        return True

    def _with_semicolon(self, last: int) -> int:
        """The number of the semicolon behind the end of a block, if one stands there; else `last`."""
        if last + 1 >= len(self._tokens) or not self._tokens[last].kind.startswith("END_"):
            return last
        after = self._tokens[last + 1]
        near = self._places[last + 1] == self._places[last] + 1 and after.line == self._tokens[last].end_line
        return last + 1 if after.kind == "SEMI" and near else last

    def _keep_branch(self, colon: int) -> int:
        """Leave the branch of a CASE beside its label where all of it stands on one line. The last token put."""
        if not self._stack or self._stack[-1] != "label":
            return colon
        labels = {n: self._is_label(self._tokens[n]) for n in range(colon + 1, min(colon + 60, len(self._tokens)))}
        last = branch_end(self._tokens, colon + 1, labels, self._ends)
        if last <= colon or last > colon + 60 or self._tokens[last].end_line != self._tokens[colon].line:
            return colon
        if any(n in self._ends and not is_short(self._tokens, n, self._ends[n]) for n in range(colon + 1, last)):
            return colon
        return last if self._put(colon + 1, last) else colon

    def _start(self, piece: Piece, before: Piece | None, depth: int, *, extra: int) -> None:
        gap = before is not None and piece.line > before.end_line + 1
        inside = any(word in _UNITS or word in _INNER_UNITS for word in self._stack if word != "TYPE")
        self.lines.append(Line(depth, [piece], extra, gap, section=self._sections))
        self.lines[-1].group = self._pous if inside else -self._sections

    def _continued(self, piece: Piece) -> int:
        least = 0 if piece.kind in ("RPAR", "RBRACK") else INDENT
        return min(_CONTINUED_MAX, max(least, piece.column - self._unit_column))

    # ---- depth ----

    def _depth(self, beginning: Piece | None) -> int:
        """How deep a line stands; `beginning` is the token that begins a unit on it."""
        depth = sum(1 for word in self._stack if word in _DEEPER or word == "label")
        if beginning is None:
            return depth
        kind = beginning.kind
        if kind == "END_REPEAT":
            return depth
        if kind in _MEMBERS:
            return depth + 1
        if kind.startswith("END_") or kind == "UNTIL":
            inner = list(self._stack)
            if inner and inner[-1] == "label":
                inner.pop()
            closed = inner.pop() if inner else ""
            return sum(1 for word in inner if word in _DEEPER or word == "label") + (closed in _MEMBERS)
        if kind in ("ELSE", "ELSIF"):
            return depth - (2 if self._stack and self._stack[-1] == "label" else 1) if self._stack else depth
        if self._stack and self._stack[-1] == "label" and self._is_label(beginning):
            return depth - 1
        return depth

    # ---- what a token opens and closes ----

    def _after(self, piece: Piece, number: int, *, began: bool) -> None:
        kind, was_fresh = piece.kind, self._fresh
        self._break_next = False
        if kind in ("LPAR", "LBRACK"):
            self._parentheses += 1
        elif kind in ("RPAR", "RBRACK"):
            self._parentheses = max(0, self._parentheses - 1)
            if not self._parentheses and self._first is not None and self._first.kind == "ROWS":
                self._end_unit()
                return
        self._fresh = False
        if self._parentheses:
            return
        following = self._tokens[number + 1] if number + 1 < len(self._tokens) else None
        if began and (kind.startswith("END_") or kind == "UNTIL"):
            self._close(kind)
            self._end_unit(ends=kind != "UNTIL" and (following is None or following.kind != "SEMI"))
        elif kind in SECTIONS or kind in QUALIFIERS:
            self._section(kind, following)
        elif kind == "COLON":
            self._colon()
        elif kind == "SEMI":
            self._end_unit()
        elif self._ends_line(kind, began=began):
            if began and kind == "ELSE" and self._stack and self._stack[-1] == "label":
                self._stack.pop()
            self._open(kind, was_fresh=was_fresh)
            self._end_unit(ends=kind != "TYPE" or following is None or following.kind not in QUALIFIERS)
        elif was_fresh or began:
            self._open(kind, was_fresh=True)

    def _end_unit(self, *, ends: bool = True) -> None:
        self._fresh = self._break_next = ends

    def _ends_line(self, kind: str, *, began: bool) -> bool:
        first = self._first.kind if self._first is not None else ""
        return (kind in _ENDS_LINE and (kind != "TYPE" or began)) or (kind == "OF" and first == "CASE")

    def _section(self, kind: str, following: Piece | None) -> None:
        """A VAR and its qualifiers: declarations begin behind the last of them."""
        if kind in SECTIONS:
            self._stack.append(kind)
            self._sections += 1
        if self._stack and (self._stack[-1] in SECTIONS or self._stack[-1] == "TYPE"):
            self._end_unit(ends=following is None or following.kind not in QUALIFIERS)

    def _open(self, kind: str, *, was_fresh: bool) -> None:
        if kind in _UNITS and was_fresh:
            if kind == "PROGRAM" and any(w in ("CONFIGURATION", "RESOURCE") for w in self._stack):
                return
            self._pous += 1
            self._stack.append(kind)
        elif (kind in _BLOCKS or kind in _ELEMENTS or kind in _INNER_UNITS) and was_fresh:
            self._pous += kind in _INNER_UNITS
            self._stack.append(kind)
        elif kind in ("STRUCT", "ROWS"):
            self._sections += 1
            self._stack.append(kind)

    def _close(self, kind: str) -> None:
        if kind == "END_REPEAT":
            return  # its UNTIL closed it
        if self._stack and self._stack[-1] == "label":
            self._stack.pop()
        if self._stack:
            self._stack.pop()

    def _colon(self) -> None:
        """Behind a CASE label, and behind the name of a step or action, a unit ends."""
        if self._stack and self._stack[-1] in ("CASE", "label") and self._labels_open():
            if self._stack[-1] == "CASE":
                self._stack.append("label")
            self._end_unit()
        elif self._first is not None and self._first.kind in ("STEP", "INITIAL_STEP", "ACTION"):
            self._end_unit()

    def _labels_open(self) -> bool:
        return self._first is not None and self._is_label(self._first)

    # ---- looking ahead ----

    def _is_label(self, first: Piece) -> bool:
        """True when the unit that begins here is the label of a CASE."""
        if not self._stack or self._stack[-1] not in ("CASE", "label"):
            return False
        at = self._numbers[id(first)]
        for piece in self._tokens[at : at + 200]:
            if piece.kind == "COLON":
                return True
            if piece.kind in ("ASSIGN", "SEMI", "THEN", "DO", "OF") or piece.kind.startswith("END_"):
                return False
        return False

    def _declares(self, number: int) -> bool:
        """True when a declaration `names : type` begins at this token."""
        if not self._stack or (self._stack[-1] not in SECTIONS and self._stack[-1] != "STRUCT"):
            return False
        for piece in self._tokens[number : number + 200]:
            if piece.kind == "COLON":
                return True
            if piece.kind in ("SEMI", "ASSIGN") or piece.kind.startswith("END_"):
                return False
        return False


def _closes(piece: Piece) -> bool:
    return piece.kind.startswith("END_") or piece.kind in ("UNTIL", "ELSE", "ELSIF")
