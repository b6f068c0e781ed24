"""What compiling gives; apart from the compiler, so that what comes from the cache need not import it."""

from dataclasses import dataclass

from runtime.core.diagnostic import Diagnostic
from runtime.lang.application import Application
from runtime.lang.testing.testcase import TestCase


@dataclass(frozen=True, slots=True)
class CompileResult:
    """The application, or None when there are errors; and everything there is to say, by file and line."""

    application: Application | None
    diagnostics: tuple[Diagnostic, ...]
    tests: tuple[TestCase, ...] = ()
