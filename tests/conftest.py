"""What all tests share: goldens, compared or rewritten, and how seldom garbage is looked for."""

import gc
from collections.abc import Callable
from pathlib import Path

import pytest

gc.set_threshold(100_000, 20, 50)
"""A compiler makes many small objects that live: looking through them 700 at a time is a tenth of all its work."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-goldens", action="store_true", help="write the goldens anew; read that diff as code")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with a file, or writes the file with --rewrite-goldens."""

    def compare(file: Path, text: str) -> None:
        if request.config.getoption("--rewrite-goldens"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        assert file.is_file(), f"no golden {file.name}: run pytest --rewrite-goldens"
        assert text == file.read_text(), f"{file.name} differs: pytest --rewrite-goldens, then read the diff"

    return compare
