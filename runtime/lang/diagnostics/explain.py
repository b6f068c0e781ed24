"""The page of each diagnostic code: what it means, a wrong and a right program. Pages are Markdown files in pages/."""

import difflib
import re
from dataclasses import dataclass
from importlib import resources

_TITLE = re.compile(r"# (?P<code>[A-Z]\d{4}): (?P<title>.+)")
_PROGRAM = re.compile(r"^## (?P<kind>Wrong|Right)\n+```st\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is printed, and the parts that tests hold it to."""

    code: str
    title: str
    text: str

    @property
    def wrong(self) -> str:
        """The program that gives the code."""
        return self._program("Wrong")

    @property
    def right(self) -> str:
        """The program that mends it: nothing is said about it."""
        return self._program("Right")

    def _program(self, kind: str) -> str:
        return next((m["text"] for m in _PROGRAM.finditer(self.text) if m["kind"] == kind), "")


def codes_with_pages() -> list[str]:
    """All codes that can be explained, in order."""
    folder = resources.files("runtime.lang.diagnostics").joinpath("pages")
    return sorted(e.name.removesuffix(".md") for e in folder.iterdir() if e.name.endswith(".md"))


def page(code: str) -> Page | None:
    """The page of a code, upper or lower case; None when there is none."""
    code = code.strip().upper()
    if code not in codes_with_pages():
        return None
    text = resources.files("runtime.lang.diagnostics").joinpath("pages", f"{code}.md").read_text(encoding="utf-8")
    found = _TITLE.match(text)
    assert found is not None, f"the page of {code} has no title"
    return Page(found["code"], found["title"], text)


def near(code: str) -> list[str]:
    """Known codes that look like this one, nearest first."""
    code = code.strip().upper()
    known = codes_with_pages()
    close = difflib.get_close_matches(code, known, n=4, cutoff=0.6)
    return close or [k for k in known if code[:2] and k.startswith(code[:2])][:4]
