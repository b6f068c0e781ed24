"""TEST blocks to tests: one, or one for each row of its table."""

from dataclasses import dataclass, replace
from typing import Any

from runtime.core.diagnostic import Diagnostic, Label, Source, Span, error
from runtime.lang import tree
from runtime.lang.syntax.tokens import Token
from runtime.lang.tree import Test


@dataclass(frozen=True, slots=True)
class Table:
    """`ROWS (a, b) 1, 2; 3, 4; END_ROWS`: the variables, and for each test what they are given."""

    columns: tuple[tree.Expr, ...]
    rows: tuple[tuple[tree.Expr, ...], ...]


class TestBuilder:
    """Builds the tests of one source."""

    __test__ = False  # pytest takes every class that is called Test… for its own

    def __init__(self, source: Source, diagnostics: list[Diagnostic]) -> None:
        self._source = source
        self._diagnostics = diagnostics

    def test(self, word: Token, name: Token, settings: Any, companions: Any, sections: Any, *rest: Any) -> list[Test]:
        """A test of each row; without a table, one."""
        table, statements = rest[0], rest[1]
        named = tuple(self._text(c) for c in companions)
        pou = tree.Pou(self._span(word), "TEST", self._text(name), None, tuple(sections), tuple(statements))
        test = Test(self._span(word), self._text(name), tuple(settings), named, pou)
        if not isinstance(table, Table):
            return [_called(test, test.name.text)]
        return [made for row in table.rows if (made := self._row(test, table, row)) is not None]

    def _row(self, test: Test, table: Table, row: tuple[tree.Expr, ...]) -> Test | None:
        """The test with the columns set first; it stands where its row does, and is called after it."""
        first, last = row[0].span, row[-1].span
        if len(row) != len(table.columns):
            label = Label(first, f"{len(row)} values")
            columns = ", ".join(_written(column.span) for column in table.columns)
            message = f"a row of this test has {len(table.columns)} values"
            self._diagnostics.append(error("L3007", message, label, help=f"its columns are {columns}"))
            return None
        given = zip(table.columns, row, strict=True)
        set_first = tuple(tree.Assign(value.span, column, value) for column, value in given)
        pou = replace(test.pou, body=(*set_first, *test.pou.body))
        values = first.source.line(first.line)[first.column - 1 : last.column - 1 + last.length]
        if first.line != last.line:
            values = ", ".join(_written(value.span) for value in row)
        return _called(replace(test, span=first, pou=pou), f"{test.name.text} ({' '.join(values.split())})")

    def _text(self, token: Token) -> tree.Ident:
        """What stands between the quotes."""
        return tree.Ident(token.text.strip("'\""), self._span(token))

    def _span(self, token: Token) -> Span:
        return Span(self._source, token.line, token.column, len(token.text))


def _called(test: Test, name: str) -> Test:
    """The test under a name; its body's name tells tests of all files from other POUs."""
    body = replace(test.pou, name=replace(test.name, text=f"TEST '{name}'"))
    return replace(test, name=replace(test.name, text=name), pou=body)


def _written(span: Span) -> str:
    return span.source.line(span.line)[span.column - 1 : span.column - 1 + span.length]
