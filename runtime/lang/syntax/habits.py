"""What people write who come from C, from CODESYS or from an instruction list, and what stands for it in ST.

Only words for the help line of a diagnostic: what is wrong was found before.
"""

from collections.abc import Sequence
from typing import NamedTuple

from runtime.core.elementary import ELEMENTARY
from runtime.lang.syntax.tokens import KEYWORDS, Token

TYPES = {
    "FLOAT": "REAL", "FLOAT32": "REAL", "SINGLE": "REAL", "DOUBLE": "LREAL", "FLOAT64": "LREAL", "BIT": "BOOL",
    "BOOLEAN": "BOOL", "INTEGER": "INT", "INT8": "SINT", "INT16": "INT", "INT32": "DINT", "INT64": "LINT",
    "UINT8": "USINT", "UINT16": "UINT", "UINT32": "UDINT", "UINT64": "ULINT", "LONG": "DINT", "SHORT": "INT",
    "UNSIGNED": "UINT", "DURATION": "TIME", "TIMER": "TON",
}  # fmt: skip
"""Types of other languages, in upper case, and the nearest of ST."""

FUNCTIONS = {
    "POW": "a power is x ** y, or EXPT(x, y)", "FABS": "write ABS(...)", "STRLEN": "write LEN(...)",
    "STRCAT": "write CONCAT(...)", "SPRINTF": "join texts with CONCAT, numbers with TO_STRING(...)",
    "STR": "write TO_STRING(...)", "ROUND": "TO_DINT(...) rounds, TRUNC(...) cuts",
    "PRINT": "there is no console: watch a variable with `voltscan debug` or `voltscan read`",
    "PRINTF": "there is no console: watch a variable with `voltscan debug` or `voltscan read`",
}  # fmt: skip
"""Functions of other languages, in upper case, and what stands for them."""

_IL = frozenset("CAL CALC LD LDN ST STN JMP JMPC RET RETC ANDN ORN".split())  # noqa: SIM905 - reads as IL does
_PAIRS = {
    ("ARRAY", "LPAR"): "bounds stand in brackets: ARRAY [1..5] OF INT",
}
"""Help by the token before and the one that cannot follow it."""
_DECLARING = frozenset({"let", "const", "auto"})
_COMPOUND = {"PLUS": "+", "MINUS": "-", "STAR": "*", "SLASH": "/"}


def mend(tokens: Sequence[Token], position: int, expected: set[str]) -> str:
    """Help for a token that cannot stand where it does; empty when it is nobody's habit."""
    token, before = tokens[position], tokens[max(0, position - 1)]
    fixed = _PAIRS.get((before.kind, token.kind))
    if fixed is not None:
        return fixed
    if token.kind in ("LBRACK", "RBRACK", "PARTIAL"):
        return _brackets(token, before, expected)
    if before.kind == "CARET" and "SEMI" in expected:
        return "a power is written with **, exclusive or with XOR"
    return _of_declaration(token, before, expected) or _of_statement(tokens, position, expected)


def _of_declaration(token: Token, before: Token, expected: set[str]) -> str:
    if token.kind == "ASSIGN" and "COLON" in expected:
        return f"a declaration is {before.text} : TYPE; or {before.text} : TYPE := value;"
    if token.kind == "COLON" and "ASSIGN" in expected:
        return "declare it in VAR … END_VAR, before the statements"
    return ""


def _of_statement(tokens: Sequence[Token], position: int, expected: set[str]) -> str:
    token, before = tokens[position], tokens[max(0, position - 1)]
    if token.kind in ("STAR", "AMP") and "TYPED" in expected:
        return "there are no pointers to write so: REF(x) refers to x, p^ is what p refers to"
    if token.kind == "MINUS" and "IF" in expected:
        return "a comment is (* … *) or begins with //"
    if token.kind == "MINUS" and "ASSIGN" in expected and tokens[min(position + 1, len(tokens) - 1)].kind == "GT":
        return f"a field is {before.text}.x, or {before.text}^.x through a reference"
    if token.kind == "SEMI" and {"ASSIGN", "LPAR"} <= expected:
        return f"a call is {before.text}(); an assignment {before.text} := …;"
    if token.kind == "EQ" and "ASSIGN" in expected:
        return _set_or_reset(tokens, position) or "assign with := ; a single = compares"
    if token.kind == "ASSIGN" and "EQ" in expected:
        return "compare with = ; := assigns"
    if token.kind in _COMPOUND and "ASSIGN" in expected:
        return f"write it out: {before.text} := {before.text} {_COMPOUND[token.kind]} …;"
    if token.kind == "NAME" and "ASSIGN" in expected:
        return _word_before(tokens, position)
    return ""


class Surplus(NamedTuple):
    """What is too much: the words for it, and the position behind it."""

    message: str
    label: str
    mend: str
    end: int


def surplus(tokens: Sequence[Token], position: int, expected: set[str]) -> Surplus | None:
    """A value behind RETURN, a semicolon behind the condition of UNTIL."""
    token, before = tokens[position], tokens[max(0, position - 1)]
    if token.kind == "SEMI" and "END_REPEAT" in expected:
        message = f"expected END_REPEAT after '{before.text}', found ';'"
        return Surplus(message, "one too many", "no semicolon between the condition and END_REPEAT", position + 1)
    if before.kind == "RETURN" and token.line == before.line and token.kind not in KEYWORDS - {"TRUE", "FALSE", "NOT"}:
        end = next(i for i in range(position, len(tokens)) if tokens[i].kind in ("SEMI", "$END") or _below(tokens, i))
        mend = "assign the result to the name of the function, then RETURN;"
        return Surplus("RETURN takes no value", "a value", mend, end)
    return None


def _below(tokens: Sequence[Token], position: int) -> bool:
    return tokens[position].line > tokens[position - 1].line


def end_of_foreign(tokens: Sequence[Token], position: int) -> int:
    """Where to look for the program again behind what cannot stand here: further on where all of it is foreign."""
    token, before = tokens[position], tokens[max(0, position - 1)]
    if token.kind in ("VAR", "VAR_TEMP") and before.kind == "SEMI":  # declarations among statements
        end = next((i for i in range(position, len(tokens)) if tokens[i].kind in _AFTER_VAR), position)
        return end + 1 if tokens[end].kind == "END_VAR" else position
    return position


_AFTER_VAR = {"END_VAR", "END_PROGRAM", "END_FUNCTION", "END_FUNCTION_BLOCK", "END_METHOD", "$END"}


def missing_end_if(tokens: Sequence[Token], opened: Token, position: int) -> str:
    """Help when an END_IF is missing: `ELSE IF` in between opened one that nobody meant to close."""
    start = next((i for i, t in enumerate(tokens) if t is opened), position)  # a word taken as meant is no token
    for first, second in zip(tokens[max(0, start - 1) : position], tokens[start:position], strict=False):
        if first.kind == "ELSE" and second.kind == "IF" and first.line == second.line:
            return f"close it with END_IF; or write ELSIF for the ELSE IF in line {first.line}, which opens one more"
    return ""


def _brackets(token: Token, before: Token, expected: set[str]) -> str:
    if token.kind == "PARTIAL":
        return "a remainder is a MOD b; a bit is w.3" if "SEMI" in expected else ""
    if token.kind == "RBRACK":
        return "bounds are first..last: ARRAY [0..4] OF INT" if "RANGE" in expected else ""
    return f"an array is ARRAY [0..9] OF {before.text}" if before.kind in ("NAME", "STRING_TYPE") else ""


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
    if before.text.lower() in _DECLARING:
        return f"declare it in VAR … END_VAR, before the statements: {token.text} : INT; or of another type"
    if before.text.startswith("__"):
        return f"{before.text} is no word of the standard; take it out"
    if before.text.upper() in TYPES or before.text.upper() in ELEMENTARY:
        kind = TYPES.get(before.text.upper(), before.text.upper())
        return f"declare it in VAR … END_VAR, before the statements: {token.text} : {kind};"
    if after.kind == "EQ" and token.text.upper() in ("S", "R"):
        return _set_or_reset(tokens, position + 1)
    return ""
