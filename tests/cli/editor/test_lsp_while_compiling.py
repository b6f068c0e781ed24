"""The language server while it compiles a large text: it goes on answering, and only what is typed last is told of."""

import asyncio
import threading
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from runtime.cli.editor.checks import Checks
from runtime.cli.editor.server import StServer, make_server
from runtime.lang.editor.project import Project

BLOCKS = 60
BLOCK = """\
FUNCTION_BLOCK BLOCK_{n}
VAR_INPUT x : REAL; go : BOOL; END_VAR
VAR_OUTPUT y : REAL; END_VAR
VAR t : TON; k : INT; list : ARRAY [0..9] OF REAL; END_VAR
IF go THEN
    FOR k := 0 TO 9 DO
        list[k] := list[k] + x * 2.0;
    END_FOR
ELSIF x > 3.0 THEN
    y := MAX(x, list[3]);
END_IF
t(IN := go, PT := T#1s);
y := SEL(t.Q, y, x);
END_FUNCTION_BLOCK
"""
LARGE = "".join(BLOCK.replace("{n}", str(n)) for n in range(BLOCKS))
LAST_LINE = LARGE.count("\n") - 1


class Held:
    """Compiles that end when the test says so: which texts were begun."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts: list[str] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()
        really = Project.diagnostics

        def diagnostics(project: Project) -> object:
            self.texts += [source.text for source in project.sources.values()]
            self.begun.set()
            assert self.go_on.wait(timeout=120)
            return really(project)

        monkeypatch.setattr(Project, "diagnostics", diagnostics)


@pytest.fixture
def held(monkeypatch):
    return Held(monkeypatch)


@pytest.fixture
def uri(tmp_path: Path) -> str:
    file = tmp_path / "large.st"
    file.write_text(LARGE)
    return file.as_uri()


class Told:
    """What the server told the editor of, and a way to wait for it."""

    def __init__(self, server: StServer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.codes: list[list[str]] = []
        self.came = asyncio.Event()
        monkeypatch.setattr(server, "text_document_publish_diagnostics", self._take)

    def _take(self, params: lsp.PublishDiagnosticsParams) -> None:
        self.codes.append([str(d.code) for d in params.diagnostics])
        self.came.set()


def _typed(server: StServer, uri: str, text: str) -> None:
    server.texts.put(uri, text)
    server.checks.want(uri)


async def test_server_when_a_large_text_is_being_compiled_then_a_hover_is_answered(held, uri, monkeypatch):
    server = make_server()
    told = Told(server, monkeypatch)
    _typed(server, uri, LARGE)
    await asyncio.to_thread(held.begun.wait)
    where = lsp.Position(LAST_LINE - 1, 1)
    hover = server.protocol.fm.features[lsp.TEXT_DOCUMENT_HOVER]
    found = await hover(lsp.HoverParams(lsp.TextDocumentIdentifier(uri), where))
    assert (found.contents.value.splitlines()[1], told.codes) == ("y : REAL", [])
    held.go_on.set()
    await told.came.wait()
    assert (told.codes, held.texts) == ([[]], [LARGE])


async def test_server_when_typed_in_while_it_compiles_then_the_newest_text_alone_is_told_of(held, uri, monkeypatch):
    server = make_server()
    told = Told(server, monkeypatch)
    newest = LARGE.replace("y := SEL(t.Q, y, x);", "y := lost;", 1)
    _typed(server, uri, LARGE.replace("REAL", "BOOL", 1))
    await asyncio.to_thread(held.begun.wait)
    for text in (LARGE.replace("x * 2.0", "x * nothing"), LARGE.replace("TON", "TOM"), newest):
        _typed(server, uri, text)
    held.go_on.set()
    await told.came.wait()
    assert (told.codes, held.texts[1:]) == ([["L3001"]], [newest])


async def test_checks_when_documents_change_while_one_is_checked_then_each_is_checked_once_more_the_last_one_first():
    checked: list[str] = []
    begun, free, all_done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def check(uri: str) -> None:
        checked.append(uri)
        begun.set()
        await free.wait()
        if len(checked) == 3:
            all_done.set()

    checks = Checks(check, pause_s=0)
    checks.want("a")
    await begun.wait()
    for uri in ("a", "b", "a", "b", "a"):
        checks.want(uri)
    free.set()
    await all_done.wait()
    assert checked == ["a", "a", "b"]
