"""After a syntax error: say what is wrong in the user's words, and find where reading can go on.

In this order: a keyword used as a name is taken as the name; a misspelt keyword is taken as meant; a missing `;`, THEN,
`)` or END_… is put in; a closing word that closes nothing is skipped; anything else is dropped up to a place where the
grammar's ERROR fits. So that one mistake gives one message.
"""

import difflib

from runtime.core.diagnostic import Diagnostic, Label, Source, Span, error
from runtime.lang.syntax import habits
from runtime.lang.syntax.expectation import expectation, words
from runtime.lang.syntax.lalr import Driver
from runtime.lang.syntax.tokens import KEYWORDS, Token
from runtime.lang.tree import Name

_CLOSERS = {
    "IF": "END_IF", "CASE": "END_CASE", "FOR": "END_FOR", "WHILE": "END_WHILE", "REPEAT": "END_REPEAT",
    "PROGRAM": "END_PROGRAM", "FUNCTION_BLOCK": "END_FUNCTION_BLOCK", "FUNCTION": "END_FUNCTION", "TYPE": "END_TYPE",
    "STRUCT": "END_STRUCT", "VAR": "END_VAR", "VAR_INPUT": "END_VAR", "VAR_OUTPUT": "END_VAR",
    "VAR_IN_OUT": "END_VAR", "VAR_TEMP": "END_VAR", "VAR_GLOBAL": "END_VAR", "VAR_EXTERNAL": "END_VAR",
    "CONFIGURATION": "END_CONFIGURATION", "RESOURCE": "END_RESOURCE", "TEST": "END_TEST", "STEP": "END_STEP",
    "INITIAL_STEP": "END_STEP", "TRANSITION": "END_TRANSITION", "ACTION": "END_ACTION",
    "INTERFACE": "END_INTERFACE", "METHOD": "END_METHOD", "PROPERTY": "END_PROPERTY", "GET": "END_GET",
    "SET": "END_SET", "NAMESPACE": "END_NAMESPACE", "VAR_CONFIG": "END_VAR",
    "VAR_ACCESS": "END_VAR",
}  # fmt: skip
_CHART_WORDS = frozenset({"INITIAL_STEP", "STEP", "TRANSITION", "ACTION"})
_UNITS = frozenset({"PROGRAM", "FUNCTION_BLOCK", "FUNCTION", "TYPE", "CONFIGURATION", "NAMESPACE", "$END"})
_POUS = frozenset({"PROGRAM", "FUNCTION_BLOCK", "FUNCTION"})
_SECTIONS = frozenset(k for k in _CLOSERS if k.startswith("VAR"))
_SECTION_WORDS = _SECTIONS | _UNITS | {"END_VAR", "END_PROGRAM", "END_FUNCTION_BLOCK", "END_FUNCTION"}
_STATEMENT_WORDS = frozenset({"IF", "CASE", "FOR", "WHILE", "REPEAT", "EXIT", "CONTINUE", "RETURN"})
_BRANCH_WORDS = frozenset({"ELSE", "ELSIF", "UNTIL"})
_HARD = _UNITS | frozenset(_CLOSERS) | frozenset(_CLOSERS.values()) | _BRANCH_WORDS | {"TASK"}
_STRONG = _HARD | {"SEMI", "THEN", "DO", "OF", "TO", "BY", "RPAR", "RBRACK", "COMMA", "ASSIGN"}
_INSERTABLE = ("SEMI", "THEN", "DO", "OF", "RPAR", "RBRACK", "COLON", "COMMA")
_MAX_TRIES = 30
"""So often one token may be mended around before it is dropped: each nested construct takes one try to close."""
_FILE_DEPTH = 2
"""So many states are on the stack between two units: the start, and the list of what was read."""
_MAX_OPEN_REPORTED = 20
"""So many unclosed constructs are closed at one place; deeper nesting is not written by people."""


class Recovery:
    """Recovers one parse; collects diagnostics, and the names in what was dropped."""

    def __init__(self, source: Source, tokens: list[Token], driver: Driver) -> None:
        self._source = source
        self._tokens = tokens
        self._driver = driver
        self.diagnostics: list[Diagnostic] = []
        self.lost: set[str] = set()
        self._furthest = -1
        self._put_in: tuple[int, set[str]] = (-1, set())
        self._tries = 0

    def recover(self, position: int) -> int:
        """Deal with the token that could not follow; return the position from which to go on."""
        self._tries = self._tries + 1 if position <= self._furthest else 0
        self._furthest = max(position, self._furthest)
        if self._tries > _MAX_TRIES:
            self._tries = 0
            return self._drop(position + 1) if position + 1 < len(self._tokens) else len(self._tokens)
        for attempt in (
            self._keyword_as_name,
            self._misspelt,
            self._misspelt_before,
            self._assigned_for_compared,
            self._taken_for_given,
            self._surplus,
            self._missing_token,
            self._missing_name,
            self._missing_end_var,
            self._missing_var,
            self._closing_word,
        ):
            next_position = attempt(position)
            if next_position is not None:
                return next_position
        return self._drop(position)

    def refuse_depth(self, position: int) -> None:
        """Give up on a text that nests beyond reason."""
        token = self._tokens[position]
        self._report("L1009", "this is nested too deeply", self._span(token), "reading stops here", help="split it up")

    # ---- mending one token ----

    def _keyword_as_name(self, position: int) -> int | None:
        token, after = self._tokens[position], self._tokens[min(position + 1, len(self._tokens) - 1)]
        if token.kind not in KEYWORDS or after.kind not in ("COLON", "COMMA", "ASSIGN", "DOT", "LBRACK"):
            return None
        if not self._driver.table.accepts(self._driver.states, ("NAME", after.kind)):
            return None
        self._report(
            "L1004",
            f"{token.kind} is a keyword and cannot be a name",
            self._span(token),
            "a keyword of the language",
            help="take another name",
        )
        self._driver.feed(Token("NAME", token.text, token.line, token.column))
        return position + 1

    def _misspelt(self, position: int) -> int | None:
        token = self._tokens[position]
        if token.kind != "NAME":
            return None
        expected = [k for k in self._expected() if k in KEYWORDS]
        close = difflib.get_close_matches(token.text.upper(), expected, n=1, cutoff=0.7)
        if not close:
            return None
        self._report(
            "L1003",
            f"expected {close[0]}, found '{token.text}'",
            self._span(token),
            "a name stands here",
            help=f"did you mean {close[0]}?",
        )
        self._driver.feed(Token(close[0], close[0], token.line, token.column))
        return position + 1

    def _misspelt_before(self, position: int) -> int | None:
        """The token before was taken as a name, but was a misspelt keyword: `VAR_INPTU count : INT;`."""
        token, before = self._tokens[position], self._tokens[max(0, position - 1)]
        driver = self._driver
        if before.kind != "NAME" or not self._on_top(before):
            return None
        depth = self._depth_before_name()
        expected = [k for k in driver.table.expected(driver.states[:depth]) if k in KEYWORDS]
        for word in difflib.get_close_matches(before.text.upper(), expected, n=3, cutoff=0.7):
            if driver.table.accepts(driver.states[:depth], (word, token.kind)):
                driver.pop_to(depth)
                driver.feed(before._replace(kind=word))
                message = f"expected {word}, found '{before.text}'"
                mend = f"did you mean {word}?"
                self._report("L1003", message, self._span(before), "a name stands here", help=mend)
                return position
        return None

    def _assigned_for_compared(self, position: int) -> int | None:
        """`a = 1;`, `IF a := 1 THEN`: read on as it was meant."""
        token, expected = self._tokens[position], self._expected()
        meant = {"EQ": "ASSIGN", "ASSIGN": "EQ"}.get(token.kind, "")
        following = self._tokens[min(position + 1, len(self._tokens) - 1)].kind
        if not meant or not self._driver.table.accepts(self._driver.states, (meant, following)):
            return None
        if meant == "EQ" and expected & {"SEMI", "RBRACK"}:
            return None  # a := b := c; and list[1 := 2;
        message = f"expected {words(meant)} after '{self._tokens[position - 1].text}', found '{token.text}'"
        label = "compares" if token.kind == "EQ" else "assigns"
        mend = habits.mend(self._tokens, position, expected)
        self._report("L1003", message, self._span(token), label, help=mend)
        self._driver.feed(token._replace(kind=meant, text="=" if meant == "EQ" else ":="))
        return position + 1

    def _taken_for_given(self, position: int) -> int | None:
        """`PT => T#1s`: read on as `PT := T#1s`."""
        token, before, driver = self._tokens[position], self._tokens[max(0, position - 1)], self._driver
        if before.kind != "OUTPUT" or not driver.table.accepts(driver.states[:-1], ("ASSIGN", token.kind)):
            return None
        message = f"expected a variable after '=>', found {self._shown(token)}"
        self._report("L1003", message, self._span(token), "a value", help="an input is given with :=")
        driver.pop_to(len(driver.states) - 1)
        driver.feed(before._replace(kind="ASSIGN", text=":="))
        return position

    def _surplus(self, position: int) -> int | None:
        """What other languages have at this place, and ST has not: skipped."""
        found = habits.surplus(self._tokens, position, self._expected())
        if found is None:
            return None
        self._report("L1003", found.message, self._span(self._tokens[position]), found.label, help=found.mend)
        return found.end

    def _missing_name(self, position: int) -> int | None:
        """`FUNCTION_BLOCK VAR_INPUT …`: the POU is read on without a name."""
        token, before = self._tokens[position], self._tokens[max(0, position - 1)]
        if before.kind not in _POUS or not self._driver.table.accepts(self._driver.states, ("NAME", token.kind)):
            return None
        self._report("L1003", f"expected a name after '{before.text}'", self._behind(before), "the name is missing")
        self._driver.feed(Token("NAME", "", token.line, token.column))
        return position

    def _missing_end_var(self, position: int) -> int | None:
        """A statement, section or unit begins while a VAR block is open, and no END_VAR follows before the next one."""
        opened = self._open()
        if not opened or not opened[-1].kind.startswith("VAR") or self._next_section_word(position) == "END_VAR":
            return None
        token, before, driver = self._tokens[position], self._tokens[position - 1], self._driver
        if token.kind in ("ASSIGN", "LPAR", "DOT", "LBRACK") and driver.values[-1] is before:
            position -= 1
            if not driver.table.accepts(driver.states[:-1], ("END_VAR", "NAME", token.kind)):
                return None
            driver.pop_to(len(driver.states) - 1)
        elif not driver.table.accepts(driver.states, ("END_VAR", token.kind)):
            return None
        word = opened[-1]
        self._report(
            "L1005",
            "END_VAR is missing",
            self._span(word),
            f"this {word.kind} is still open at {self._shown(self._tokens[position])} in line {token.line}",
            help="close it with END_VAR",
        )
        driver.feed(Token("END_VAR", "", token.line, token.column))
        return position

    def _missing_var(self, position: int) -> int | None:
        """`count : INT;` stands where VAR may begin, and an END_VAR follows."""
        token, before, driver = self._tokens[position], self._tokens[max(0, position - 1)], self._driver
        if token.kind not in ("COLON", "COMMA") or not self._on_top(before):
            return None
        if self._next_section_word(position) != "END_VAR":
            return None
        depth = self._depth_before_name()
        if before.kind != "NAME" or not driver.table.accepts(driver.states[:depth], ("VAR", "NAME", token.kind)):
            return None
        driver.pop_to(depth)
        driver.feed(Token("VAR", "", before.line, before.column))
        self._report("L1003", "VAR is missing", self._span(before), "a declaration", help="begin the block with VAR")
        return position - 1

    def _on_top(self, name: Token) -> bool:
        """True when the last thing read is this name, as a token or as a variable already."""
        top = self._driver.values[-1] if self._driver.values else None
        if isinstance(top, Name):
            return (top.span.line, top.span.column) == (name.line, name.column)
        return top is name

    def _depth_before_name(self) -> int:
        """Where the stacks stood before the name on top, and before the empty list of statements it began."""
        driver = self._driver
        return len(driver.states) - (2 if len(driver.values) > 1 and driver.values[-2] == [] else 1)

    def _next_section_word(self, position: int) -> str:
        """The next token that begins or ends a VAR block or a unit."""
        return next((t.kind for t in self._tokens[position:] if t.kind in _SECTION_WORDS), "$END")

    def _missing_token(self, position: int) -> int | None:
        token = self._tokens[position]
        for kind in _INSERTABLE:
            if not self._driver.table.accepts(self._driver.states, (kind, token.kind)):
                continue
            if kind in ("COMMA", "COLON") and not self._fits_further(kind, position):
                continue
            previous = self._tokens[position - 1]
            self._report(
                "L1003",
                f"expected {words(kind)} after '{previous.text}'",
                self._behind(previous),
                f"{words(kind)} is missing",
                help=f"the next thing read is {self._shown(token)}" if token.line != previous.line else "",
            )
            self._driver.feed(Token(kind, "", token.line, token.column))
            return position
        return None

    def _fits_further(self, kind: str, position: int) -> bool:
        following = tuple(t.kind for t in self._tokens[position : position + 3])
        return self._driver.table.accepts(self._driver.states, (kind, *following))

    # ---- words that close ----

    def _open(self) -> list[Token]:
        """The opening words that are not closed yet, outermost first."""
        found = [v for v in self._driver.values if isinstance(v, Token) and v.kind in _CLOSERS]
        return [t for t in found if not (t.kind == "PROGRAM" and t is not found[0])]

    def _closing_word(self, position: int) -> int | None:
        token = self._tokens[position]
        if token.kind not in _CLOSERS.values() and token.kind not in _UNITS and token.kind not in _CHART_WORDS:
            return None
        still_open = self._open()
        if not still_open:
            return self._stray(position) if token.kind in _CLOSERS.values() else None
        if token.kind in _CHART_WORDS:
            return self._close(still_open[1:], position)
        level = next((i for i, t in enumerate(still_open) if _CLOSERS[t.kind] == token.kind), None)
        if level is None and token.kind not in _UNITS:
            return self._stray(position)
        if level is None:  # a new unit may stand in the namespaces that are open
            level = next((i for i, t in enumerate(still_open) if t.kind != "NAMESPACE"), len(still_open)) - 1
            level = -1 if token.kind == "$END" else level
        return self._close(still_open[level + 1 :], position)

    def _close(self, unclosed: list[Token], position: int) -> int | None:
        """Put in the closing words of what is still open, innermost first."""
        token, fed = self._tokens[position], False
        for opened in reversed(unclosed[-_MAX_OPEN_REPORTED:]):
            closer = _CLOSERS[opened.kind]
            if not self._driver.feed(Token(closer, "", token.line, token.column)):
                break
            fed = True
            self._put_in = (position, {closer} | (self._put_in[1] if self._put_in[0] == position else set()))
            self._report(
                "L1005",
                f"{closer} is missing",
                self._span(opened),
                f"this {opened.kind} is still open at {self._shown(token)} in line {token.line}",
                help=habits.missing_end_if(self._tokens, opened, position) or f"close it with {closer}",
            )
        return position if fed else None

    def _stray(self, position: int) -> int:
        token = self._tokens[position]
        after = position + 1
        if self._put_in[0] == position - 1 and token.kind in self._put_in[1]:
            return after  # it stands behind what it should stand before: that was told
        opener = next(o for o, c in _CLOSERS.items() if c == token.kind)
        self._report(
            "L1006",
            f"{token.kind} closes nothing",
            self._span(token),
            f"no {opener} is open here",
            help="remove it, or look for a closing word too many above",
        )
        return after + 1 if self._tokens[min(after, len(self._tokens) - 1)].kind == "SEMI" else after

    # ---- giving up a stretch ----

    def _drop(self, position: int) -> int:
        self._report_unexpected(position)
        start, position = position, habits.end_of_foreign(self._tokens, position)
        if position > start and self._tokens[start].kind in _SECTIONS:
            self._lose_names(start, position)
            return position
        still_open = self._open()
        declares = not still_open or still_open[-1].kind not in _STATEMENT_WORDS
        while True:
            token = self._tokens[position]
            if self._take_up(token):
                break
            if token.kind == "$END":
                break
            position += 1
        if declares:
            self._lose_names(start, position)
        return position if self._tokens[position].kind != "$END" or self._can_end() else len(self._tokens)

    def _take_up(self, token: Token) -> bool:
        """Cut the stacks back to where ERROR and then this token fit; False when they fit nowhere."""
        if token.kind not in _STRONG and token.kind not in _STATEMENT_WORDS:
            return False
        endings: list[tuple[str, ...]] = [("ERROR",)]
        if token.kind in _HARD or token.kind in _STATEMENT_WORDS:
            endings.append(("ERROR", "SEMI"))
        for ending in endings:
            for depth in range(len(self._driver.states), 0, -1):
                if depth <= _FILE_DEPTH and token.kind not in _UNITS and token.kind not in ("VAR_GLOBAL", "TEST"):
                    continue  # what stands between units belongs to one that was given up
                if self._driver.table.accepts(self._driver.states[:depth], (*ending, token.kind)):
                    self._driver.pop_to(depth)
                    for kind in ending:
                        self._driver.feed(Token(kind, "", token.line, token.column))
                    return True
        return False

    def _can_end(self) -> bool:
        return self._driver.table.accepts(self._driver.states, ("$END",))

    def _lose_names(self, start: int, end: int) -> None:
        while start > 0 and self._tokens[start - 1].kind not in _HARD | {"SEMI"}:
            start -= 1
        self.lost |= {t.text.lower() for t in self._tokens[start:end] if t.kind == "NAME"}

    # ---- words ----

    def _report_unexpected(self, position: int) -> None:
        token = self._tokens[position]
        expected = self._expected()
        what = expectation(expected)
        after = f" after '{self._tokens[position - 1].text}'" if position else ""
        message = f"expected {what}{after}, found {self._shown(token)}"
        mend = habits.mend(self._tokens, position, expected)
        self._report("L1003", message, self._span(token), "cannot stand here", help=mend)

    def _expected(self) -> set[str]:
        return self._driver.table.expected(self._driver.states) - {"ERROR"}

    def _shown(self, token: Token) -> str:
        return "the end of the file" if token.kind == "$END" else f"'{token.text}'"

    def _span(self, token: Token) -> Span:
        return Span(self._source, token.line, token.column, max(1, len(token.text)))

    def _behind(self, token: Token) -> Span:
        return Span(self._source, token.line, token.column + len(token.text), 1)

    def _report(self, code: str, message: str, span: Span, label: str, *, help: str = "") -> None:
        self.diagnostics.append(error(code, message, Label(span, label), help=help))
