"""Programs are changed while they run: no scan is missed, no kept variable jumps."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Any

import pytest

from runtime.core.fault import PlcFault
from tests.e2e.changesite import FORCED_LEVEL, HELD, ChangeSite
from tests.e2e.conftest import LIMIT_S

CHANGES = 100

PROGRAM = """
VAR_GLOBAL RETAIN total : LINT; END_VAR
VAR_GLOBAL limit_kw : REAL; END_VAR
PROGRAM main
VAR scans : LINT; energy : LREAL; t : TON; bad : LINT; last : LINT; now_no : LINT; firsts : INT; END_VAR
(* version 0 *)
scans := scans + 1;
total := total + 1;
energy := energy + 0.5;
t(IN := TRUE, PT := T#100h);
IF energy <> LINT_TO_LREAL(scans) * 0.5 OR total < scans THEN bad := bad + 1; END_IF
IF FIRST_SCAN() THEN firsts := firsts + 1; END_IF
END_PROGRAM
"""
SETTINGS = '[retain]\nevery = "100ms"\n[parameters]\nlimit_kw = 50.0\n'


def version(number: int) -> str:
    """Another program each time: variables come, go and move."""
    extra = f"VAR_GLOBAL extra_{number} : ARRAY[0..{number % 7}] OF INT; END_VAR\n" if number % 3 else ""
    text = PROGRAM.replace("version 0", f"version {number}")
    return extra + (text.replace("scans : LINT; ", "").replace("bad : LINT;", "scans : LINT; bad : LINT;")
                    if number % 2 else text)  # fmt: skip


def download(site, *options: str) -> dict:
    site.write_files()
    done = site.voltscan("download", str(site.site_file), "--json", *options)
    assert done.stdout, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def counted_before(site) -> int:
    """What the scan that runs now has found counted when it began: the one variable is retained, the other is not."""
    total, scans = (told["value"] for told in site.ask("read", names=["total", "main.scans"])["values"])
    return total - scans


def test_programs_when_changed_while_they_run_then_everything_goes_on(small_site):
    site = small_site
    site.program, site.settings = PROGRAM, SETTINGS
    site.start()
    site.wait_until_running()
    first = site.ask("status")["program"]["hash"]
    pids = {name: site.pid(name) for name in ("scan", "gateway", "recorder")}

    site.program = version(1)
    dry = download(site, "--dry-run")
    assert dry["plan"]["initialised"] == [{"name": "extra_1[0]", "why": "new"}, {"name": "extra_1[1]", "why": "new"}]
    assert site.ask("status")["program"]["hash"] == first

    for number in (1, 2):
        site.program = version(number)
        done = download(site)
        assert done["done"], done
        site.wait_for("the gateway follows", lambda n=number: site.ask("status")["program"]["number"] == n + 1)
    assert site.ask("status")["program"]["hash"] == done["hash"] != first
    before = site.value("main.scans")
    site.wait_for("scans go on", lambda: site.value("main.scans") > before)
    status = site.ask("status")
    assert site.value("main.bad") == 0
    assert site.value("main.firsts") == 1
    assert status["scan_no"] - site.value("main.scans") <= 0 <= site.value("main.scans")
    assert {name: site.pid(name) for name in pids} == pids

    back = site.voltscan("rollback", "--site", site.name, "--json")
    assert json.loads(back.stdout)["done"], back
    site.wait_for("the gateway follows", lambda: site.ask("status")["program"]["number"] == 4)
    assert site.value("main.scans") > before
    assert site.value("main.bad") == 0

    total = site.value("total")
    site.kill("scan")  # it comes back in the version that ran, with what is retained
    site.wait_for("another scan runs", lambda: counted_before(site) > 0)
    assert site.value("total") > total
    assert site.ask("read", names=["extra_1[0]"])["values"]

    site.settings = SETTINGS.replace("50.0", "60.0") + "[realtime]\npriority = 70\n"
    assert download(site)["done"]
    site.wait_for("the site file's new value", lambda: site.value("limit_kw") == 60.0)

    site.write_files()
    site.site_file.write_text(site.site_file.read_text().replace("programs", 'cycle = "20ms"\nprograms', 1))
    refused = site.voltscan("download", str(site.site_file))
    assert refused.returncode == 1
    assert "the base cycle is 20 ms instead of 10 ms: that needs a new start" in refused.stderr

    events = [event["text"] for event in site.ask("events")["events"]]
    assert sum(" download of version " in text for text in events) == 3, "\n".join(events)
    assert any("rollback of version" in text for text in events)
    os.kill(site.process.pid, signal.SIGTERM)
    assert site.process.wait(LIMIT_S) == 0


def settled_figures(site: ChangeSite) -> dict[str, Any]:
    """Status and counts of one moment in which no deadline was missed."""
    names = ["main.scans", "main.t.ET", "main.sum_1.y", "total", "beside.turns", "beside.sum_1.y"]
    found: dict[str, Any] = {}

    def taken() -> bool:
        before = site.ask("status")
        found.update({told["name"]: told["value"] for told in site.ask("read", names=names)["values"]})
        found["skipped"] = before["skipped"]
        return bool(site.ask("status")["skipped"] == before["skipped"])

    site.wait_for("a moment without a missed deadline", taken)
    return found


def reading(site: ChangeSite, stop: threading.Event, counts: list[int]) -> None:
    """A client that reads without a pause; one that is refused or not answered is counted too."""
    with site.client() as client:
        while not stop.is_set():
            with suppress(PlcFault):
                client.request("read", names=["main.*", "beside.*", "echo_1.*"])
                counts[0] += 1


@pytest.mark.slow
def test_programs_when_a_hundred_versions_come_at_one_millisecond_under_load_then_nothing_jumps(change_site):
    site = change_site
    site.cycle_ms, site.slower_ms = 1, 5
    site.start()
    site.wait_until_running()
    site.ask("force", name="echo_1.level", value=FORCED_LEVEL)
    site.ask("force", name="held", value=HELD)
    site.wait_for("the forces act", lambda: (site.value("echo_1.level"), site.value("held")) == (FORCED_LEVEL, HELD))
    with site.client() as client:
        client.write("main.armed", value=True)
    stop, counts = threading.Event(), [0]
    load = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    readers = [threading.Thread(target=reading, args=(site, stop, counts)) for _ in range(2)]
    try:
        for reader in readers:
            reader.start()
        quiet = missed_per_s(site, for_s=10.0)
        held_ns: list[int] = []
        skipped, began = settled_figures(site)["skipped"], time.monotonic()
        for _ in range(CHANGES):
            done = site.download()
            assert done["done"], done
            held_ns.append(done["change_ns"])
        took_s = time.monotonic() - began
        changed = settled_figures(site)["skipped"] - skipped
    finally:
        stop.set()
        load.kill()
        load.wait()
        for reader in readers:
            reader.join()
    held_us = [ns / 1000 for ns in sorted(held_ns)]
    told = ", ".join(f"p{p} {held_us[min(CHANGES - 1, CHANGES * p // 100)]:.1f}" for p in (0, 50, 90, 99, 100))
    print(
        f"{CHANGES} downloads in {took_s:.1f} s, held up for (us): {told}; deadlines missed a second: "
        f"{changed / took_s:.2f} with changes, {quiet:.2f} without; {counts[0]} reads meanwhile"
    )
    site.wait_for("the gateway follows", lambda: site.value("main.which") == CHANGES)
    figures = settled_figures(site)
    scans, turns = figures["main.scans"], figures["beside.turns"]
    assert site.value("main.bad") == site.value("beside.bad") == 0
    assert site.value("main.firsts") == 1
    assert figures["total"] == scans
    assert figures["main.sum_1.y"] == scans * 0.5
    assert figures["beside.sum_1.y"] == turns * 0.25
    assert figures["main.t.ET"] == (scans - 1 + figures["skipped"]) * 1_000_000, "a scan is neither run nor missed"
    assert {f["name"]: f["value"] for f in site.ask("status")["forces"]} == {"echo_1.level": FORCED_LEVEL, "held": HELD}


def missed_per_s(site: ChangeSite, *, for_s: float) -> float:
    before = settled_figures(site)["skipped"]
    time.sleep(for_s)
    return (settled_figures(site)["skipped"] - before) / for_s
