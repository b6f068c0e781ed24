"""Names to symbols: a walk over the trees that notes every use.

Nodes that say nothing about names are walked through by their fields, so that new kinds of nodes need nothing here.
"""

import re
from collections import defaultdict
from dataclasses import fields, is_dataclass

from runtime.core.diagnostic import Span
from runtime.lang import tree
from runtime.lang.index.declared import Symbol, SymbolKind
from runtime.lang.index.families import lineage
from runtime.lang.index.names import Access, Index, Use
from runtime.lang.semantics.chart import TIMED
from runtime.lang.semantics.namespaces import simple

_TYPED = re.compile(r"(?P<type>[A-Za-z_][\w.]*)#(?P<label>[A-Za-z_]\w*)\Z")

_CONVERSION = re.compile(r"(\w+?)_TO_(\w+)")
_WITH_RESULT = (SymbolKind.FUNCTION, SymbolKind.METHOD)


class Resolver:
    """Collects the uses of names in files, against an index that knows what is declared."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._declared = index.declared
        self._inside: Symbol | None = None
        self.uses: list[Use] = []
        self.unsettled: dict[str, list[Span]] = defaultdict(list)
        self._in_tests: set[tuple[Symbol, Span]] = set()
        for symbol in self._declared.every:
            if not symbol.library:
                self.uses.append(Use(symbol, symbol.span, Access.DECLARE, symbol.owner))
        self._pou_of = {id(s.pou): s for s in self._declared.bodies}

    def file(self, file: tree.File) -> None:
        """Note the uses in one file."""
        for spot in file.spots:
            found = self._declared.namespaces.get(spot.path.lower())
            if found is not None and found.span != spot.span:
                self._note(found, spot.span, Access.READ)
        for declaration in file.types:
            self._spec(declaration.spec)
            self._initial(declaration.initial, declaration.spec)
        for section in file.globals:
            self._section(section)
        for pou in file.pous:
            self._pou(pou)
        for configuration in file.configurations:
            self._configuration(configuration)

    def test(self, test: tree.Test) -> None:
        """Note the uses in a test; those of one table are one text, whose uses are noted once."""
        before = len(self.uses)
        self._walk(tuple(value for _, value in test.settings))
        self._pou(test.pou)
        fresh = [u for u in self.uses[before:] if (u.symbol, u.span) not in self._in_tests]
        self._in_tests |= {(u.symbol, u.span) for u in fresh}
        self.uses[before:] = {(u.symbol, u.span): u for u in fresh}.values()

    def _note(self, symbol: Symbol | None, span: Span, access: Access) -> None:
        if symbol is not None:
            self.uses.append(Use(symbol, span, access, self._inside))

    # ---- declarations ----

    def _pou(self, pou: tree.Pou) -> None:
        outside, self._inside = self._inside, self._pou_of.get(id(pou), self._inside)
        if pou.result is not None:
            self._spec(pou.result)
        for section in pou.sections:
            self._section(section)
        for part in fields(pou):
            if part.name not in ("name", "span", "result", "sections", "kind"):
                self._walk(getattr(pou, part.name))
        for ident in (*pou.extends, *pou.implements):
            self._note(self._declared.pous.get(ident.key), ident.span, Access.READ)
        self._inside = outside

    def _section(self, section: tree.Section) -> None:
        for declaration in section.declarations:
            self._spec(declaration.type)
            self._initial(declaration.initial, declaration.type)
            if section.kind == "VAR_EXTERNAL":
                for ident in declaration.names:
                    self._note(self._variable(ident.key), ident.span, Access.DECLARE)

    def _spec(self, spec: object) -> None:
        match spec:
            case tree.NamedType():
                found = self._declared.types.get(spec.key) or self._declared.pous.get(spec.key)
                self._note(found, spec.span, Access.READ)
            case tree.ArrayType():
                for bound in spec.bounds:
                    self._walk(bound)
                self._spec(spec.element)
            case tree.StructType():
                for declaration in spec.fields:
                    self._spec(declaration.type)
                    self._initial(declaration.initial, declaration.type)
            case tree.EnumType():
                if spec.base is not None:
                    self._spec(spec.base)
                self._walk(tuple(value for _, value in spec.labels))
            case _:
                self._walk(spec)

    def _initial(self, initial: tree.Init | None, spec: tree.TypeSpec | None) -> None:
        match initial:
            case tree.FieldsInit():
                owner = self._index.named(spec)
                for ident, value in initial.fields:
                    member = self._index.member(owner, ident.key)
                    self._note(member, ident.span, Access.WRITE)
                    self._initial(value, member.spec if member is not None else None)
            case tree.ItemsInit():
                for _, value in initial.items:
                    self._initial(value, spec.element if isinstance(spec, tree.ArrayType) else spec)
            case None:
                return
            case _:
                self._value(initial, self._index.named(spec))

    def _configuration(self, configuration: tree.Configuration) -> None:
        for section in configuration.sections:
            self._section(section)
        for task in configuration.tasks:
            self._walk(tuple(value for _, value in task.settings))
        for program in configuration.programs:
            if program.task is not None:
                self._note(self._declared.tasks.get(program.task.key), program.task.span, Access.READ)
            kind = self._declared.pous.get(program.type.key)
            self._note(kind, program.type.span, Access.READ)
            for arg in program.connections:
                if arg.name is not None:
                    given = Access.READ if arg.is_output else Access.WRITE
                    self._note(self._index.member(kind, arg.name.key), arg.name.span, given)
                self._expression(arg.value, Access.WRITE if arg.is_output else Access.READ)

    # ---- statements and expressions ----

    def _walk(self, node: object) -> None:
        match node:
            case tuple():
                for item in node:
                    self._walk(item)
            case tree.Pou():
                self._pou(node)
            case tree.Assign() | tree.Attempt() | tree.For():
                self._changes(node)
            case tree.Association() | tree.Transition():
                self._chart(node)
            case tree.Case() | tree.Binary():
                self._alike(node)
            case tree.Name() | tree.Field() | tree.Subscript() | tree.CallExpr() | tree.Literal():
                self._expression(node, Access.READ)
            case tree.NamedType() | tree.ArrayType() | tree.StructType() | tree.EnumType():
                self._spec(node)
            case Span() | tree.Ident() | tree.Note():
                return
            case _ if is_dataclass(node) and not isinstance(node, type):
                for part in fields(node):
                    self._walk(getattr(node, part.name))

    def _changes(self, node: tree.Assign | tree.Attempt | tree.For) -> None:
        """What assigns."""
        if isinstance(node, tree.For):
            self._expression(node.control, Access.WRITE)
            self._walk((node.start, node.end, node.step, node.block))
            return
        target = self._quietly(node.target)
        self._value(node.value, self._result_or_type(target))
        self._expression(node.target, Access.WRITE)

    def _chart(self, node: tree.Association | tree.Transition) -> None:
        """Actions of a step behind their qualifier, which is no name; the steps of a transition."""
        if isinstance(node, tree.Transition):
            for ident in (*node.sources, *node.targets):
                self._note(self._variable(ident.key), ident.span, Access.READ)
            self._walk((node.setting, node.condition))
            return
        self._note(self._variable(node.name.key), node.name.span, Access.WRITE)
        qualifier = node.arguments[0] if node.arguments else None
        timed = isinstance(qualifier, tree.Name) and qualifier.text.upper() in TIMED
        for argument in node.arguments[1:2] if timed else ():
            self._expression(argument, Access.READ)
        for argument in node.arguments[2 if timed else 1 :]:
            self._expression(argument, Access.WRITE)

    def _alike(self, node: tree.Case | tree.Binary) -> None:
        """Both sides of a comparison are of one type; the labels of a CASE are values of its selector's."""
        if isinstance(node, tree.Binary):
            kinds = [self._result_or_type(self._quietly(side)) for side in (node.left, node.right)]
            self._value(node.left, kinds[1])
            self._value(node.right, kinds[0])
            return
        kind = self._result_or_type(self._quietly(node.selector))
        self._expression(node.selector, Access.READ)
        for arm in node.arms:
            for label in arm.labels:
                for part in fields(label):
                    self._value(getattr(label, part.name), kind)
            self._walk(arm.block)
        self._walk((node.otherwise, node.stray))

    def _value(self, node: object, kind: Symbol | None) -> None:
        """A value where one of a type is expected: a name may be that of one of its values."""
        if isinstance(node, tree.Group):
            self._value(node.inner, kind)
        elif isinstance(node, tree.Name) and self._variable(node.key) is None and kind is not None:
            label = kind.members.get(node.key)
            if label is not None and label.kind is SymbolKind.LABEL:
                self._note(label, node.span, Access.READ)
            else:
                self._expression(node, Access.READ)
        else:
            self._walk(node)

    def _quietly(self, node: tree.Expr) -> Symbol | None:
        """The symbol an expression ends in, without noting what it names."""
        if not isinstance(node, tree.Name | tree.Field | tree.Subscript | tree.Dereference | tree.Group):
            return None
        uses, unsettled = self.uses, self.unsettled
        self.uses, self.unsettled = [], defaultdict(list)
        found = self._expression(node, Access.READ)
        self.uses, self.unsettled = uses, unsettled
        return found

    def _expression(self, node: tree.Expr, access: Access) -> Symbol | None:
        """Note what an expression names; the symbol it ends in, if it is a variable or a part of one."""
        match node:
            case tree.Name():
                if node.key in ("this", "super"):
                    return self._own_block(base=node.key == "super")
                found = self._variable(node.key) or self._label(node.key, node.span)
                found = found or self._declared.instances.get(node.key) or self._declared.pous.get(node.key)
                self._note(found, node.span, access)
                return found
            case tree.Field():
                base = self._expression(node.base, access)
                owner = self._result_or_type(base)
                member = self._index.member(owner, node.name.key)
                self._note(member, node.name.span, access)
                return member
            case tree.Subscript():
                self._walk(node.indices)
                return self._expression(node.base, access)
            case tree.Group():
                return self._expression(node.inner, access)
            case tree.CallExpr():
                return self._call(node)
            case tree.Literal():
                self._literal(node)
                return None
            case _ if hasattr(node, "base"):
                return self._expression(node.base, access)
            case _:
                self._walk(node)
                return None

    def _result_or_type(self, base: Symbol | None) -> Symbol | None:
        if base is not None and base.kind in _WITH_RESULT:
            return self._index.named(base.spec)
        return self._index.type_of(base) if base is not None else None

    def _variable(self, key: str) -> Symbol | None:
        inside = self._inside
        own = self._index.member(inside, key)
        if own is None and inside is not None and inside.owner is not None:
            own = self._index.member(inside.owner, key)
        if own is not None and own.section == "VAR_EXTERNAL":
            return self._declared.globals.get(key) or own
        if own is None and inside is not None and inside.kind in _WITH_RESULT and simple(inside.key) == key:
            return inside
        return own or self._declared.globals.get(key)

    def _own_block(self, *, base: bool) -> Symbol | None:
        """What THIS^ or SUPER^ means here."""
        inside = self._inside
        block = inside.owner if inside is not None and inside.owner is not None else inside
        blocks = lineage(self._declared, block)
        return next(iter(blocks[1:]), None) if base else block

    def _label(self, key: str, span: Span) -> Symbol | None:
        owners = self._declared.labels.get(key, ())
        if len(owners) > 1:
            self.unsettled[key].append(span)
        return owners[0] if len(owners) == 1 else None

    def _literal(self, node: tree.Literal) -> None:
        found = _TYPED.match(node.text)
        owner = self._declared.types.get(found["type"].lower()) if found is not None else None
        if found is None or owner is None:
            return
        span, length = node.span, len(simple(found["type"]))
        self._note(owner, Span(span.source, span.line, span.column, length), Access.READ)
        at = Span(span.source, span.line, span.column + length + 1, len(found["label"]))
        self._note(owner.members.get(found["label"].lower()), at, Access.READ)

    def _call(self, node: tree.CallExpr) -> Symbol | None:
        callee = self._callee(node.callee)
        block = self._index.type_of(callee) if callee is not None else None
        parameters = block.parameters if block is not None else []
        for position, arg in enumerate(node.args):
            if arg.name is not None:
                parameter = self._index.member(block, arg.name.key)
                self._note(parameter, arg.name.span, Access.READ if arg.is_output else Access.WRITE)
            else:
                parameter = parameters[position] if position < len(parameters) else None
            by_reference = arg.is_output or (parameter is not None and parameter.section == "VAR_IN_OUT")
            if by_reference:
                self._expression(arg.value, Access.WRITE)
            else:
                self._value(arg.value, self._index.named(parameter.spec) if parameter is not None else None)
        return None if block is None or block.kind not in _WITH_RESULT else self._index.named(block.spec)

    def _callee(self, node: tree.Expr) -> Symbol | None:
        """What is called: in its own body too, a function's name in front of parentheses is the function."""
        if isinstance(node, tree.Name):
            function = self._declared.pous.get(node.key)
            if function is not None and function.kind is SymbolKind.FUNCTION:
                self._note(function, node.span, Access.CALL)
                return function
            if function is None and self._variable(node.key) is None:
                self._conversion(node)
        return self._expression(node, Access.CALL)

    def _conversion(self, node: tree.Name) -> None:
        """`MODE_TO_INT` names the type MODE."""
        found = _CONVERSION.fullmatch(node.text)
        for part in (1, 2) if found is not None else ():
            assert found is not None
            span = Span(node.span.source, node.span.line, node.span.column + found.start(part), len(found[part]))
            self._note(self._declared.types.get(found[part].lower()), span, Access.READ)
