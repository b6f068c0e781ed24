"""Pages of diagnostic codes, tried: their programs compiled, their pieces of TOML put into a small site and built."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from runtime.core.diagnostic import Diagnostic, Source
from runtime.core.page import Page
from runtime.iomap.reading.read import read_document
from runtime.lang.diagnostics.lint import check_sources
from runtime.node.build import build_site
from runtime.sim.scenario.file import ScenarioTable
from runtime.sim.scenario.script import resolve

SITE = Path(__file__).parent / "pages_site"
SCENARIO = "scenario.toml"
_TABLE = re.compile(r"^(?=\[)", re.MULTILINE)


def diagnostics_of(page: Page, text: str, folder: Path) -> Sequence[Diagnostic]:
    """What is told about the wrong or right `text` of a page; `folder` must be the working directory, and empty."""
    if not page.file:
        return check_sources([Source("page.st", text)])
    shutil.copytree(SITE, folder, dirs_exist_ok=True)
    file = folder / page.file
    file.write_text(text if file.suffix == ".csv" else merged(file.read_text(), text))
    result = build_site(Path("site.toml"))
    if page.file != SCENARIO or result.build is None:
        return result.diagnostics
    document, found = read_document(Path(SCENARIO), ScenarioTable)
    assert document is not None, found
    manifest = result.build.manifest()  # controller and plant are one here
    return [*result.diagnostics, *resolve(document, manifest, manifest, watched=())[1]]


def merged(whole: str, piece: str) -> str:
    """A TOML text in which each table of `piece` stands in place of the one of the same name, or at the end."""
    tables = {table.partition("\n")[0]: table for table in _TABLE.split(whole)}
    first, *others = _TABLE.split(piece)
    if first:
        tables[next(iter(tables))] = first + "\n"
    tables |= {table.partition("\n")[0]: table.rstrip("\n") + "\n\n" for table in others}
    return "".join(tables.values())
