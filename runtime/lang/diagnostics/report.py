"""Where diagnostics are collected: each mistake once."""

from runtime.core.diagnostic import Diagnostic, Label, Severity, Span
from runtime.lang.diagnostics.codes import CODES


class Report:
    """Diagnostics in the order in which they were found; a second one of the same code at the same place is dropped."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, int, int], Diagnostic] = {}

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """All of them, by file, line and column."""
        found = self._found.values()
        return sorted(found, key=lambda d: (d.place.source.name, d.place.line, d.place.column, d.code))

    def add(self, diagnostic: Diagnostic) -> None:
        """Take one that was made elsewhere."""
        place = diagnostic.place
        self._found.setdefault((diagnostic.code, place.source.name, place.line, place.column), diagnostic)

    def error(self, code: str, message: str, span: Span, label: str, *more: Label, help: str = "") -> None:
        """A mistake; `label` says what stands at `span`."""
        self._take(Severity.ERROR, code, message, (Label(span, label), *more), help)

    def warning(self, code: str, message: str, span: Span, label: str, *more: Label, help: str = "") -> None:
        """Allowed, but worth a second look."""
        self._take(Severity.WARNING, code, message, (Label(span, label), *more), help)

    def _take(self, severity: Severity, code: str, message: str, labels: tuple[Label, ...], help: str) -> None:
        assert code in CODES, code
        self.add(Diagnostic(code, severity, message, labels, help))
