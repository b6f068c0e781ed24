"""The sources that belong together, as an editor has them at this moment."""

import functools
from collections.abc import Sequence
from itertools import pairwise

from runtime.core.diagnostic import Diagnostic, Source
from runtime.lang import tree
from runtime.lang.compile import standard_library
from runtime.lang.diagnostics.lint import check_sources
from runtime.lang.editor.comments import comment_above
from runtime.lang.editor.standard import standard_function
from runtime.lang.editor.written import declaration_text
from runtime.lang.index import Access, Index, Symbol, SymbolKind, Use, build_index
from runtime.lang.semantics.namespaces import joined, namespace_of
from runtime.lang.syntax.parse import parse
from runtime.lang.syntax.recursion import deep_recursion
from runtime.lang.syntax.tokens import CONTEXTUAL, KEYWORDS, scan

MOST_PARSED = 512
"""Texts whose trees are kept: a large project's files, and a few versions of the one that is edited."""


class Project:
    """Sources with their index and what is wrong with them, each made when first asked for."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = {source.name: source for source in sources}

    @functools.cached_property
    def index(self) -> Index:
        """The index of all sources, with the standard's blocks."""
        with deep_recursion():
            files = [_tree(source.name, source.text) for source in self.sources.values()]
            return build_index(files, standard_library())

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All that `voltscan check` would say."""
        return check_sources(list(self.sources.values()))

    def use_at(self, file: str, line: int, column: int) -> Use | None:
        """The name at a place."""
        return self.index.at(file, line, column)

    def hover(self, file: str, line: int, column: int) -> str:
        """Markdown about the name at a place: declaration, section, unit, comment; empty for none."""
        use = self.use_at(file, line, column)
        return self.describe(use.symbol) if use is not None else self._standard_at(file, line, column)

    def _standard_at(self, file: str, line: int, column: int) -> str:
        """Markdown about a standard function whose call stands at a place."""
        for token, behind in pairwise(scan(self.sources[file]).tokens):
            if (
                token.line == line
                and token.column <= column <= token.column + len(token.text)
                and behind.kind == "LPAR"
            ):
                pou = self.index.pou_at(file, line)
                found = standard_function(token.text, in_test=pou is not None and pou.kind is SymbolKind.TEST)
                return f"```st\n{found.signature}\n```\n\n{found.about}" if found is not None else ""
        return ""

    def describe(self, symbol: Symbol) -> str:
        """Markdown about a symbol."""
        owner = f" of {symbol.owner.name}" if symbol.owner is not None else ""
        constant = " CONSTANT" if symbol.constant else ""
        what = f"{symbol.section or symbol.kind.value}{constant}{owner}"
        unit = f", unit {symbol.unit}" if symbol.unit else ""
        limits = "".join(f", {key} {text}" for key, text, _ in symbol.note.pragmas if key in ("min", "max"))
        comment = symbol.note.comment or self.comment_of(symbol)
        lines = [f"```st\n{declaration_text(symbol)}\n```", f"{what}{unit}{limits}"]
        return "\n\n".join([*lines, comment] if comment else lines)

    def comment_of(self, symbol: Symbol) -> str:
        """The comment in front of a POU or type."""
        if symbol.pou is None and symbol.kind not in (SymbolKind.TYPE, SymbolKind.PROPERTY):
            return ""
        scanned, line = scan(symbol.span.source), symbol.span.line
        found = comment_above(scanned, line)
        if not found and symbol.kind is SymbolKind.TYPE:
            before = [t for t in scanned.tokens if (t.line, t.column) < (line, symbol.span.column)]
            if before and before[-1].kind == "TYPE":
                return comment_above(scanned, before[-1].line)  # the only type, or the first, of a TYPE block
        return found

    def references(self, file: str, line: int, column: int, *, declaration: bool) -> list[Use]:
        """Every use of the name at a place, and of the names that are one with it: what a method overrides."""
        use = self.use_at(file, line, column)
        found = [u for s in self.index.family(use.symbol) for u in self.index.uses(s)] if use is not None else []
        return [u for u in found if declaration or u.access is not Access.DECLARE]

    def cannot_rename(self, use: Use, name: str) -> str:
        """Why the symbol of a use cannot take a name; empty when it can."""
        index, family = self.index, self.index.family(use.symbol)
        if any(symbol.library for symbol in family):
            return f"{use.symbol.name} belongs to the standard library"
        tokens = scan(Source("name", name)).tokens
        if len(tokens) != 2 or (tokens[0].kind != "NAME" and tokens[0].kind not in CONTEXTUAL):
            return f"'{name}' is {'a keyword' if name.upper() in KEYWORDS else 'no name'}"
        for key in (use.symbol.key, name.lower()):
            if use.symbol.kind is SymbolKind.LABEL and (doubtful := index.unsettled.get(key)):
                at = f"{doubtful[0].source.name}:{doubtful[0].line}"
                return f"{at} has a value of several types without its type: write TYPE#VALUE there first"
        taken = next((t for symbol in family if (t := _taken(index, symbol, name.lower())) is not None), None)
        if taken is not None and taken not in family:
            return f"'{taken.name}' is there already ({taken.span.source.name}:{taken.span.line})"
        return ""


def _taken(index: Index, symbol: Symbol, key: str) -> Symbol | None:
    """What has a name already where a symbol is seen: beside it, in heirs of its owner, in every body that uses it."""
    owner = symbol.owner
    beside = [index.visible(None)] if owner is None else [{m.key: m for m in owner.members.values()}]
    if symbol.kind is SymbolKind.FIELD:
        return next((m[key] for m in beside if key in m), None)  # only ever behind a dot
    if owner is not None and owner.pou is not None:
        beside += [index.visible(body) for body in index.heirs(owner)]
    inside = [index.visible(use.inside) for use in index.uses(symbol) if use.inside is not None]
    whole = joined(namespace_of(symbol.key), key)
    return next((names[k] for names in (*beside, *inside) for k in (whole, key) if k in names), None)


def declared_names(source: Source) -> set[str]:
    """The keys of the POUs, types and globals that a source declares."""
    with deep_recursion():
        file = _tree(source.name, source.text)
    shared = (d for s in file.globals for d in s.declarations)
    names = [*(p.name for p in file.pous), *(t.name for t in file.types), *(n for d in shared for n in d.names)]
    return {name.key for name in names}


@functools.lru_cache(maxsize=MOST_PARSED)
def _tree(name: str, text: str) -> tree.File:
    return parse(Source(name, text))[0]
