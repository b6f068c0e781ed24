"""How many blanks stand between two tokens of a line."""

from runtime.lang.format.pieces import Piece
from runtime.lang.syntax.tokens import CONTEXTUAL, KEYWORDS

_NO_BLANK_BEFORE = frozenset({"SEMI", "COMMA", "RPAR", "RBRACK", "DOT", "RANGE", "CARET"})
_NO_BLANK_AFTER = frozenset({"LPAR", "LBRACK", "DOT", "RANGE"})
_OPERATORS = frozenset(
    {"ASSIGN", "OUTPUT", "POWER", "NE", "LE", "GE", "LT", "GT", "EQ", "PLUS", "MINUS", "STAR", "SLASH", "AMP"}
)
_ENDS_OPERAND = frozenset(
    {"NAME", "INTEGER", "REALNUM", "TYPED", "STRING", "PARTIAL", "RPAR", "RBRACK", "TRUE", "FALSE", "CARET"}
)
_ENDS_OPERAND |= CONTEXTUAL  # in an expression they are names


def is_sign(before: Piece | None, piece: Piece) -> bool:
    """True for a plus or minus that belongs to what follows it; `before` is the token in front of it, on any line."""
    return piece.kind in ("PLUS", "MINUS") and (before is None or before.kind not in _ENDS_OPERAND)


def blanks(before: Piece, piece: Piece, *, after_sign: bool, tight: bool, declares: bool) -> int:
    """Blanks between two tokens: in a declaration, or where a colon ends a label (`tight`)."""
    if before.kind in _NO_BLANK_AFTER or piece.kind in _NO_BLANK_BEFORE or after_sign:
        return 0
    if piece.kind == "COLON":
        return 0 if tight else 1
    if piece.kind == "LBRACK":
        return 1 if before.kind in KEYWORDS or before.kind in _OPERATORS or before.kind in ("COMMA", "COLON") else 0
    if piece.kind == "LPAR":
        return _before_parenthesis(before, piece, declares=declares)
    return 1


def _before_parenthesis(before: Piece, piece: Piece, *, declares: bool) -> int:
    """A call has none. Between a type and its range or values the writer's choice stands."""
    if before.kind in _OPERATORS or before.kind in ("COMMA", "COLON", "STRING"):
        return 1
    if before.kind in KEYWORDS:
        return 1
    return int(piece.column > before.column + len(before.text)) if declares and before.line == piece.line else 0
