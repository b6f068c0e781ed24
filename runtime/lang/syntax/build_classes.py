"""Reductions of the grammar's classes and interfaces to nodes of the tree."""

# ruff: noqa: D102 - each method is what grammar.lark says under its name

from typing import Any

from runtime.core.diagnostic import Source, Span
from runtime.lang import tree
from runtime.lang.syntax.build_charts import parts_of
from runtime.lang.syntax.tokens import Token


class ClassBuilder:
    """Builds function blocks with their methods and properties, interfaces, and references."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def function_block(
        self,
        kind: Token,
        modifiers: list[Token],
        name: Token,
        usings: list[Any],
        extends: list[list[Token]],
        implements: list[list[Token]],
        items: list[Any],
        body: list[Any],
        _end: Token,
    ) -> tree.Pou:
        return tree.Pou(
            self._span(kind),
            kind.kind,
            self._ident(name),
            None,
            tuple(i for i in items if isinstance(i, tree.Section)),
            *parts_of(body),
            modifiers=tuple(m.kind for m in modifiers),
            extends=tuple(map(self._dotted, extends)),
            implements=tuple(map(self._dotted, implements)),
            methods=tuple(i for i in items if isinstance(i, tree.Pou)),
            properties=tuple(i for i in items if isinstance(i, tree.Property)),
            usings=tuple(path for using in usings for path in using),
        )

    def interface(
        self,
        kind: Token,
        access: list[Token],
        name: Token,
        usings: list[Any],
        extends: list[list[Token]],
        items: list[Any],
        _end: Token,
    ) -> tree.Pou:
        return tree.Pou(
            self._span(kind),
            kind.kind,
            self._ident(name),
            None,
            (),
            (),
            modifiers=tuple(a.kind for a in access),
            extends=tuple(map(self._dotted, extends)),
            methods=tuple(i for i in items if isinstance(i, tree.Pou)),
            properties=tuple(i for i in items if isinstance(i, tree.Property)),
            usings=tuple(path for using in usings for path in using),
        )

    def method(
        self, kind: Token, modifiers: list[Token], name: Token, sections: list[Any], body: list[Any], _end: Token
    ) -> tree.Pou:
        words = tuple(m.kind for m in modifiers)
        return tree.Pou(
            self._span(kind), "METHOD", self._ident(name), None, tuple(sections), *parts_of(body), modifiers=words
        )

    def method_with_result(
        self,
        kind: Token,
        modifiers: list[Token],
        name: Token,
        _colon: Token,
        result: tree.TypeSpec,
        sections: list[Any],
        body: list[Any],
        _end: Token,
    ) -> tree.Pou:
        words = tuple(m.kind for m in modifiers)
        return tree.Pou(
            self._span(kind), "METHOD", self._ident(name), result, tuple(sections), *parts_of(body), modifiers=words
        )

    def accessor(self, kind: Token, sections: list[Any], body: list[Any], _end: Token) -> tuple[Token, Any, Any]:
        return kind, sections, body

    def property(
        self,
        kind: Token,
        modifiers: list[Token],
        name: Token,
        _colon: Token,
        type_: tree.TypeSpec,
        accessors: list[tuple[Token, Any, Any]],
        _end: Token,
    ) -> tree.Property:
        words = tuple(m.kind for m in modifiers)
        ident = self._ident(name)
        made: dict[str, tree.Pou] = {}
        for word, sections, body in accessors:
            given = tree.Section(
                self._span(word), "VAR_INPUT", (), (tree.Declaration((ident,), type_, None, tree.Note()),)
            )
            result, own = (type_, sections) if word.kind == "GET" else (None, [given, *sections])
            method = tree.Pou(self._span(word), "METHOD", ident, result, tuple(own), *parts_of(body), modifiers=words)
            made.setdefault(word.kind, method)
        return tree.Property(self._span(kind), ident, words, type_, made.get("GET"), made.get("SET"))

    def reference_type(self, word: Token, target: tree.TypeSpec) -> tree.ReferenceType:
        return tree.ReferenceType(self._span(word), target)

    def pointer_type(self, word: Token, _to: Token, target: tree.TypeSpec) -> tree.ReferenceType:
        return tree.ReferenceType(self._span(word), target)

    def assign_reference(self, target: Any, word: Token, value: Any, _semi: Token) -> tree.Assign:
        callee = tree.Name(self._span(word), "REF")
        call = tree.CallExpr(value.span, callee, (tree.Arg(None, is_output=False, value=value),))
        return tree.Assign(tree.join(target.span, value.span), target, call)

    def _dotted(self, names: list[Token]) -> tree.Ident:
        return tree.Ident(".".join(n.text for n in names), tree.join(self._span(names[0]), self._span(names[-1])))

    def _span(self, token: Token) -> Span:
        return Span(self._source, token.line, token.column, max(1, len(token.text)))

    def _ident(self, token: Token) -> tree.Ident:
        return tree.Ident(token.text, self._span(token))
