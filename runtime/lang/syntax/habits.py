"""What people write who come from C, from CODESYS or from an instruction list, and what stands for it in ST.

Only words for the help line of a diagnostic: what is wrong was found before.
"""

from collections.abc import Sequence

from runtime.lang.syntax.tokens import Token

TYPES = {
    "FLOAT": "REAL", "FLOAT32": "REAL", "SINGLE": "REAL", "DOUBLE": "LREAL", "FLOAT64": "LREAL", "BIT": "BOOL",
    "BOOLEAN": "BOOL", "INTEGER": "INT", "INT8": "SINT", "INT16": "INT", "INT32": "DINT", "INT64": "LINT",
    "UINT8": "USINT", "UINT16": "UINT", "UINT32": "UDINT", "UINT64": "ULINT", "LONG": "DINT", "SHORT": "INT",
    "UNSIGNED": "UINT", "DURATION": "TIME", "TIMER": "TON",
}  # fmt: skip
"""Types of other languages, in upper case, and the nearest of ST."""

_IL = frozenset("CAL CALC LD LDN ST STN JMP JMPC RET RETC ANDN ORN".split())  # noqa: SIM905 - reads as IL does
_COMPOUND = {"PLUS": "+", "MINUS": "-", "STAR": "*", "SLASH": "/"}


def mend(tokens: Sequence[Token], position: int, expected: set[str]) -> str:
    """Help for a token that cannot stand where it does; empty when it is nobody's habit."""
    token, before = tokens[position], tokens[max(0, position - 1)]
    if token.kind == "EQ" and before.kind == "EQ":
        return "compare with a single ="
    if token.kind == "AMP" and before.kind == "AMP":
        return "write AND, or a single &"
    if token.kind == "EQ" and "ASSIGN" in expected:
        return _set_or_reset(tokens, position) or "assign with := ; a single = compares"
    if token.kind == "ASSIGN" and "EQ" in expected:
        return "compare with = ; := assigns"
    if token.kind in _COMPOUND and "ASSIGN" in expected:
        return f"write it out: {before.text} := {before.text} {_COMPOUND[token.kind]} …;"
    if token.kind == "NAME" and "ASSIGN" in expected:
        return _word_before(tokens, position)
    return ""


def missing_end_if(tokens: Sequence[Token], opened: Token, position: int) -> str:
    """Help when an END_IF is missing: `ELSE IF` in between opened one that nobody meant to close."""
    start = next((i for i, t in enumerate(tokens) if t is opened), position)  # a word taken as meant is no token
    for first, second in zip(tokens[max(0, start - 1) : position], tokens[start:position], strict=False):
        if first.kind == "ELSE" and second.kind == "IF" and first.line == second.line:
            return f"close it with END_IF; or write ELSIF for the ELSE IF in line {first.line}, which opens one more"
    return ""


def _set_or_reset(tokens: Sequence[Token], position: int) -> str:
    """`lamp S= start;` of CODESYS."""
    word = tokens[position - 1].text.upper()
    if word not in ("S", "R"):
        return ""
    value = "TRUE" if word == "S" else "FALSE"
    return f"assign with := ; a latch is IF … THEN … := {value}; END_IF, or a block SR or RS"


def _word_before(tokens: Sequence[Token], position: int) -> str:
    """Two names in a row at the beginning of a statement: the first or the second may be of another language."""
    token, before = tokens[position], tokens[position - 1]
    after = tokens[min(position + 1, len(tokens) - 1)]
    if before.text.upper() in _IL:
        return "instruction lists (IL) are not read; in ST a block is called as in t1(IN := x, PT := T#1s);"
    if before.text.startswith("__"):
        return f"{before.text} is no word of the standard; take it out"
    if after.kind == "EQ" and token.text.upper() in ("S", "R"):
        return _set_or_reset(tokens, position + 1)
    return ""
