"""What a project declares: types, POUs, variables, fields, values of enumerations, tasks and program instances."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from runtime.core.diagnostic import Span
from runtime.lang import tree
from runtime.lang.semantics.namespaces import joined, namespace_of


class SymbolKind(StrEnum):
    """What a name stands for."""

    TYPE = "type"
    PROGRAM = "program"
    BLOCK = "function block"
    FUNCTION = "function"
    METHOD = "method"
    VARIABLE = "variable"
    FIELD = "field"
    LABEL = "enumeration value"
    TASK = "task"
    INSTANCE = "program instance"
    NAMESPACE = "namespace"
    PROPERTY = "property"
    STEP = "step"
    TRANSITION = "transition"
    ACTION = "action"
    TEST = "test"


@dataclass(slots=True, eq=False)
class Symbol:
    """One declared thing.

    `owner` is the POU or type it belongs to, `section` the VAR section of a variable. `members` are what a dot reaches
    (variables of a block, fields of a structure) or, for an enumeration, its values, by name in lower case.
    `spec` is the type as written: of a variable or field, of a TYPE, or of a function's result.
    """

    name: str
    kind: SymbolKind
    span: Span
    owner: "Symbol | None" = None
    section: str = ""
    constant: bool = False
    spec: tree.TypeSpec | None = None
    initial: tree.Init | None = None
    note: tree.Note = field(default_factory=tree.Note)
    library: bool = False
    pou: tree.Pou | None = None
    members: dict[str, "Symbol"] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The name without regard to case."""
        return self.name.lower()

    @property
    def parameters(self) -> list["Symbol"]:
        """Inputs and in-outs in order: what an informal call gives."""
        return [m for m in self.members.values() if m.section in ("VAR_INPUT", "VAR_IN_OUT")]

    @property
    def unit(self) -> str:
        """The unit that a pragma names, or nothing."""
        return next((text for key, text, _ in self.note.pragmas if key == "unit"), "")


Member = Symbol
_POU_KINDS = {
    "PROGRAM": SymbolKind.PROGRAM,
    "FUNCTION_BLOCK": SymbolKind.BLOCK,
    "FUNCTION": SymbolKind.FUNCTION,
    "METHOD": SymbolKind.METHOD,
    "TEST": SymbolKind.TEST,
}
FLAGS = {SymbolKind.STEP: (("X", "BOOL"), ("T", "TIME")), SymbolKind.ACTION: (("Q", "BOOL"), ("A", "BOOL"))}
"""What a chart lets a program read of its steps and actions, with the types."""


@dataclass(slots=True)
class Declared:
    """The shared names of all files. The first declaration of a name counts."""

    types: dict[str, Symbol] = field(default_factory=dict)
    pous: dict[str, Symbol] = field(default_factory=dict)
    globals: dict[str, Symbol] = field(default_factory=dict)
    tasks: dict[str, Symbol] = field(default_factory=dict)
    instances: dict[str, Symbol] = field(default_factory=dict)
    tests: list[Symbol] = field(default_factory=list)
    accessors: list[Symbol] = field(default_factory=list)
    labels: dict[str, list[Symbol]] = field(default_factory=dict)
    namespaces: dict[str, Symbol] = field(default_factory=dict)
    every: list[Symbol] = field(default_factory=list)

    def add_file(self, file: tree.File, *, library: bool) -> None:
        """Enter what a file declares; where a library and the user have one name, the user's (entered first) counts."""
        for spot in file.spots:
            if spot.declares and spot.path.lower() not in self.namespaces:
                self._enter(self.namespaces, Symbol(spot.path, SymbolKind.NAMESPACE, spot.span))
        for declaration in file.types:
            self._add_type(declaration, library=library)
        for pou in file.pous:
            self._add_pou(pou, library=library)
        for section in file.globals:
            self._add_globals(section)
        for configuration in file.configurations:
            for section in configuration.sections:
                self._add_globals(section)
            for task in configuration.tasks:
                self._enter(self.tasks, Symbol(task.name.text, SymbolKind.TASK, task.name.span))
            for program in configuration.programs:
                made = Symbol(program.name.text, SymbolKind.INSTANCE, program.name.span)
                made.spec = tree.NamedType(program.type.span, program.type.text)
                self._enter(self.instances, made)

    def add_test(self, test: tree.Test) -> None:
        """Enter a test with its variables."""
        made = Symbol(test.name.text, SymbolKind.TEST, test.name.span, pou=test.pou)
        of_a_row = next((t for t in self.tests if t.pou is not None and t.pou.span == test.pou.span), None)
        if of_a_row is None:
            self._add_variables(made, test.pou)
        else:
            made.members = of_a_row.members  # tests of one table are one text
        self.tests.append(made)

    def settle(self) -> None:
        """When every file is entered: values that a type adds to an enumeration are that enumeration's too."""
        for symbol in self.types.values():
            if isinstance(symbol.spec, tree.EnumType) and symbol.spec.base is not None:
                self._join(symbol, symbol.spec.base.key, len(self.types))

    def _join(self, symbol: Symbol, base: str, depth: int) -> None:
        root = self.types.get(base)
        if root is None or root is symbol or depth == 0 or not isinstance(root.spec, tree.EnumType):
            return
        for key, label in symbol.members.items():
            root.members.setdefault(key, label)
        if root.spec.base is not None:
            self._join(symbol, root.spec.base.key, depth - 1)

    @property
    def bodies(self) -> Iterator[Symbol]:
        """All that has statements of its own: POUs, methods, accessors of properties, tests."""
        yield from (symbol for symbol in self.every if symbol.pou is not None)
        yield from self.accessors
        yield from self.tests

    def _enter(self, table: dict[str, Symbol], symbol: Symbol) -> None:
        self.every.append(symbol)
        table.setdefault(symbol.key, symbol)

    def _add_type(self, declaration: tree.TypeDeclaration, *, library: bool) -> None:
        name, spec = declaration.name, declaration.spec
        symbol = Symbol(name.text, SymbolKind.TYPE, name.span, spec=spec, initial=declaration.initial, library=library)
        symbol.note = getattr(declaration, "note", symbol.note)
        self._enter(self.types, symbol)
        self.fill(symbol, spec)

    def fill(self, symbol: Symbol, spec: tree.TypeSpec | None) -> None:
        """The fields or values that a type written in place brings along."""
        if isinstance(spec, tree.StructType):
            for member in _variables(spec.fields, symbol, SymbolKind.FIELD, ""):
                self._enter(symbol.members, member)
        elif isinstance(spec, tree.EnumType):
            for ident, _ in spec.labels:
                label = Symbol(ident.text, SymbolKind.LABEL, ident.span, owner=symbol)
                self._enter(symbol.members, label)
                whole = joined(namespace_of(symbol.key) if symbol.kind is SymbolKind.TYPE else "", label.key)
                self.labels.setdefault(whole, []).append(label)

    def _add_pou(self, pou: tree.Pou, *, library: bool) -> None:
        kind = _POU_KINDS.get(pou.kind, SymbolKind.BLOCK)
        symbol = Symbol(pou.name.text, kind, pou.name.span, spec=pou.result, library=library, pou=pou)
        self._enter(self.pous, symbol)
        self._add_variables(symbol, pou)

    def _add_variables(self, symbol: Symbol, pou: tree.Pou) -> None:
        """The variables of a POU, its methods and properties with theirs, and what its chart names."""
        for declared in pou.properties:
            self._add_property(symbol, declared)
        for method in pou.methods:
            kind = _POU_KINDS["METHOD"]
            made = Symbol(method.name.text, kind, method.name.span, symbol, "METHOD", spec=method.result, pou=method)
            made.library = symbol.library
            self._enter(symbol.members, made)
            self._add_variables(made, method)
        for section in pou.sections:
            for variable in _variables(section.declarations, symbol, SymbolKind.VARIABLE, section.kind, section):
                if section.kind == "VAR_EXTERNAL":
                    symbol.members.setdefault(variable.key, variable)
                else:
                    self._enter(symbol.members, variable)
                    self.fill(variable, variable.spec)
        self._add_chart(symbol, pou.chart)

    def _add_property(self, owner: Symbol, declared: tree.Property) -> None:
        name = declared.name
        made = Symbol(name.text, SymbolKind.PROPERTY, name.span, owner, "PROPERTY", spec=declared.type)
        made.library = owner.library
        self._enter(owner.members, made)
        for accessor in (declared.get, declared.set):
            if accessor is not None:
                body = Symbol(name.text, SymbolKind.METHOD, accessor.span, owner, "ACCESSOR", pou=accessor)
                self.accessors.append(body)
                self._add_variables(body, accessor)
                given = body.members.pop(made.key, None)
                if given is not None:
                    self.every.remove(given)  # what SET is given has the property's name: it is the property

    def _add_chart(self, owner: Symbol, chart: tuple[tree.Element, ...]) -> None:
        """Steps and actions are reached like variables; the name of a transition is only to be read."""
        for element in chart:
            match element:
                case tree.Step():
                    kind = SymbolKind.STEP
                case tree.Action():
                    kind = SymbolKind.ACTION
                    self._add_chart(owner, element.nested)
                case tree.Transition():
                    kind = SymbolKind.TRANSITION
            if element.name is not None:
                made = Symbol(element.name.text, kind, element.name.span, owner, kind.name, library=owner.library)
                self._enter(owner.members, made)

    def _add_globals(self, section: tree.Section) -> None:
        for variable in _variables(section.declarations, None, SymbolKind.VARIABLE, section.kind, section):
            self._enter(self.globals, variable)
            self.fill(variable, variable.spec)


def _variables(
    declarations: tuple[tree.Declaration, ...],
    owner: Symbol | None,
    kind: SymbolKind,
    where: str,
    section: tree.Section | None = None,
) -> Iterator[Symbol]:
    for declaration in declarations:
        for ident in declaration.names:
            yield Symbol(
                ident.text,
                kind,
                ident.span,
                owner=owner,
                section=where,
                constant=section.constant if section is not None else False,
                spec=declaration.type,
                initial=declaration.initial,
                note=declaration.note,
                library=owner.library if owner is not None else False,
            )
