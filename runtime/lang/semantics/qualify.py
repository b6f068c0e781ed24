"""Trees with namespaces to trees without: declarations and uses under whole names (namespaces.py says which).

What comes out is what the rest of the compiler, the index and the editors read. A node keeps the span of its last
segment, so that renaming changes that alone; where the segments before it stand is kept in `File.spots`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from runtime.core.diagnostic import Label, Span
from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.semantics.namespaces import Directory, Entry, Scope, joined
from runtime.lang.tree import NamespaceSpot, Test

_GLOBAL = Scope("", (("",),))


def qualified(
    report: Report, files: Sequence[tree.File], tests: Sequence[Test] = ()
) -> tuple[list[tree.File], list[Test]]:
    """The files and tests with whole names; themselves where no file has a namespace or a USING."""
    if not any(f.namespaces or f.usings or any(p.usings for p in f.pous) for f in files):
        return list(files), list(tests)
    directory = Directory()
    for file in files:
        _collect(report, directory, _GLOBAL, file)
    for file in files:
        for block in _blocks(file.namespaces):
            _refuse_taken(report, directory, block)
    made = [_file(report, directory, file) for file in files]
    usings = {f.source.name: f.usings for f in files}
    return made, [_test(report, directory, t, usings.get(t.span.source.name, ())) for t in tests]


# ---- what is declared where ----


def _collect(report: Report, directory: Directory, scope: Scope, block: tree.File | tree.Namespace) -> None:
    for declaration in block.types:
        directory.add(scope, declaration.name, internal=declaration.internal)
        if isinstance(declaration.spec, tree.EnumType):
            for label, _ in declaration.spec.labels:
                directory.add_label(scope, label, internal=declaration.internal)
    for pou in block.pous:
        place = _GLOBAL if scope.path and _misplaced(report, pou) else scope
        directory.add(place, pou.name, internal="INTERNAL" in pou.modifiers)
        directory.pous.setdefault(joined(place.path, pou.name.text).lower(), (pou, scope))
    for section in block.globals:
        for declared in section.declarations:
            for ident in declared.names:
                if scope.path and section.constant:
                    directory.add(scope, ident, internal="INTERNAL" in section.qualifiers, is_value=True)
                else:
                    directory.variables.add(ident.key)
    for inner in block.namespaces:
        directory.add_namespace(scope, inner)
        _collect(report, directory, scope.inside(inner.path, ()), inner)


def _misplaced(report: Report, pou: tree.Pou) -> bool:
    if pou.kind != "PROGRAM":
        return False
    mend = "move it behind END_NAMESPACE; USING gives it the names of the namespace"
    report.error("L3302", "a PROGRAM in a namespace", pou.span, "not allowed here", help=mend)
    return True


def _refuse_taken(report: Report, directory: Directory, block: tree.Namespace) -> None:
    """Report a namespace whose name is something else's already: `a.b` would mean two things."""
    for section in block.globals:
        if section.kind != "VAR_GLOBAL" or not section.constant:
            mend = "make it VAR_GLOBAL CONSTANT, or move it behind END_NAMESPACE: tags belong to the whole controller"
            message = f"{section.kind} in a namespace"
            report.error("L3302", message, section.span, "only constants may stand here", help=mend)
    ident = block.path[0]
    taken = directory.members[""].get(ident.key)
    if taken is not None:
        label = Label(taken.span, "declared here")
        message = f"'{ident.text}' is the name of something else already"
        report.error("L3005", message, ident.span, "a namespace", label, help="rename one of them")


def _blocks(blocks: Sequence[tree.Namespace]) -> Iterator[tree.Namespace]:
    for block in blocks:
        yield block
        yield from _blocks(block.namespaces)


# ---- whole names ----


def _file(report: Report, directory: Directory, file: tree.File) -> tree.File:
    spots: list[NamespaceSpot] = []
    used = _used(report, directory, _GLOBAL, file.usings, spots)
    writer = _Writer(report, directory, Scope("", (("",), used)), spots)
    types, pous, sections = (writer.walk(part) for part in (file.types, file.pous, file.globals))
    configurations, tests = writer.walk(file.configurations), writer.walk(file.tests)
    for block in file.namespaces:
        found = _namespace(report, directory, block, writer.scope, spots)
        types, pous, sections = types + found[0], pous + found[1], sections + found[2]
    spots.sort(key=lambda s: (s.span.line, s.span.column))
    return replace(
        file,
        types=types,
        pous=pous,
        globals=sections,
        configurations=configurations,
        tests=tests,
        usings=(),
        namespaces=(),
        spots=tuple(spots),
        lost=file.lost | {""},  # stands for names that were reported here
    )


def _namespace(
    report: Report, directory: Directory, block: tree.Namespace, outer: Scope, spots: list[NamespaceSpot]
) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
    scope = outer.inside(block.path, ())
    used = _used(report, directory, scope, block.usings, spots)
    scope = outer.inside(block.path, used)
    path = outer.path
    for ident in block.path:
        path = joined(path, ident.text)
        spots.append(NamespaceSpot(path, ident.span, declares=True))
    writer = _Writer(report, directory, scope, spots)
    types = tuple(replace(writer.walk(t), name=_whole(scope, t.name)) for t in block.types)
    pous = tuple(_named_pou(writer, p, scope) for p in block.pous)
    sections = tuple(_named_constants(writer.walk(s), scope) for s in block.globals)
    for inner in block.namespaces:
        found = _namespace(report, directory, inner, scope, spots)
        types, pous, sections = types + found[0], pous + found[1], sections + found[2]
    return types, pous, sections


def _named_pou(writer: "_Writer", pou: tree.Pou, scope: Scope) -> tree.Pou:
    made: tree.Pou = writer.walk(pou)
    return made if pou.kind == "PROGRAM" else replace(made, name=_whole(scope, pou.name))


def _named_constants(section: tree.Section, scope: Scope) -> tree.Section:
    if not section.constant:
        return section
    declared = (replace(d, names=tuple(_whole(scope, n) for n in d.names)) for d in section.declarations)
    return replace(section, declarations=tuple(declared))


def _whole(scope: Scope, ident: tree.Ident) -> tree.Ident:
    return tree.Ident(joined(scope.path, ident.text), ident.span)


def _test(report: Report, directory: Directory, test: Test, usings: tuple[tree.Using, ...]) -> Test:
    used = _used(Report(), directory, _GLOBAL, usings, [])  # the file of the test tells what is wrong with them
    made: Test = _Writer(report, directory, Scope("", (("",), used)), []).walk(test)
    return made


def _used(
    report: Report,
    directory: Directory,
    scope: Scope,
    usings: Sequence[tree.Using],
    spots: list[NamespaceSpot],
) -> tuple[str, ...]:
    """The namespaces that USINGs name, in lower case; unknown ones are reported."""
    made: list[str] = []
    for using in usings:
        path = directory.namespace(scope, using.path[0].key)
        for position, ident in enumerate(using.path):
            whole = joined(path or "", ident.text) if position else path
            if path is None or whole is None or whole.lower() not in directory.names:
                directory.unknown_namespace(report, tree.Ident(joined(path or "", ident.text), ident.span))
                break
            path = directory.names[whole.lower()]
            spots.append(NamespaceSpot(path, ident.span, declares=False))
        else:
            made.append((path or "").lower())
    return tuple(made)


class _Writer:
    """Rewrites the uses of names in what stands in one scope. `_own` are names that belong to the POU around.

    `_function` is its own name where that stands for its result; in front of parentheses it is the function.
    """

    def __init__(self, report: Report, directory: Directory, scope: Scope, spots: list[NamespaceSpot]) -> None:
        self._report = report
        self._directory = directory
        self.scope = scope
        self._spots = spots
        self._own: frozenset[str] = frozenset()
        self._function = ""

    def walk(self, node: Any) -> Any:
        """The node with whole names; itself where nothing changes."""
        match node:
            case tuple():
                made = tuple(self.walk(item) for item in node)
                return node if all(a is b for a, b in zip(made, node, strict=True)) else made
            case tree.Pou():
                return self._pou(node)
            case tree.NamedType():
                found = self._type(node.text, node.span)
                return node if found is None else tree.NamedType(found.span, found.text)
            case tree.ProgramDeclaration():
                found = self._type(node.type.text, node.type.span)
                return self._parts(node if found is None else replace(node, type=found))
            case tree.Name() | tree.Field():
                return self._path(node)
            case tree.Literal():
                return self._literal(node)
            case tree.CallExpr(callee=tree.Name() as callee) if callee.key == self._function:
                found = self._type(callee.text, callee.span)
                made = self._parts(node)
                return made if found is None else replace(made, callee=tree.Name(found.span, found.text))
            case Span() | tree.Ident() | tree.Note():
                return node
            case _ if is_dataclass(node):
                return self._parts(node)
            case _:
                return node

    def _parts(self, node: Any) -> Any:
        before = {f.name: getattr(node, f.name) for f in fields(node)}
        changed = {name: made for name, old in before.items() if (made := self.walk(old)) is not old}
        return replace(node, **changed) if changed else node

    def _pou(self, pou: tree.Pou) -> tree.Pou:
        outer_own, outer_scope = self._own, self.scope
        if pou.usings:
            used = _used(self._report, self._directory, self.scope, pou.usings, self._spots)
            self.scope = Scope(self.scope.path, (used, *self.scope.levels))
        parents = tuple(self._type(i.text, i.span) or i for i in pou.extends)
        interfaces = tuple(self._type(i.text, i.span) or i for i in pou.implements)
        outer_function, self._function = self._function, pou.name.key if pou.kind == "FUNCTION" else ""
        self._own = outer_own | self._names_of(pou, self.scope)
        made: tree.Pou = self._parts(replace(pou, extends=parents, implements=interfaces, usings=()))
        self._own, self.scope, self._function = outer_own, outer_scope, outer_function
        return made

    def _names_of(self, pou: tree.Pou, scope: Scope, *, steps: int = 50) -> frozenset[str]:
        """The names that a POU's own declarations, and those of what it extends, give their meaning."""
        own = {n.key for s in pou.sections for d in s.declarations for n in d.names}
        own |= {m.name.key for m in pou.methods} | {p.name.key for p in pou.properties}
        inner = (n for e in pou.chart if isinstance(e, tree.Action) for n in e.nested)
        own |= {e.name.key for e in (*pou.chart, *inner) if not isinstance(e, tree.Transition)}
        if pou.result is not None:
            own.add(pou.name.key)
        for parent in pou.extends if steps else ():
            quiet = _Writer(Report(), self._directory, scope, [])
            found = quiet._type(parent.text, parent.span)
            base = self._directory.pous.get((found or parent).key)
            own |= self._names_of(*base, steps=steps - 1) if base is not None else frozenset()
        return frozenset(own)

    # ---- names ----

    def _type(self, text: str, span: Span) -> tree.Ident | None:
        """The whole name of a type, block or interface; None where it stays as it is written."""
        names = _segments(text, span)
        if len(names) == 1:
            found = self._directory.find(self._report, self.scope, names[0], value=False)
            return tree.Ident(found.name, span) if found is not None else None
        reached = self._reach(names, value=False)
        if reached is None:
            self._directory.unknown_namespace(self._report, names[0])
            return tree.Ident("", span)
        entry, position = reached
        if entry is None or position < len(names) - 1:
            return tree.Ident("", span)
        return tree.Ident(entry.name, names[position].span)

    def _reach(self, names: list[tree.Ident], *, value: bool) -> tuple[Entry | None, int] | None:
        """What a path that begins with a namespace reaches, and by which segment; None when it begins with none."""
        directory = self._directory
        path = directory.namespace(self.scope, names[0].key)
        if path is None:
            return None
        self._spots.append(NamespaceSpot(path, names[0].span, declares=False))
        position = 1
        while position < len(names) and joined(path, names[position].text).lower() in directory.names:
            path = directory.names[joined(path, names[position].text).lower()]
            self._spots.append(NamespaceSpot(path, names[position].span, declares=False))
            position += 1
        if position == len(names):
            last, mend = names[-1], f"name something in it: {path}.…"
            self._report.error("L3304", f"'{path}' is a namespace", last.span, "not a value or type", help=mend)
            return None, position - 1
        return directory.member(self._report, self.scope, path, names[position], value=value), position

    def _path(self, node: tree.Name | tree.Field) -> tree.Expr:
        names = _path_of(node)
        if names is None:
            made: tree.Expr = self._parts(node)
            return made
        first = names[0]
        if first.key in self._own or first.key in self._directory.variables:
            return node
        reached = self._reach(names, value=True) if len(names) > 1 else None
        if reached is None:
            found = self._directory.find(self._report, self.scope, first, value=True)
            reached = (found, 0)
            if found is None:
                return node
        entry, position = reached
        if entry is None:
            return tree.Missing(node.span)
        made = tree.Name(names[position].span, entry.name)
        for name in names[position + 1 :]:
            made = tree.Field(tree.join(made.span, name.span), made, name)
        return made

    def _literal(self, node: tree.Literal) -> tree.Expr:
        """`MODE#AUTO` and `a.b.MODE#AUTO`."""
        prefix, _, label = node.text.partition("#")
        if not label or not (label[0].isalpha() or label[0] == "_") or prefix[0].isdigit() or prefix[0] in "'\"":
            return node
        head = Span(node.span.source, node.span.line, node.span.column, node.span.length - len(label) - 1)
        found = self._type(prefix, head)
        if found is None:
            return node
        if not found.text:
            return tree.Missing(node.span)
        span = Span(found.span.source, found.span.line, found.span.column, found.span.length + len(label) + 1)
        return tree.Literal(span, f"{found.text}#{label}")


def _segments(text: str, span: Span) -> list[tree.Ident]:
    """A dotted name's segments, each where it stands (all of them at one place when blanks stand between them)."""
    made: list[tree.Ident] = []
    column = span.column
    for part in text.split("."):
        exact = span.length == len(text)
        at = Span(span.source, span.line, column, len(part)) if exact else span
        made.append(tree.Ident(part, at))
        column += len(part) + 1
    return made


def _path_of(node: tree.Expr) -> list[tree.Ident] | None:
    """The names of `a.b.c`, first to last; None for anything else."""
    behind: list[tree.Ident] = []
    while isinstance(node, tree.Field):
        behind.append(node.name)
        node = node.base
    if not isinstance(node, tree.Name):
        return None
    return [tree.Ident(node.text, node.span), *reversed(behind)]
