"""The sites of the project, each with the real processes of controller and simulated plant."""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import zmq

from runtime.wire.endpoints import endpoints
from runtime.wire.messages import STATUS, decode
from tests.e2e.conftest import DemoSite, free_port

STATE_TOPIC = "record/BESS/SystemState"
PORT = re.compile(r"^(?:port += +|played_at = \"127\.0\.0\.1:)(\d+)", re.MULTILINE)


class ProjectSite(DemoSite):
    """A copy of one of the sites, with ports of its own."""

    @property
    def site_file(self):
        return self.folder / "configs" / f"{self.name}.toml"

    def _copy(self):
        super()._copy()
        files = [
            file
            for folder in ("configs", "io_maps/sites")
            for file in (self.folder / folder).glob(f"{self.name}*.toml")
        ]
        ports = sorted({port for file in files for port in PORT.findall(file.read_text())})
        free = {port: free_port() for port in ports}
        for file in files:
            text = file.read_text()
            file.write_text(PORT.sub(lambda told: told[0].replace(told[1], str(free[told[1]])), text))


@contextmanager
def hearing(site: ProjectSite, topic: str) -> Iterator[Callable[[], dict[str, Any]]]:
    """The next message of a topic, once the gateway knows that somebody listens."""
    with zmq.Context() as context, context.socket(zmq.SUB) as link:
        link.setsockopt(zmq.LINGER, 0)
        link.setsockopt(zmq.RCVTIMEO, 120_000)
        link.connect(endpoints(site.run_dir).stream)
        link.subscribe(topic)
        link.subscribe(STATUS)
        link.recv_multipart()  # subscriptions arrive in their order
        link.unsubscribe(STATUS)

        def told() -> dict[str, Any]:
            while (frames := link.recv_multipart())[0] != topic.encode():
                pass
            return decode(frames[1])

        yield told


@pytest.mark.slow
@pytest.mark.parametrize("name", ["home", "commercial", "industrial", "offgrid", "depot"])
def test_site_when_run_with_its_plant_then_it_comes_up_without_an_error_and_stops_in_order(name):
    folder = Path(tempfile.mkdtemp(prefix="vs-"))  # short: a socket's path has 107 bytes at most
    site = ProjectSite(folder, name)
    try:
        site.start()
        site.wait_until_running()
        site.wait_for(
            "the plant runs and nothing is wrong with it",
            lambda: site.value("plant_1.state") == "RUN" and site.value("errors_1.n_active") == 0,
        )
        assert site.ask("status")["driving"]
        with hearing(site, STATE_TOPIC) as told:
            assert site.voltscan("command", "plant", "STOP").returncode == 0
            body = told()
        assert (body["kind"], body["from"], body["now"]) == ("STATE", "RUN", "INIT")
        assert site.stop() == 0
        assert "stopped, outputs at fail-safe" in (folder / "run.log").read_text()
    finally:
        site.kill_everything()
        shutil.rmtree(folder)
