"""Compiled applications on disk, by the content of their sources: an unchanged site starts without the compiler.

An entry holds all of an application but its bodies, as plain data (nothing in it is ever executed), and the warnings.
The bodies are compiled again from the sources in the rare case that somebody asks for them: the object code is cached
under the same key (objectcode.py). Only applications without errors are kept.
"""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.core.diagnostic import Diagnostic, Label, Severity, Source, Span
from runtime.core.fault import FaultCode
from runtime.core.objectcache import ObjectCache, content_key
from runtime.core.tag import TagTable
from runtime.lang.application import Application, FaultSite, ProgramInstance, Task
from runtime.lang.cache.compileresult import CompileResult

if TYPE_CHECKING:
    from runtime.lang.ir import Body

_PACKAGES = ("lang", "core")
_SUFFIXES = (".py", ".lark", ".st")


def compile_cached(sources: Sequence[Source], cache: ObjectCache) -> CompileResult:
    """What `compile_sources` gives, from the cache when the same sources were compiled before."""
    key = source_key(sources)
    found = cache.get(key)
    if found is not None:
        return _unpack(found, sources, key)
    result = _compile(sources, cache)
    application = result.application
    if application is not None:
        cache.put(key, _pack(application, result.diagnostics))
        object.__setattr__(application, "source_key", key)
    return result


def source_key(sources: Sequence[Source]) -> str:
    """Everything that decides the application: names and texts in order, and the compiler itself."""
    return content_key("application", compiler_version(), *(part for s in sources for part in (s.name, s.text)))


@functools.cache
def compiler_version() -> str:
    """A hash of the compiler's own files."""
    root = Path(__file__).parents[2]
    files = sorted(p for name in _PACKAGES for p in (root / name).rglob("*") if p.suffix in _SUFFIXES)
    return content_key(*(part for p in files for part in (str(p.relative_to(root)), p.read_bytes())))


def _compile(sources: Sequence[Source], cache: ObjectCache | None = None) -> CompileResult:
    from runtime.lang.compile import compile_sources  # the compiler takes half a second to import
    from runtime.lang.syntax.lalr import keep_table_in

    if cache is not None:
        keep_table_in(cache)
    return compile_sources(sources)


class _BodiesOnDemand(Mapping[str, "Body"]):
    """The bodies of an application that came from the cache; the first look compiles the sources."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = tuple(sources)

    @functools.cached_property
    def _bodies(self) -> Mapping[str, "Body"]:
        application = _compile(self._sources).application
        assert application is not None, "these sources were compiled without an error before"
        return application.bodies

    def __getitem__(self, name: str) -> "Body":
        return self._bodies[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._bodies)

    def __len__(self) -> int:
        return len(self._bodies)


# ---- as plain data ----


def _pack(app: Application, diagnostics: Sequence[Diagnostic]) -> bytes:
    told = {
        "tasks": [
            [t.name, t.interval_ns, t.priority, [[p.name, p.body, p.offset] for p in t.programs], t.cost, t.site]
            for t in app.tasks
        ],
        "tags": app.tags.to_packed(),
        "quality_offset": app.quality_offset,
        "stamp_offset": app.stamp_offset,
        "sites": [[int(s.code), s.pou, s.file, s.line, s.column] for s in app.sites],
        "layout_hash": app.layout_hash,
        "stored": app.stored,
        "diagnostics": [_diagnostic_to_json(d) for d in diagnostics],
    }
    text = json.dumps(told, separators=(",", ":")).encode()
    return len(text).to_bytes(8, "little") + text + app.initial


def _unpack(content: bytes, sources: Sequence[Source], key: str) -> CompileResult:
    end = 8 + int.from_bytes(content[:8], "little")
    told: dict[str, Any] = json.loads(content[8:end])
    app = Application(
        _BodiesOnDemand(sources),
        tuple(
            Task(name, interval_ns, priority, tuple(ProgramInstance(*p) for p in programs), cost, site)
            for name, interval_ns, priority, programs, cost, site in told["tasks"]
        ),
        TagTable.from_packed(told["tags"]),
        content[end:],
        told["quality_offset"],
        told["stamp_offset"],
        tuple(FaultSite(FaultCode(code), *rest) for code, *rest in told["sites"]),
        told["layout_hash"],
        key,
        _stretches(told["stored"]),
    )
    by_name = {s.name: s for s in sources}
    return CompileResult(app, tuple(_diagnostic_from_json(d, by_name) for d in told["diagnostics"]))


def _stretches(told: list[list[int]] | None) -> tuple[tuple[int, int], ...] | None:
    return None if told is None else tuple((start, end) for start, end in told)


def _diagnostic_to_json(diagnostic: Diagnostic) -> list[Any]:
    labels = [[_span_to_json(label.span), label.text] for label in diagnostic.labels]
    return [diagnostic.code, diagnostic.severity.value, diagnostic.message, labels, diagnostic.help]


def _span_to_json(span: Span) -> list[Any]:
    return [span.source.name, span.line, span.column, span.length]


def _diagnostic_from_json(told: list[Any], sources: dict[str, Source]) -> Diagnostic:
    code, severity, message, labels, help_ = told
    spans = [(Span(sources.get(name, Source(name, "")), *place), text) for (name, *place), text in labels]
    return Diagnostic(code, Severity(severity), message, tuple(Label(span, text) for span, text in spans), help_)
