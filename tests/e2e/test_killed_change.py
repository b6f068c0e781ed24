"""A process is killed in the middle of an online change: the controller goes on in one version, whole.

Stages are met from outside: a kill falls at a drawn instant after the supervisor was asked, and what a change takes
(four ticks of the supervisor, 0.3 s) lies well within the span that instants are drawn from.
"""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

import pytest

from runtime.cli.controller import download as command
from tests.e2e.changesite import ChangeSite, faults_in

FOLLOWERS = ("scan", "io", "gateway", "recorder", "retain")
SPAN_S = 0.45
ROUNDS = 6
"""Of each process; with those of supervisor and `voltscan download` 42 instants."""


@pytest.fixture
def site(change_site: ChangeSite) -> ChangeSite:
    change_site.start()
    change_site.wait_until_running()
    return change_site


class Drill:
    """Kills at drawn instants, and looks at what is left."""

    def __init__(self, site: ChangeSite, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
        self.site = site
        self.random = random.Random(seed)
        self.asked_at = 0.0
        ask = command.ask

        def noted(*words: Any) -> Any:
            self.asked_at = time.monotonic()
            return ask(*words)

        monkeypatch.setattr(command, "ask", noted)
        self.told: list[str] = []

    def kill_during_a_change(self, victim: str, after_s: float | None = None) -> None:
        """`after_s`: from the request on; None draws it."""
        site = self.site
        after_s = self.random.uniform(0.0, SPAN_S) if after_s is None else after_s
        former, floor = site.value("main.which"), site.value("total")
        self.asked_at = 0.0
        done = site.downloading()
        site.wait_for("the supervisor is asked", lambda: done.done() or self.asked_at > 0.0)
        time.sleep(max(0.0, self.asked_at + after_s - time.monotonic()))
        pid = site.pid(victim)
        with suppress(ProcessLookupError):  # what saves retained values is being started anew at that moment
            os.kill(pid, signal.SIGKILL)
        told = done.result(60)
        what = f"{victim} killed {after_s * 1000:.0f} ms after the request: {told.get('why') or 'done'}"
        self.told.append(what)
        runs = site.number if told["done"] else former
        print(what)
        self.is_whole(runs, floor)
        site.wait_for("the killed process is back", lambda: site.pid(victim) != pid)

    def is_whole(self, version: int, floor: int) -> None:
        """Every place shows the version, the notes tell it, and no retained value went back below `floor`."""
        site = self.site

        def shows() -> bool:
            seen = site.versions_seen()
            assert seen["scan"] in (version, version - 1, 0), seen  # 0: a new scan process, before its first scan
            return {seen["scan"], seen["device"], seen["scada"]} == {version} and site.note()["hash"] == seen["hash"]

        site.wait_for(f"version {version} everywhere", shows)
        assert site.value("main.bad") == 0
        assert site.value("beside.bad") == 0
        assert site.value("total") >= floor, (site.value("total"), floor)
        site.wait_for("all processes are there", lambda: set(FOLLOWERS) <= {n.split("/")[1] for n in site.pids()})
        saved = site.retained_total()
        site.wait_for("values are saved on", lambda: site.retained_total() > max(saved, floor))

    def change_cleanly(self) -> None:
        floor = self.site.value("total")
        told = self.site.download()
        assert told["done"], (self.told[-1:], told)
        self.is_whole(self.site.number, floor)


def test_processes_when_killed_during_a_change_then_one_whole_version_runs_on(site, monkeypatch):
    drill = Drill(site, monkeypatch, seed=1)
    for victim, after_s in (("gateway", 0.05), ("scan", 0.2), ("io", 0.3)):
        drill.kill_during_a_change(victim, after_s)
    drill.change_cleanly()
    assert not faults_in(site.run_log())


@pytest.mark.slow
@pytest.mark.parametrize("victim", FOLLOWERS)
def test_process_when_killed_at_any_instant_of_a_change_then_one_whole_version_runs_on(site, monkeypatch, victim):
    drill = Drill(site, monkeypatch, seed=FOLLOWERS.index(victim))
    for _ in range(ROUNDS):
        drill.kill_during_a_change(victim)
        drill.change_cleanly()
    assert not faults_in(site.run_log())


@pytest.mark.slow
def test_supervisor_when_killed_at_any_instant_of_a_change_then_the_next_start_has_what_was_retained(site, monkeypatch):
    drill = Drill(site, monkeypatch, seed=len(FOLLOWERS))
    for _ in range(ROUNDS):
        site.wait_for("something is saved", lambda: site.retained_total() > 0)
        floor, former = site.retained_total(), site.value("main.which")
        drill.asked_at = 0.0
        done = site.downloading()
        site.wait_for("the supervisor is asked", lambda d=done: d.done() or drill.asked_at > 0.0)
        time.sleep(drill.random.uniform(0.0, SPAN_S))
        os.kill(site.process.pid, signal.SIGKILL)
        site.process.wait()
        is_done = done.exception(60) is None and done.result()["done"]
        if is_done:
            assert site.note()["hash"] == done.result()["hash"]
        site.start()
        site.wait_until_running()
        runs = site.value("main.which")
        assert runs == site.number if is_done else runs in (former, site.number)
        drill.is_whole(runs, floor)
        drill.change_cleanly()


@pytest.mark.slow
def test_download_when_killed_at_any_instant_then_one_whole_version_runs_on(site, monkeypatch):
    drill = Drill(site, monkeypatch, seed=len(FOLLOWERS))
    for _ in range(ROUNDS):
        floor, former = site.value("total"), site.number
        site.number += 1
        site.write_files()
        words = [sys.executable, "-m", "runtime.cli", "download", str(site.site_file)]
        asking = subprocess.Popen(words, env=site.env, cwd=site.folder, stdout=subprocess.DEVNULL)
        time.sleep(drill.random.uniform(0.3, 2.5))
        asking.kill()
        asking.wait()
        time.sleep(SPAN_S)  # what it asked for last is carried through by now
        runs = site.value("main.which")
        assert runs in (former, site.number)
        drill.is_whole(runs, floor)
        drill.change_cleanly()
