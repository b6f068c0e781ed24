"""Walking over a tree without knowing every kind of node."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from runtime.core.diagnostic import Span
from runtime.lang import tree

STATEMENTS = tree.Statement.__args__


def nodes(node: object) -> Iterator[object]:
    """A node and all below it, in the order of writing."""
    if isinstance(node, tuple):
        for item in node:
            yield from nodes(item)
    elif is_dataclass(node) and not isinstance(node, type | Span):
        yield node
        for part in fields(node):
            yield from nodes(getattr(node, part.name))


def blocks(node: object) -> Iterator[tree.Block]:
    """Every list of statements in a node, outer ones first."""
    if isinstance(node, tuple):
        if node and isinstance(node[0], STATEMENTS):
            yield node
        for item in node:
            yield from blocks(item)
    elif is_dataclass(node) and not isinstance(node, type | Span):
        for part in fields(node):
            yield from blocks(getattr(node, part.name))
