"""The LALR(1) table, which is lark's, and the driver that feeds it: recovery needs its stacks (recovery.py)."""

import functools
import json
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from runtime.core.objectcache import ObjectCache, content_key
from runtime.lang.syntax.build import Builder
from runtime.lang.syntax.tokens import Token


class Reduction(NamedTuple):
    """An alternative of the grammar: how many symbols it has, its alias, and the symbol it makes."""

    size: int
    alias: str
    makes: str


class Table:
    """The LALR(1) table: what each state does on each symbol."""

    def __init__(
        self, start: int, end: int, shifts: list[dict[str, int]], reductions: list[dict[str, Reduction]]
    ) -> None:
        self.start, self.end = start, end
        self.shifts, self.reductions = shifts, reductions
        self.aliases = {reduction.alias for row in reductions for reduction in row.values()}

    @classmethod
    def of_grammar(cls, grammar: str) -> "Table":
        """Lark's table of the grammar; takes a quarter of a second."""
        from lark import Lark
        from lark.lexer import Lexer
        from lark.parsers.lalr_analysis import Shift

        class _NoLexer(Lexer):
            """Lark wants a lexer; tokens come from tokens.py."""

            def __init__(self, *_: Any) -> None: ...

            def lex(self, *_: Any) -> Any:
                """Never called."""
                raise NotImplementedError

        parser: Any = Lark(grammar, parser="lalr", start="file", lexer=_NoLexer).parser.parser
        table = parser._parse_table  # noqa: SLF001 - lark has no public name for it
        made = cls(
            table.start_states["file"],
            table.end_states["file"],
            [{} for _ in table.states],
            [{} for _ in table.states],
        )
        for state, actions in table.states.items():
            for symbol, (action, argument) in actions.items():
                if action is Shift:
                    made.shifts[state][symbol] = argument
                    continue
                reduction = Reduction(len(argument.expansion), str(argument.alias), str(argument.origin.name))
                made.reductions[state][symbol] = reduction
                made.aliases.add(reduction.alias)
        return made

    def to_bytes(self) -> bytes:
        """As plain data for the cache."""
        return json.dumps([self.start, self.end, self.shifts, self.reductions]).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Table":
        """The table that `to_bytes` wrote."""
        start, end, shifts, reductions = json.loads(content)
        return cls(start, end, shifts, [{symbol: Reduction(*r) for symbol, r in row.items()} for row in reductions])

    def accepts(self, stack: list[int], kinds: tuple[str, ...]) -> bool:
        """True when the tokens could follow, one after another, on a stack of states."""
        trial: list[int] | None = list(stack)
        for kind in kinds:
            trial = self.after(trial, kind) if trial is not None else None
        return trial is not None

    def after(self, stack: list[int], kind: str) -> list[int] | None:
        """The stack of states after a token, or None when it cannot follow."""
        stack = list(stack)
        while (shifted := self.shifts[stack[-1]].get(kind)) is None:
            rule = self.reductions[stack[-1]].get(kind)
            if rule is None:
                return None
            if rule.size:
                del stack[-rule.size :]
            stack.append(self.shifts[stack[-1]][rule.makes])
            if kind == "$END" and stack[-1] == self.end:
                return stack
        return [*stack, shifted]

    def expected(self, stack: list[int]) -> set[str]:
        """The kinds of token that could follow."""
        state = stack[-1]
        candidates = [k for k in (*self.shifts[state], *self.reductions[state]) if k.isupper()]
        return {k for k in candidates if self.after(stack, k) is not None}


@functools.cache
def table() -> Table:
    """The table, built once a process; kept on disk where `keep_table_in` says."""
    grammar = resources.files("runtime.lang.syntax").joinpath("grammar.lark").read_text(encoding="utf-8")
    key = content_key("LALR table", Path(__file__).read_text(encoding="utf-8"), grammar)
    cache = _kept_in[-1] if _kept_in else None
    found = cache.get(key) if cache is not None else None
    if found is not None:
        return Table.from_bytes(found)
    made = Table.of_grammar(grammar)
    if cache is not None:
        cache.put(key, made.to_bytes())
    return made


def keep_table_in(cache: ObjectCache) -> None:
    """Name the cache for the table, before the first parse of the process."""
    _kept_in.append(cache)


_kept_in: list[ObjectCache] = []


class Driver:
    """The stacks of one parse."""

    def __init__(self, rules: Table, builder: Builder) -> None:
        self.table = rules
        self._reducers = {alias: builder.reducer(alias) for alias in rules.aliases}
        self.states = [rules.start]
        self.values: list[Any] = []

    def feed(self, token: Token) -> bool:
        """Take one token; False, with the stacks as they were but for finished reductions, when it cannot follow."""
        states, values, reducers = self.states, self.values, self._reducers
        shifts, reductions, kind = self.table.shifts, self.table.reductions, token.kind
        while (shifted := shifts[states[-1]].get(kind)) is None:
            rule = reductions[states[-1]].get(kind)
            if rule is None:
                return False
            size, alias, makes = rule
            if size:
                children = values[-size:]
                del states[-size:], values[-size:]
                values.append(reducers[alias](*children))
            else:
                values.append(reducers[alias]())
            states.append(shifts[states[-1]][makes])
            if kind == "$END" and states[-1] == self.table.end:
                return True
        states.append(shifted)
        values.append(token)
        return True

    def pop_to(self, depth: int) -> None:
        """Cut the stacks back to `depth` states."""
        del self.states[depth:], self.values[depth - 1 :]
