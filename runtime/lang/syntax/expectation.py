"""Kinds of token in the user's words, and what could have stood at a place."""

from runtime.lang.syntax.tokens import KEYWORDS, OPERATORS

_SYMBOLS = {kind: f"'{text}'" for text, kind in OPERATORS.items()}
_NAMED = {
    "NAME": "a name", "INTEGER": "a number", "REALNUM": "a number", "TYPED": "a literal", "STRING": "a text",
    "ADDRESS": "an address",
}  # fmt: skip
_EXPRESSION = {"NAME", "INTEGER", "LPAR"}
_OPERATORS = {
    "OR", "XOR", "AND", "AND_THEN", "OR_ELSE", "MOD", "POWER", "NE", "LE", "GE", "LT", "GT", "EQ", "PLUS", "MINUS",
    "STAR", "SLASH", "AMP",
}  # fmt: skip
_UNSAID = _OPERATORS | {"ERROR", "DOT", "CARET", "ATTEMPT", "REFASSIGN", "AT", "ADDRESS", "$END"}
"""What people do not miss: with these, any place would expect a dozen things."""


def words(kind: str) -> str:
    """A kind of token in the user's words."""
    if kind in KEYWORDS:
        return kind
    return _SYMBOLS.get(kind) or _NAMED.get(kind) or "the end of the file"


def expectation(expected: set[str]) -> str:
    """What could stand where one of these kinds of token is expected."""
    if expected >= _EXPRESSION:
        return "an expression"
    if {"IF", "SEMI", "NAME"} <= expected:
        return "a statement" if "VAR" not in expected else "a declaration or a statement"
    if {"PROGRAM", "TYPE", "FUNCTION"} <= expected:
        return "PROGRAM, FUNCTION_BLOCK, FUNCTION, TYPE, VAR_GLOBAL or CONFIGURATION"
    if expected == {"LBRACK"}:
        return words("LBRACK")
    plain = sorted(words(kind) for kind in expected - _UNSAID - {"LBRACK"})
    if len(plain) > 1 and _OPERATORS & expected:
        plain = [word for word in plain if word != words("LPAR")]
    if _OPERATORS & expected and not plain:
        return "an operator"
    return " or ".join(plain[:4]) if plain else "the end of the file"
