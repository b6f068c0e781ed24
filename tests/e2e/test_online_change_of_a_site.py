"""Programs and map of the demo site are changed while it drives its devices."""

import json

import pytest


def download(site) -> None:
    done = site.voltscan("download", str(site.site_file), "--json")
    assert json.loads(done.stdout.splitlines()[-1])["done"], done


def stays_in_charge(site, version: int) -> None:
    """Follow the status until the new version is there: no input turns bad, no output goes to fail-safe."""

    def arrived() -> bool:
        status = site.ask("status")
        assert status["driving"]
        assert not status["bad_inputs"]
        return status["program"]["number"] == version

    site.wait_for("the gateway follows", arrived)


@pytest.mark.slow
def test_demo_when_programs_and_map_change_then_devices_are_driven_on(stopped_demo):
    site = stopped_demo
    site.start()
    site.wait_until_running()
    pids = {name: site.pid(name) for name in ("scan", "io", "gateway", "plant")}
    program = site.folder / "programs" / "sites" / "demo.st"
    program.write_text("VAR_GLOBAL added_1 : LREAL := 1.0; END_VAR\n" + program.read_text())
    download(site)
    stays_in_charge(site, 2)
    assert site.value("plant_1.state") == "RUN"
    assert site.value("added_1") == 1.0

    site_map = site.folder / "io_maps" / "sites" / "demo.toml"
    site_map.write_text(site_map.read_text().replace("fail_safe_after_ms = 1000", "fail_safe_after_ms = 1100"))
    download(site)
    stays_in_charge(site, 3)
    site.wait_until_running()

    told = [event["text"] for event in site.ask("events")["events"]]
    assert sum("download of version" in text for text in told) == 2
    since = next(number for number, text in enumerate(told) if "download of version" in text)
    assert not [text for text in told[since:] if "fail-safe" in text]
    assert {name: site.pid(name) for name in pids} == pids
