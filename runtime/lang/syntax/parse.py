"""Source text to syntax tree. Parsing never fails: what cannot be read is reported and left out.

A missing or misspelt word is put right, anything else is dropped up to where the thread can be taken up again
(recovery.py).
"""

from dataclasses import replace
from typing import Any

from runtime.core.diagnostic import Diagnostic, Source
from runtime.lang import tree
from runtime.lang.syntax.build import Builder
from runtime.lang.syntax.foreign import as_meant
from runtime.lang.syntax.lalr import Driver, table
from runtime.lang.syntax.recovery import Recovery
from runtime.lang.syntax.tokens import CONTEXTUAL, Scanned, scan
from runtime.lang.tree import Test

DEEPEST = 2000
"""Symbols that may be open at once. People nest a few dozen; later stages recurse over the tree."""


def parse(source: Source) -> tuple[tree.File, list[Diagnostic]]:
    """The tree of one source, and what was wrong with its text."""
    file, found, _ = parse_scanned(source)
    return file, found


def parse_scanned(source: Source) -> tuple[tree.File, list[Diagnostic], Scanned]:
    """As `parse`, with the tokens: a word that is a keyword in some places only has the kind it was read as."""
    scanned = scan(source)
    meant, foreign = as_meant(source, scanned.tokens)
    scanned = replace(scanned, tokens=meant)
    builder = Builder(source, scanned)
    driver = Driver(table(), builder)
    recovery = Recovery(source, scanned.tokens, driver)
    tokens = scanned.tokens
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if not (followed := driver.feed(token)) and token.kind in CONTEXTUAL:
            token = token._replace(kind="NAME")
            if followed := driver.feed(token):
                tokens[position] = token
        if followed:
            position += 1
            if len(driver.states) > DEEPEST:
                recovery.refuse_depth(position - 1)
                break
        else:
            position = recovery.recover(position)
    elements = driver.values[0] if driver.values and isinstance(driver.values[0], list) else []
    addresses = frozenset(t.text for t in tokens if t.kind == "ADDRESS")
    file = replace(_file(source, elements, frozenset(recovery.lost)), addresses=addresses)
    found = scanned.diagnostics + foreign + recovery.diagnostics + builder.diagnostics
    return file, found or builder.misplaced_tasks(), scanned


def _file(source: Source, elements: list[Any], lost: frozenset[str]) -> tree.File:
    flat = [e for element in elements for e in (element if isinstance(element, list) else [element])]
    return tree.File(
        source,
        tuple(e for e in flat if isinstance(e, tree.TypeDeclaration)),
        tuple(e for e in flat if isinstance(e, tree.Pou)),
        tuple(e for e in flat if isinstance(e, tree.Section)),
        tuple(e for e in flat if isinstance(e, tree.Configuration)),
        lost,
        tuple(e for e in flat if isinstance(e, Test)),
        tuple(e for e in flat if isinstance(e, tree.Using)),
        tuple(e for e in flat if isinstance(e, tree.Namespace)),
    )
