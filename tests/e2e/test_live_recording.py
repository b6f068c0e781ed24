"""A live run of the demo site, with real processes and frames, is recorded and replays bit for bit."""

import csv
import json
from pathlib import Path

from typer.testing import CliRunner

from runtime.cli.main import app
from runtime.scan.record.recordingfile import Recording


def saved(site, reason: str) -> tuple[Path, int]:
    told = site.voltscan("record", "--site", site.name, "--reason", reason, "--json")
    assert told.returncode == 0, told.stderr
    answer = json.loads(told.stdout)
    return Path(answer["path"]), answer["scans"]


def replayed(*words: str) -> dict:
    told = CliRunner().invoke(app, ["replay", *words, "--json"])
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)


def test_recording_when_a_live_run_is_replayed_then_byte_identical_and_it_answers_why(stopped_demo):
    site = stopped_demo
    site.start()
    site.wait_until_running()
    site.wait_for("the plant runs", lambda: site.value("plant_1.state") == "RUN")
    site.ask("force", name="grid_meter_1.p_kw", value=20.0)
    # the setpoint follows for two seconds, which may pass unseen; then a reading that stands still is not trusted
    site.wait_for("the force has had its effect", lambda: site.value("plant_1.limited_by") == "BAD_INPUT")
    site.wait_for("the setpoint is at zero", lambda: site.value("plant_1.p_set_kw") == 0.0)
    site.ask("unforce", name="grid_meter_1.p_kw")
    with site.client() as client:
        client.command("mode", "PASSIVE")

    path, scans = saved(site, "a test")
    found = replayed(
        str(path), "--tag", "plant_1.mode", "--tag", "plant_1.p_set_kw", "--out", str(site.folder / "run.csv")
    )
    assert found["exact"]
    assert found["scans"] == scans > 200
    assert found["states"] > 20
    assert found["reason"] == "a test"
    rows = list(csv.reader((site.folder / "run.csv").read_text().splitlines()))
    assert len(rows) == scans + 1

    modes = [row[1] for row in rows[1:]]
    first = next(n for n, mode in enumerate(modes) if mode != modes[0])
    told = replayed(str(path), "--why", f"plant_1.mode@{Recording.load(path).chunks[0].first + first}")
    assert (told["before"], told["after"], told["without_all"]) == ("SELF_CONSUMPTION", "PASSIVE", "SELF_CONSUMPTION")
    assert [cause["without"] for cause in told["causes"]] == ["SELF_CONSUMPTION"]
    assert told["causes"][0]["input"].startswith("write at")

    dead, scan_no = site.kill("recorder"), site.ask("status")["scan_no"]
    site.wait_for("the recorder is back", lambda: site.pid("recorder") != dead)
    path, scans = saved(site, "recorder killed")
    found = replayed(str(path))
    assert (found["exact"], found["gaps"], found["scans"]) == (True, [], scans)
    recording = Recording.load(path)
    assert recording.chunks[0].first < scan_no < recording.chunks[-1].last  # it has what came before it died, too
    assert recording.lost_count == 1

    dead = [site.kill("recorder"), site.kill("scan")]
    site.wait_for("both are back", lambda: site.pid("recorder") != dead[0] and site.pid("scan") != dead[1])
    site.wait_for("the scan runs", lambda: site.value("plant_1.state") == "RUN")
    path, _ = saved(site, "after")
    assert replayed(str(path))["exact"]
    assert site.stop() == 0
