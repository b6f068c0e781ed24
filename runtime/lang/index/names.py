"""The index of a project: every use of every name, and what stands at a place."""

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from runtime.core.diagnostic import Span
from runtime.lang import tree
from runtime.lang.index.declared import Declared, Symbol, SymbolKind
from runtime.lang.index.families import Families, lineage
from runtime.lang.semantics.namespaces import namespace_of, simple

_INSIDES = ("VAR", "VAR_TEMP", "VAR_EXTERNAL", "STEP", "ACTION", "TRANSITION")
_LEADS_ON = tree.NamedType | tree.ArrayType | tree.ReferenceType


class Access(StrEnum):
    """What a use does with its symbol. A structure is written when a part of it is; an instance when it is called."""

    DECLARE = "declare"
    READ = "read"
    WRITE = "write"
    CALL = "call"


@dataclass(frozen=True, slots=True)
class Use:
    """One occurrence of a name. `inside` is the POU around it, if any."""

    symbol: Symbol
    span: Span
    access: Access
    inside: Symbol | None = None

    def within(self, pou: Symbol) -> bool:
        """True when it stands in a POU or one of its methods."""
        return self.inside is not None and pou in (self.inside, self.inside.owner)


class Index:
    """All uses, by symbol and by place."""

    def __init__(
        self, declared: Declared, uses: Iterable[Use], unsettled: Mapping[str, Sequence[Span]] | None = None
    ) -> None:
        self.declared = declared
        self.unsettled: Mapping[str, Sequence[Span]] = unsettled or {}
        """Where a value of several enumerations stands without its type, by its key: only a compiler can tell whose."""
        self._by_symbol: dict[Symbol, list[Use]] = defaultdict(list)
        self._by_line: dict[tuple[str, int], list[Use]] = defaultdict(list)
        for use in uses:
            self._by_symbol[use.symbol].append(use)
            self._by_line[use.span.source.name, use.span.line].append(use)

    def uses(self, symbol: Symbol) -> list[Use]:
        """Where a symbol occurs, its declaration included, in the order of files and lines."""
        return self._by_symbol.get(symbol, [])

    def at(self, file: str, line: int, column: int) -> Use | None:
        """The use at a place (line and column from 1; just behind the name counts too)."""
        for use in self._by_line.get((file, line), ()):
            if use.span.column <= column <= use.span.column + use.span.length:
                return use
        return None

    def pous_of(self, file: tree.File) -> list[Symbol]:
        """The POUs of a file, in order."""
        own = {id(p) for p in file.pous}
        return [s for s in self.declared.every if s.pou is not None and id(s.pou) in own]

    def pou_at(self, file: str, line: int) -> Symbol | None:
        """The POU, method, accessor or test that a line lies in: the last one that begins above it."""
        begun = [p for p in self.declared.bodies if p.span.source.name == file and p.span.line <= line]
        return max(begun, key=lambda p: p.span.line, default=None)

    def visible(self, pou: Symbol | None) -> dict[str, Symbol]:
        """The names that can be written in a POU, by key; nearer ones hide farther ones."""
        declared = self.declared
        labels = {key: owners[0] for key, owners in declared.labels.items()}
        found = {**labels, **declared.namespaces, **declared.types, **declared.pous}
        found |= {**declared.instances, **declared.globals}
        for owner in (pou.owner if pou is not None else None, pou):
            for block in reversed(lineage(declared, owner)):
                found |= block.members
        return found

    def members(self, symbol: Symbol, pou: Symbol | None = None) -> dict[str, Symbol]:
        """What a dot behind a variable, field or type reaches in a POU: a test sees the insides of blocks too."""
        if symbol.kind is SymbolKind.NAMESPACE:
            declared = self.declared
            tables = (declared.namespaces, declared.types, declared.pous, declared.globals)
            inside = (s for table in tables for s in table.values() if namespace_of(s.key) == symbol.key)
            return {simple(s.key): s for s in inside}
        target = self.type_of(symbol)
        if target is None:
            return {}
        hidden: tuple[str, ...] = ()
        if target.pou is not None:
            in_test = pou is not None and pou.kind is SymbolKind.TEST
            hidden = ("VAR_EXTERNAL", "TRANSITION") if in_test else _INSIDES
        found: dict[str, Symbol] = {}
        for block in reversed(lineage(self.declared, target)):
            found |= {k: m for k, m in block.members.items() if m.section not in hidden}
        return found

    def member(self, owner: Symbol | None, key: str) -> Symbol | None:
        """A variable, method, field or value of this name, of the owner or of what it extends."""
        return next((b.members[key] for b in lineage(self.declared, owner) if key in b.members), None)

    def heirs(self, block: Symbol) -> list[Symbol]:
        """The bodies in which a block's names are seen: itself, what extends it, and the methods of all of these."""
        own = [b for b in self.declared.bodies if block in lineage(self.declared, b)]
        return own + [b for b in self.declared.bodies if b.owner in own]

    def family(self, symbol: Symbol) -> list[Symbol]:
        """What shares its name with a symbol and must keep doing so, itself included: a method, and what overrides or
        implements it; their parameters."""
        return self._families.of(symbol)

    @functools.cached_property
    def _families(self) -> Families:
        return Families(self.declared)

    def type_of(self, symbol: Symbol) -> Symbol | None:
        """The type or block that a symbol is of; itself for a type or POU; None for elementary types."""
        if symbol.spec is None or symbol.pou is not None or symbol.members:
            return symbol if symbol.members or symbol.pou is not None else None
        return self.named(symbol.spec)

    def named(self, spec: tree.TypeSpec | None, *, steps: int = 50) -> Symbol | None:
        """The type or block behind a written type; of an array, that of its elements; of a reference, what it leads to.

        Aliases are followed.
        """
        while isinstance(spec, tree.ArrayType | tree.ReferenceType):
            spec = spec.element if isinstance(spec, tree.ArrayType) else spec.target
        if not isinstance(spec, tree.NamedType) or steps == 0:
            return None
        found = self.declared.types.get(spec.key) or self.declared.pous.get(spec.key)
        if found is not None and not found.members and found.pou is None and isinstance(found.spec, _LEADS_ON):
            return self.named(found.spec, steps=steps - 1) or found
        return found
