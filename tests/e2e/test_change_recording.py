"""A recording of real processes goes through online changes, of programs and of the I/O map, and replays exactly."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.cli.main import app
from runtime.scan.record.recordingfile import Recording
from tests.e2e.changesite import ChangeSite

CHANGES = 5
MAP_CHANGES_AT = (2, 4)


def drive(site: ChangeSite, number: int) -> None:
    """Inputs, writes and forces between two changes, seen to have acted."""
    site.echo.words[0] = 100 + number
    site.wait_for("the input follows", lambda: site.value("echo_1.level") == 100 + number)
    with site.client() as client:
        client.write("limit_kw", 10.0 * number)
    site.ask("force", name="held", value=number)
    site.wait_for("the force acts", lambda: site.value("held") == number)


@pytest.mark.slow
def test_recording_when_programs_and_map_change_under_it_then_it_replays_bit_for_bit(change_site):
    site: ChangeSite = change_site
    site.start()
    site.wait_until_running()
    drive(site, 0)
    for number in range(1, CHANGES + 1):
        site.map_number += number in MAP_CHANGES_AT
        told = site.download()
        assert told["done"], told
        assert told["io_map_changed"] == (number in MAP_CHANGES_AT)
        site.wait_for("device and gateway follow", lambda n=number: site.echo.version == n == site.value("main.which"))
        drive(site, number)
    saved = site.voltscan("record", "--site", site.name, "--json")
    assert saved.returncode == 0, saved.stderr
    path = Path(json.loads(saved.stdout)["path"])

    recording = Recording.load(path)
    assert sorted({chunk.version for chunk in recording.chunks}) == list(range(1, CHANGES + 2))
    lasts = [chunk.last for chunk in recording.chunks]
    assert [chunk.first for chunk in recording.chunks][1:] == [last + 1 for last in lasts[:-1]], "a scan is missing"

    found = CliRunner().invoke(
        app, ["replay", str(path), "--json", "--tag", "main.which", "--out", str(site.folder / "x.csv")]
    )
    assert found.exit_code == 0, found.output
    verified = json.loads(found.stdout)
    assert (verified["exact"], verified["gaps"]) == (True, [])
    assert verified["scans"] == sum(chunk.last - chunk.first + 1 for chunk in recording.chunks)
    assert verified["states"] > CHANGES
    shown = [row.split(",")[-1] for row in (site.folder / "x.csv").read_text().splitlines()[1:]]
    assert sorted(set(shown), key=shown.index) == [str(n) for n in range(CHANGES + 1)]
    print(f"{verified['scans']} scans of {CHANGES + 1} versions, {verified['states']} states compared")
