"""Which tests there are below a path, and which sources each is compiled with.

A test sees its own file and what its header names after WITH (files and folders, relative to its own). Without WITH, a
test in a folder `tests` sees the ST files of the folder above.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.core.diagnostic import Source
from runtime.core.fault import ConfigFault
from runtime.lang.compile import CompileResult, compile_sources
from runtime.lang.syntax.parse import parse
from runtime.lang.syntax.source import SUFFIX, TESTS_FOLDER, load_sources, st_files
from runtime.lang.tree import Test


@dataclass(frozen=True, slots=True)
class TestUnit:
    """Tests of one file that are compiled with the same sources."""

    __test__ = False  # pytest takes every class that is called Test… for its own

    file: str
    sources: tuple[Source, ...]
    tests: tuple[Test, ...]

    def compile(self, chosen: Sequence[Test] | None = None) -> CompileResult:
        """The application with its tests behind it."""
        return compile_sources(self.sources, tests=self.tests if chosen is None else chosen)


def find_tests(paths: Iterable[Path]) -> list[TestUnit]:
    """The tests in files and below folders. Raises ConfigFault when a path, or a file after WITH, is missing."""
    files: dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise ConfigFault("no such file or folder", where=str(path), mend="check the path")
        for file in st_files(path) if path.is_dir() else [path]:
            files.setdefault(file.resolve(), file)
    return [unit for file in files.values() for unit in _units(file)]


def _units(file: Path) -> list[TestUnit]:
    own = load_sources([file])[0]
    if "END_TEST" not in own.text.upper():
        return []
    groups: dict[tuple[str, ...], list[Test]] = {}
    tests = parse(own)[0].tests
    if not tests:
        return [TestUnit(own.name, (own,), ())]  # too damaged for a test to be seen: compiling it says why
    for test in tests:
        groups.setdefault(tuple(c.text for c in test.companions), []).append(test)
    return [TestUnit(own.name, (own, *_companions(file, group[0])), tuple(group)) for group in groups.values()]


def _companions(file: Path, test: Test) -> list[Source]:
    if test.companions:
        paths = [file.parent / c.text for c in test.companions]
        for companion, path in zip(test.companions, paths, strict=True):
            if not path.exists():
                where = f"{companion.span.source.name}:{companion.span.line}"
                raise ConfigFault(
                    f"no file or folder '{companion.text}'", where=where, mend=f"it is looked for beside {file}"
                )
    elif file.resolve().parent.name == TESTS_FOLDER:
        paths = sorted(p for p in file.resolve().parent.parent.iterdir() if p.suffix.lower() == SUFFIX)
        paths = [_shown(file.parent.parent, p) for p in paths] if file.parent.name == TESTS_FOLDER else paths
    else:
        return []
    return [source for source in load_sources(paths) if Path(source.name).resolve() != file.resolve()]


def _shown(folder: Path, path: Path) -> Path:
    """The path as the user would write it."""
    return folder / path.name
