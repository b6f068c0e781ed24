"""The house rules that no linter knows. Each failure names the replacement."""

import ast
import functools
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
BANNED_NAMES = {
    "utils": "name the concept the functions share",
    "helpers": "name the concept the functions share",
    "helper": "name the concept",
    "manager": "say what it does: supervisor, dispatcher, pool, table",
    "misc": "move each piece to the concept it belongs to",
    "common": "move each piece to the concept it belongs to, or to core",
    "data": "say which data",
}
BANNED_TEXT = {
    r"\bTODO\b|\bFIXME\b|\bXXX\b": "do it now, or write it down in an issue",
    r"except\s*:": "name the exception",
    r"except (Base)?Exception\b": "name the exception; a bug must end the process",
    r"\bfrom multiprocessing import shared_memory": "use a memfd (image/segment.py)",
    r"\btime\.time\(\)": "use time.monotonic_ns(), or time.time_ns() for a wall clock",
}
CIRCLES_ALLOWED = {
    "runtime.iomap.kinds.kind runtime.iomap.sites.loaded": "a protocol is given the site whose profiles name it",
    "runtime.lang.ir.calls runtime.lang.ir.expressions runtime.lang.ir.statements": "the IR is one recursive type",
}
"""Modules that import each other, for type checking or when they run, and why that is true recursion."""
README_FOLDERS = ("runtime", "programs", "io_maps", "hmi", "configs", "tests", "tools")


def _tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split() if (ROOT / name).is_file()]


PYTHON_FILES = _tracked("*.py")


@functools.cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def test_files_when_counted_then_none_is_past_the_length_where_a_reader_would_name_a_seam():
    long = [
        f"{f.relative_to(ROOT)}: {n} lines"
        for f in PYTHON_FILES
        if (n := len(f.read_text().splitlines())) > FILE_LINES_MAX
    ]
    assert not long, f"split along a seam that a reader would name: {long}"


def test_functions_when_measured_then_none_is_past_its_length():
    long = []
    for file in PYTHON_FILES:
        for node in ast.walk(_tree(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    long.append(f"{file.relative_to(ROOT)}:{node.lineno} {node.name}: {lines} lines")
    assert not long, f"branching in the parent, plain work in leaves: {long}"


def test_names_when_they_say_nothing_then_the_replacement_is_named():
    bad = [f"{f.relative_to(ROOT)}: {BANNED_NAMES[f.stem]}" for f in PYTHON_FILES if f.stem in BANNED_NAMES]
    assert not bad, bad


@pytest.mark.parametrize("pattern", BANNED_TEXT)
def test_text_when_it_is_banned_then_the_replacement_is_named(pattern):
    me = Path(__file__)
    bad = [
        f"{f.relative_to(ROOT)}:{number}: {line.strip()}"
        for f in PYTHON_FILES
        if f != me
        for number, line in enumerate(f.read_text().splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not bad, f"{BANNED_TEXT[pattern]}: {bad}"


def test_folders_when_a_user_opens_one_then_its_readme_is_its_manual():
    missing = [folder for folder in README_FOLDERS if not (ROOT / folder / "README.md").is_file()]
    assert not missing, f"write a README.md that is the folder's manual: {missing}"


def test_text_files_when_read_then_no_line_ends_in_blanks_and_the_last_line_ends():
    bad = []
    for file in _tracked("*.py", "*.st", "*.toml", "*.md", "Makefile"):
        text = file.read_text()
        bad += [f"{file.relative_to(ROOT)}:{n}" for n, line in enumerate(text.split("\n"), 1) if line != line.rstrip()]
        if text and not text.endswith("\n"):
            bad.append(f"{file.relative_to(ROOT)}: no newline at the end")
    assert not bad, bad


def test_test_files_when_they_are_collected_together_then_no_two_have_one_name():
    names = Counter(file.name for file in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_modules_when_they_import_each_other_then_only_where_the_thing_itself_is_recursive():
    circles = {" ".join(sorted(circle)) for circle in _circles(_imports())}
    new, gone = sorted(circles - CIRCLES_ALLOWED.keys()), sorted(CIRCLES_ALLOWED.keys() - circles)
    assert not new, f"put what they need below all of them, or pass the function in: {new}"
    assert not gone, f"no circle any more, so take it out of CIRCLES_ALLOWED: {gone}"


def _imports() -> dict[str, set[str]]:
    """Which modules of the product each one imports, wherever in its text."""
    files = {_module(f): f for f in PYTHON_FILES if f.relative_to(ROOT).parts[0] in ("runtime", "hmi")}
    named: dict[str, set[str]] = {module: set() for module in files}
    for module, file in files.items():
        for node in ast.walk(_tree(file)):
            if isinstance(node, ast.Import):
                named[module] |= {alias.name for alias in node.names} & files.keys()
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    named[module] |= {inner if inner in files else node.module} & files.keys()
    return named


def _module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _circles(imports: dict[str, set[str]]) -> set[frozenset[str]]:
    """Each largest set of modules of which any leads to any other."""
    left = dict(imports)
    while bare := [module for module, named in left.items() if not named & left.keys()]:
        for module in bare:
            del left[module]
    reached = {module: _reached(left, module) for module in left}
    return {
        frozenset(other for other in there if module in reached[other])
        for module, there in reached.items()
        if module in there
    }


def _reached(imports: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        new = (imports[ahead.pop()] & imports.keys()) - seen
        seen |= new
        ahead += new
    return seen
