"""Where lines break and how deep they stand.

A writer's own line breaks stay. Added are those between statements, around the words that open and close blocks, and
around VAR sections. What goes on over several lines keeps its offset from the line it began on.
"""

from dataclasses import dataclass, field

from runtime.lang.format.pieces import Piece
from runtime.lang.syntax.tokens import CONTEXTUAL

INDENT = 4
_CONTINUED_MAX = 60
"""Blanks that a continued line may stand further in than its first line."""

SECTIONS = frozenset(
    {"VAR", "VAR_INPUT", "VAR_OUTPUT", "VAR_IN_OUT", "VAR_TEMP", "VAR_GLOBAL", "VAR_EXTERNAL", "VAR_CONFIG"}
)
QUALIFIERS = frozenset({"CONSTANT", "RETAIN", "NON_RETAIN", "PERSISTENT", "PUBLIC", "PRIVATE", "PROTECTED", "INTERNAL"})
_UNITS = frozenset({"PROGRAM", "FUNCTION_BLOCK", "FUNCTION", "TYPE", "CONFIGURATION", "NAMESPACE", "TEST"})
"""Open something whose parts stand at its own depth, but for TYPE and CONFIGURATION."""
_INNER_UNITS = frozenset({"METHOD", "PROPERTY", "GET", "SET", "INTERFACE", "RESOURCE"})
_BLOCKS = frozenset({"IF", "FOR", "WHILE", "REPEAT", "CASE"})
_ELEMENTS = frozenset({"INITIAL_STEP", "STEP", "TRANSITION", "ACTION"})
_ENDS_LINE = frozenset({"THEN", "DO", "ELSE", "REPEAT", "STRUCT", "TYPE"})
_GOES_ON = frozenset({"COLON", "COMMA", "EXTENDS", "IMPLEMENTS", "ON", "WITH"})
_NOT_BEHIND_A_KEYWORD = frozenset({"ASSIGN", "DOT", "LPAR", "LBRACK", "COLON", "COMMA", "OUTPUT"})
_DEEPER = frozenset({"TYPE", "CONFIGURATION", "RESOURCE", "STRUCT", "INTERFACE"}) | SECTIONS | _BLOCKS | _ELEMENTS
_STAYS_INLINE = frozenset({"END_TRANSITION", "END_STEP", "END_ACTION", "END_REPEAT"})


@dataclass(slots=True)
class Line:
    """Pieces of one line and how far it stands in.

    `declares`: a declaration, aligned with its neighbours of the same `group`; `label`: a colon on it ends a label.
    """

    depth: int
    pieces: list[Piece] = field(default_factory=list)
    extra: int = 0
    blank_before: bool = False
    declares: bool = False
    label: bool = False
    group: int = 0


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
        self.lines: list[Line] = []

    def lines_of(self) -> list[Line]:
        """All lines in order."""
        number, before = 0, None
        for piece in self._pieces:
            self._end_header(piece, before)
            if piece.is_margin:
                self._margin(piece, before, number)
            else:
                self._token(piece, before, number)
                number += 1
            before = piece
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

    def _token(self, piece: Piece, before: Piece | None, number: int) -> None:
        kind = piece.kind
        closes = kind.startswith("END_") or kind == "UNTIL"
        breaks = before is None or before.end_line != piece.line or before.is_line_comment
        if self._fresh:
            breaks |= self._break_next or self._wants_own_line(piece)
        elif self._parentheses == 0:
            breaks |= kind in SECTIONS or (closes and kind not in _STAYS_INLINE) or kind in ("ELSE", "ELSIF")
        began = self._fresh or closes or kind in SECTIONS or kind in ("ELSE", "ELSIF")
        if self._parentheses:
            began = False
        depth = self._depth(piece) if began else self._unit_depth
        if breaks:
            self._start(piece, before, depth, extra=0 if began or self._first is None else self._continued(piece))
            self.lines[-1].declares = began and self._declares(number)
            self.lines[-1].label = began and (self._is_label(piece) or kind in _ELEMENTS)
        else:
            self.lines[-1].pieces.append(piece)
        if began:
            line, self._unit_depth = self.lines[-1], depth
            self._first, self._unit_column = piece, line.pieces[0].column + (depth - line.depth) * INDENT - line.extra
        self._after(piece, number, began=began)

    def _start(self, piece: Piece, before: Piece | None, depth: int, *, extra: int) -> None:
        gap = before is not None and piece.line > before.end_line + 1
        inside = any(word in _UNITS or word in _INNER_UNITS for word in self._stack if word != "TYPE")
        self.lines.append(Line(depth, [piece], extra, gap, group=self._pous if inside else -self._sections))

    def _continued(self, piece: Piece) -> int:
        return min(_CONTINUED_MAX, max(INDENT, piece.column - self._unit_column))

    # ---- depth ----

    def _depth(self, beginning: Piece | None) -> int:
        """How deep a line stands; `beginning` is the token that begins a unit on it."""
        depth = sum(1 for word in self._stack if word in _DEEPER or word == "label")
        if beginning is None:
            return depth
        kind = beginning.kind
        if kind == "END_REPEAT":
            return depth
        if kind.startswith("END_") or kind == "UNTIL":
            inner = list(self._stack)
            if inner and inner[-1] == "label":
                inner.pop()
            if inner:
                inner.pop()
            return sum(1 for word in inner if word in _DEEPER or word == "label")
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
            self._open(kind, following, was_fresh=was_fresh)
            self._end_unit()
        elif was_fresh:
            self._open(kind, following, was_fresh=was_fresh)

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
        if self._stack and self._stack[-1] in SECTIONS:
            self._end_unit(ends=following is None or following.kind not in QUALIFIERS)

    def _open(self, kind: str, following: Piece | None, *, was_fresh: bool) -> None:
        if kind in CONTEXTUAL and following is not None and following.kind in _NOT_BEHIND_A_KEYWORD:
            return  # a name that looks like a keyword
        if kind in _UNITS and was_fresh:
            if kind == "PROGRAM" and any(w in ("CONFIGURATION", "RESOURCE") for w in self._stack):
                return
            self._pous += 1
            self._stack.append(kind)
        elif (kind in _BLOCKS or kind in _ELEMENTS or kind in _INNER_UNITS) and was_fresh:
            self._pous += kind in _INNER_UNITS
            self._stack.append(kind)
        elif kind == "STRUCT":
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
            self._fresh = True
        elif self._first is not None and self._first.kind in ("STEP", "INITIAL_STEP", "ACTION"):
            self._fresh = True

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

    def _wants_own_line(self, piece: Piece) -> bool:
        return (
            piece.kind in SECTIONS
            or piece.kind in _UNITS
            or ((piece.kind.startswith("END_") and piece.kind not in _STAYS_INLINE) or piece.kind == "UNTIL")
        )

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
