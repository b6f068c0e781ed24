"""Which name means what, and where each is used: for editors, warnings and documents.

Works on trees, so that it serves a file that does not compile (yet). The compiler itself does not need it.
"""

from runtime.lang.index.build import build_index
from runtime.lang.index.declared import FLAGS, Member, Symbol, SymbolKind
from runtime.lang.index.names import Access, Index, Use

__all__ = ["FLAGS", "Access", "Index", "Member", "Symbol", "SymbolKind", "Use", "build_index"]
