"""A controller that was killed goes on with the version that was downloaded, and goes back to the one before it."""

import json
import os
import signal
from collections.abc import Callable

import pytest

from tests.e2e.conftest import SmallSite
from tests.e2e.test_retain import saved

PROGRAM = """
VAR_GLOBAL RETAIN total : LINT; END_VAR
VAR_GLOBAL which : INT; END_VAR
PROGRAM main
VAR RETAIN highest : DINT; END_VAR
which := {number};
total := total + 1;
IF highest < {number} THEN highest := {number}; END_IF
END_PROGRAM
"""


def edit(site: SmallSite, number: int) -> None:
    site.program = PROGRAM.format(number=number)
    site.write_files()


def spoil(site: SmallSite) -> None:
    """The files have an error now."""
    site.program = "PROGRAM main\nwhich := ;\nEND_PROGRAM\n"
    site.write_files()


def asked(site: SmallSite, *words: str) -> str:
    """What the controller was changed to."""
    done = site.voltscan(*words, "--json")
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["done"], (done.stdout, done.stderr)
    return str(told["hash"])


def runs(site: SmallSite, number: int) -> None:
    site.wait_for(f"version {number} runs", lambda: site.is_running() and site.value("which") == number)


def after(site: SmallSite, end: Callable[[], object], *options: str) -> str:
    """End the controller, start it again: what it says then."""
    assert site.process is not None
    end()
    site.process.wait()
    site.start(*options)
    site.wait_until_running()
    return (site.folder / "run.log").read_text()


@pytest.mark.slow
def test_version_when_the_supervisor_is_killed_then_the_downloaded_one_goes_on_and_rollback_reaches_over_it(small_site):
    site = small_site
    site.settings = '[retain]\nevery = "100ms"\n'
    edit(site, 1)
    site.start()
    runs(site, 1)
    edit(site, 2)
    second = asked(site, "download", str(site.site_file))
    runs(site, 2)
    site.wait_for("something is counted", lambda: site.value("total") > 20)
    edit(site, 3)  # begun, and not downloaded
    counted = site.value("total")
    site.wait_for("it is saved", lambda: saved(site).get("total", 0) >= counted)

    said = after(site, lambda: os.kill(site.process.pid, signal.SIGKILL))
    runs(site, 2)
    assert f"warning: version {second} goes on, as it ran last; the site's files are version" in said
    assert "`voltscan download SITE.toml` brings them in, `voltscan run SITE.toml --files` starts them" in said
    assert site.value("main.highest") == 2
    assert site.value("total") > counted

    first = asked(site, "rollback", "--site", site.name)
    runs(site, 1)
    assert site.value("main.highest") == 2  # by name and type, as it was
    assert asked(site, "rollback", "--site", site.name) == second
    assert asked(site, "rollback", "--site", site.name) == first
    runs(site, 1)

    spoil(site)
    said = after(site, lambda: os.kill(site.process.pid, signal.SIGKILL))
    runs(site, 1)
    assert f"version {first} goes on, as it ran last: the site's files have errors" in said
    edit(site, 3)
    said = after(site, lambda: os.kill(site.process.pid, signal.SIGKILL), "--files")
    runs(site, 3)
    assert "goes on, as it ran last" not in said
    assert asked(site, "rollback", "--site", site.name) == first
    runs(site, 1)

    after(site, lambda: site.process.send_signal(signal.SIGTERM))
    runs(site, 1)  # stopped in order, and nobody has touched the files since
    edit(site, 4)
    after(site, lambda: site.process.send_signal(signal.SIGTERM))
    runs(site, 4)
