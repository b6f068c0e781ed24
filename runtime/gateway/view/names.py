"""Names of tags by pattern: `*` and `?` as in a shell, everything else is itself (brackets name array elements)."""

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from runtime.core.fault import ConfigFault
from runtime.core.tag import TagTable, Variable

Leaf = TypeVar("Leaf", bound=Variable)


def is_pattern(name: str) -> bool:
    """True when the name stands for any number of names."""
    return "*" in name or "?" in name


def matching(pattern: str, leaves: Iterable[Leaf]) -> list[Leaf]:
    """The leaves whose whole name fits the pattern, without regard to case, in their order."""
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    compiled = re.compile("".join(parts), re.IGNORECASE)
    return [leaf for leaf in leaves if compiled.fullmatch(leaf.name)]


def select(names: Sequence[str], table: TagTable) -> list[Variable]:
    """The tags and variables that the names and patterns stand for, each once, in the order asked for.

    Raises ConfigFault for a name that is unknown, and for a pattern that fits nothing.
    """
    found: dict[str, Variable] = {}
    for name in names:
        if is_pattern(name):
            fits: list[Variable] = [*matching(name, table.tags), *matching(name, table.variables)]
            if not fits:
                raise ConfigFault("no tag or variable fits this pattern", where=name, mend="see them: voltscan tags")
            found |= {leaf.name: leaf for leaf in fits}
        else:
            leaf = known(name, table)
            found[leaf.name] = leaf
    return list(found.values())


def known(name: str, table: TagTable) -> Variable:
    """The tag or variable of that name. Raises ConfigFault with the nearest known name."""
    leaf = table.find(name)
    if leaf is None:
        near = table.nearest(name)
        mend = f"did you mean {near}?" if near else "see them: voltscan tags"
        raise ConfigFault("there is no tag or variable of this name", where=name, mend=mend)
    return leaf
