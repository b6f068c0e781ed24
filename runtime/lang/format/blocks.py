"""Which blocks a writer put on one line and may leave there: `IF a THEN b := 1; END_IF`, `STEP s: on(N); END_STEP`."""

from runtime.lang.format.pieces import Piece

SECTIONS = frozenset(
    {"VAR", "VAR_INPUT", "VAR_OUTPUT", "VAR_IN_OUT", "VAR_TEMP", "VAR_GLOBAL", "VAR_EXTERNAL", "VAR_CONFIG"}
)
_CLOSERS = {word: f"END_{word}" for word in (
    "IF", "CASE", "FOR", "WHILE", "REPEAT", "STEP", "TRANSITION", "ACTION", "PROPERTY", "GET", "SET", "METHOD",
    "STRUCT", "PROGRAM", "FUNCTION_BLOCK", "FUNCTION", "TYPE", "CONFIGURATION", "RESOURCE", "INTERFACE", "TEST", "ROWS",
    "NAMESPACE",
)} | dict.fromkeys(SECTIONS, "END_VAR") | {"INITIAL_STEP": "END_STEP"}  # fmt: skip
_STATEMENTS_MAX = {
    "IF": 1, "FOR": 1, "WHILE": 1, "REPEAT": 1, "TRANSITION": 1, "METHOD": 1, "GET": 1, "SET": 1, "ACTION": 2,
    "STEP": 6, "INITIAL_STEP": 6, "PROPERTY": 2,
} | dict.fromkeys(SECTIONS, 3)  # fmt: skip
"""Semicolons that a block on one line has at most; past that it is read better over several. IF: a branch."""
_INNER = {"PROPERTY": frozenset({"GET", "SET"})}
"""Blocks that may stand inside of one that is kept on a line."""


def block_ends(tokens: list[Piece]) -> dict[int, int]:
    """The number of the token that closes each block, by the number of the one that opens it."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    for number, token in enumerate(tokens):
        if token.kind in _CLOSERS:
            opened.append(number)
        elif token.kind.startswith("END_"):
            depth = len(opened) - 1
            while depth >= 0 and _CLOSERS[tokens[opened[depth]].kind] != token.kind:
                depth -= 1  # a PROGRAM of a configuration has no end
            if depth >= 0:
                ends[opened[depth]] = number
                del opened[depth:]
    return ends


def is_short(tokens: list[Piece], first: int, last: int) -> bool:
    """True for a block of one line, by its words, that says little enough to stay there."""
    kind = tokens[first].kind
    most = _STATEMENTS_MAX.get(kind)
    if most is None or tokens[first].line != tokens[last].end_line:
        return False
    inside = [token.kind for token in tokens[first + 1 : last]]
    if any(k in _CLOSERS and k not in _INNER.get(kind, ()) for k in inside):
        return False
    if kind == "IF":
        most += inside.count("ELSE") + inside.count("ELSIF")
    return inside.count("SEMI") <= most


def branch_end(tokens: list[Piece], first: int, is_label: "dict[int, bool]", ends: dict[int, int]) -> int:
    """The last token of the branch of a CASE whose statements begin at `first`; `first - 1` for an empty one."""
    number, begins = first, True
    while number < len(tokens):
        kind = tokens[number].kind
        if begins and (kind in ("END_CASE", "ELSE") or is_label.get(number, False)):
            return number - 1
        if number in ends:
            number, begins = ends[number] + 1, True
        else:
            number, begins = number + 1, kind == "SEMI"
    return number - 1
