"""Every *.st in golden/ and mistakes/ compiles to exactly the diagnostics in the *.expected beside it.

mistakes/ holds what people write who come from C, Python or another ST: one file a habit, each mistake told once.
"""

import re
from pathlib import Path

import pytest

from runtime.core.diagnostic import Severity, Source, render
from runtime.lang.compile import compile_sources
from runtime.lang.diagnostics import lint
from runtime.lang.diagnostics.codes import CODES

HERE = Path(__file__).parent
NAMES = sorted(
    str(p.relative_to(HERE).with_suffix("")) for folder in ("golden", "mistakes") for p in (HERE / folder).glob("*.st")
)


def _compile(name):
    return compile_sources([Source(f"{Path(name).name}.st", (HERE / f"{name}.st").read_text())])


@pytest.mark.parametrize("name", NAMES)
def test_wrong_program_when_compiled_then_each_mistake_is_told_once(name, golden):
    result = _compile(name)
    told = "".join(render(d) + "\n" for d in result.diagnostics)
    golden(HERE / f"{name}.expected", told)
    assert (result.application is None) == any(d.severity is Severity.ERROR for d in result.diagnostics)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_program_when_it_marks_its_mistakes_then_exactly_those_lines_are_told(name):
    """A line with a mistake carries `// L1234`, once a mistake: the goldens cannot drift from what was meant."""
    source = (HERE / f"{name}.st").read_text()
    lines = enumerate(source.splitlines(), 1)
    meant = [(n, code) for n, line in lines for code in re.findall(r"\bL\d{4}\b", line)]
    assert sorted((d.place.line, d.code) for d in _compile(name).diagnostics) == sorted(meant)


def test_codes_when_listed_then_each_has_a_wrong_program():
    shown = {code for name in NAMES for code in re.findall(r"L\d{4}", (HERE / f"{name}.expected").read_text())}
    shown_in_test_limits = {"L1009"}
    shown_in_test_rules = {rule.CODE for rule in lint.RULES}
    assert set(CODES) - shown == shown_in_test_limits | shown_in_test_rules
