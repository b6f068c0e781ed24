"""`voltscan run … | head -1`: whoever read the lines is gone, the controller runs on and still ends in order."""

import subprocess
import sys

PROGRAM = "VAR_GLOBAL n : DINT; END_VAR\nPROGRAM main\nn := n + 1;\nEND_PROGRAM\n"


def test_run_when_its_output_is_closed_then_it_runs_on_and_stops_in_order(stopped_demo):
    site = stopped_demo
    (site.folder / "main.st").write_text(PROGRAM)
    site.site_file.write_text(f'name = "{site.name}"\nprograms = ["../main.st"]\n')
    words = [sys.executable, "-m", "runtime.cli", "run", str(site.site_file), "--no-hmi"]
    with subprocess.Popen(words, env=site.env, cwd=site.folder, stdout=subprocess.PIPE, text=True) as process:
        site.process = process
        assert "starting" in process.stdout.readline()
        process.stdout.close()
        site.wait_for("it scans", lambda: site.ask("status")["scanning"])
        before = site.ask("status")["scan_no"]
        dead = site.kill("gateway")  # an event that would be printed
        site.wait_for("the gateway has a successor", lambda: site.pid("gateway") != dead)
        site.wait_for("the scan went on", lambda: site.ask("status")["scan_no"] > before)
        assert process.poll() is None
        assert site.stop() == 0


def test_run_when_given_a_program_then_says_what_it_takes(stopped_demo):
    (stopped_demo.folder / "main.st").write_text(PROGRAM)
    told = stopped_demo.voltscan("run", "main.st")
    assert told.returncode == 1
    assert "this is a program" in told.stderr
    assert "voltscan exec main.st" in told.stderr
