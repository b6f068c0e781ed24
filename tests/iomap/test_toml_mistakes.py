"""What people write who come from other formats: each is told with what TOML wants instead."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from runtime.core.diagnostic import render
from runtime.iomap.reading.read import read_document


class _Schema(BaseModel):
    name: str = "x"
    port: int = 1
    on: bool = True
    names: list[str] = []


def _told(path: Path, text: str) -> str:
    path.write_text(text)
    document, diagnostics = read_document(path, _Schema)
    assert document is None
    assert len(diagnostics) == 1
    return render(diagnostics[0])


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("on = True", "write true or false in small letters"),
        ("// my site", "a comment begins with #"),
        ("port = 100,5", "write a decimal point, not a comma"),
        ("name = 10ms", 'write it in quotes, such as "10ms"'),
        ("port: 5", "write = between key and value"),
        ("name = demo", "text stands in quotes"),
        ('name = "demo', 'close the text with "'),
        ("port = 1\nport = 2", "in the file already: keep one"),
        ("[name", "close the name of the table with ]"),
        ('names = ["a"\n"b"]', "put a comma between the values"),
        ("port =", "write key = value"),
    ],
)
def test_file_when_it_is_not_toml_then_the_mend_fits_the_mistake(tmp_path, text, mend):
    told = _told(tmp_path / "x.toml", text + "\n")
    assert "M1002" in told
    assert mend in told.split("help: ")[1]


@pytest.mark.parametrize(
    ("text", "label", "mend"),
    [
        ("name = 10", "must be text in quotes", 'write it in quotes: "10"'),
        ('port = "10"', "must be a whole number", "write it without quotes"),
        ('on = "yes"', "must be true or false", ""),
        ('names = "a"', "must be a list", ""),
    ],
)
def test_value_when_its_kind_is_wrong_then_no_word_of_python_is_told(tmp_path, text, label, mend):
    class Strict(_Schema, strict=True):
        pass

    (tmp_path / "x.toml").write_text(text + "\n")
    (told,) = map(render, read_document(tmp_path / "x.toml", Strict)[1])
    assert label in told
    assert mend in told
