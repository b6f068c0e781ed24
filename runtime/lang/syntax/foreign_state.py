"""What the pass over foreign statements (foreign.py) carries along: tokens read and put out, blocks that are open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from runtime.core.diagnostic import Diagnostic, Label, Source, Span, error
from runtime.lang.syntax.tokens import Token

_ENDS_STATEMENT = frozenset({"SEMI", "THEN", "DO", "ELSE", "COLON", "OF", "REPEAT"})
_HEADS = frozenset({"IF", "ELSIF", "WHILE", "FOR", "ELSE"})
_BEHIND_HEAD = frozenset({"THEN", "DO", "OF", "SEMI"})
_ENDS_POU = frozenset({"END_PROGRAM", "END_FUNCTION", "END_FUNCTION_BLOCK", "END_METHOD", "END_ACTION"})
DEEPEST_PART = 20
"""Expressions in expressions that are read as meant; people nest two or three `?`."""
LONGEST_TARGET = 50
"""Tokens of a variable's path that is written out twice."""
_OPENING = frozenset({"LPAR", "LBRACK", "LBRACE"})
_CLOSING = frozenset({"RPAR", "RBRACK", "RBRACE"})


@dataclass(slots=True)
class Block:
    """A block in braces, or (`single`) one statement without them; `closer` ends it in ST."""

    closer: str
    single: bool = False


@dataclass(slots=True)
class Rewriting:
    """One pass. `begun` is where the statement under way begins in `out`, `head` the word whose block is awaited."""

    source: Source
    tokens: Sequence[Token]
    rewrite: "Callable[[Rewriting], None]"
    """The pass itself, for parts of a statement."""
    out: list[Token] = field(default_factory=list)
    told: list[Diagnostic] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    singles: dict[int, tuple[str, Block]] = field(default_factory=dict)
    """Before which token a block of one statement begins, with the word that opens it."""
    at: int = 0
    begun: int = 0
    head: Token | None = None
    goes_on: bool = False
    """The head belongs to a chain of IF and ELSE that was told of."""
    depth: int = 0
    """How many parts of statements this one is in."""
    _closing: dict[int, int] | None = None
    _closed: set[int] | None = None

    def peek(self, ahead: int = 0) -> Token:
        """A token not read yet; the last one ($END) for all behind it."""
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    @property
    def begins(self) -> bool:
        """Whether the next token begins a statement."""
        return self.begun == len(self.out)

    def take(self) -> None:
        """Read one token as it is."""
        self.put(self.peek())
        self.at += 1

    def put(self, token: Token) -> None:
        """Add a token, and keep account of statements and heads."""
        self.out.append(token)
        kind = token.kind
        if kind in _ENDS_STATEMENT or kind.startswith("END_"):
            self.begun = len(self.out)
        if kind in _HEADS:
            self.head = token
        elif kind in _BEHIND_HEAD or (self.head is not None and self.head.kind == "ELSE"):
            self.head = None

    def word(self, kind: str, where: Token) -> None:
        """Add a word that was not written, at the place of what was."""
        self.put(Token(kind, kind, where.line, where.column))

    def behind(self, opened: int) -> int:
        """The position behind the bracket that closes the one at `opened`; that of $END when none does."""
        if self._closing is None:
            self._closing, waiting = {}, list[int]()
            for position, token in enumerate(self.tokens):
                if token.kind in _OPENING:
                    waiting.append(position)
                elif token.kind in _CLOSING and waiting:
                    self._closing[waiting.pop()] = position
        return self._closing.get(opened, len(self.tokens) - 2) + 1

    def is_closed(self, opened: int) -> bool:
        """Whether an END_… closes the IF or WHILE at `opened` before its POU ends."""
        if self._closed is None:
            self._closed = set()
            waiting: dict[str, list[int]] = {"IF": [], "WHILE": []}
            for position, token in enumerate(self.tokens):
                if token.kind in waiting:
                    waiting[token.kind].append(position)
                elif token.kind in _ENDS_POU:
                    waiting = {"IF": [], "WHILE": []}
                elif (still_open := waiting.get(token.kind.removeprefix("END_"))) and token.kind.startswith("END_"):
                    self._closed.add(still_open.pop())
        return opened in self._closed

    def inner(self, tokens: Sequence[Token]) -> list[Token]:
        """An expression that stands inside of a statement, rewritten as well."""
        if self.depth == DEEPEST_PART:
            return list(tokens)
        before, end = Token("ASSIGN", "", 0, 0), Token("$END", "", 0, 0)
        part = Rewriting(self.source, [before, *tokens, end], self.rewrite, depth=self.depth + 1)
        self.rewrite(part)
        self.told += part.told
        return part.out[1:-1]

    def tell(self, code: str, message: str, where: Token, label: str, *, help: str, width: int = 0) -> None:
        """Report a habit at the token it shows in."""
        span = Span(self.source, where.line, where.column, width or max(1, len(where.text)))
        self.told.append(error(code, message, Label(span, label), help=help))


def written(tokens: Sequence[Token]) -> str:
    """Tokens as text for a help line."""
    text = ""
    for token in tokens:
        tight = (
            not text
            or token.kind in ("RPAR", "RBRACK", "LBRACK", "DOT", "COMMA", "SEMI")
            or text[-1] in "([."
            or text.endswith("BY -")
        )
        text += token.text if tight or (token.kind == "LPAR" and text[-1].isalnum()) else f" {token.text}"
    return text
