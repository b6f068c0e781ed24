"""`voltscan doc`: the manual of a block library, with pictures of what its blocks do."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.cli.language.demos import Demo


def print_manual(paths: Sequence[Path], *, title: str | None, out: Path | None) -> int:
    """Print the manual of the sources; or write it to a file, and the pictures of their demos to a folder beside it."""
    from runtime.lang.editor.manual import manual
    from runtime.lang.syntax.source import load_sources

    sources = load_sources(paths)
    heading = title or f"Manual of {', '.join(str(p) for p in paths)}"
    if out is None:
        print(manual(sources, heading), end="")
        return 0

    from runtime.cli.language.demos import demos

    folder = out.with_name(f"{out.stem}_pictures")
    shown = demos(sources)
    if shown:
        folder.mkdir(exist_ok=True)
    for demo in shown:
        (folder / f"{demo.name}.svg").write_text(demo.picture, encoding="utf-8")
    out.write_text(
        manual(sources, heading, {demo.name: _markdown(demo, folder.name) for demo in shown}), encoding="utf-8"
    )
    with_pictures = f", {len(shown)} pictures in {folder}" if shown else ""
    print(f"{out}: written{with_pictures}", file=sys.stderr)
    return 0


def _markdown(demo: "Demo", folder: str) -> str:
    picture = f"![{demo.title}]({folder}/{demo.name}.svg)"
    return f"{picture}\n\n{demo.caption}\n\n```st\n{demo.text.rstrip()}\n```"
