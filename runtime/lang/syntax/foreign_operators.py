"""Operators of C: `i++`, `i += 1`, `a << 2`, `c ? a : b`, `(int) x`; each handler reads what it knows.

A handler gets the pass with its next token, and returns False when that is nothing foreign.
"""

from collections.abc import Sequence
from itertools import pairwise

from runtime.core.elementary import ELEMENTARY
from runtime.lang.syntax.foreign_state import LONGEST_TARGET, Rewriting, written
from runtime.lang.syntax.habits import TYPES
from runtime.lang.syntax.tokens import Token

_LABEL = "an operator of another language"
_COMPOUND = {"+=": "PLUS", "-=": "MINUS", "*=": "STAR", "/=": "SLASH", "%=": "MOD", "&=": "AND", "|=": "OR"}
_SIGN = {"PLUS": "+", "MINUS": "-", "STAR": "*", "SLASH": "/"}
_SHIFT = {"<<": "SHL", ">>": "SHR"}
_ENDS_VARIABLE = frozenset({"NAME", "RBRACK", "CARET", "PARTIAL", "INTEGER"})
_BEFORE_EXPRESSION = frozenset({"ASSIGN", "OUTPUT", "COMMA", "LPAR", "LBRACK", "RETURN", "ATTEMPT"})
_OPERANDS = frozenset({"NAME", "INTEGER", "REALNUM", "TYPED"})


def compound(r: Rewriting) -> bool:
    """`a += 1;`, `a <<= 1;`"""
    sign, target = r.peek(), _target(r)
    name = written(target) or "a"
    if sign.text[:2] in _SHIFT:
        mend = f"write {name} := {_SHIFT[sign.text[:2]]}({name}, …);"
        meant: list[Token] = []
    else:
        kind = _COMPOUND[sign.text]
        mend = f"write {name} := {name} {_SIGN.get(kind, kind)} …;"
        meant = [*target, Token(kind, _SIGN.get(kind, kind), sign.line, sign.column)]
    r.tell("L1001", f"'{sign.text}' has no meaning here", sign, _LABEL, help=mend)
    r.at += 1
    for token in (sign._replace(kind="ASSIGN", text=":="), *meant):
        r.put(token)
    return True


def _target(r: Rewriting) -> list[Token]:
    """The variable a statement begins with, when nothing else was read of it; else nothing."""
    target = r.out[r.begun : r.begun + LONGEST_TARGET + 1]
    is_path = len(target) <= LONGEST_TARGET and all(t.kind not in ("ASSIGN", "COMMA", "EQ") for t in target)
    return target if is_path else []


def shift(r: Rewriting) -> bool:
    """`a << 2`: read as `a`, since what is shifted began before."""
    sign, behind = r.peek(), r.at + 1
    operand = r.tokens[r.at + 1 : _operand_end(r, behind)]
    mend = f"write {_SHIFT[sign.text]}(…, {written(operand) or '…'})"
    r.tell("L1001", f"'{sign.text}' has no meaning here", sign, _LABEL, help=mend)
    r.at = behind + len(operand)
    return True


def doubled(r: Rewriting) -> bool:
    """`i++;` and `++i;`, also inside of an expression."""
    sign, second = r.peek(), r.peek(1)
    if second.kind != sign.kind or (second.line, second.column) != (sign.line, sign.column + 1):
        return False
    after = r.peek(2)
    is_postfix = not r.begins and r.out[-1].kind in _ENDS_VARIABLE and after.kind in ("SEMI", "RPAR", "RBRACE", "$END")
    end = _operand_end(r, r.at + 2)
    is_prefix = r.begins and end > r.at + 2 and r.tokens[end].kind in ("SEMI", "RBRACE")
    if not is_postfix and not is_prefix:
        return False
    target = _target(r) if is_postfix else list(r.tokens[r.at + 2 : end])[:LONGEST_TARGET]
    name = written(target)
    is_statement = bool(target)
    mend = f"write {name} := {name} {sign.text} 1;" if is_statement else "write it as a statement of its own"
    r.tell("L1001", f"'{sign.text * 2}' has no meaning here", sign, _LABEL, help=mend, width=2)
    r.at = r.at + 2 if is_postfix else end
    if is_statement:
        assign, one = sign._replace(kind="ASSIGN", text=":="), sign._replace(kind="INTEGER", text="1")
        for token in (*([] if is_postfix else target), assign, *target, sign, one):
            r.put(token)
    return True


def ternary(r: Rewriting) -> bool:
    """`c ? a : b`, read as SEL(c, b, a)."""
    mark = r.peek()
    mend = "write IF … THEN … ELSE … END_IF, or SEL(condition, if_false, if_true)"
    r.tell("L1001", "'?' has no meaning here", mark, "this character", help=mend)
    middle, end = _branches(r)
    if not middle:
        while r.peek().kind not in ("SEMI", "$END"):
            r.at += 1
        return True
    start = _expression_start(r)
    condition = r.out[start:]
    del r.out[start:]
    no, yes = r.inner(r.tokens[middle + 1 : end]), r.inner(r.tokens[r.at + 1 : middle])
    comma = mark._replace(kind="COMMA", text=",")
    head = mark._replace(kind="NAME", text="SEL"), mark._replace(kind="LPAR", text="(")
    for token in (*head, *condition, comma, *no, comma, *yes, mark._replace(kind="RPAR", text=")")):
        r.put(token)
    r.at = end
    return True


def _branches(r: Rewriting) -> tuple[int, int]:
    """Where the colon of a `?` stands (0 when there is none), and where its second branch ends."""
    depth, open_marks, middle = 0, 0, 0
    for position in range(r.at, len(r.tokens)):
        kind = r.tokens[position].kind
        depth += (kind in ("LPAR", "LBRACK")) - (kind in ("RPAR", "RBRACK"))
        if depth < 0 or (depth == 0 and kind in ("SEMI", "COMMA", "RBRACE", "$END")):
            return middle, position
        open_marks += kind == "QUESTION" and depth == 0
        if kind == "COLON" and depth == 0:
            open_marks -= 1
            middle = middle or (position if open_marks == 0 else 0)
    return 0, len(r.tokens) - 1


def _expression_start(r: Rewriting) -> int:
    """Where the expression under way begins in what was put out."""
    depth = 0
    for position in range(len(r.out) - 1, r.begun - 1, -1):
        kind = r.out[position].kind
        if depth == 0 and kind in _BEFORE_EXPRESSION:
            return position + 1
        depth += (kind in ("RPAR", "RBRACK")) - (kind in ("LPAR", "LBRACK"))
    return r.begun


def cast(r: Rewriting) -> bool:
    """`(int) x`, read as TO_INT(x)."""
    if not is_cast(r, r.out[-1] if r.out else None):
        return False
    bracket, kind, closing, start = r.peek(), r.peek(1), r.peek(2), r.at + 3
    name = TYPES.get(kind.text.upper(), kind.text.upper())
    operand = r.tokens[start : _operand_end(r, start)]
    inner = operand[1:-1] if operand[0].kind == "LPAR" else operand
    mend = f"write TO_{name}({written(inner)})"
    r.tell("L1003", f"expected an expression after '(', found '{kind.text}'", kind, "a type", help=mend)
    for token in (bracket._replace(kind="NAME", text=f"TO_{name}"), bracket, *r.inner(operand), closing):
        r.put(token)
    r.at = start + len(operand)
    return True


def is_cast(r: Rewriting, before: Token | None) -> bool:
    """Whether the next tokens are a type in parentheses in front of an operand, and no call."""
    kind = r.peek(1)
    name = TYPES.get(kind.text.upper(), kind.text.upper())
    if kind.kind != "NAME" or name not in ELEMENTARY or r.peek(2).kind != "RPAR":
        return False
    is_call = before is not None and before.kind in ("NAME", "RBRACK", "CARET")
    return not is_call and _operand_end(r, r.at + 3) > r.at + 3


def _operand_end(r: Rewriting, start: int) -> int:
    """Behind a literal, a variable's path, a call, or an expression in parentheses; `start` where there is none."""
    position = start
    if r.tokens[min(position, len(r.tokens) - 1)].kind == "LPAR":
        return r.behind(position)
    if r.tokens[min(position, len(r.tokens) - 1)].kind not in _OPERANDS:
        return start
    position += 1
    while (kind := r.tokens[position].kind) in ("DOT", "LBRACK", "LPAR", "CARET"):
        position = position + 2 if kind == "DOT" else position + 1 if kind == "CARET" else r.behind(position)
        position = min(position, len(r.tokens) - 1)
    return position


def is_any(tokens: Sequence[Token]) -> bool:
    """Whether `++` or `--` stands somewhere."""
    return any(
        a.kind in ("PLUS", "MINUS") and a.kind == b.kind and (a.line, a.column + 1) == (b.line, b.column)
        for a, b in pairwise(tokens)
    )
