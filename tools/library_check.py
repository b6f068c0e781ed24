"""Compiles a library of others and says which of its POUs do not, each with its first reason.

usage: python tools/library_check.py FILE.st… [--json]

A POU counts as compiled when it and all it needs compile: those with mistakes are taken out and the rest is compiled
again, until nothing is wrong any more. Of what is left every body is emitted for the native back end, and verified.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from runtime.core.diagnostic import Diagnostic, Severity, Source  # noqa: E402  # found through the path above
from runtime.core.fault import ProgramFault  # noqa: E402
from runtime.lang.application import Application  # noqa: E402
from runtime.lang.compile import compile_sources, load_sources  # noqa: E402
from runtime.lang.llvm import compile_object  # noqa: E402
from runtime.lang.syntax.parse import parse  # noqa: E402
from runtime.lang.syntax.tokens import Token, scan  # noqa: E402

_KINDS = ("FUNCTION", "FUNCTION_BLOCK", "PROGRAM", "INTERFACE")
_LOST = "\ufffd"
"""What stands where somebody saved a file of another encoding as UTF-8."""
_ROUNDS_MAX = 20
"""How often what fails is taken out; each round takes at least one POU, and what needs it falls in the next."""


@dataclass(frozen=True, slots=True)
class Pou:
    """A POU and the lines it stands on, first and last."""

    name: str
    kind: str
    source: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Measure:
    """What came of a library. `failing` has the first reason of each POU that does not compile, in order of writing."""

    pous: tuple[Pou, ...]
    failing: dict[str, str]
    elsewhere: tuple[str, ...]
    parse_s: float
    compile_s: float
    native_s: float

    @property
    def compiled(self) -> int:
        """How many POUs compile."""
        return len(self.pous) - len(self.failing)

    @property
    def percent(self) -> float:
        """The same of a hundred."""
        return 100.0 * self.compiled / len(self.pous) if self.pous else 100.0


def measure(sources: list[Source]) -> Measure:
    """Parse, compile, take out what fails, and emit native code for the rest."""
    start = time.perf_counter()
    for source in sources:
        parse(source)
    parsed = time.perf_counter()
    result = compile_sources(sources, every_body=True)
    compiled = time.perf_counter()
    pous = tuple(pou for source in sources for pou in find_pous(source))
    failing: dict[str, str] = {}
    elsewhere: list[str] = []
    for _ in range(_ROUNDS_MAX):
        wrong = [d for d in result.diagnostics if d.severity is Severity.ERROR]
        found = {pou.name: _reason(d) for d in reversed(wrong) if (pou := _around(pous, d)) is not None}
        elsewhere = [_reason(d) for d in wrong if _around(pous, d) is None]
        new = {name: reason for name, reason in found.items() if name not in failing}
        if not new:
            break
        failing |= new
        result = compile_sources([_without(s, pous, failing) for s in sources], every_body=True)
    before = time.perf_counter()
    if result.application is not None:
        elsewhere += _emitted(result.application)
    ordered = {pou.name: failing[pou.name] for pou in pous if pou.name in failing}
    return Measure(
        pous,
        ordered,
        tuple(elsewhere),
        parse_s=parsed - start,
        compile_s=compiled - parsed,
        native_s=time.perf_counter() - before,
    )


def find_pous(source: Source) -> Iterator[Pou]:
    """The POUs of a file by their first and last words: also those that cannot be read are counted."""
    tokens = list(scan(source).tokens)
    opened: tuple[Token, Token] | None = None
    for token, following in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
        if token.kind in _KINDS and opened is None:
            opened = (token, following)
        elif opened is not None and token.kind == f"END_{opened[0].kind}":
            yield Pou(opened[1].text, opened[0].kind, source.name, opened[0].line, token.line)
            opened = None


def _around(pous: tuple[Pou, ...], diagnostic: Diagnostic) -> Pou | None:
    place = diagnostic.place
    return next((p for p in pous if p.source == place.source.name and p.first <= place.line <= p.last), None)


def _reason(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.code} {diagnostic.message} ({diagnostic.place.source.name}:{diagnostic.place.line})"


def _without(source: Source, pous: tuple[Pou, ...], failing: dict[str, str]) -> Source:
    """The file with the failing POUs blank, every other line where it was."""
    lines = source.text.split("\n")
    for pou in pous:
        if pou.source == source.name and pou.name in failing:
            lines[pou.first - 1 : pou.last] = [""] * (pou.last - pou.first + 1)
    return Source(source.name, "\n".join(lines))


def _emitted(application: Application) -> list[str]:
    """What the native back end cannot do with the bodies; one that it refuses would be a mistake of the compiler."""
    try:
        compile_object(application)
    except ProgramFault as fault:
        return [str(fault)]
    return []


def main() -> int:
    """Exit code 0 when every POU compiles."""
    parser = argparse.ArgumentParser(description="how much of a library compiles")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    read = load_sources(options.files)
    lost = sum(source.text.count(_LOST) for source in read)
    found = measure([Source(s.name, s.text.replace(_LOST, "?")) for s in read])
    if options.json:
        told = {
            "pous": len(found.pous),
            "compiled": found.compiled,
            "percent": round(found.percent, 1),
            "parse_s": round(found.parse_s, 2),
            "compile_s": round(found.compile_s, 2),
            "native_s": round(found.native_s, 2),
            "failing": found.failing,
            "elsewhere": list(found.elsewhere),
            "lost_characters": lost,
        }
        print(json.dumps(told, indent=2))
    else:
        print(f"parse    {found.parse_s:8.2f} s\ncompile  {found.compile_s:8.2f} s\nnative   {found.native_s:8.2f} s")
        if lost:
            print(f"{lost} characters were lost before the file came here (U+FFFD): each is taken as ?")
        print(f"POUs     {found.compiled} of {len(found.pous)} compile: {found.percent:.1f} %")
        for name, reason in found.failing.items():
            print(f"  {name}: {reason}")
        for reason in found.elsewhere:
            print(f"  outside of POUs: {reason}")
    return 1 if found.failing or found.elsewhere else 0


if __name__ == "__main__":
    sys.exit(main())
