"""The pages of all diagnostic codes: each package ships those of the codes that it gives, in a folder `pages`."""

import difflib
from importlib import resources
from importlib.resources.abc import Traversable

from runtime.core.page import Page, read_page

HOMES = ("runtime.lang.diagnostics", "runtime.iomap", "runtime.gateway", "runtime.sim.scenario", "runtime.node")
"""The packages with pages; those of the site file lie with the code that builds a site from it."""


def codes_with_pages() -> list[str]:
    """All codes that can be explained, in order."""
    return sorted(_files())


def page(code: str) -> Page | None:
    """The page of a code, upper or lower case; None when there is none."""
    file = _files().get(code.strip().upper())
    return read_page(file.read_text(encoding="utf-8")) if file is not None else None


def near(code: str) -> list[str]:
    """Known codes that look like this one, nearest first."""
    code = code.strip().upper()
    known = codes_with_pages()
    close = difflib.get_close_matches(code, known, n=4, cutoff=0.6)
    return close or [k for k in known if code[:2] and k.startswith(code[:2])][:4]


def _files() -> dict[str, Traversable]:
    folders = (resources.files(home).joinpath("pages") for home in HOMES)
    return {f.name.removesuffix(".md"): f for folder in folders for f in folder.iterdir() if f.name.endswith(".md")}
