"""Retained values survive whatever dies."""

import os
import signal

from runtime.scan.retain.retainfile import Folder, RetainLayout, RetainStore

PROGRAM = """
VAR_GLOBAL RETAIN total : LINT; END_VAR
VAR_GLOBAL passing : LINT; limit_kw : REAL; END_VAR
PROGRAM main
total := total + 1;
passing := passing + 1;
END_PROGRAM
"""
SETTINGS = '[retain]\nevery = "100ms"\n[parameters]\nlimit_kw = 50.0\n'


def saved(site) -> dict[str, float]:
    """What the newest whole file says."""
    newest, _ = RetainStore(Folder(site.folder / "state" / "voltscan" / site.name)).newest()
    if newest is None:
        return {}
    variables = RetainLayout.unpacked(newest.layout).variables.variables
    return {v.name: v.type.unpack(newest.values, v.offset) for v in variables}


def counted_before(site) -> int:
    """What the scan that runs now has found counted when it began: the one variable is retained, the other is not."""
    total, passing = (told["value"] for told in site.ask("read", names=["total", "passing"])["values"])
    return total - passing


def test_retained_values_when_processes_and_controllers_die_then_they_come_back(small_site):
    site = small_site
    site.program, site.settings = PROGRAM, SETTINGS
    site.start()
    site.wait_until_running()
    assert site.voltscan("write", "limit_kw", "60", "--site", site.name).returncode == 0
    site.wait_for("total has grown", lambda: site.value("total") > 50)

    before = site.value("total")
    site.kill("scan")
    site.wait_for("another scan runs", lambda: counted_before(site) > 0)
    assert site.value("total") > before  # from the dead scan's last snapshot: nothing is lost
    assert site.value("limit_kw") == 60.0

    site.kill("retain")
    before = site.value("total")
    site.wait_for("a process that saves is back", lambda: saved(site).get("total", 0) > before)

    os.kill(site.process.pid, signal.SIGKILL)  # and with it everything else
    site.process.wait()
    before = saved(site)["total"]
    site.start()
    site.wait_until_running()
    assert counted_before(site) >= before
    assert site.value("limit_kw") == 60.0
    assert "retained values of" in (site.folder / "run.log").read_text()

    last = site.value("total")
    assert site.stop() == 0
    before = saved(site)["total"]
    assert before > last  # saved after the last scan
    site.settings = site.settings.replace("50.0", "70.0")
    site.start()
    site.wait_until_running()
    assert counted_before(site) == before
    assert site.value("limit_kw") == 70.0  # the site file was edited
    assert site.stop() == 0

    site.start("--cold")
    site.wait_until_running()
    assert counted_before(site) == 0
    assert "cold start: retained values are dropped" in (site.folder / "run.log").read_text()
