"""Text to tokens, with comments and pragmas put aside by place. Linear in the length of the text.

Not lark's own lexer: comments nest (LANGUAGE.md), which regular expressions cannot say, and comments and
pragmas belong to the declaration beside them, which a grammar cannot say without allowing them everywhere.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from runtime.core.diagnostic import Diagnostic, Label, Source, Span, error

KEYWORDS = frozenset(
    """
    PROGRAM END_PROGRAM FUNCTION_BLOCK END_FUNCTION_BLOCK FUNCTION END_FUNCTION TYPE END_TYPE STRUCT END_STRUCT
    VAR VAR_INPUT VAR_OUTPUT VAR_IN_OUT VAR_TEMP VAR_GLOBAL VAR_EXTERNAL END_VAR CONSTANT RETAIN NON_RETAIN
    PERSISTENT ARRAY OF CONFIGURATION END_CONFIGURATION RESOURCE END_RESOURCE ON TASK WITH IF THEN ELSIF ELSE END_IF
    CASE END_CASE FOR TO BY DO END_FOR WHILE END_WHILE REPEAT UNTIL END_REPEAT EXIT CONTINUE RETURN OR XOR AND
    AND_THEN OR_ELSE NOT MOD TRUE FALSE
    R_EDGE F_EDGE TEST END_TEST ROWS END_ROWS
    INITIAL_STEP STEP END_STEP TRANSITION END_TRANSITION FROM ACTION END_ACTION
    INTERFACE END_INTERFACE METHOD END_METHOD PROPERTY END_PROPERTY GET END_GET SET END_SET EXTENDS IMPLEMENTS
    ABSTRACT FINAL OVERRIDE PUBLIC PRIVATE PROTECTED INTERNAL REF_TO POINTER NAMESPACE END_NAMESPACE USING AT
    VAR_CONFIG VAR_ACCESS
    """.split()  # noqa: SIM905 - sixty quoted words read worse
)

CONTEXTUAL = frozenset(
    """
    STRING_TYPE ON TASK WITH RESOURCE PERSISTENT R_EDGE F_EDGE TEST END_TEST ROWS END_ROWS FROM INTERFACE METHOD
    PROPERTY GET SET
    EXTENDS
    IMPLEMENTS ABSTRACT FINAL OVERRIDE PUBLIC PRIVATE PROTECTED INTERNAL REF_TO POINTER
    """.split()  # noqa: SIM905 - twenty quoted words read worse
)
"""Keywords only where a configuration, section or class expects them; elsewhere names: `(OFF, ON)` is common."""

NAMED = frozenset({"STEP", "ACTION", "TRANSITION", "NAMESPACE", "USING"})
"""Keywords only in front of a name (or of FROM): many programs have variables of these names."""

OPERATORS = {
    ":=": "ASSIGN", "=>": "OUTPUT", "..": "RANGE", "**": "POWER", "<>": "NE", "<=": "LE", ">=": "GE", "<": "LT",
    ">": "GT", "=": "EQ", "+": "PLUS", "-": "MINUS", "*": "STAR", "/": "SLASH", "&": "AMP", "(": "LPAR", ")": "RPAR",
    "[": "LBRACK", "]": "RBRACK", ",": "COMMA", ";": "SEMI", ":": "COLON", ".": "DOT", "^": "CARET", "?=": "ATTEMPT",
}  # fmt: skip

_PATTERN = re.compile(
    r"""
    (?P<space>[ \t\r\f\v\ufeff]+)
  | (?P<newline>\n)
  | (?P<open>\(\*|/\*)
  | (?P<line>//[^\n]*)
  | (?P<pragma>\{[^}\n]*\}?)
  | (?P<text>(?:[Ww]?[Ss][Tt][Rr][Ii][Nn][Gg]|[Ww]?[Cc][Hh][Aa][Rr])\#(?:'(?:\$.|[^'$\n])*'|"(?:\$.|[^"$\n])*"))
  | (?P<date>(?i:L?(?:DATE_AND_TIME|TIME_OF_DAY|DATE|TOD|DT|D))\#
        (?:\d+-\d+-\d+(?:-\d+:\d+(?::\d+(?:\.\d+)?)?)?|\d+:\d+(?::\d+(?:\.\d+)?)?))
  | (?P<typed>[A-Za-z_]\w*\#[+-]?(?:\d[\d_]*\.\d[\d_]*[eE][+-]?\d+|\d+\#\w+|\w+(?:\.\d\w*)*)?)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<based>\d+\#\w*)
  | (?P<hexadecimal>0[xX][0-9A-Fa-f][0-9A-Fa-f_]*|0[bB][01][01_]*)
  | (?P<duration>\d[\d_]*(?:\.\d+)?(?:ms|us|ns|s|m|h|d)\b)
  | (?P<real>\d[\d_]*\.\d[\d_]*(?:[eE][+-]?\d+)?|\d[\d_]*[eE][+-]?\d+)
  | (?P<integer>\d[\d_]*)
  | (?P<foreign>!==?|===?|!|&&|\|\|?(?!=)|~|%(?=\s)|[-+*/&|%]=|<<=?|>>=?)
  | (?P<operator>:=|=>|\?=|\.\.|\*\*|<>|<=|>=|[<>=+\-*/&()\[\],;:.^])
  | (?P<address>%[IQMiqm][XBWDLxbwdl]?(?:\d+(?:\.\d+)*|\*))
  | (?P<partial>%[XBWDLxbwdl]?\d+)
  | (?P<string>'(?:\$.|[^'$\n])*'?|"(?:\$.|[^"$\n])*"?)
    """,
    re.VERBOSE,
)
_NEEDS_BEHIND = {"AT": "ADDRESS", "ROWS": "LPAR"}
"""What must stand behind a word for it to be a keyword."""
_ENDS_OF_VARIABLES = frozenset({"NAME", "RBRACK", "CARET", *NAMED, *_NEEDS_BEHIND})
"""`a REF= b` assigns; elsewhere `ref=b` compares a variable called ref."""
_COMMENT_EDGE = re.compile(r"\(\*|\*\)|/\*|\*/")
_CODE_LINE = re.compile(
    r"^[ \t]*((END_|VAR|PROGRAM\b|FUNCTION|METHOD\b|TYPE\b|ELSE\b|ELSIF\b|UNTIL\b)|.*;[ \t]*(\(\*.*|//.*)?$)",
    re.MULTILINE | re.IGNORECASE,
)
"""A line that is no prose: where the program goes on behind a comment that nobody closed."""


class Token(NamedTuple):
    """A terminal of the grammar: its kind, its text, and where it stands (line and column from 1)."""

    kind: str
    text: str
    line: int
    column: int


class Margin(NamedTuple):
    """A comment or pragma: its inner text, and the lines it begins and ends on."""

    kind: str
    text: str
    line: int
    column: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Scanned:
    """Tokens of a source (the last is `$END`), and its comments and pragmas in order."""

    tokens: list[Token]
    margins: list[Margin]
    diagnostics: list[Diagnostic]


def scan(source: Source) -> Scanned:
    """Tokens of a source. Characters that belong to no token are reported and passed over."""
    text = source.text
    tokens: list[Token] = []
    margins: list[Margin] = []
    diagnostics: list[Diagnostic] = []
    position, line, line_start = 0, 1, 0
    match = _PATTERN.match
    while position < len(text):
        found = match(text, position)
        column = position - line_start + 1
        if found is None:
            diagnostics += _mark(text[position], Span(source, line, column), tokens)
            position = _behind_foreign(text, position, line_start)
            continue
        kind, end = found.lastgroup, found.end()
        if kind == "word":
            word = found.group()
            made, end = _word(text, word, end, tokens)
            tokens.append(Token(made, text[position:end], line, column))
        elif kind == "newline":
            line, line_start = line + 1, end
        elif kind == "open":
            end = _comment_end(text, position)
            if end < 0:
                diagnostics.append(_unclosed(text, position, Span(source, line, column, 2)))
                end = _resumed(text, position)
            first_line = line
            newlines = text.count("\n", position, end)
            if newlines:
                line, line_start = line + newlines, text.rfind("\n", position, end) + 1
            margins.append(Margin("comment", text[position + 2 : end - 2], first_line, column, line))
        elif kind == "pragma" and _is_block(found.group(), tokens):
            end = position + 1
            tokens.append(Token("LBRACE", "{", line, column))
        elif kind in ("line", "pragma"):
            margins.append(_remark(kind, found.group(), line, column))
        elif kind in ("duration", "foreign", "hexadecimal"):
            told, token = _meant(found.group(), Span(source, line, column, end - position))
            diagnostics += told
            tokens.append(token)
        elif kind != "space":
            tokens += _literal(kind or "", found.group(), line, column)
        position = end
    tokens.append(Token("$END", "", line, max(1, position - line_start + 1)))
    _settle_names(tokens)
    return Scanned(tokens, margins, diagnostics)


def _remark(kind: str, text: str, line: int, column: int) -> Margin:
    if kind == "line":
        return Margin("comment", text[2:], line, column, line)
    return Margin(kind, text[1:].removesuffix("}"), line, column, line)


_LITERAL_KINDS = {
    "typed": "TYPED", "text": "TYPED", "date": "TYPED", "based": "INTEGER",
    "real": "REALNUM", "integer": "INTEGER", "string": "STRING",
    "partial": "PARTIAL", "address": "ADDRESS",
}  # fmt: skip


_FOREIGN = {
    "!=": ("NE", "<>"), "!==": ("NE", "<>"), "!": ("NOT", "NOT"), "~": ("NOT", "NOT"), "|": ("OR", "OR"),
    "||": ("OR", "OR"), "&&": ("AND", "AND"), "==": ("EQ", "="), "===": ("EQ", "="), "%": ("MOD", "MOD"),
}  # fmt: skip
"""Operators of other languages: the token that was meant, and how it is written in ST."""
_MARKS = {"{": "LBRACE", "}": "RBRACE", "?": "QUESTION"}
FOREIGN_KINDS = frozenset({*_MARKS.values(), "COMPOUND", "SHIFT"})
"""Tokens that the grammar does not know: foreign.py reads them as what was meant."""


def _is_block(text: str, tokens: list[Token]) -> bool:
    """Whether a brace opens a block as in C and no pragma: not closed in its line, or statements behind a head."""
    inner = text[1:].removesuffix("}").strip()
    behind_head = bool(tokens) and tokens[-1].kind in ("RPAR", "ELSE", "DO", "THEN")
    return not text.endswith("}") or (behind_head and (not inner or ";" in inner))


def _meant(text: str, span: Span) -> tuple[list[Diagnostic], Token]:
    """A bare duration or an operator of another language: reported, and the token that was meant.

    Those that change a whole statement go on as they are.
    """
    if text[:2].lower() in ("0x", "0b"):
        written = f"{16 if text[1] in 'xX' else 2}#{text[2:]}"
        told = error("L1008", f"{text} cannot be read", Label(span, "a number"), help=f"write {written}")
        return [told], Token("INTEGER", written, span.line, span.column)
    if text[0] in "<>" or (text[-1] == "=" and text not in _FOREIGN):
        return [], Token("SHIFT" if text in ("<<", ">>") else "COMPOUND", text, span.line, span.column)
    if text not in _FOREIGN:
        told = error("L1008", f"{text} cannot be read", Label(span, "a time"), help=f"write T#{text}")
        return [told], Token("TYPED", f"T#{text}", span.line, span.column)
    kind, written = _FOREIGN[text]
    label = Label(span, "an operator of another language")
    mend = "compare with a single =" if kind == "EQ" else f"write {written}"
    told = error("L1001", f"'{text}' has no meaning here", label, help=mend)
    return [told], Token(kind, written, span.line, span.column)


_INSTEAD = {
    "#": "a comment is (* … *) or begins with //",
    "^": "write ** for a power, XOR for exclusive or",
}
"""What stands in ST for characters of other languages."""
_IN_EXPRESSION = frozenset(OPERATORS.values()) - {"SEMI", "COLON", "RPAR"} | {
    "IF", "ELSIF", "CASE", "WHILE", "UNTIL", "FOR", "TO", "BY", "NOT", "AND", "OR", "XOR", "MOD", "AND_THEN", "OR_ELSE",
}  # fmt: skip
"""Behind one of these stands a value, never the beginning of a step, action, transition or namespace."""


def _mark(character: str, span: Span, tokens: list[Token]) -> list[Diagnostic]:
    """A character that begins no token of ST: a mark of C that goes on to foreign.py, or without meaning."""
    if character in _MARKS:
        tokens.append(Token(_MARKS[character], character, span.line, span.column))
        return []
    mend = _INSTEAD.get(character, "remove it")
    return [error("L1001", f"{character!r} has no meaning here", Label(span, "this character"), help=mend)]


def _behind_foreign(text: str, position: int, line_start: int) -> int:
    """Where to go on behind a character without meaning: past a comment `# …`."""
    line_end = text.find("\n", position)
    line_end = len(text) if line_end < 0 else line_end
    if text[position] == "#" and not text[line_start:position].strip():
        return line_end
    return position + 1


def _settle_names(tokens: list[Token]) -> None:
    """Make names of the words in NAMED that begin nothing."""
    for i, token in enumerate(tokens):
        needed = _NEEDS_BEHIND.get(token.kind)
        if needed is not None and tokens[i + 1].kind != needed:
            tokens[i] = token._replace(kind="NAME")
        if token.kind not in NAMED:
            continue
        if i and tokens[i - 1].kind in _IN_EXPRESSION:
            tokens[i] = token._replace(kind="NAME")
            continue
        following = [t.kind for t in tokens[i + 1 : i + 4]]
        if following[0] == "NAME" or following[0] in CONTEXTUAL or following[0] in NAMED:
            continue
        priority = tokens[i + 2].text.upper() == "PRIORITY" if len(following) > 2 else False
        if not (token.kind == "TRANSITION" and following[0] == "LPAR" and priority and following[2] == "ASSIGN"):
            tokens[i] = token._replace(kind="NAME")


def _word(text: str, word: str, end: int, tokens: list[Token]) -> tuple[str, int]:
    """The kind of a word, and where it ends."""
    upper, before = word.upper(), tokens[-1].kind if tokens else ""
    if upper == "REF" and text[end : end + 1] == "=" and before in _ENDS_OF_VARIABLES:
        return "REFASSIGN", end + 1
    return _word_kind(upper, tokens, text, end), end


_OPERAND_ENDS = frozenset(
    {
        "NAME",
        "ADDRESS",
        "INTEGER",
        "REALNUM",
        "TYPED",
        "STRING",
        "PARTIAL",
        "RPAR",
        "RBRACK",
        "CARET",
        "TRUE",
        "FALSE",
        "THIS",
        *NAMED,  # in front of an operator they are names: _settle_names
        *_NEEDS_BEHIND,
    }
)


def _word_kind(upper: str, before: list[Token], text: str, end: int) -> str:
    """The kind of a word; AND, OR, XOR, MOD are names of functions where no operand stands before: `AND(a, b)`."""
    if upper in ("STRING", "WSTRING"):
        return "STRING_TYPE"
    if upper in ("AND", "OR", "XOR", "MOD") and before and before[-1].kind not in _OPERAND_ENDS:
        return "NAME" if text[end : end + 20].lstrip(" ").startswith("(") else upper
    return upper if upper in KEYWORDS else "NAME"


def _literal(kind: str, text: str, line: int, column: int) -> list[Token]:
    """The token of an operator or literal; behind a string never closed the `;` it swallowed: it is told once."""
    made = [Token(OPERATORS[text] if kind == "operator" else _LITERAL_KINDS[kind], text, line, column)]
    return made if kind != "string" or _is_closed(text) else [*made, Token("SEMI", ";", line, column + len(text))]


def _is_closed(text: str) -> bool:
    """True when a string ends with the quote it began with."""
    inner = text[1:].replace("$$", "")
    return inner.endswith(text[0]) and not inner.endswith("$" + text[0])


def _unclosed(text: str, position: int, span: Span) -> Diagnostic:
    mend = f"end it with `{'*)' if text[position] == '(' else '*/'}`"
    return error("L1002", "this comment is never closed", Label(span, "opened here"), help=mend)


def _resumed(text: str, start: int) -> int:
    """Where to go on behind a comment that is never closed: the next line of code, so that its mistakes are told."""
    line_end = text.find("\n", start)
    found = _CODE_LINE.search(text, line_end) if line_end >= 0 else None
    return found.start() if found else len(text)


def _comment_end(text: str, start: int) -> int:
    """Where the comment that opens at `start` ends; -1 if it does not. Comments of one kind nest."""
    opener = text[start : start + 2]
    closer = "*)" if opener == "(*" else "*/"
    depth, position = 1, start + 2
    while found := _COMMENT_EDGE.search(text, position):
        position = found.end()
        if found.group() == opener:
            depth += 1
        elif found.group() == closer:
            depth -= 1
            if depth == 0:
                return position
    return -1
