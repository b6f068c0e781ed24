"""The programs ask for a start anew: of the controller, which goes on warm; of the computer, by a given command."""

import pytest

PROGRAM = """
VAR_GLOBAL
    restart_wanted, reboot_wanted : BOOL;
END_VAR
VAR_GLOBAL RETAIN total : LINT; END_VAR
VAR_GLOBAL passing : LINT; END_VAR
PROGRAM main
total := total + 1;
passing := passing + 1;
END_PROGRAM
"""


@pytest.mark.slow
def test_host_when_the_programs_ask_then_the_controller_starts_anew_and_the_computer_by_its_command(small_site):
    site = small_site
    sign = site.folder / "rebooted"
    site.program = PROGRAM
    site.settings = f"""
[host]
restart = "restart_wanted"
reboot = "reboot_wanted"
reboot_command = ["touch", "{sign}"]
"""
    site.start()
    site.wait_until_running()
    site.wait_for("total has grown", lambda: site.value("total") > 20)
    before = site.value("total")

    assert site.voltscan("write", "restart_wanted", "TRUE", "--site", site.name).returncode == 0
    site.wait_for("it was started anew", lambda: "term 2" in (site.folder / "run.log").read_text())
    site.wait_until_running()
    assert site.process.poll() is None
    assert site.value("total") >= before  # warm
    assert site.value("restart_wanted") is False
    assert not sign.exists()

    assert site.voltscan("write", "reboot_wanted", "TRUE", "--site", site.name).returncode == 0
    assert site.process.wait(60) == 0
    assert sign.exists()
    told = (site.folder / "run.log").read_text()
    assert told.index("the programs ask for a reboot") < told.rindex("stopped, outputs at fail-safe")
