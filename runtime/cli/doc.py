"""`voltscan doc`: the manual of a block library."""

import sys
from collections.abc import Sequence
from pathlib import Path


def print_manual(paths: Sequence[Path], *, title: str | None, out: Path | None) -> int:
    """Print the manual of the sources, or write it to a file."""
    from runtime.lang.editor.manual import manual
    from runtime.lang.syntax.source import load_sources

    text = manual(load_sources(paths), title or f"Manual of {', '.join(str(p) for p in paths)}")
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")
        print(f"{out}: written", file=sys.stderr)
    return 0
