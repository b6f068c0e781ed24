"""Reductions of the grammar's units: POUs, namespaces and configurations."""

# ruff: noqa: D102 - each method is what grammar.lark says under its name

from dataclasses import replace
from typing import Any

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.lang import tree
from runtime.lang.syntax.build_charts import ChartBuilder, parts_of
from runtime.lang.syntax.margins import Margins
from runtime.lang.syntax.tokens import Token
from runtime.lang.tree import join


class UnitBuilder(ChartBuilder):
    """The part of the Builder that makes POUs, namespaces and configurations."""

    _margins: Margins

    # ---- program organisation units ----

    def type_block(
        self, _type: Token, access: list[Token], declarations: list[Any], _end: Token
    ) -> list[tree.TypeDeclaration]:
        internal = any(a.kind == "INTERNAL" for a in access)
        return [replace(d, internal=True) for d in declarations] if internal else declarations

    def program(
        self, kind: Token, name: Token, usings: list[Any], sections: list[Any], body: list[Any], _end: Token
    ) -> tree.Pou:
        made = self._pou(kind, name, None, usings, sections, body)
        return replace(made, note=self._margins.header_note(kind, name))

    def misplaced_tasks(self) -> list[Diagnostic]:
        """Once a whole source is read: pragmas that name a task for what is no PROGRAM."""
        mend = "name it behind a PROGRAM's name: PROGRAM watch  {task := 'slow'}"
        spans = self._margins.outside_headers("task")
        message = "{task := ...} does not stand beside the header of a PROGRAM"
        return [error("L4006", message, Label(span, "joins no task"), help=mend) for span in spans]

    def function(self, kind: Token, access: list[Token], name: Token, *rest: Any) -> tree.Pou:
        usings, sections, body, _end = rest
        made = self._pou(kind, name, None, usings, sections, body)
        return replace(made, modifiers=tuple(a.kind for a in access))

    def function_with_result(self, kind: Token, access: list[Token], name: Token, *rest: Any) -> tree.Pou:
        _colon, result, usings, sections, body, _end = rest
        made = self._pou(kind, name, result, usings, sections, body)
        return replace(made, modifiers=tuple(a.kind for a in access))

    def _pou(
        self, kind: Token, name: Token, result: Any, usings: list[Any], sections: list[Any], body: list[Any]
    ) -> tree.Pou:
        paths = tuple(path for using in usings for path in using)
        ident = self.ident(name)
        return tree.Pou(self.span(kind), kind.kind, ident, result, tuple(sections), *parts_of(body), usings=paths)

    # ---- namespaces ----

    def using(self, _word: Token, paths: list[Any], _semi: Token) -> list[tree.Using]:
        return [tree.Using(join(self.span(p[0]), self.span(p[-1])), self._path(p)) for p in paths]

    def namespace(
        self, word: Token, access: list[Token], path: list[Token], items: list[Any], _end: Token
    ) -> tree.Namespace:
        flat = _flatten(items)
        return tree.Namespace(
            self.span(word),
            self._path(path),
            any(a.kind == "INTERNAL" for a in access),
            tuple(i for i in flat if isinstance(i, tree.Using)),
            tuple(i for i in flat if isinstance(i, tree.TypeDeclaration)),
            tuple(i for i in flat if isinstance(i, tree.Pou)),
            tuple(i for i in flat if isinstance(i, tree.Section)),
            tuple(i for i in flat if isinstance(i, tree.Namespace)),
        )

    def _path(self, names: list[Token]) -> tuple[tree.Ident, ...]:
        return tuple(self.ident(n) for n in names)

    def dotted_type(self, names: list[Token]) -> tree.NamedType:
        return tree.NamedType(join(self.span(names[0]), self.span(names[-1])), ".".join(n.text for n in names))

    # ---- configuration ----

    def configuration(self, word: Token, name: Token, items: list[Any], _end: Token) -> tree.Configuration:
        flat = _flatten(items)
        return tree.Configuration(
            self.span(word),
            self.ident(name),
            tuple(i for i in flat if isinstance(i, tree.Section)),
            tuple(i for i in flat if isinstance(i, tree.TaskDeclaration)),
            tuple(i for i in flat if isinstance(i, tree.ProgramDeclaration)),
            tuple(i for i in flat if isinstance(i, tree.Ident)),
            tuple(i for i in flat if isinstance(i, tree.InstanceValue)),
            tuple(i for i in flat if isinstance(i, tree.AccessPath)),
        )

    def config_init(self, path: Any, address: Any, _colon: Token, spec: Any, _semi: Token) -> tree.InstanceValue:
        return tree.InstanceValue(path, self.ident(address) if address else None, spec, None)

    def config_init_with_value(
        self, path: Any, address: Any, _colon: Token, spec: Any, _assign: Token, *rest: Any
    ) -> tree.InstanceValue:
        return replace(self.config_init(path, address, _colon, spec, _assign), initial=rest[0])

    def access_path(
        self, name: Token, _colon: Token, path: Any, _second: Token, spec: Any, direction: list[Token], _semi: Token
    ) -> tree.AccessPath:
        return tree.AccessPath(self.ident(name), path, spec, self.ident(direction[0]) if direction else None)

    def resource(self, _word: Token, name: Token, items: list[Any], _end: Token) -> list[Any]:
        return [self.ident(name), *items]

    def resource_on(
        self, _word: Token, name: Token, _on: Token, _kind: Token, items: list[Any], _end: Token
    ) -> list[Any]:
        return [self.ident(name), *items]

    def _dotted(self, names: list[Token]) -> tree.Ident:
        return tree.Ident(".".join(n.text for n in names), join(self.span(names[0]), self.span(names[-1])))

    def task(
        self, word: Token, name: Token, _l: Token, settings: list[Any], _r: Token, _semi: Token
    ) -> tree.TaskDeclaration:
        return tree.TaskDeclaration(self.span(word), self.ident(name), tuple(settings))

    def task_setting(self, name: Token, _assign: Token, value: Any) -> tuple[tree.Ident, Any]:
        return self.ident(name), value

    def no_connections(self, _l: Token, _r: Token) -> list[Any]:
        return []

    def program_instance(
        self, word: Token, kept: list[Token], name: Token, _colon: Token, kind: list[Token], *rest: Any
    ) -> tree.ProgramDeclaration:
        connections, _semi = rest
        retain = "".join(k.kind for k in kept)
        made = tree.ProgramDeclaration(self.span(word), self.ident(name), None, self._dotted(kind))
        return replace(made, retain=retain, connections=tuple(connections))

    def program_instance_with_task(
        self, word: Token, kept: list[Token], name: Token, _with: Token, task: Token, *rest: Any
    ) -> tree.ProgramDeclaration:
        made = self.program_instance(word, kept, name, *rest)
        return replace(made, task=self.ident(task))


def _flatten(items: list[Any]) -> list[Any]:
    flat: list[Any] = []
    for item in items:
        flat += _flatten(item) if isinstance(item, list) else [item]
    return flat
