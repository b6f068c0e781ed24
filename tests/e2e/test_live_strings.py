"""Strings of a running controller: written, forced, held and read from outside, retained through kill -9."""

import json
import os
import signal

PROGRAM = """
VAR_GLOBAL RETAIN note : STRING[2000]; letter : WCHAR; END_VAR
VAR_GLOBAL
    site_name : STRING[20];
    wide      : WSTRING[12];
    echo      : STRING[2010];
    signs     : CHAR;
END_VAR
PROGRAM main
VAR inner : STRING[30] := 'made inside'; END_VAR
echo := CONCAT(note, CONCAT(' of ', site_name));
END_PROGRAM
"""
SETTINGS = '[retain]\nevery = "100ms"\n[parameters]\nsite_name = "north yard"\n'
LONG_NOTE = "n" * 1500  # takes two places of the mailbox
WRITES = (
    ("note", LONG_NOTE, LONG_NOTE),
    ("note", "'it$'s $41'", "it's A"),
    ("wide", "Üλ", "Üλ"),
    ("wide", '"$03A9"', "Ω"),
    ("letter", "λ", "λ"),
    ("signs", "'x'", "x"),
    ("main.inner", "", ""),
)
REFUSED = (
    ("wide", "thirteen char", "has 13 characters, WSTRING[12] holds 12"),
    ("site_name", "Ω", "has characters that STRING[20] does not know"),
    ("signs", "xy", "is no"),
)


def test_strings_when_written_forced_and_killed_then_the_right_text_is_there(small_site):
    site = small_site
    site.program, site.settings = PROGRAM, SETTINGS
    site.start()
    site.wait_until_running()
    assert site.value("echo") == " of north yard"

    for name, typed, value in WRITES:
        assert site.voltscan("write", name, typed).returncode == 0, (name, typed)
        assert site.value(name) == value
    site.wait_for("the program has seen it", lambda: site.value("echo") == "it's A of north yard")
    told = json.loads(site.voltscan("read", "note", "wide", "signs", "--json").stdout)
    assert [(v["value"], v["type"]) for v in told] == [("it's A", "STRING[2000]"), ("Ω", "WSTRING[12]"), ("x", "CHAR")]
    assert "'it$'s A'" in site.voltscan("read", "note").stdout

    for name, typed, why in REFUSED:
        refused = site.voltscan("write", name, typed)
        assert (refused.returncode, why in refused.stderr) == (1, True), refused.stderr

    assert site.voltscan("force", "main.inner", "held").returncode == 0
    assert site.voltscan("force", "echo", "'forced text'", "--keep").returncode == 0
    site.wait_for("it is held", lambda: (site.value("echo"), site.value("main.inner")) == ("forced text", "held"))
    assert "'forced text'" in site.voltscan("forces").stdout
    assert site.voltscan("force", "note", "m" * 1024).returncode == 1
    told = [event["text"] for event in site.ask("events", since=0)["events"] if event["source"] == "operator"]
    assert any(
        text.endswith("forced echo: 'it$'s A of north yard' -> 'forced text', kept over restarts") for text in told
    )
    assert any("wrote wide: 'Üλ' -> " in text.replace('"', "'") for text in told)

    assert site.voltscan("write", "site_name", "south yard").returncode == 0  # a parameter, so it is retained
    site.kill("scan")
    site.wait_for("another scan runs", lambda: site.ask("status")["scanning"] and site.value("main.inner") == "held")
    assert (site.value("note"), site.value("letter"), site.value("echo")) == ("it's A", "λ", "forced text")

    site.wait_for("the disk has it", lambda: "south" in _newest_text(site))
    os.kill(site.process.pid, signal.SIGKILL)  # and with it everything else
    site.process.wait()
    site.start()
    site.wait_until_running()
    assert [site.value(name) for name in ("note", "letter", "site_name", "echo", "main.inner", "wide")] == [
        "it's A",
        "λ",
        "south yard",
        "forced text",
        "made inside",
        "",
    ]
    assert site.voltscan("unforce", "--all").returncode == 0
    site.wait_for("the program writes it again", lambda: site.value("echo") == "it's A of south yard")
    assert site.stop() == 0


def _newest_text(site) -> str:
    from runtime.scan.retain.retainfile import Folder, RetainLayout, RetainStore

    newest, _ = RetainStore(Folder(site.folder / "state" / "voltscan" / site.name)).newest()
    if newest is None:
        return ""
    variables = RetainLayout.unpacked(newest.layout).variables
    found = variables.find("site_name")
    return str(found.type.unpack(newest.values, found.offset))
