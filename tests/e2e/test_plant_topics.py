"""What happens at a plant is published on the topic of its kind, to whom subscribes; so is what a command does."""

import pytest

from tests.e2e.projectsite import Listener, ProjectSite, project_site

RECORD = "record/BESS/"
EVENTS = "event"


def did(site: ProjectSite, *words: str) -> None:
    done = site.voltscan(*words)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_commercial_site_when_something_changes_then_who_subscribed_hears_it_on_the_topic_of_its_kind() -> None:
    with project_site("commercial") as site, Listener(site, RECORD) as heard:
        did(site, "command", "mode", "LOCAL", "--site", site.name)
        assert heard.told(f"{RECORD}ControlMode")["now"] == "LOCAL"
        did(site, "command", "local_setpoint", "10", "--site", site.name)
        body = heard.told(f"{RECORD}Power", now="DISCHARGING")
        assert body["p_kw"] > 0
        did(site, "write", "identity_1.commissioning", "ON_TEST", "--site", site.name)
        assert heard.told(f"{RECORD}SetupDevice")["now"] is True
        did(site, "write", "sim_1.humidity_pct", "93", "--site", site.plant_name)
        assert heard.told(f"{RECORD}Climate")["now"] is True
        did(site, "command", "plant", "STOP", "--site", site.name)
        assert heard.told(f"{RECORD}SystemState")["now"] == "INIT"
        site.meters_fall_silent()
        assert heard.told(f"{RECORD}MeterController")["now"] is False
        error = heard.told(f"{RECORD}ErrorMessage", now="METER_SILENT")
        assert (error["source"], error["severity"]) == ("COMMUNICATION", "ERROR")
        assert error["text"] == "grid meter does not answer"
        assert error["error_id"] > 0


@pytest.mark.slow
def test_offgrid_site_when_it_forms_a_grid_then_who_subscribed_hears_it_begin_and_end() -> None:
    with project_site("offgrid") as site, Listener(site, RECORD) as heard:
        did(site, "write", "sim_1.grid_outage", "TRUE", "--site", site.plant_name)
        did(site, "write", "sim_1.grid_switch_open", "TRUE", "--site", site.plant_name)
        site.wait_for("the open switch is read", lambda: site.value("grid_switch_1.opened"))
        did(site, "command", "grid_forming", "true", "--site", site.name)
        assert heard.told(f"{RECORD}GFM")["now"] is True
        did(site, "command", "grid_forming", "false", "--site", site.name)
        assert heard.told(f"{RECORD}GFM")["now"] is False


@pytest.mark.slow
def test_program_when_it_commands_by_the_wire_then_the_answer_and_what_is_published_agree() -> None:
    with (
        project_site("commercial") as site,
        Listener(site, RECORD) as heard,
        Listener(site, EVENTS) as audit,
        site.client() as program,
    ):
        for order, value, operation in (("charge", 20.0, "CHARGING"), ("discharge", 15.0, "DISCHARGING")):
            answer = program.command(order, value)
            assert answer["state"] == "done", answer
            assert heard.told(f"{RECORD}Power", now=operation)["kind"] == "POWER"
            while f"commanded {order}" not in (text := audit.told(EVENTS)["text"]):
                pass
            assert text.endswith("done (DONE)")
        assert program.command("hold", True)["state"] == "done"
        assert heard.told(f"{RECORD}Power", now="HOLDING")["kind"] == "POWER"
