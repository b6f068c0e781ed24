"""`voltscan lsp` as an editor meets it: a process, spoken to over its standard input and output."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BLOCK = """\
(* METERED adds up energy. *)
FUNCTION_BLOCK METERED
VAR_INPUT
    p_kw : REAL; {unit := 'kW'} (* + = import *)
    dt : TIME := T#1s;
END_VAR
VAR_OUTPUT
    energy_kwh : REAL;
END_VAR
energy_kwh := energy_kwh + p_kw * TIME_TO_REAL(dt) / 3600000.0;
END_FUNCTION_BLOCK
"""
MAIN = """\
PROGRAM main
VAR
    meter : METERED;
    total : REAL;
END_VAR
(* 𝄞 *) meter(p_kw := 5.0);
total := meter.energy_kwh;
END_PROGRAM
"""


class Editor:
    """A client that waits for each answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "runtime.cli", "lsp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
        )
        self.number = 0
        self.notes: list[dict[str, Any]] = []

    def send(self, method: str, params: Any, **more: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while (line := self.process.stdout.readline().strip()) or not length:
            assert line, "the server ended"
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return message

    def ask(self, method: str, params: Any) -> Any:
        self.number += 1
        self.send(method, params, id=self.number)
        while (message := self.receive()).get("id") != self.number or "method" in message:
            self.notes.append(message)
        assert "error" not in message, message
        return message["result"]

    def wait_for(self, method: str, name: str = "") -> dict[str, Any]:
        """The next notification of a method, about a file when that is named."""
        while True:
            message = self.notes.pop(0) if self.notes else self.receive()
            if message.get("method") == method and message["params"].get("uri", name).endswith(name):
                params: dict[str, Any] = message["params"]
                return params

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def at(self, name: str, text: str, needle: str, *, behind: bool = False) -> dict[str, Any]:
        """Parameters that point at a piece of text, in UTF-16 units."""
        offset = text.index(needle) + (len(needle) if behind else 0)
        line, start = text.count("\n", 0, offset), text.rfind("\n", 0, offset) + 1
        character = len(text[start:offset].encode("utf-16-le")) // 2
        return {"textDocument": {"uri": self.uri(name)}, "position": {"line": line, "character": character}}

    def open(self, name: str, text: str) -> None:
        document = {"uri": self.uri(name), "languageId": "st", "version": 1, "text": text}
        self.send("textDocument/didOpen", {"textDocument": document})

    def change(self, name: str, text: str) -> None:
        document = {"uri": self.uri(name), "version": 2}
        self.send("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    (tmp_path / "metered.st").write_text(BLOCK)
    (tmp_path / "main.st").write_text(MAIN)
    made = Editor(tmp_path)
    folders = [{"uri": tmp_path.as_uri(), "name": "site"}]
    made.ask("initialize", {"processId": None, "rootUri": None, "capabilities": {}, "workspaceFolders": folders})
    made.send("initialized", {})
    made.open("main.st", MAIN)
    yield made
    made.ask("shutdown", None)
    made.send("exit", None)
    assert made.process.wait(timeout=120) == 0
    assert made.process.stdin is not None
    assert made.process.stdout is not None
    made.process.stdin.close()
    made.process.stdout.close()


def test_server_when_a_program_is_edited_then_diagnostics_come_and_go(editor):
    assert editor.wait_for("textDocument/publishDiagnostics", "main.st")["diagnostics"] == []
    editor.change("main.st", MAIN.replace("p_kw := 5.0", "p_kw := TRUE"))
    (wrong,) = editor.wait_for("textDocument/publishDiagnostics", "main.st")["diagnostics"]
    assert wrong["code"] == "L2007"
    assert wrong["range"] == {"start": {"line": 5, "character": 23}, "end": {"line": 5, "character": 27}}
    assert wrong["relatedInformation"][0]["location"]["uri"] == editor.uri("metered.st")
    editor.change("main.st", MAIN)
    assert editor.wait_for("textDocument/publishDiagnostics", "main.st")["diagnostics"] == []


def test_server_when_asked_about_a_name_then_it_is_described_found_and_renamed(editor):
    hover = editor.ask("textDocument/hover", editor.at("main.st", MAIN, "p_kw :="))
    assert hover["contents"]["value"] == "```st\np_kw : REAL\n```\n\nVAR_INPUT of METERED, unit kW\n\n+ = import"
    hover = editor.ask("textDocument/hover", editor.at("main.st", MAIN, "METERED"))
    assert "METERED adds up energy." in hover["contents"]["value"]
    definition = editor.ask("textDocument/definition", editor.at("main.st", MAIN, "energy_kwh"))
    assert definition["uri"] == editor.uri("metered.st")
    assert definition["range"]["start"] == {"line": 7, "character": 4}
    where = editor.at("main.st", MAIN, "energy_kwh")
    found = editor.ask("textDocument/references", {**where, "context": {"includeDeclaration": True}})
    assert sorted((Path(f["uri"]).name, f["range"]["start"]["line"]) for f in found) == [
        ("main.st", 6),
        ("metered.st", 7),
        ("metered.st", 9),
        ("metered.st", 9),
    ]
    edit = editor.ask("textDocument/rename", {**where, "newName": "e_kwh"})
    assert {Path(uri).name: len(edits) for uri, edits in edit["changes"].items()} == {"main.st": 1, "metered.st": 3}


def test_server_when_a_new_name_cannot_be_then_it_says_why_and_changes_nothing(editor):
    where = editor.at("main.st", MAIN, "energy_kwh")
    for name, reason in (("p_kw", "is there already"), ("IF", "a keyword"), ("2x", "no name")):
        assert editor.ask("textDocument/rename", {**where, "newName": name}) is None
        assert reason in editor.wait_for("window/showMessage")["message"]


def test_server_when_a_line_is_being_written_then_it_offers_members_names_and_parameters(editor):
    text = MAIN.replace("total := meter.energy_kwh;", "total := meter.")
    editor.change("main.st", text)
    items = editor.ask("textDocument/completion", editor.at("main.st", text, "meter.", behind=True))
    assert sorted(i["label"] for i in items) == ["dt", "energy_kwh", "p_kw"]
    items = editor.ask("textDocument/completion", editor.at("main.st", text, "total :=", behind=True))
    assert {"meter", "total", "METERED", "TON"} <= {i["label"] for i in items}
    text = MAIN.replace("meter(p_kw := 5.0);", "meter(p_kw := 5.0, ")
    editor.change("main.st", text)
    where = editor.at("main.st", text, "5.0, ", behind=True)
    items = editor.ask("textDocument/completion", where)
    assert {"dt :=", "energy_kwh =>"} <= {i["label"] for i in items}
    told = editor.ask("textDocument/signatureHelp", where)
    assert told["signatures"][0]["label"] == "METERED(p_kw : REAL, dt : TIME := T#1s, energy_kwh => REAL)"
    assert told["activeParameter"] == 1


def test_server_when_asked_for_layout_and_outline_then_both_come(editor):
    edits = editor.ask("textDocument/formatting", _layout(editor))
    assert edits == []
    editor.change("main.st", MAIN.replace("    total : REAL", "total:REAL"))
    edits = editor.ask("textDocument/formatting", _layout(editor))
    assert edits[0]["newText"] == MAIN
    (program,) = editor.ask("textDocument/documentSymbol", _document(editor))
    assert program["name"] == "main"
    assert [c["name"] for c in program["children"]] == ["meter", "total"]


def _document(editor):
    return {"textDocument": {"uri": editor.uri("main.st")}}


def _layout(editor):
    return {**_document(editor), "options": {"tabSize": 4, "insertSpaces": True}}
