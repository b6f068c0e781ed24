"""`voltscan fmt`: ST files in the house layout."""

import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

from runtime.cli.language.check import print_diagnostics


def format_paths(paths: Sequence[Path], *, check: bool, diff: bool) -> int:
    """Write files anew where their layout differs; with `check` or `diff` only tell, and end in 1 when one does."""
    from runtime.lang.format import format_source
    from runtime.lang.syntax.source import load_sources

    changed, wrong, sources = 0, 0, load_sources(paths)
    for source in sources:
        made = format_source(source)
        if made.text is None:
            print_diagnostics(made.diagnostics, as_json=False)
            print(f"{source.name}: left as it is", file=sys.stderr)
            wrong += 1
        elif made.text != source.text:
            changed += 1
            if diff:
                print(_difference(source.name, source.text, made.text))
            elif check:
                print(f"{source.name}: would be formatted")
            else:
                Path(source.name).write_text(made.text, encoding="utf-8")
                print(f"{source.name}: formatted")
    only_tell = check or diff
    print(f"{len(sources)} files, {changed} {'would be ' if only_tell else ''}formatted", file=sys.stderr)
    return 1 if wrong or (only_tell and changed) else 0


def _difference(name: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), name, f"{name} formatted", lineterm="")
    return "\n".join(lines)
