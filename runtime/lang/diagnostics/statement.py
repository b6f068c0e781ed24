"""The statement around a place in a source, as text: what a fault log shows beside the line.

By words, not by the tree: an application from the cache has no tree. Comments and strings are blanked first.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from runtime.core.diagnostic import Source
from runtime.core.fault import FaultSite

STATEMENT_MAX = 200
"""Characters kept of a long statement."""
_BLANKED = re.compile(r"\(\*.*?\*\)|/\*.*?\*/|//[^\n]*|'(?:\$.|[^'$])*'|\"(?:\$.|[^\"$])*\"|\{.*?\}", re.DOTALL)
_BEFORE = re.compile(
    r";|\b(?:THEN|ELSE|DO|OF|REPEAT|END_VAR|END_IF|END_FOR|END_WHILE|END_CASE)\b"
    r"|\b(?:PROGRAM|FUNCTION|FUNCTION_BLOCK|METHOD|ACTION)\b[^\n]*",
    re.IGNORECASE,
)
_LOOK_BACK = 5000
"""Characters before the place among which the statement's start is looked for."""
_AFTER = re.compile(r";|\b(?:THEN|DO|OF)\b", re.IGNORECASE)


def statement_texts(sites: Sequence[FaultSite], sources: Iterable[Source]) -> tuple[str, ...]:
    """One text a site, in one line; empty where the source is not among these (the standard library)."""
    by_name = {source.name: source.text for source in sources}
    blanked = {name: _blank(text) for name, text in by_name.items()}
    starts = {name: _line_starts(text) for name, text in by_name.items()}
    return tuple(_text(site, by_name, blanked, starts) for site in sites)


def _text(
    site: FaultSite, texts: Mapping[str, str], blanked: Mapping[str, str], starts: Mapping[str, Sequence[int]]
) -> str:
    text = texts.get(site.file)
    if text is None or not 0 < site.line <= len(starts[site.file]):
        return ""
    at = min(starts[site.file][site.line - 1] + site.column - 1, len(text))
    clean = blanked[site.file]
    first = max((m.end() for m in _BEFORE.finditer(clean, max(0, at - _LOOK_BACK), at)), default=0)
    first += len(clean[first:]) - len(clean[first:].lstrip())  # past comments between this statement and the last
    after = _AFTER.search(clean, at)
    last = after.end() if after else len(text)
    return " ".join(text[first:last].split())[:STATEMENT_MAX]


def _blank(text: str) -> str:
    return _BLANKED.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]
