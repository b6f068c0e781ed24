"""The page of a diagnostic code: what it means, a wrong and a right program (or piece of a TOML file), as Markdown."""

import re
from dataclasses import dataclass

_TITLE = re.compile(r"# (?P<code>[A-Z]\d{4}): (?P<title>.+)")
_PIECE = re.compile(
    r"^## (?P<kind>Wrong|Right)\n+```(st|(toml|csv) (?P<file>\S+))\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is printed, and the parts that tests hold it to."""

    code: str
    title: str
    text: str

    @property
    def wrong(self) -> str:
        """The program, or the piece of the file, that gives the code."""
        return self._piece("Wrong")["text"]

    @property
    def right(self) -> str:
        """What mends it: nothing is said about it."""
        return self._piece("Right")["text"]

    @property
    def file(self) -> str:
        """The file of which `wrong` and `right` are pieces; empty for whole programs."""
        return self._piece("Wrong")["file"] or ""

    def _piece(self, kind: str) -> re.Match[str]:
        found = next((m for m in _PIECE.finditer(self.text) if m["kind"] == kind), None)
        assert found is not None, f"the page of {self.code} shows nothing {kind.lower()}"
        return found


def read_page(text: str) -> Page:
    """The page that a Markdown text is."""
    found = _TITLE.match(text)
    assert found is not None, f"a page without code and title: {text[:40]}"
    return Page(found["code"], found["title"], text)
