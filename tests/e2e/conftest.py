"""A demo site of its own for the end-to-end tests: real processes, sockets and frames, on ports nobody else has."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runtime.core.fault import PlcFault
from runtime.wire.client import Client
from runtime.wire.endpoints import endpoints
from tests.ports import free_port

if TYPE_CHECKING:
    from tests.e2e.changesite import ChangeSite

ROOT = Path(__file__).parent.parent.parent
LIMIT_S = 300.0
"""A bound for waiting on real processes, far above what they take; nothing is asserted about times."""
ANSWER_MS, ASKED_AGAIN_MS = 60_000, 2_000
"""How long a controller may take for an answer: asked once; asked again and again, even while its gateway is away."""


class DemoSite:
    """A copy of the demo site under `folder`, with names and ports of its own, and the controller that runs it."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.plant_name = f"{name}_plant"
        self.scada_port = free_port()
        self.process: subprocess.Popen[str] | None = None
        self.answer_ms = ANSWER_MS
        self.env = os.environ | {"XDG_RUNTIME_DIR": str(folder), "XDG_STATE_HOME": str(folder / "state")}
        self.run_dir = folder / "voltscan" / name
        self._copy()

    @property
    def site_file(self) -> Path:
        return self.folder / "configs" / "demo.toml"

    def _copy(self) -> None:
        shutil.copytree(ROOT / "io_maps", self.folder / "io_maps")
        shutil.copytree(ROOT / "configs", self.folder / "configs")
        shutil.copytree(ROOT / "programs", self.folder / "programs")
        ports = {
            "15021": str(free_port()),
            "15022": str(free_port()),
            "43113": str(free_port(socket.SOCK_DGRAM)),
            "15020": str(self.scada_port),
            '"demo"': f'"{self.name}"',
            '"demo_plant"': f'"{self.plant_name}"',
        }
        for file in (*self.folder.glob("configs/*.toml"), *self.folder.glob("io_maps/sites/*.toml")):
            self.edit(file, ports)

    @staticmethod
    def edit(file: Path, replacements: dict[str, str]) -> None:
        text = file.read_text()
        for old, new in replacements.items():
            text = text.replace(old, new)
        file.write_text(text)

    def voltscan(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the command line to its end."""
        return subprocess.run(
            [sys.executable, "-m", "runtime.cli", *words],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self, *options: str) -> None:
        with (self.folder / "run.log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "runtime.cli", "run", str(self.site_file), "--no-hmi", *options],
                env=self.env,
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT_S)

    def kill_everything(self) -> None:
        """Whatever a failed test left."""
        for pid in self.pids().values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def client(self) -> Client:
        return Client(endpoints(self.run_dir), timeout_ms=self.answer_ms)

    def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        with self.client() as client:
            return client.request(op, **fields)

    def value(self, name: str) -> Any:
        return self.ask("read", names=[name])["values"][0]["value"]

    def plant_value(self, name: str) -> Any:
        """What the plant knows: the value of one of its variables."""
        with Client(endpoints(self.folder / "voltscan" / self.plant_name), timeout_ms=self.answer_ms) as client:
            return client.request("read", names=[name])["values"][0]["value"]

    def pids(self) -> dict[str, int]:
        """The processes of controller and plant by name."""
        found: dict[str, int] = {}
        for name in (self.name, self.plant_name):
            with suppress(FileNotFoundError, json.JSONDecodeError):
                living = json.loads((self.folder / "voltscan" / name / "processes.json").read_text())
                found |= {f"{name}/{process}": pid for process, pid in living.items()}
        return found

    def pid(self, process: str) -> int:
        return self.pids()[f"{self.name}/{process}"]

    def kill(self, process: str) -> int:
        """kill -9; the process id that died."""
        pid = self.pid(process)
        os.kill(pid, signal.SIGKILL)
        return pid

    @contextmanager
    def supervisor_stopped(self) -> Iterator[None]:
        """What is killed meanwhile stays dead, so that what comes of it can be waited for."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def wait_for(self, what: str, condition: Callable[[], bool], limit_s: float = LIMIT_S) -> None:
        """Wait until a condition holds; fail with what was waited for, and the controller's own words."""
        give_up = time.monotonic() + limit_s
        self.answer_ms = ASKED_AGAIN_MS
        try:
            while time.monotonic() < give_up:
                with suppress(PlcFault, KeyError, OSError):
                    if condition():
                        return
                time.sleep(0.05)
        finally:
            self.answer_ms = ANSWER_MS
        logs = "\n".join(f"--- {log}\n{log.read_text()[-2000:]}" for log in self.folder.glob("**/*.log"))
        pytest.fail(f"waited {limit_s} s in vain until {what}\n{logs}")

    def wait_until_running(self) -> None:
        self.wait_for("all inputs are good and the plant runs", self.is_running)

    def is_running(self) -> bool:
        status = self.ask("status")
        good = not status["bad_inputs"] and status["scanning"] and status["driving"]
        return bool(good) and self.value("plant_1.state") == "RUN"


class SmallSite(DemoSite):
    """One program, no devices: the controller starts at once. `program` and `settings` may change before a start."""

    program = ""
    settings = ""

    @property
    def site_file(self) -> Path:
        return self.folder / "small.toml"

    def _copy(self) -> None:
        """Nothing of the demo."""

    def start(self, *options: str) -> None:
        self.write_files()
        super().start(*options)

    def write_files(self) -> None:
        """Program and site file as they are now."""
        (self.folder / "small.st").write_text(self.program)
        self.site_file.write_text(f'name = "{self.name}"\nprograms = ["small.st"]\n{self.settings}')

    def is_running(self) -> bool:
        return bool(self.ask("status")["scanning"])


@pytest.fixture
def small_site() -> Iterator[SmallSite]:
    """A small site that nobody has started."""
    folder = Path(tempfile.mkdtemp(prefix="vs-"))
    site = SmallSite(folder, f"e2e{os.getpid()}m")
    try:
        yield site
    finally:
        site.kill_everything()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def demo(request: pytest.FixtureRequest) -> Iterator[DemoSite]:
    """A running demo site, shared by the tests of a module; each leaves it running."""
    folder = Path(tempfile.mkdtemp(prefix="vs-"))  # short: a socket's path has 107 bytes at most
    site = DemoSite(folder, f"e2e{os.getpid()}")
    site.start()
    try:
        site.wait_until_running()
        yield site
    finally:
        site.kill_everything()
        shutil.rmtree(folder)


@pytest.fixture
def stopped_demo() -> Iterator[DemoSite]:
    """A demo site that nobody has started."""
    folder = Path(tempfile.mkdtemp(prefix="vs-"))
    site = DemoSite(folder, f"e2e{os.getpid()}s")
    try:
        yield site
    finally:
        site.kill_everything()
        shutil.rmtree(folder)


@pytest.fixture
def change_site(monkeypatch: pytest.MonkeyPatch) -> Iterator["ChangeSite"]:
    """A site for online changes (changesite.py) that nobody has started; this process can download to it as well."""
    from tests.e2e.changesite import ChangeSite

    folder = Path(tempfile.mkdtemp(prefix="vs-"))
    site = ChangeSite(folder, f"e2e{os.getpid()}c").prepare()
    for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, site.env[name])
    try:
        yield site
    finally:
        site.kill_everything()
        shutil.rmtree(folder)
