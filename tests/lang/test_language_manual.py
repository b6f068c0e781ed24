"""programs/LANGUAGE.md shows programs that compile, without a warning."""

import re
from pathlib import Path

from runtime.core.diagnostic import Source, render
from runtime.lang.compile import compile_sources

MANUAL = Path(__file__).parents[2] / "programs" / "LANGUAGE.md"


def test_manual_when_its_programs_are_compiled_then_nothing_is_told():
    shown = re.findall(r"^```st\n(.*?)^```", MANUAL.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert shown
    for number, text in enumerate(shown, 1):
        told = compile_sources([Source(f"LANGUAGE.md, program {number}", text)]).diagnostics
        assert not told, "\n".join(map(render, told))
