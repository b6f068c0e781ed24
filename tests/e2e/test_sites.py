"""The sites of the project, each with the real processes of controller and simulated plant."""

import pytest

from tests.e2e.projectsite import Listener, project_site


@pytest.mark.slow
@pytest.mark.parametrize("name", ["home", "commercial", "industrial", "offgrid", "depot", "park"])
def test_site_when_run_with_its_plant_then_it_comes_up_without_an_error_and_stops_in_order(name):
    with project_site(name) as site:
        site.wait_for(
            "the plant runs and nothing is wrong with it",
            lambda: site.value("plant_1.state") == "RUN" and site.value("errors_1.n_active") == 0,
        )
        assert site.ask("status")["driving"]
        with Listener(site, "record/BESS/SystemState") as listener:
            assert site.voltscan("command", "plant", "STOP").returncode == 0
            body = listener.told("record/BESS/SystemState")
        assert (body["kind"], body["from"], body["now"]) == ("STATE", "RUN", "INIT")
        assert site.stop() == 0
        assert "stopped, outputs at fail-safe" in (site.folder / "run.log").read_text()
