"""A copy of one of the project's sites, with ports of its own, and what its gateway publishes to whom listens."""

import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import zmq

from runtime.wire.endpoints import endpoints
from runtime.wire.messages import STATUS, decode
from tests.e2e.conftest import DemoSite, free_port

PORT = re.compile(r"^(?:port += +|played_at = \"127\.0\.0\.1:)(\d+)", re.MULTILINE)
HEARD_WITHIN_MS = 120_000


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

    def meters_fall_silent(self) -> None:
        """The process that serves the plant's devices stands still from now on."""
        os.kill(self.pids()[f"{self.plant_name}/io"], signal.SIGSTOP)


@contextmanager
def project_site(name: str) -> Iterator[ProjectSite]:
    """The site, started, and in RUN with its plant."""
    folder = Path(tempfile.mkdtemp(prefix="vs-"))  # short: a socket's path has 107 bytes at most
    site = ProjectSite(folder, name)
    try:
        site.start()
        site.wait_until_running()
        yield site
    finally:
        site.kill_everything()
        shutil.rmtree(folder)


class Listener:
    """Subscribes to topics that begin alike, as a console or another program does; no message is left out."""

    def __init__(self, site: ProjectSite, prefix: str) -> None:
        self._prefix = prefix
        self._context = zmq.Context()
        self._link = self._context.socket(zmq.SUB)
        self._link.setsockopt(zmq.LINGER, 0)
        self._link.setsockopt(zmq.RCVTIMEO, HEARD_WITHIN_MS)
        self._link.connect(endpoints(site.run_dir).stream)

    def __enter__(self) -> Self:
        self._link.subscribe(self._prefix)
        self._link.subscribe(STATUS)
        self._link.recv_multipart()  # subscriptions arrive in their order
        self._link.unsubscribe(STATUS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._link.close()
        self._context.term()

    def told(self, topic: str, **fields: Any) -> dict[str, Any]:
        """The next message of this topic in which these fields are so; raises zmq.Again when there is none."""
        while True:
            frames = self._link.recv_multipart()
            if frames[0] != topic.encode():
                continue
            body = decode(frames[1])
            if all(body.get(name) == value for name, value in fields.items()):
                return body
