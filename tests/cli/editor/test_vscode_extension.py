"""The folder of the VS Code extension: complete, and its client works with the server."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.lang.syntax.tokens import KEYWORDS

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "tools/vscode"


def test_manifest_when_it_names_files_then_they_are_there():
    manifest = json.loads((FOLDER / "package.json").read_text())
    contributes = manifest["contributes"]
    names = [manifest["main"], contributes["languages"][0]["configuration"], contributes["grammars"][0]["path"]]
    assert all((FOLDER / name).is_file() for name in names)
    json.loads((FOLDER / contributes["languages"][0]["configuration"]).read_text())


def test_grammar_when_compared_with_the_language_then_every_keyword_is_highlighted():
    grammar = json.loads((FOLDER / "syntaxes/st.tmLanguage.json").read_text())["repository"]
    rules = [*grammar["keywords"]["patterns"], *grammar["numbers"]["patterns"]]
    patterns = [re.compile(rule["match"]) for rule in rules]
    assert [k for k in sorted(KEYWORDS) if not any(p.fullmatch(k) for p in patterns)] == []


@pytest.mark.skipif(shutil.which("node") is None, reason="the client is JavaScript: needs node")
def test_client_when_a_file_is_open_then_diagnostics_hover_names_and_outline_reach_the_editor(tmp_path):
    text = "PROGRAM main\nVAR\n    level : REAL; (* how full *)\nEND_VAR\nlevel := TRUE;\nEND_PROGRAM\n"
    file = tmp_path / "main.st"
    file.write_text(text)
    command = [
        "node",
        str(ROOT / "tests/cli/editor/vscode_standin.js"),
        str(FOLDER / "extension.js"),
        sys.executable,
        file,
        text,
    ]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["diagnostics"] == [["L2007", "BOOL does not fit into REAL (this is BOOL)", 0]]
    assert shown["hover"] == "```st\nlevel : REAL\n```\n\nVAR of main\n\nhow full"
    assert {"level", "TON", "IF"} <= set(shown["names"])
    assert shown["symbols"] == ["main"]
