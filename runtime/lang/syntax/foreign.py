"""Statements as C and JavaScript write them, read as what they mean in ST: a pass over the tokens before the parser.

One habit is told once, at its place: `switch (a) { case 1: …; break; default: … }` is one mistake, and what stands in
it is read on as CASE, so that its own mistakes are told too. A file without such habits is left as it is.
"""

from collections.abc import Callable
from itertools import pairwise

from runtime.core.diagnostic import Diagnostic, Source
from runtime.lang.syntax import foreign_blocks, foreign_operators
from runtime.lang.syntax.foreign_state import Rewriting
from runtime.lang.syntax.tokens import FOREIGN_KINDS, Token

_HANDLERS: dict[str, Callable[[Rewriting], bool]] = {
    "LBRACE": foreign_blocks.open_brace,
    "RBRACE": foreign_blocks.close_brace,
    "IF": foreign_blocks.head,
    "WHILE": foreign_blocks.head,
    "FOR": foreign_blocks.counted,
    "DO": foreign_blocks.repeated,
    "CASE": foreign_blocks.labelled,
    "NAME": foreign_blocks.named,
    "PLUS": foreign_operators.doubled,
    "MINUS": foreign_operators.doubled,
    "LPAR": foreign_operators.cast,
    "COMPOUND": foreign_operators.compound,
    "SHIFT": foreign_operators.shift,
    "QUESTION": foreign_operators.ternary,
}
"""By the kind of the next token; what they do not know is taken as it is."""


def as_meant(source: Source, tokens: list[Token]) -> tuple[list[Token], list[Diagnostic]]:
    """The tokens with the habits of other languages replaced by what was meant, and what was wrong."""
    if not _is_suspect(source, tokens):
        return tokens, []
    pass_ = Rewriting(source, tokens, _rewrite)
    _rewrite(pass_)
    return pass_.out, pass_.told


def _rewrite(r: Rewriting) -> None:
    while r.at < len(r.tokens):
        single = r.singles.pop(r.at, None)
        if single is not None:
            r.word(single[0], r.tokens[r.at - 1])
            r.blocks.append(single[1])
        handler = _HANDLERS.get(r.peek().kind)
        if handler is not None and handler(r):
            continue
        token = r.peek()
        r.take()
        if token.kind == "SEMI":
            foreign_blocks.close_singles(r, token)


def _is_suspect(source: Source, tokens: list[Token]) -> bool:
    """A quick look for what the handlers know."""
    if any(t.kind in FOREIGN_KINDS for t in tokens) or foreign_operators.is_any(tokens):
        return True
    looking = Rewriting(source, tokens, _rewrite)
    for i, (token, after) in enumerate(pairwise(tokens)):
        if token.kind == "NAME" and after.kind == "SEMI" and token.text.lower() == "break":
            return True
        if after.kind != "LPAR" or token.kind not in ("IF", "WHILE", "FOR"):
            if token.kind == "LPAR" and after.kind == "NAME" and tokens[min(i + 2, len(tokens) - 1)].kind == "RPAR":
                looking.at = i
                if foreign_operators.is_cast(looking, tokens[i - 1] if i else None):
                    return True
            continue
        looking.at = i
        if token.kind == "FOR" or foreign_blocks.single_statement(looking):
            return True
    return False
