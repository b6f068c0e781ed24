"""What the comments and pragmas beside a declaration say about it.

A comment belongs to a declaration when it stands inside it, behind it on its last line, or, with nothing else on its
lines, directly above it. Pragmas follow the same rule: `{unit := 'kW'}`, `{min := 0, max := 100}`,
`{no_force}`, `{needed}`, `{secret}`.
"""

import re
from collections import defaultdict

from runtime.core.diagnostic import Source, Span
from runtime.lang.syntax.tokens import Margin, Scanned, Token
from runtime.lang.tree import Note

_FLAG = re.compile(r"(?:^|,)\s*(no_force|needed|secret)\s*(?=,|$)", re.IGNORECASE)
"""The pragmas that are a word alone."""
_SETTING = re.compile(r"\s*([A-Za-z_]\w*)\s*:=\s*('[^']*'|\"[^\"]*\"|[^,]+)")

_WORD = re.compile(r"\s*([A-Za-z_]\w*)")
UNSET = "\0"
"""The value of a pragma's word that nothing is said about, as in `{unit = 'kW'}`."""


class Margins:
    """Comments and pragmas of one source, found by the declaration they belong to."""

    def __init__(self, source: Source, scanned: Scanned) -> None:
        self._source = source
        self._starting: dict[int, list[Margin]] = defaultdict(list)
        self._ending: dict[int, list[Margin]] = defaultdict(list)
        self._first_column: dict[int, int] = {}
        self._pragmas = [margin for margin in scanned.margins if margin.kind == "pragma"]
        self._in_headers: set[tuple[int, int]] = set()
        for token in scanned.tokens:
            self._first_column.setdefault(token.line, token.column)
        for margin in scanned.margins:
            self._starting[margin.line].append(margin)
            self._ending[margin.end_line].append(margin)

    def note(self, first: Token | Span, last: Token) -> Note:
        """The note of the declaration from its first token to its semicolon."""
        beside = self._inside_or_behind(first.line, first.column, last)
        above = self._above(first.line, first.column)
        comment = next((m for m in beside + above[::-1] if m.kind == "comment"), None)
        pragmas = [setting for m in above + beside if m.kind == "pragma" for setting in self._settings(m)]
        return Note(" ".join(comment.text.split()) if comment else "", tuple(pragmas))

    def header_note(self, first: Token, last: Token) -> Note:
        """The note of a PROGRAM's header, which alone may name a task."""
        found = self.note(first, last)
        self._in_headers |= {(span.line, span.column) for _, _, span in found.pragmas}
        return found

    def outside_headers(self, key: str) -> list[Span]:
        """Where pragmas of this key stand that belong to no header read so far."""
        settings = [setting for margin in self._pragmas for setting in self._settings(margin)]
        return [s for k, _, s in settings if k == key and (s.line, s.column) not in self._in_headers]

    def _inside_or_behind(self, line: int, column: int, last: Token) -> list[Margin]:
        found = []
        for n in range(line, last.line + 1):
            found += [m for m in self._starting.get(n, ()) if n > line or m.column > column]
        return found

    def _above(self, line: int, column: int) -> list[Margin]:
        found = [m for m in self._ending.get(line, ()) if m.column < column and not self._has_tokens_before(m)]
        at = min((m.line for m in found), default=line)
        while above := [m for m in self._ending.get(at - 1, ()) if not self._has_tokens_before(m)]:
            found = above + found
            at = min(m.line for m in above)
        return found

    def _has_tokens_before(self, margin: Margin) -> bool:
        return self._first_column.get(margin.line, margin.column) < margin.column

    def _settings(self, margin: Margin) -> list[tuple[str, str, Span]]:
        span = Span(self._source, margin.line, margin.column, len(margin.text) + 2)
        flags = [(m[1].lower(), UNSET, span) for m in _FLAG.finditer(margin.text)]
        found = flags + [(m[1].lower(), m[2].strip().strip("'\""), span) for m in _SETTING.finditer(margin.text)]
        return found or [(key[1].lower(), UNSET, span) for key in [_WORD.match(margin.text)] if key]
