"""`voltscan exec`: programs on virtual time, without a site, and what became of their variables."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from runtime.cli.given_text import without_quotes
from runtime.cli.language.check import print_diagnostics
from runtime.core.duration import duration_ns
from runtime.core.fault import FAULT_TEXT, ConfigFault
from runtime.core.objectcache import ObjectCache
from runtime.core.tag import Variable
from runtime.image.nativecode import native_cache
from runtime.lang.application import Application
from runtime.lang.cache.sourcecache import compile_cached
from runtime.lang.machine import Machine
from runtime.lang.syntax.source import load_sources
from runtime.node.statedir import cache_dir
from runtime.scan.faults import RecordedFault
from runtime.scan.kernel import Kernel
from runtime.scan.virtual import VirtualScan
from runtime.wire.values import show, to_json


@dataclass(frozen=True, slots=True)
class Execution:
    """How to run: number of scans, base cycle as text, `TAG=VALUE` texts, back end, names or patterns to print."""

    scans: int
    period: str
    assignments: tuple[str, ...]
    backend: str
    watch: tuple[str, ...]


def exec_files(files: list[Path], how: Execution, *, as_json: bool) -> int:
    """Compile, run, print; 1 when the programs are wrong or faulted."""
    sources = load_sources(files)
    compiled = compile_cached(sources, ObjectCache(cache_dir() / "applications"))
    diagnostics = compiled.diagnostics
    if compiled.application is None:
        print_diagnostics(diagnostics, as_json=as_json)
        return 1
    if not as_json:
        print_diagnostics(diagnostics, as_json=False)
    kernel = Kernel(native_cache(cache_dir())) if how.backend == "llvm" else None
    scan = VirtualScan(_machine(compiled.application, how.backend), period_ns=period_ns(how.period), kernel=kernel)
    for assignment in how.assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ConfigFault(f"'{assignment}' sets nothing", where="--set", mend="write --set name=value")
        scan.set(name.strip(), without_quotes(value.strip(), "--set"))
    scan.scan(how.scans)
    watched = list(_watched(compiled.application, how.watch))
    faults = scan.faults()
    if as_json:
        print(json.dumps(_told(scan, watched, faults)))
    else:
        _print(scan, watched, faults)
    return 1 if faults else 0


def _machine(app: Application, backend: str) -> Machine:
    if backend == "interp":
        from runtime.lang.interp import Interpreter

        return Interpreter(app)
    if backend == "llvm":
        from runtime.lang.cache.objectcode import object_code_for
        from runtime.lang.native import Native

        return Native(app, object_code_for(app, ObjectCache(cache_dir() / "programs")))
    raise ConfigFault(f"no back end '{backend}'", where="--backend", mend="choose llvm or interp")


def period_ns(text: str) -> int:
    """A base cycle as the user wrote it."""
    try:
        return duration_ns(text)
    except ValueError as wrong:
        raise ConfigFault(str(wrong), where="--period") from wrong


def _watched(app: Application, patterns: tuple[str, ...]) -> Iterable[Variable]:
    everything: list[Variable] = [*app.tags.tags, *app.tags.variables]
    if not patterns:  # what no program can name (the memory of an edge input) is seen only when asked for
        return [v for v in everything if "#" not in v.name]
    chosen: list[Variable] = []
    for pattern in patterns:
        exact = app.tags.find(pattern)  # `lines[1]` is a name before it is a pattern
        matching = [exact] if exact else [v for v in everything if fnmatchcase(v.name.lower(), pattern.lower())]
        if not matching:
            near = app.tags.nearest(pattern)
            mend = f"did you mean {near}?" if near else "leave --watch out to see all names"
            raise ConfigFault(f"no variable matches '{pattern}'", where="--watch", mend=mend)
        chosen += [v for v in matching if v not in chosen]
    return chosen


def _told(scan: VirtualScan, watched: list[Variable], faults: list[RecordedFault]) -> dict[str, Any]:
    return {
        "scan": scan.scan_no,
        "vars": {v.name: to_json(v.type.unpack(scan.machine.memory, v.offset), v) for v in watched},
        "faults": [
            {
                "scan": f.scan_no,
                "code": f.site.code.name,
                "text": FAULT_TEXT[f.site.code],
                "pou": f.site.pou,
                "file": f.site.file,
                "line": f.site.line,
                "column": f.site.column,
            }
            for f in faults
        ],
    }


def _print(scan: VirtualScan, watched: list[Variable], faults: list[RecordedFault]) -> None:
    print(f"after {scan.scan_no} scans")
    width = max((len(v.name) for v in watched), default=0)
    for variable in watched:
        value = to_json(variable.type.unpack(scan.machine.memory, variable.offset), variable)
        print(f"  {variable.name:<{width}}  {show(value, variable.type_name)} {variable.unit}".rstrip())
    for fault in faults:
        site = fault.site
        print(f"fault in scan {fault.scan_no}: {FAULT_TEXT[site.code]}")
        print(f"  --> {site.file}:{site.line}:{site.column} ({site.pou})")
