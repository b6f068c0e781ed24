"""Builds the index of a project from its trees."""

from collections.abc import Iterable

from runtime.lang import tree
from runtime.lang.diagnostics.report import Report
from runtime.lang.index.declared import Declared
from runtime.lang.index.names import Index
from runtime.lang.index.resolve import Resolver
from runtime.lang.semantics.qualify import qualified


def build_index(files: Iterable[tree.File], library: Iterable[tree.File] = ()) -> Index:
    """The index of the trees of some files; `library` files can be referred to, but are not searched for uses."""
    given = list(files)
    declared = Declared()
    own, tests = qualified(Report(), given, [t for f in given for t in f.tests])  # compiling tells what is wrong
    for file in own:
        declared.add_file(file, library=False)
    for test in tests:
        declared.add_test(test)
    for file in library:
        declared.add_file(file, library=True)
    declared.settle()
    resolver = Resolver(Index(declared, ()))
    for file in own:
        resolver.file(file)
    for test in tests:
        resolver.test(test)
    return Index(declared, resolver.uses, resolver.unsettled)
