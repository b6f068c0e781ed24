"""Diagnostics as SARIF 2.1.0 (OASIS), which code hosts and editors show beside the lines they are about."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from runtime.cli.language.pages import page
from runtime.core.diagnostic import Diagnostic, Label

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif_log(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """One run with all diagnostics; a rule for each code that occurs. Columns count UTF-16 code units from 1."""
    codes = sorted({d.code for d in diagnostics})
    driver = {"name": "voltscan", "version": version("voltscan"), "rules": [_rule(code) for code in codes]}
    results = [_result(d, codes.index(d.code)) for d in diagnostics]
    run = {"tool": {"driver": driver}, "columnKind": "utf16CodeUnits", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": code}
    found = page(code)
    if found is not None:
        rule["shortDescription"] = {"text": found.title}
        rule["help"] = {"text": found.text, "markdown": found.text}
    return rule


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, Any]:
    first, *others = diagnostic.labels
    help_text = f" Help: {diagnostic.help}" if diagnostic.help else ""
    label = f" ({first.text})" if first.text else ""
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity.value,
        "message": {"text": f"{diagnostic.message}{label}.{help_text}"},
        "locations": [{"physicalLocation": _place(first)}],
    }
    if others:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _place(other), "message": {"text": other.text}}
            for number, other in enumerate(others, 1)
        ]
    return result


def _place(label: Label) -> dict[str, Any]:
    span = label.span
    line = span.source.line(span.line)
    start = _utf16(line[: span.column - 1]) + 1
    end = start + max(1, _utf16(line[span.column - 1 : span.column - 1 + span.length]))
    region = {"startLine": span.line, "startColumn": start, "endLine": span.line, "endColumn": end}
    return {"artifactLocation": {"uri": _uri(span.source.name)}, "region": region}


def _uri(name: str) -> str:
    """The path as a URI reference (3.4.4, RFC 3986): relative as it was given, or an absolute file URI."""
    path = PurePath(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
