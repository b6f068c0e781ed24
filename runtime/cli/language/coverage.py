"""Coverage of ST tests as a table and as JSON: statements and branches of each POU."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from os.path import normpath
from typing import Any

from runtime.lang.testing.coverage import Covered

_OWN_LIBRARY = "stdlib/"
_LINES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class PouCoverage:
    """One POU: how many statements and branches it has, how many ran, and which did not."""

    name: str
    file: str
    statements: int
    statements_run: int
    branches: int
    branches_run: int
    missed: tuple[Covered, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "pou": self.name,
            "file": self.file,
            "statements": {"all": self.statements, "run": self.statements_run},
            "branches": {"all": self.branches, "run": self.branches_run},
            "missed": [{"line": m.line, "column": m.column, "branch": m.branch} for m in self.missed],
        }


def merged(runs: Iterable[Iterable[Covered]]) -> list[PouCoverage]:
    """The coverage of several applications together, by file and POU; the standard's blocks left out.

    What was written once counts once: a POU that is compiled for arrays of several bounds (`SPLIT&...`) or inherited
    (`PUMP.start@DRIVE_PUMP`) is one, and so is a file that two tests name by different ways.
    """
    counts: Counter[tuple[str, str, int, int, str]] = Counter()
    for run in runs:
        for c in run:
            if not c.file.startswith(_OWN_LIBRARY):
                written = c.pou.split("&")[0].split("@")[0]
                counts[normpath(c.file), written, c.line, c.column, c.branch] += c.count
    found: dict[tuple[str, str], list[Covered]] = {}
    for (file, pou, line, column, branch), count in counts.items():
        found.setdefault((file, pou), []).append(Covered(pou, file, line, column, branch, count))
    return [_of(file, pou, parts) for (file, pou), parts in sorted(found.items())]


def _of(file: str, pou: str, parts: list[Covered]) -> PouCoverage:
    statements = [p for p in parts if not p.branch]
    branches = [p for p in parts if p.branch]
    ran = [sum(p.count > 0 for p in group) for group in (statements, branches)]
    missed = sorted((p for p in parts if not p.count), key=lambda p: (p.line, p.column, p.branch))
    return PouCoverage(pou, file, len(statements), ran[0], len(branches), ran[1], tuple(missed))


def table(pous: list[PouCoverage]) -> Iterator[str]:
    """The lines of the report."""
    width = max((len(p.name) for p in pous), default=0) + 8
    yield f"coverage{'':<{width - 6}}  statements        branches"
    for pou in pous:
        yield _row(pou.name, width, (pou.statements_run, pou.statements), (pou.branches_run, pou.branches))
        if pou.statements_run or pou.branches_run:
            yield from _missed(pou)
    statements = sum(p.statements_run for p in pous), sum(p.statements for p in pous)
    branches = sum(p.branches_run for p in pous), sum(p.branches for p in pous)
    yield _row("together", width, statements, branches)


def _row(name: str, width: int, statements: tuple[int, int], branches: tuple[int, int]) -> str:
    return f"  {name:<{width}}  {_share(*statements)}  {_share(*branches)}"


def _share(run: int, of: int) -> str:
    percent = f"{100 * run / of:3.0f} %" if of else "    -"
    return f"{run:4}/{of:<4} {percent}"


def _missed(pou: PouCoverage) -> Iterator[str]:
    lost = [f"{m.line} {m.branch}".rstrip() for m in pou.missed]
    if lost:
        more = f", and {len(lost) - _LINES_SHOWN} more" if len(lost) > _LINES_SHOWN else ""
        yield f"      {pou.file}: never ran: {', '.join(lost[:_LINES_SHOWN])}{more}"
