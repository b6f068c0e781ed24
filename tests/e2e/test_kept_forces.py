"""A force with --keep outlives the controller, one without ends with it; the audit names who, what, old and new."""

PROGRAM = """\
VAR_GLOBAL
    seen  : DINT;
    held  : DINT;
    safe  : BOOL;  {no_force}
END_VAR
PROGRAM main
VAR inner : DINT; END_VAR
inner := inner + 1;
seen := inner;
held := held + 1;
END_PROGRAM
"""


def test_force_when_kept_then_it_acts_from_the_first_scan_after_a_restart(stopped_demo):
    site = stopped_demo
    (site.folder / "main.st").write_text(PROGRAM)
    site.site_file.write_text(f'name = "{site.name}"\nprograms = ["../main.st"]\n')
    site.start()
    site.wait_for("it scans", lambda: site.ask("status")["scanning"])
    assert site.voltscan("force", "main.inner", "-5", "--keep").returncode == 0
    assert site.voltscan("force", "held", "7").returncode == 0
    site.wait_for("both are held", lambda: (site.value("main.inner"), site.value("held")) == (-5, 7))
    assert site.value("seen") == -4  # held before the turn, and the turn adds 1
    refused = site.voltscan("force", "safe", "TRUE")
    assert (refused.returncode, "{no_force}" in refused.stderr) == (1, True)
    assert site.voltscan("write", "safe", "TRUE").returncode == 1
    listed = site.voltscan("forces").stdout
    assert "main.inner" in listed
    assert "at the start and end of each turn" in listed
    told = [event["text"] for event in site.ask("events", since=0)["events"] if event["source"] == "operator"]
    assert any(text.endswith("-> -5, kept over restarts") and " forced main.inner: " in text for text in told)
    assert site.stop() == 0

    site.start()
    site.wait_for("it scans", lambda: site.ask("status")["scanning"])
    assert site.ask("status")["forces"] == [{"name": "main.inner", "value": -5, "type": "DINT"}]
    assert (site.value("main.inner"), site.value("seen")) == (-5, -4)
    assert "main.inner is forced to -5, as kept" in (site.folder / "run.log").read_text()
    assert site.voltscan("unforce", "--all").returncode == 0
    site.wait_for("it counts again", lambda: site.value("main.inner") > 0)
    assert site.stop() == 0
