"""The sources that belong together, as an editor has them at this moment."""

import functools
from collections.abc import Sequence

from runtime.core.diagnostic import Diagnostic, Source
from runtime.lang import tree
from runtime.lang.compile import standard_library
from runtime.lang.diagnostics.lint import check_sources
from runtime.lang.editor.comments import comment_above
from runtime.lang.editor.written import declaration_text
from runtime.lang.index import Access, Index, Symbol, SymbolKind, Use, build_index
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
        return self.describe(use.symbol) if use is not None else ""

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
        if symbol.pou is None and symbol.kind is not SymbolKind.TYPE:
            return ""
        return comment_above(scan(symbol.span.source), symbol.span.line)

    def references(self, file: str, line: int, column: int, *, declaration: bool) -> list[Use]:
        """Every use of the name at a place."""
        use = self.use_at(file, line, column)
        found = self.index.uses(use.symbol) if use is not None else []
        return [u for u in found if declaration or u.access is not Access.DECLARE]

    def cannot_rename(self, use: Use, name: str) -> str:
        """Why the symbol of a use cannot take a name; empty when it can."""
        symbol = use.symbol
        if symbol.library:
            return f"{symbol.name} belongs to the standard library"
        tokens = scan(Source("name", name)).tokens
        if len(tokens) != 2 or (tokens[0].kind != "NAME" and tokens[0].kind not in CONTEXTUAL):
            return f"'{name}' is {'a keyword' if name.upper() in KEYWORDS else 'no name'}"
        index = self.index
        beside = symbol.owner.members if symbol.owner is not None else index.visible(None)
        inside = [u.inside.members for u in index.uses(symbol) if u.inside is not None]
        taken = next((t[name.lower()] for t in (beside, *inside) if name.lower() in t), None)
        if symbol.owner is not None and taken is None and symbol.kind is SymbolKind.VARIABLE:
            taken = index.declared.globals.get(name.lower())
        if taken is not None and taken is not symbol:
            return f"'{taken.name}' is there already ({taken.span.source.name}:{taken.span.line})"
        return ""


@functools.lru_cache(maxsize=MOST_PARSED)
def _tree(name: str, text: str) -> tree.File:
    return parse(Source(name, text))[0]
