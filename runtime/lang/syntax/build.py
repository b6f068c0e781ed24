"""Reductions of the grammar to nodes of the tree: one method for each alias in grammar.lark.

A method takes the values of its alternative's symbols in order, tokens included (unused ones are underscored away).
"""

# ruff: noqa: D102 - each method is what grammar.lark says under its name

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from runtime.core.diagnostic import Diagnostic, Label, Source, error
from runtime.lang import tree
from runtime.lang.syntax.build_classes import ClassBuilder
from runtime.lang.syntax.build_tests import Table, TestBuilder
from runtime.lang.syntax.build_units import UnitBuilder
from runtime.lang.syntax.margins import Margins
from runtime.lang.syntax.tokens import Scanned, Token
from runtime.lang.tree import Test, join

LONGEST_PART = 4
"""Digits of a bit's number; more are out of range whatever they say."""
_OPERATORS = {"&": "AND"}


class Builder(UnitBuilder):
    """Builds the tree of one source. Parser values are dynamic, hence Any: their types are the grammar's business."""

    def __init__(self, source: Source, scanned: Scanned) -> None:
        self._source = source
        self._classes = ClassBuilder(source)
        self._margins = Margins(source, scanned)
        self.diagnostics: list[Diagnostic] = []
        self._tests = TestBuilder(source, self.diagnostics)

    def reducer(self, alias: str) -> Callable[..., Any]:
        """The method for an alternative of the grammar."""
        method: Callable[..., Any] = getattr(self, alias, None) or getattr(self._classes, alias)
        return method

    # ---- lists ----

    def nothing(self) -> list[Any]:
        return []

    def one(self, item: Any) -> list[Any]:
        return [item]

    def first(self, item: Any, *_: Any) -> Any:
        return item

    def second(self, _: Any, item: Any, *_more: Any) -> Any:
        return item

    def dropped(self, *_: Any) -> None:
        return None

    def append(self, items: list[Any], item: Any) -> list[Any]:
        if item is not None:
            items.append(item)
        return items

    def append_after_comma(self, items: list[Any], _comma: Token, item: Any) -> list[Any]:
        items.append(item)
        return items

    # ---- declarations and types ----

    def section(self, kind: Token, qualifiers: list[Token], declarations: list[Any], _end: Token) -> tree.Section:
        words = tuple(q.kind for q in qualifiers)
        return tree.Section(self.span(kind), kind.kind, words, tuple(declarations))

    def declaration(self, names: list[Token], _colon: Token, spec: Any, semi: Token) -> tree.Declaration:
        return self._declare(names, spec, None, semi)

    def declaration_with_initial(
        self, names: list[Token], _colon: Token, spec: Any, _assign: Token, initial: Any, semi: Token
    ) -> tree.Declaration:
        return self._declare(names, spec, initial, semi)

    def declaration_with_edge(
        self, names: list[Token], _colon: Token, spec: Any, edge: Token, semi: Token
    ) -> tree.Declaration:
        return replace(self._declare(names, spec, None, semi), edge=edge.kind)

    def located(
        self, name: Token, _at: Token, address: Token, _colon: Token, spec: Any, semi: Token
    ) -> tree.Declaration:
        return replace(self._declare([name], spec, None, semi), at=self.ident(address))

    def located_with_initial(
        self,
        name: Token,
        _at: Token,
        address: Token,
        _colon: Token,
        spec: Any,
        _assign: Token,
        initial: Any,
        semi: Token,
    ) -> tree.Declaration:
        return replace(self._declare([name], spec, initial, semi), at=self.ident(address))

    def _declare(self, names: list[Token], spec: Any, initial: Any, semi: Token) -> tree.Declaration:
        return tree.Declaration(tuple(self.ident(n) for n in names), spec, initial, self._margins.note(names[0], semi))

    def named_type(self, name: Token) -> tree.NamedType:
        return tree.NamedType(self.span(name), name.text)

    def array_type(
        self, word: Token, _l: Token, dimensions: list[Any], _r: Token, _of: Token, element: Any
    ) -> tree.ArrayType:
        return tree.ArrayType(self.span(word), tuple(dimensions), element)

    def string_type(self, word: Token, _l: Token, length: Any, right: Token) -> tree.StringType:
        return tree.StringType(join(self.span(word), self.span(right)), word.text.upper(), length)

    def subrange(self, base: Token, _l: Token, low: Any, _range: Token, high: Any, right: Token) -> tree.SubrangeType:
        return tree.SubrangeType(join(self.span(base), self.span(right)), self.named_type(base), low, high)

    def open_dimension(self, star: Token) -> tuple[Any, Any]:
        return tree.Open(self.span(star)), tree.Open(self.span(star))

    def dimension(self, low: Any, _range: Token, high: Any) -> tuple[Any, Any]:
        return low, high

    def enumeration(self, left: Token, labels: list[Any], right: Token) -> tree.EnumType:
        return tree.EnumType(join(self.span(left), self.span(right)), None, tuple(labels))

    def enumeration_with_base(self, base: Token, left: Token, labels: list[Any], right: Token) -> tree.EnumType:
        return tree.EnumType(join(self.span(left), self.span(right)), self.named_type(base), tuple(labels))

    def enumeration_with_trailing_base(
        self, left: Token, labels: list[Any], right: Token, base: Token
    ) -> tree.EnumType:
        return self.enumeration_with_base(base, left, labels, right)

    def enum_label(self, name: Token) -> tuple[tree.Ident, None]:
        return self.ident(name), None

    def enum_label_with_value(self, name: Token, _assign: Token, value: Any) -> tuple[tree.Ident, Any]:
        return self.ident(name), value

    def type_declaration(self, name: Token, _colon: Token, spec: Any, _semi: Token) -> tree.TypeDeclaration:
        return tree.TypeDeclaration(self.ident(name), spec, None)

    def type_declaration_with_initial(
        self, name: Token, _colon: Token, spec: Any, _assign: Token, initial: Any, _semi: Token
    ) -> tree.TypeDeclaration:
        return tree.TypeDeclaration(self.ident(name), spec, initial)

    def struct_declaration(
        self, name: Token, _colon: Token, word: Token, fields: list[Any], _end: Token
    ) -> tree.TypeDeclaration:
        return tree.TypeDeclaration(self.ident(name), tree.StructType(self.span(word), tuple(fields)), None)

    def fields_init(self, left: Token, fields: list[Any], right: Token) -> tree.FieldsInit:
        return tree.FieldsInit(join(self.span(left), self.span(right)), tuple(fields))

    def field_init(self, name: Token, _assign: Token, value: Any) -> tuple[tree.Ident, Any]:
        return self.ident(name), value

    def items_init(self, left: Token, items: list[Any], right: Token) -> tree.ItemsInit:
        return tree.ItemsInit(join(self.span(left), self.span(right)), tuple(items))

    def item_init(self, value: Any) -> tuple[int, Any]:
        return 1, value

    def repeated_item_init(self, count: Token, _l: Token, value: Any, _r: Token) -> tuple[int, Any]:
        text = count.text.replace("_", "")
        return (int(text) if text.isdecimal() else 1), value

    # ---- tests ----

    def test(self, word: Token, *rest: Any) -> list[Test]:
        return self._tests.test(word, *rest)

    def table(
        self, _rows: Token, _open: Token, columns: list[Any], _close: Token, rows: list[Any], _end: Token
    ) -> Table:
        return Table(tuple(columns), tuple(tuple(row) for row in rows))

    # ---- statements ----

    def assign(self, target: Any, _assign: Token, value: Any, _semi: Token) -> tree.Assign:
        return tree.Assign(join(target.span, value.span), target, value)

    def attempt(self, target: Any, _attempt: Token, value: Any, _semi: Token) -> tree.Attempt:
        return tree.Attempt(join(target.span, value.span), target, value)

    def call_statement(self, call: tree.CallExpr, _semi: Token) -> tree.CallStatement:
        return tree.CallStatement(call.span, call)

    def jump(self, word: Token, _semi: Token) -> tree.Jump:
        return tree.Jump(self.span(word), word.kind)

    def broken(self, word: Token, _semi: Token) -> tree.Broken:
        return tree.Broken(self.span(word))

    def if_statement(
        self, word: Token, condition: Any, _then: Token, block: list[Any], elsifs: list[Any], _end: Token
    ) -> tree.If:
        return tree.If(self.span(word), ((condition, tuple(block)), *elsifs), ())

    def if_else_statement(
        self,
        word: Token,
        condition: Any,
        _then: Token,
        block: list[Any],
        elsifs: list[Any],
        _else: Token,
        otherwise: list[Any],
        _end: Token,
    ) -> tree.If:
        return tree.If(self.span(word), ((condition, tuple(block)), *elsifs), tuple(otherwise))

    def elsif(self, arms: list[Any], _word: Token, condition: Any, _then: Token, block: list[Any]) -> list[Any]:
        arms.append((condition, tuple(block)))
        return arms

    def case_statement(self, word: Token, selector: Any, _of: Token, items: list[Any], _end: Token) -> tree.Case:
        return self._case(word, selector, items, [])

    def case_else_statement(
        self, word: Token, selector: Any, _of: Token, items: list[Any], _else: Token, otherwise: list[Any], _end: Token
    ) -> tree.Case:
        return self._case(word, selector, items, otherwise)

    def _case(self, word: Token, selector: Any, items: list[Any], otherwise: list[Any]) -> tree.Case:
        arms: list[tuple[tuple[tree.Label, ...], list[Any]]] = []
        stray: list[Any] = []
        for item in items:
            if isinstance(item, tuple):
                arms.append((item, []))
            elif arms:
                arms[-1][1].append(item)
            else:
                stray.append(item)
        if stray and not isinstance(stray[0], tree.Broken):
            label = Label(stray[0].span, "this statement belongs to no label")
            mend = "begin with a label: `1:` or `AUTO:`"
            self.diagnostics.append(error("L1007", "CASE begins with a statement", label, help=mend))
        made = tuple(tree.CaseArm(labels, tuple(block)) for labels, block in arms)
        return tree.Case(self.span(word), selector, made, tuple(otherwise), tuple(stray))

    def case_label_item(self, items: list[Any], labels: list[Any], _colon: Token) -> list[Any]:
        items.append(tuple(labels))
        return items

    def case_label(self, value: Any) -> tree.Label:
        return tree.Label(value.span, value, None)

    def case_range(self, low: Any, _range: Token, high: Any) -> tree.Label:
        return tree.Label(join(low.span, high.span), low, high)

    def for_statement(
        self,
        word: Token,
        control: Any,
        _assign: Token,
        start: Any,
        _to: Token,
        end: Any,
        _do: Token,
        block: list[Any],
        _end: Token,
    ) -> tree.For:
        return tree.For(self.span(word), control, start, end, None, tuple(block))

    def for_by_statement(
        self,
        word: Token,
        control: Any,
        _assign: Token,
        start: Any,
        _to: Token,
        end: Any,
        _by: Token,
        step: Any,
        _do: Token,
        block: list[Any],
        _end: Token,
    ) -> tree.For:
        return tree.For(self.span(word), control, start, end, step, tuple(block))

    def while_statement(self, word: Token, condition: Any, _do: Token, block: list[Any], _end: Token) -> tree.While:
        return tree.While(self.span(word), condition, tuple(block))

    def repeat_statement(self, word: Token, block: list[Any], _until: Token, until: Any, _end: Token) -> tree.Repeat:
        return tree.Repeat(self.span(word), tuple(block), until)

    # ---- expressions ----

    def binary(self, left: Any, op: Token, right: Any) -> tree.Binary:
        word = op.text.upper()
        return tree.Binary(join(left.span, right.span), _OPERATORS.get(word, word), self.span(op), left, right)

    def unary(self, op: Token, operand: Any) -> tree.Unary:
        return tree.Unary(join(self.span(op), operand.span), op.text.upper(), operand)

    def group(self, left: Token, inner: Any, right: Token) -> tree.Group:
        return tree.Group(join(self.span(left), self.span(right)), inner)

    def missing(self, word: Token) -> tree.Missing:
        return tree.Missing(self.span(word))

    def literal(self, token: Token) -> tree.Literal:
        return tree.Literal(self.span(token), token.text)

    def enumeration_value(self, base: Any, _dot: Token, value: Token) -> tree.Literal:
        """`a.b.MODE#AUTO`: the type of an enumeration value by its qualified name."""
        span, names = join(base.span, self.span(value)), [value.text]
        while isinstance(base, tree.Field):
            names, base = [base.name.text, *names], base.base
        if not isinstance(base, tree.Name):
            label = Label(self.span(value), "a value of a type")
            self.diagnostics.append(
                error("L1008", f"{value.text} cannot be read", label, help="remove what is before it")
            )
            return tree.Literal(self.span(value), value.text)
        return tree.Literal(span, ".".join([base.text, *names]))

    def name(self, token: Token) -> tree.Name:
        return tree.Name(self.span(token), token.text)

    def field(self, base: Any, _dot: Token, name: Token) -> tree.Field:
        return tree.Field(join(base.span, self.span(name)), base, self.ident(name))

    def partial(self, base: Any, _dot: Token, part: Token) -> tree.Partial:
        letters = part.text.lstrip("%")
        size = letters[0].upper() if letters[0].isalpha() else "X"
        digits = letters.lstrip("XBWDLxbwdl").replace("_", "")
        number = int(digits) if digits.isdecimal() and len(digits) <= LONGEST_PART else 1 << 16
        return tree.Partial(join(base.span, self.span(part)), base, size, number)

    def dereference(self, base: Any, caret: Token) -> tree.Dereference:
        return tree.Dereference(join(base.span, self.span(caret)), base)

    def subscript(self, base: Any, _l: Token, indices: list[Any], right: Token) -> tree.Subscript:
        return tree.Subscript(join(base.span, self.span(right)), base, tuple(indices))

    def call_without_args(self, callee: Any, _l: Token, right: Token) -> tree.CallExpr:
        return tree.CallExpr(join(callee.span, self.span(right)), callee, ())

    def call(self, callee: Any, _l: Token, args: list[Any], right: Token) -> tree.CallExpr:
        return tree.CallExpr(join(callee.span, self.span(right)), callee, tuple(args))

    def arg(self, value: Any) -> tree.Arg:
        return tree.Arg(None, False, value)

    def named_arg(self, name: Token, _assign: Token, value: Any) -> tree.Arg:
        return tree.Arg(self.ident(name), False, value)

    def output_arg(self, name: Token, _output: Token, target: Any) -> tree.Arg:
        return tree.Arg(self.ident(name), True, target)
