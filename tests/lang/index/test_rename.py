"""Renaming every name of a program: what is not found stops it from compiling, what is found too much does too."""

from collections import defaultdict
from pathlib import Path

import pytest

from runtime.core.diagnostic import Severity, Source
from runtime.lang.compile import compile_sources
from runtime.lang.editor.project import Project
from runtime.lang.index import SymbolKind
from runtime.lang.syntax.parse import parse

EXAMPLES = Path(__file__).parents[3] / "programs/examples"
NEW = "another_name"
FILES = [
    pytest.param(Path(__file__).parent / "everything.st", marks=pytest.mark.slow, id="everything"),
    pytest.param(EXAMPLES / "batch.st", marks=pytest.mark.slow, id="batch"),
    pytest.param(EXAMPLES / "pump_station.st", id="pump_station"),
    pytest.param(EXAMPLES / "recipe.st", id="recipe"),
]


def _errors(source):
    result = compile_sources([source], tests=parse(source)[0].tests)
    return [d.message for d in result.diagnostics if d.severity is Severity.ERROR]


def _renamed(text, uses):
    lines = text.split("\n")
    for use in sorted(uses, key=lambda u: (u.span.line, -u.span.column)):
        line, start = lines[use.span.line - 1], use.span.column - 1
        lines[use.span.line - 1] = line[:start] + NEW + line[start + use.span.length :]
    return "\n".join(lines)


@pytest.mark.parametrize("file", FILES)
def test_rename_when_done_to_any_name_then_the_program_still_compiles_and_means_the_same(file):
    text, name = file.read_text(), str(file)
    assert not _errors(Source(name, text))
    project = Project([Source(name, text)])
    refused = defaultdict(list)
    families = {id(f[0]): f for s in project.index.declared.every if (f := project.index.family(s)) and not s.library}
    for family in families.values():
        use = next(u for u in project.index.uses(family[0]))
        place = (name, use.span.line, use.span.column)
        found = project.references(*place, declaration=True)
        reason = project.cannot_rename(use, NEW)
        if reason:
            refused[use.symbol.kind].append(use.symbol.name)
            continue
        again = _renamed(text, found)
        assert not _errors(Source(name, again)), f"{use.symbol.kind} {use.symbol.name}"
        other = Project([Source(name, again)])
        lines = [u.span.line for u in other.references(name, *_moved(use, found), declaration=True)]
        assert sorted(lines) == sorted(u.span.line for u in found), use.symbol.name
    if file.stem == "everything":
        assert {kind: sorted(names) for kind, names in refused.items()} == {}
        kinds = {use.kind for f in families.values() for use in f}
        assert kinds == set(SymbolKind) - {SymbolKind.TEST}


def _moved(use, uses):
    """Where the name at a use stands once all are renamed."""
    before = [u for u in uses if u.span.line == use.span.line and u.span.column < use.span.column]
    return use.span.line, use.span.column + sum(len(NEW) - u.span.length for u in before)


def test_rename_when_a_value_of_two_types_stands_without_one_then_it_is_refused_with_the_place():
    text = """TYPE A : (ON1, OFF1); B : (ON2, OFF1); END_TYPE
PROGRAM p
VAR a : A; n : INT; END_VAR
n := n + SEL(a = ON1, 1, 2) + A_TO_INT(SEL(n > 1, OFF1, OFF1));
END_PROGRAM
"""
    project = Project([Source("p.st", text)])
    use = project.use_at("p.st", 1, 17)
    assert "p.st:4 has a value of several types without its type" in project.cannot_rename(use, NEW)
    assert not project.cannot_rename(project.use_at("p.st", 1, 12), NEW)


@pytest.mark.parametrize(
    ("line", "column", "new", "there"),
    [(4, 27, "other", "other"), (2, 5, "q", "q"), (4, 5, "g", "g"), (4, 5, "child", "child"), (4, 5, "inner", "inner")],
)
def test_rename_when_the_name_is_seen_where_another_of_that_name_is_then_it_is_refused(line, column, new, there):
    text = """VAR_GLOBAL g : INT; END_VAR
FUNCTION f : INT VAR q : INT; END_VAR f := q + g; END_FUNCTION
FUNCTION_BLOCK BASE
VAR own : INT; END_VAR VAR other : INT; END_VAR
METHOD act : INT VAR inner : INT; END_VAR act := own + inner; END_METHOD
END_FUNCTION_BLOCK
FUNCTION_BLOCK HEIR EXTENDS BASE
VAR child : INT; END_VAR
END_FUNCTION_BLOCK
"""
    project = Project([Source("p.st", text)])
    use = project.use_at("p.st", line, column) or project.use_at("p.st", line, column + 5)
    reason = project.cannot_rename(use, new)
    if new == use.symbol.name.lower():
        assert not reason
    else:
        assert f"'{there}' is there already" in reason
