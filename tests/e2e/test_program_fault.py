"""A program that faults on a running controller: told with its line, outputs stopped, acknowledged by an operator."""

import pytest

PROGRAM = """\
VAR_GLOBAL
    divisor : INT := 1;
    share   : INT;
END_VAR
PROGRAM main
share := 100 / divisor;
END_PROGRAM
"""


@pytest.fixture
def small(stopped_demo):
    """A controller without devices, and one program that divides."""
    (stopped_demo.folder / "main.st").write_text(PROGRAM)
    stopped_demo.site_file.write_text(f'name = "{stopped_demo.name}"\ncycle = "20ms"\nprograms = ["../main.st"]\n')
    stopped_demo.start()
    stopped_demo.wait_for("it scans", lambda: stopped_demo.ask("status")["driving"])
    return stopped_demo


def test_program_when_it_divides_by_zero_then_outputs_stop_until_acknowledged(small):
    assert small.value("share") == 100
    assert small.voltscan("write", "divisor", "0").returncode == 0
    small.wait_for("the outputs are stopped", lambda: small.ask("status")["fault_stop"])
    status = small.ask("status")
    assert not status["driving"]
    assert status["scanning"]
    assert small.value("share") == 0
    fault = status["faults"][0]
    assert (fault["pou"], fault["line"]) == ("main", 6)
    assert fault["file"].endswith("main.st")
    told = small.voltscan("status")
    assert told.returncode == 1
    assert "main.st:6: main: integer division by zero" in told.stdout

    log = small.voltscan("faults")
    assert log.returncode == 1
    assert "main.st:6:14: main: integer division by zero" in log.stdout
    assert "    share := 100 / divisor;\n    share = 100\n    divisor = 0\n" in log.stdout

    assert small.voltscan("write", "divisor", "4").returncode == 0
    small.wait_for("the program divides again", lambda: small.value("share") == 25)
    assert small.voltscan("acknowledge").returncode == 0
    small.wait_for("the outputs are driven again", lambda: small.ask("status")["driving"])
    log = small.voltscan("faults")
    assert (log.returncode, "OPEN" in log.stdout) == (0, False)
    assert small.stop() == 0
