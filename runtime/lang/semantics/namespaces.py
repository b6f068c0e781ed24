"""Namespaces: what each declares, and which of them a place in a source sees (IEC 61131-3, 3rd edition, 6.9).

A namespace is known by its whole name, `site.pumps`; the name of the global one is empty. What stands in a namespace
gets a whole name too, `site.pumps.PUMP`, and under that name it is compiled like anything else (qualify.py).

A simple name is looked for level by level, from the inside out: the USINGs of the POU; then for each namespace around
it what that declares, then the USINGs of its block; last what is global, then the USINGs of the file. The first level
that knows the name decides; if several namespaces of one level know it, the name is ambiguous.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from runtime.core.diagnostic import Label, Span
from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.semantics.symbols import suggest


@dataclass(frozen=True, slots=True)
class Entry:
    """Something declared in a namespace: its whole name, and the namespaces (all of them) it is INTERNAL to."""

    name: str
    span: Span
    internal_to: tuple[str, ...] = ()
    is_value: bool = False

    def seen_from(self, path: str) -> bool:
        """Whether it may be named in the namespace `path`."""
        return all(within(path, home) for home in self.internal_to)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a name stands: the namespace around it, and the levels in which names are looked for."""

    path: str
    levels: tuple[tuple[str, ...], ...]

    def inside(self, path: tuple[tree.Ident, ...], usings: tuple[str, ...]) -> "Scope":
        """The scope in a NAMESPACE block; a dotted name stands for blocks in each other."""
        scope = self
        for ident in path:
            whole = joined(scope.path, ident.text)
            scope = Scope(whole, ((whole.lower(),), *scope.levels))
        own, *outer = scope.levels
        return Scope(scope.path, (own, usings, *outer))


def within(path: str, home: str) -> bool:
    """Whether a namespace is another one, or lies in it."""
    return not home or f"{path}.".lower().startswith(f"{home}.".lower())


def joined(path: str, name: str) -> str:
    """The whole name of something in a namespace."""
    return f"{path}.{name}" if path else name


def namespace_of(name: str) -> str:
    """The namespace in a whole name; empty for the global one."""
    return name.rpartition(".")[0]


def simple(name: str) -> str:
    """A whole name without its namespace."""
    return name.rpartition(".")[2]


@dataclass(slots=True)
class Directory:
    """What the namespaces of all files declare; keys are whole names in lower case."""

    names: dict[str, str] = field(default_factory=lambda: {"": ""})
    members: dict[str, dict[str, Entry]] = field(default_factory=lambda: {"": {}})
    labels: dict[str, dict[str, Entry]] = field(default_factory=lambda: {"": {}})
    variables: set[str] = field(default_factory=set)
    pous: dict[str, tuple[tree.Pou, Scope]] = field(default_factory=dict)
    _homes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add_namespace(self, scope: Scope, block: tree.Namespace) -> None:
        """Enter the name of a block; an INTERNAL one is closed to what lies outside of its parent."""
        path, homes = scope.path, self._homes.get(scope.path.lower(), ())
        for position, ident in enumerate(block.path):
            homes = (*homes, path) if block.internal and position == len(block.path) - 1 else homes
            path = joined(path, ident.text)
            self.names.setdefault(path.lower(), path)
            self.members.setdefault(path.lower(), {})
            self.labels.setdefault(path.lower(), {})
            self._homes[path.lower()] = homes

    def add(self, scope: Scope, ident: tree.Ident, *, internal: bool, is_value: bool = False) -> None:
        """Enter a declaration; the first of a name counts."""
        homes = self._homes.get(scope.path.lower(), ())
        homes = (*homes, scope.path) if internal else homes
        entry = Entry(joined(scope.path, ident.text), ident.span, homes, is_value)
        self.members[scope.path.lower()].setdefault(ident.key, entry)

    def add_label(self, scope: Scope, label: tree.Ident, *, internal: bool) -> None:
        """Enter a value of an enumeration, which may be written without its type."""
        homes = self._homes.get(scope.path.lower(), ())
        homes = (*homes, scope.path) if internal else homes
        entry = Entry(joined(scope.path, label.text), label.span, homes, is_value=True)
        self.labels[scope.path.lower()].setdefault(label.key, entry)

    def namespace(self, scope: Scope, key: str) -> str | None:
        """The whole name of the namespace that a first segment means here; None for none."""
        path = scope.path
        while path and joined(path, key).lower() not in self.names:
            path = namespace_of(path)
        return self.names.get(joined(path, key).lower())

    def find(self, report: Report, scope: Scope, ident: tree.Ident, *, value: bool) -> Entry | None:
        """What a simple name means here; None for what no namespace declares. Ambiguity is reported."""
        for level in scope.levels:
            found = [e for path in level for e in self._in(path, ident.key, value=value)]
            found = list({e.name.lower(): e for e in found}.values())
            seen = [e for e in found if e.seen_from(scope.path)] or found
            if len(seen) > 1:
                _refuse_ambiguous(report, ident, seen)
            if seen:
                return checked(report, scope, ident, seen[0])
        return None

    def _in(self, path: str, key: str, *, value: bool) -> Iterator[Entry]:
        found = self.members[path].get(key)
        if found is not None and (value or not found.is_value):
            yield found
        elif value and key in self.labels[path]:
            yield self.labels[path][key]

    def member(self, report: Report, scope: Scope, path: str, ident: tree.Ident, *, value: bool) -> Entry | None:
        """What a namespace declares under a name; None after it was reported that it does not."""
        found = next(self._in(path.lower(), ident.key, value=value), None)
        if found is not None:
            return checked(report, scope, ident, found)
        known = [simple(e.name) for e in self.members[path.lower()].values() if e.seen_from(scope.path)]
        known += [simple(n) for n in self.names.values() if n and namespace_of(n).lower() == path.lower()]
        mend = suggest(ident.text, known) or (f"there is {', '.join(known[:8])}" if known else "")
        report.error("L3304", f"namespace {path} has no '{ident.text}'", ident.span, "not declared there", help=mend)
        return None

    def unknown_namespace(self, report: Report, ident: tree.Ident) -> None:
        """Report a name that should be a namespace's and is none."""
        mend = suggest(ident.text, [n for n in self.names.values() if n])
        report.error("L3304", f"there is no namespace '{ident.text}'", ident.span, "not declared", help=mend)


def checked(report: Report, scope: Scope, ident: tree.Ident, entry: Entry) -> Entry:
    """The entry; that it is INTERNAL to another namespace is reported."""
    if not entry.seen_from(scope.path):
        home = next(h for h in entry.internal_to if not within(scope.path, h))
        label = Label(entry.span, "declared here")
        message = f"'{simple(entry.name)}' is INTERNAL to namespace {home}"
        report.error("L3305", message, ident.span, "cannot be named from here", label)
    return entry


def _refuse_ambiguous(report: Report, ident: tree.Ident, found: list[Entry]) -> None:
    names = " or ".join(e.name for e in found)
    labels = [Label(e.span, f"{e.name} is declared here") for e in found]
    message = f"'{ident.text}' is declared in more than one namespace that is used here"
    report.error("L3303", message, ident.span, "which one?", *labels, help=f"write {names}")
