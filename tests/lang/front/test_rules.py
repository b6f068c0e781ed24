"""Every rule opens with a passing and a failing program: they are compiled here."""

import importlib
import pkgutil
import re

import pytest

from runtime.core.diagnostic import Source
from runtime.lang.compile import compile_sources
from runtime.lang.diagnostics import rules
from runtime.lang.diagnostics.lint import RULES as LINT_RULES
from runtime.lang.diagnostics.lint import check_sources

RULES = [m.name for m in pkgutil.iter_modules(rules.__path__)]
EXAMPLES = re.compile(r"Passes:\n(?P<passing>.*?)^Fails:\n(?P<failing>.*)", re.DOTALL | re.MULTILINE)


def _codes(text, rule):
    source = [Source("rule.st", text)]
    return [d.code for d in (check_sources(source) if rule in LINT_RULES else compile_sources(source).diagnostics)]


@pytest.mark.parametrize("name", RULES)
def test_rule_when_its_examples_are_compiled_then_one_passes_and_one_fails(name):
    rule = importlib.import_module(f"runtime.lang.diagnostics.rules.{name}")
    found = EXAMPLES.search(rule.__doc__)
    assert found, f"{name} has no examples"
    assert _codes(found["passing"], rule) == []
    assert _codes(found["failing"], rule) == [rule.CODE]
