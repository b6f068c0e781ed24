"""Diagnostics: what is wrong in a user's program, map or site file. Collected, never raised.

A diagnostic says where, what is there (labels) and how to mend it (help). Codes: S site files, M I/O maps and
profiles, L the language (L1xxx text and grammar, L2xxx types, L3xxx names and declarations, L4xxx tasks and links,
L5xxx constants and ranges, L6xxx SFC, L9xxx warnings).
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """An error stops the start; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Source:
    """One text file as it was read. `name` is the path as the user gave it."""

    name: str
    text: str

    def line(self, number: int) -> str:
        """The text of a line, counted from 1; empty past the end."""
        lines = _lines(self.text)
        return lines[number - 1].removesuffix("\r") if 0 < number <= len(lines) else ""


@functools.lru_cache(maxsize=64)
def _lines(text: str) -> list[str]:
    return text.split("\n")  # not splitlines: a form feed ends no line


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a source within one line: line and column from 1, length in characters (at least 1)."""

    source: Source
    line: int
    column: int
    length: int = 1


@dataclass(frozen=True, slots=True)
class Label:
    """A span and what is there."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake. The first label is the place; more labels point at what it contradicts."""

    code: str
    severity: Severity
    message: str
    labels: tuple[Label, ...]
    help: str = ""

    @property
    def place(self) -> Span:
        """Where the mistake is."""
        return self.labels[0].span

    def to_json(self) -> dict[str, Any]:
        """As plain data for `--json`."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "file": self.place.source.name,
            "line": self.place.line,
            "column": self.place.column,
            "labels": [
                {
                    "file": label.span.source.name,
                    "line": label.span.line,
                    "column": label.span.column,
                    "length": label.span.length,
                    "text": label.text,
                }
                for label in self.labels
            ],
            "help": self.help,
        }


def error(code: str, message: str, *labels: Label, help: str = "") -> Diagnostic:
    """An error with at least one label."""
    return Diagnostic(code, Severity.ERROR, message, labels, help)


def warning(code: str, message: str, *labels: Label, help: str = "") -> Diagnostic:
    """A warning with at least one label."""
    return Diagnostic(code, Severity.WARNING, message, labels, help)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """True when nothing may start."""
    return any(d.severity is Severity.ERROR for d in diagnostics)


def render(diagnostic: Diagnostic) -> str:
    """For people: code and message, each labelled line with carets, then the help."""
    place = diagnostic.place
    lines = [
        f"{diagnostic.severity.value} {diagnostic.code}: {diagnostic.message}",
        f"  --> {place.source.name}:{place.line}:{place.column}",
    ]
    for label in diagnostic.labels:
        lines += _render_label(label, primary=label is diagnostic.labels[0], home=place.source)
    if diagnostic.help:
        lines.append(f"     = help: {diagnostic.help}")
    return "\n".join(lines)


def _render_label(label: Label, *, primary: bool, home: Source) -> list[str]:
    span = label.span
    text = span.source.line(span.line).replace("\t", " ")
    mark = ("^" if primary else "-") * max(1, span.length)
    elsewhere = [] if span.source is home else [f"  ::: {span.source.name}:{span.line}:{span.column}"]
    return [
        *elsewhere,
        f"{span.line:4d} | {text}",
        f"     | {' ' * (span.column - 1)}{mark} {label.text}".rstrip(),
    ]
