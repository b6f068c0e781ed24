"""Warnings about programs that compile: what a second pair of eyes would ask about.

Kept out of compiling, so that a controller starts without them; `voltscan check` and editors ask for them.
"""

from collections.abc import Sequence
from types import ModuleType

from runtime.core.diagnostic import Diagnostic, Source, has_errors
from runtime.lang.compile import compile_sources, standard_library
from runtime.lang.diagnostics.report import Report
from runtime.lang.diagnostics.rules import (
    infinite_loop,
    output_never_written,
    real_equality,
    shadowed,
    unreachable,
    unused_variable,
)
from runtime.lang.index import build_index
from runtime.lang.semantics.qualify import qualified
from runtime.lang.syntax.parse import parse
from runtime.lang.syntax.recursion import deep_recursion

RULES: tuple[ModuleType, ...] = (
    infinite_loop,
    output_never_written,
    real_equality,
    shadowed,
    unreachable,
    unused_variable,
)


def check_sources(sources: Sequence[Source]) -> tuple[Diagnostic, ...]:
    """What compiling has to say and, when there is no error in that, what the rules of this module have to say."""
    found = compile_sources(sources).diagnostics
    if has_errors(found):
        return found
    report = Report()
    for diagnostic in (*found, *lint(sources)):
        report.add(diagnostic)
    return tuple(report.diagnostics)


def lint(sources: Sequence[Source]) -> list[Diagnostic]:
    """The rules' warnings about sources that compile, by file and line."""
    report = Report()
    with deep_recursion():
        files, _ = qualified(Report(), [parse(source)[0] for source in sources])
        index = build_index(files, standard_library())
        for file in files:
            for rule in RULES:
                rule.check(report, index, file)
    return report.diagnostics
