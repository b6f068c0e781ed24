"""Names that are one: a method or property with what overrides and implements it, and their parameters by name."""

from collections import defaultdict

from runtime.lang.index.declared import Declared, Symbol, SymbolKind

_PARAMETERS = ("VAR_INPUT", "VAR_OUTPUT", "VAR_IN_OUT")
_INHERITED = (SymbolKind.METHOD, SymbolKind.PROPERTY)


def lineage(declared: Declared, block: Symbol | None) -> list[Symbol]:
    """A block or interface, and what it extends, nearest first."""
    return _above(declared, block, implemented=False)


def _above(declared: Declared, block: Symbol | None, *, implemented: bool) -> list[Symbol]:
    found: list[Symbol] = []
    waiting = [block] if block is not None else []
    while waiting:
        block = waiting.pop(0)
        if block in found:
            continue
        found.append(block)
        if block.pou is not None:
            named = (*block.pou.extends, *(block.pou.implements if implemented else ()))
            waiting += [base for ident in named if (base := declared.pous.get(ident.key)) is not None]
    return found


class Families:
    """Which symbols share a name for good. A block brings together what it inherits from its base and interfaces."""

    def __init__(self, declared: Declared) -> None:
        self._heads: dict[Symbol, Symbol] = {}
        for block in declared.pous.values():
            if block.pou is not None and (block.pou.extends or block.pou.implements):
                self._join_inherited(_above(declared, block, implemented=True))
        self._members: dict[Symbol, list[Symbol]] = defaultdict(list)
        for symbol in list(self._heads):
            self._members[self._head(symbol)].append(symbol)

    def of(self, symbol: Symbol) -> list[Symbol]:
        """The family of a symbol; often it alone."""
        return self._members.get(self._head(symbol), [symbol])

    def _join_inherited(self, blocks: list[Symbol]) -> None:
        by_key: dict[str, list[Symbol]] = defaultdict(list)
        for block in blocks:
            for key, member in block.members.items():
                if member.kind in _INHERITED:
                    by_key[key].append(member)
        for same in by_key.values():
            self._join(same)
            parameters: dict[str, list[Symbol]] = defaultdict(list)
            for method in same:
                for key, parameter in method.members.items():
                    if parameter.section in _PARAMETERS:
                        parameters[key].append(parameter)
            for alike in parameters.values():
                self._join(alike)

    def _join(self, symbols: list[Symbol]) -> None:
        for symbol in symbols:
            self._heads.setdefault(symbol, symbol)
            self._heads[self._head(symbol)] = self._head(symbols[0])

    def _head(self, symbol: Symbol) -> Symbol:
        while (head := self._heads.get(symbol, symbol)) is not symbol:
            symbol = head
        return symbol
