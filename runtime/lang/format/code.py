"""Pieces of a line to text."""

from runtime.lang.format.pieces import TAB, Piece
from runtime.lang.format.spaces import blanks, is_sign


def code_of(
    pieces: list[Piece], indent: int, *, names_types: bool, tight: bool, before: Piece | None = None
) -> tuple[str, str]:
    """The code of a line, and of a declaration what stands in front of its colon.

    `names_types`: colons and parentheses are those of declarations; `tight`: a colon ends a label; `before` is the
    token that ends the line above.
    """
    text, name = "", ""
    last: Piece | None = None
    token, sign = before, False
    for piece in pieces:
        if last is not None:
            if last.is_margin or piece.is_margin:
                text += " "
            else:
                text += " " * blanks(last, piece, after_sign=sign, tight=tight, declares=names_types)
        if names_types and piece.kind == "COLON" and not name:
            name = text.rstrip()
        text += shifted(piece, indent + len(text.rsplit("\n", 1)[-1]) if "\n" not in text else piece.column)
        if not piece.is_margin:
            sign, token = is_sign(token, piece), piece
        last = piece
    return text, name


def shifted(piece: Piece, column: int) -> str:
    """A piece's text at a column; further lines of a comment keep their place beside the first."""
    first, *others = piece.text.split("\n")
    moved = [first]
    for other in others:
        expanded = other.expandtabs(TAB)
        stripped = expanded.lstrip()
        moved.append(" " * max(0, len(expanded) - len(stripped) + column - piece.column) + stripped if stripped else "")
    return "\n".join(moved)


def cells(pieces: list[Piece]) -> list[str] | None:
    """The values of a table's row, which ends in a semicolon; None where a comment stands among them."""
    last = max(i for i, p in enumerate(pieces) if not p.is_margin)
    row = pieces[:last]
    if pieces[last].kind != "SEMI" or any(p.is_margin for p in row):
        return None
    parts: list[list[Piece]] = [[]]
    depth = 0
    for piece in row:
        depth += (piece.kind in ("LPAR", "LBRACK")) - (piece.kind in ("RPAR", "RBRACK"))
        if piece.kind == "COMMA" and not depth:
            parts.append([])
        else:
            parts[-1].append(piece)
    return [code_of(part, 0, names_types=False, tight=False)[0] for part in parts]
