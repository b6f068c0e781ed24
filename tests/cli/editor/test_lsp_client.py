"""`voltscan lsp` met by a real client (pygls), in a folder as a project has it: sites, a library, its tests."""

import asyncio
import os
import sys
from pathlib import Path

import pytest_asyncio
from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

ROOT = Path(__file__).parents[3]
WAIT_S = 60
LIBRARY = """\
(* GAIN multiplies. *)
FUNCTION_BLOCK GAIN
VAR_INPUT
    value : REAL;
    factor : REAL := 1.0;
END_VAR
VAR_OUTPUT
    out : REAL;
END_VAR
out := LIMIT(0.0, value * factor, 100.0);
END_FUNCTION_BLOCK
"""
SITE = "PROGRAM main\nVAR\n    g : GAIN;\nEND_VAR\ng(value := 2.0);\nEND_PROGRAM\n"
OTHER = SITE.replace("value := 2.0", "factor := 3.0, value := 1.0")
TEST = "TEST 'gain'\nVAR\n    g : GAIN;\nEND_VAR\ng(value := 2.0, factor := 3.0);\nASSERT_EQ(g.out, 6.0);\nEND_TEST\n"


class Client(LanguageClient):
    """A client that keeps what it is told."""

    def __init__(self, folder):
        super().__init__("test", "1")
        self.folder = folder
        self.told = asyncio.Queue()
        self.messages = []

        @self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def diagnostics(params):
            self.told.put_nowait(params)

        @self.feature(lsp.WINDOW_SHOW_MESSAGE)
        def message(params):
            self.messages.append(params.message)

    def uri(self, name):
        return (self.folder / name).as_uri()

    def open(self, name, text=None):
        text = (self.folder / name).read_text() if text is None else text
        self.text_document_did_open(
            lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(self.uri(name), "st", 1, text)),
        )
        return text

    def change(self, name, version, text):
        document = lsp.VersionedTextDocumentIdentifier(version, self.uri(name))
        whole = lsp.TextDocumentContentChangeWholeDocument(text)
        self.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [whole]))

    def at(self, name, text, needle, behind=0):
        offset = text.index(needle) + behind
        place = lsp.Position(text.count("\n", 0, offset), offset - (text.rfind("\n", 0, offset) + 1))
        return lsp.TextDocumentIdentifier(self.uri(name)), place

    async def diagnostics(self, name):
        """The next list about a file."""
        while True:
            params = await asyncio.wait_for(self.told.get(), WAIT_S)
            if params.uri == self.uri(name):
                return list(params.diagnostics)


@pytest_asyncio.fixture
async def client(tmp_path):
    for folder in ("configs", "lib/tests", "sites"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "lib/gain.st").write_text(LIBRARY)
    (tmp_path / "lib/tests/gain.st").write_text(TEST)
    for name, text in (("one", SITE), ("two", OTHER)):
        (tmp_path / f"sites/{name}.st").write_text(text)
        (tmp_path / f"configs/{name}.toml").write_text(f'programs = ["../lib/gain.st", "../sites/{name}.st"]\n')
    made = Client(tmp_path)
    os.environ["PYTHONPATH"] = str(ROOT)
    await made.start_io(sys.executable, "-m", "runtime.cli", "lsp", cwd=ROOT)
    folders = [lsp.WorkspaceFolder(tmp_path.as_uri(), "site")]
    params = lsp.InitializeParams(lsp.ClientCapabilities(), workspace_folders=folders)
    await asyncio.wait_for(made.initialize_async(params), WAIT_S)
    made.initialized(lsp.InitializedParams())
    yield made
    await asyncio.wait_for(made.shutdown_async(None), WAIT_S)
    made.exit(None)
    await asyncio.wait_for(made.stop(), WAIT_S)


def _places(client, edits):
    names = ("lib/gain.st", "lib/tests/gain.st", "sites/one.st", "sites/two.st")
    found = {uri: sorted((e.range.start.line, e.range.start.character) for e in each) for uri, each in edits.items()}
    return {name: found[client.uri(name)] for name in names if client.uri(name) in found}


async def test_client_when_a_library_is_renamed_in_then_every_site_and_test_follows(client):
    text = client.open("lib/gain.st")
    assert await client.diagnostics("lib/gain.st") == []
    document, place = client.at("lib/gain.st", text, "factor")
    edit = await client.text_document_rename_async(lsp.RenameParams(document, place, "k"))
    assert _places(client, edit.changes) == {
        "lib/gain.st": [(4, 4), (9, 26)],
        "lib/tests/gain.st": [(4, 16)],
        "sites/two.st": [(4, 2)],
    }
    params = lsp.ReferenceParams(lsp.ReferenceContext(True), *client.at("lib/gain.st", text, "GAIN\n"))
    assert len(await client.text_document_references_async(params)) == 4
    document, place = client.at("lib/gain.st", text, "factor")
    assert await client.text_document_rename_async(lsp.RenameParams(document, place, "out")) is None
    assert "is there already" in client.messages[-1]


async def test_client_when_it_asks_while_typing_then_standard_functions_are_known(client):
    text = client.open("lib/gain.st")
    document, place = client.at("lib/gain.st", text, "LIMIT(", 2)
    hover = await client.text_document_hover_async(lsp.HoverParams(document, place))
    assert hover.contents.value.startswith("```st\nLIMIT(MN, IN, MX) : ANY_ELEMENTARY\n```")
    document, place = client.at("lib/gain.st", text, "value * factor")
    told = await client.text_document_signature_help_async(lsp.SignatureHelpParams(document, place))
    assert (told.signatures[0].label, told.active_parameter) == ("LIMIT(MN, IN, MX) : ANY_ELEMENTARY", 1)
    offered = await client.text_document_completion_async(lsp.CompletionParams(document, place))
    assert {"LIMIT", "value", "REAL", "IF", "TON"} <= {item.label for item in offered}
    test = client.open("lib/tests/gain.st")
    document, place = client.at("lib/tests/gain.st", test, "ASSERT_EQ")
    offered = await client.text_document_completion_async(lsp.CompletionParams(document, place))
    assert {"ASSERT_EQ", "ADVANCE", "g"} <= {item.label for item in offered}
    definition = await client.text_document_definition_async(
        lsp.DefinitionParams(*client.at("lib/tests/gain.st", test, "GAIN"))
    )
    assert definition.uri == client.uri("lib/gain.st")
    outline = await client.text_document_document_symbol_async(lsp.DocumentSymbolParams(document))
    assert [s.name for s in outline] == ["gain"]


async def test_client_when_texts_are_wrong_or_odd_then_the_server_goes_on(client):
    for number in range(40):  # faster than the server checks
        client.change("sites/one.st", number + 2, SITE[: len(SITE) * number // 40]) if number else client.open(
            "sites/one.st"
        )
    client.change("sites/one.st", 99, SITE.replace("2.0", "TRUE"))
    assert [d.code for d in await client.diagnostics("sites/one.st")] == ["L2007"]
    dos = SITE.replace("\n", "\r\n").replace("2.0", "FALSE")
    client.change("sites/one.st", 100, dos)
    (wrong,) = await client.diagnostics("sites/one.st")
    assert (wrong.range.start.line, wrong.range.start.character, wrong.range.end.character) == (4, 11, 16)
    (client.folder / "sites/latin.st").write_bytes("PROGRAM p (* Größe *) END_PROGRAM".encode("latin-1"))
    client.open("sites/latin.st", "PROGRAM p\n(* Größe *)\nEND_PROGRAM\n")
    assert await client.diagnostics("sites/latin.st") == []
    client.open("nowhere/else.st", "PROGRAM q\nx := 1;\nEND_PROGRAM\n")
    assert [d.code for d in await client.diagnostics("nowhere/else.st")] == ["L3001"]
    for name in ("sites/never_opened.st", "sites/latin.st"):
        document, place = lsp.TextDocumentIdentifier(client.uri(name)), lsp.Position(70, 3)
        assert await client.text_document_hover_async(lsp.HoverParams(document, place)) is None
        assert not await client.text_document_references_async(
            lsp.ReferenceParams(lsp.ReferenceContext(True), document, place)
        )
        options = lsp.FormattingOptions(4, True)
        assert not await client.text_document_formatting_async(lsp.DocumentFormattingParams(document, options))
