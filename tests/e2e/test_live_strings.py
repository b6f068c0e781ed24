"""Strings of a running controller: written, forced, held and read from outside, retained through kill -9."""

import os
import signal

import pytest

from runtime.wire.fault import RefusedFault

PROGRAM = """
VAR_GLOBAL RETAIN note : STRING[2000]; letter : WCHAR; END_VAR
VAR_GLOBAL
    site_name : STRING[20];
    wide      : WSTRING[12];
    echo      : STRING[2010];
    signs     : CHAR;
    limit_kw  : REAL;
END_VAR
PROGRAM main
VAR inner : STRING[30] := 'made inside'; END_VAR
echo := CONCAT(note, CONCAT(' of ', site_name));
END_PROGRAM
"""
SETTINGS = '[retain]\nevery = "100ms"\n[parameters]\nsite_name = "north yard"\nlimit_kw = 50.0\n'
LONG_NOTE = "n" * 1500  # takes two places of the mailbox
WRITES = {"note": LONG_NOTE, "wide": "Üλ", "letter": "λ", "signs": "x", "main.inner": ""}
REFUSED = (
    ("wide", "thirteen char", "has 13 characters, WSTRING\\[12\\] holds 12"),
    ("site_name", "Ω", "has characters that STRING\\[20\\] does not know"),
    ("signs", "xy", "is no"),
)


def test_strings_when_written_forced_and_killed_then_the_right_text_is_there(small_site):
    site = small_site
    site.program, site.settings = PROGRAM, SETTINGS
    site.start()
    site.wait_until_running()
    assert site.value("echo") == " of north yard"

    with site.client() as client:
        for name, value in WRITES.items():
            client.write(name, value)
            assert site.value(name) == value
        for name, value, why in REFUSED:
            with pytest.raises(RefusedFault, match=why):
                client.write(name, value)
    assert site.voltscan("write", "note", "'it$'s $41'").returncode == 0
    with site.client() as client:
        client.write("wide", "Ω")
    site.wait_for("the program has seen it", lambda: site.value("echo") == "it's A of north yard")
    told = site.ask("read", names=["note", "wide", "signs"])["values"]
    assert [(v["value"], v["type"]) for v in told] == [("it's A", "STRING[2000]"), ("Ω", "WSTRING[12]"), ("x", "CHAR")]

    site.ask("force", name="main.inner", value="held")
    site.ask("force", name="echo", value="forced text", keep=True)
    site.wait_for("it is held", lambda: (site.value("echo"), site.value("main.inner")) == ("forced text", "held"))
    with site.client() as client, pytest.raises(RefusedFault, match="too long to hold"):
        client.request("force", name="note", value="m" * 1024)
    told = [event["text"] for event in site.ask("events", since=0)["events"] if event["source"] == "operator"]
    assert any(
        text.endswith("forced echo: 'it$'s A of north yard' -> 'forced text', kept over restarts") for text in told
    )
    assert any("wrote wide: 'Üλ' -> " in text.replace('"', "'") for text in told)

    with site.client() as client:
        client.write("limit_kw", 60.0)
        client.write("site_name", "south yard")  # a parameter, so it is retained
    dead = site.kill("scan")
    site.wait_for("it has a successor", lambda: site.pid("scan") != dead)
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
    _change_the_lengths(site)
    site.ask("unforce", all=True)
    site.wait_for("the program writes it again", lambda: site.value("echo") == "it' of south yard")
    assert site.stop() == 0


def _change_the_lengths(site) -> None:
    """Other lengths by a download: texts go on, cut where they must be, and what is held stays held."""
    site.ask("force", name="main.inner", value="held")
    site.program = site.program.replace("note : STRING[2000]", "note : STRING[3]").replace("STRING[20]", "STRING[40]")
    site.write_files()
    plan = site.voltscan("download", str(site.site_file), "--dry-run")
    assert "note (STRING[2000] to STRING[3], cut after 3 characters)" in plan.stdout, plan.stdout + plan.stderr
    assert "site_name (STRING[20] to STRING[40])" in plan.stdout
    assert site.voltscan("download", str(site.site_file)).returncode == 0
    site.wait_for("the new programs run", lambda: site.value("note") == "it'")
    assert [site.value(name) for name in ("echo", "main.inner")] == ["forced text", "held"]
    # Written by an operator, then retained over a restart: the site file gave no other value since.
    assert [site.value(name) for name in ("site_name", "limit_kw")] == ["south yard", 60.0]


def _newest_text(site) -> str:
    from runtime.scan.retain.retainfile import Folder, RetainLayout, RetainStore

    newest, _ = RetainStore(Folder(site.folder / "state" / "voltscan" / site.name)).newest()
    if newest is None:
        return ""
    variables = RetainLayout.unpacked(newest.layout).variables
    found = variables.find("site_name")
    return str(found.type.unpack(newest.values, found.offset))
