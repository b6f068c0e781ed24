"""Reductions of the grammar's SFC productions: one method for each alias in grammar.lark."""

# ruff: noqa: D102 - each method is what grammar.lark says under its name

from typing import Any

from runtime.core.diagnostic import Source, Span
from runtime.lang import tree
from runtime.lang.syntax.tokens import Token


class ChartBuilder:
    """The part of the Builder that makes steps, transitions and actions."""

    _source: Source

    def span(self, token: Token) -> Span:
        """Where a token stands."""
        return Span(self._source, token.line, token.column, max(1, len(token.text)))

    def ident(self, token: Token) -> tree.Ident:
        """A token as a name."""
        return tree.Ident(token.text, self.span(token))

    def step(self, word: Token, name: Token, _colon: Token, associations: list[Any], _end: Token) -> tree.Step:
        initial = word.kind == "INITIAL_STEP"
        return tree.Step(self.span(word), self.ident(name), initial, tuple(associations))

    def association_without_qualifier(self, name: Token, _l: Token, _r: Token, _semi: Token) -> tree.Association:
        return tree.Association(self.ident(name), ())

    def association(self, name: Token, _l: Token, arguments: list[Any], _r: Token, _semi: Token) -> tree.Association:
        return tree.Association(self.ident(name), tuple(arguments))

    def transition(
        self,
        word: Token,
        head: tuple[Token | None, tree.TransitionSetting | None],
        _from: Token,
        sources: list[Token],
        _to: Token,
        targets: list[Token],
        _assign: Token,
        condition: Any,
        _semi: Token,
        _end: Token,
    ) -> tree.Transition:
        name, setting = head
        return tree.Transition(
            self.span(word),
            self.ident(name) if name is not None else None,
            setting,
            tuple(self.ident(s) for s in sources),
            tuple(self.ident(t) for t in targets),
            condition,
        )

    def transition_plain(self) -> tuple[None, None]:
        return None, None

    def transition_named(self, name: Token) -> tuple[Token, None]:
        return name, None

    def transition_set(self, setting: tree.TransitionSetting) -> tuple[None, tree.TransitionSetting]:
        return None, setting

    def transition_named_set(
        self, name: Token, setting: tree.TransitionSetting
    ) -> tuple[Token, tree.TransitionSetting]:
        return name, setting

    def transition_setting(
        self, _l: Token, word: Token, _assign: Token, value: Any, _r: Token
    ) -> tree.TransitionSetting:
        return tree.TransitionSetting(self.ident(word), value)

    def several_steps(self, _l: Token, names: list[Token], _r: Token) -> list[Token]:
        return names

    def broken_element(self, word: Token, *_: Any) -> tree.Broken:
        return tree.Broken(self.span(word))

    def action(self, word: Token, name: Token, _colon: Token, body: list[Any], _end: Token) -> tree.Action:
        return tree.Action(self.span(word), self.ident(name), tuple(body), ())

    def action_with_chart(
        self, word: Token, name: Token, _colon: Token, body: list[Any], nested: list[Any], _end: Token
    ) -> tree.Action:
        broken, elements = parts_of(nested)
        return tree.Action(self.span(word), self.ident(name), (*body, *broken), elements)


def parts_of(body: list[Any]) -> tuple[tree.Block, tuple[tree.Element, ...]]:
    """Statements and SFC elements of a body, each in order."""
    kinds = (tree.Step, tree.Transition, tree.Action)
    statements = tuple(item for item in body if not isinstance(item, kinds))
    return statements, tuple(item for item in body if isinstance(item, kinds))
