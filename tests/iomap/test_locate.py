"""Places of keys in TOML: each key that tomllib finds must be found, with the right line and column."""

import tomllib
from pathlib import Path

import pytest

from runtime.core.diagnostic import Source
from runtime.iomap.reading.locate import Locator, locate

TEXT = '''\
# a comment with [brackets] = and "quotes"
top = 1
"quoted key" = 'it''s'
[links.meters]   # table
host = "a # no comment"
list = [ 1, [2, 3], { x = 4 } ]
[devices."odd.name"]
points = { p_kw = { fail_safe = 0.0, min = -1 }, q = {} }
a.b.c = true
text = """
[not.a.table]
x = "\\""
"""
raw = \'\'\'
[nor.this]\'\'\'
[[heartbeats]]
point = "one"
[[heartbeats]]
point = "two"
[heartbeats.inner]
z = 1979-05-27T07:32:00Z
array = [
    "a",   # first
    "b",
]
'''.replace("'it''s'", "'its'")


def at(places: Locator, *path: str | int) -> tuple[int, int, str]:
    span = places.key(*path)
    return span.line, span.column, span.source.line(span.line)[span.column - 1 :][: span.length]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("top",), (2, 1, "top")),
        (("quoted key",), (3, 1, '"quoted key"')),
        (("links",), (4, 2, "links")),
        (("links", "meters"), (4, 8, "meters")),
        (("links", "meters", "host"), (5, 1, "host")),
        (("links", "meters", "list", 1, 1), (6, 17, "3")),
        (("links", "meters", "list", 2, "x"), (6, 23, "x")),
        (("devices", "odd.name"), (7, 10, '"odd.name"')),
        (("devices", "odd.name", "points", "p_kw", "min"), (8, 38, "min")),
        (("devices", "odd.name", "a", "b", "c"), (9, 5, "c")),
        (("heartbeats", 1, "point"), (19, 1, "point")),
        (("heartbeats", 1, "inner", "z"), (21, 1, "z")),
        (("heartbeats", 1, "inner", "array", 1), (24, 5, '"b"')),
        (("links", "meters", "absent"), (4, 8, "meters")),
        (("absent",), (1, 1, "#")),
    ],
)
def test_key_when_looked_up_then_line_and_column_are_its_own(path: tuple[str | int, ...], expected: object) -> None:
    assert at(locate(Source("x.toml", TEXT)), *path) == expected


def test_value_when_looked_up_then_span_covers_it() -> None:
    span = locate(Source("x.toml", TEXT)).value("links", "meters", "host")
    assert (span.line, span.column, span.length) == (5, 8, len('"a # no comment"'))


def paths_of(tree: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(tree, dict):
        items: list[tuple[str | int, object]] = list(tree.items())
    elif isinstance(tree, list):
        items = list(enumerate(tree))
    else:
        return [path]
    return [path, *(p for key, value in items for p in paths_of(value, (*path, key)))]


MAPS = sorted((Path(__file__).parents[2] / "io_maps").rglob("*.toml"))


@pytest.mark.parametrize("text", [TEXT, *(f.read_text() for f in MAPS)], ids=["synthetic", *(f.stem for f in MAPS)])
def test_locate_when_walking_a_whole_file_then_it_finds_exactly_what_tomllib_finds(text: str) -> None:
    wanted = {path for path in paths_of(tomllib.loads(text)) if path}
    assert set(locate(Source("x.toml", text)).places) == wanted
