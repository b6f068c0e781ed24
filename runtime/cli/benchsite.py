"""A controller that passes a number on from one device to another: what `voltscan bench io` measures ways through.

It is a whole one, in processes of its own, as `voltscan run` starts it: its scan is the native one.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from runtime.core.fault import ConfigFault, PlcFault
from runtime.drivers.bench.measure import ECHO_POLL_MS, SCAN_MS
from runtime.drivers.bench.peers import OUTPUT_ADDRESS
from runtime.wire.client import Client
from runtime.wire.endpoints import endpoints

NAME = "bench"
START_S = 120.0
"""A start compiles; on a machine with other work that takes its time."""
STOP_S = 30.0
_LOOK_S = 0.1
_FILES = {
    "bench.toml": f"""name = "{NAME}"
cycle = "{SCAN_MS}ms"
programs = ["pass_on.st"]
io_map = "io_maps/sites/bench.toml"
""",
    "pass_on.st": f"""TYPE DEVICE : STRUCT number : UINT; END_STRUCT; END_TYPE
VAR_GLOBAL source_1 : DEVICE; sink_1 : DEVICE; END_VAR
PROGRAM pass_on
sink_1.number := source_1.number;
END_PROGRAM
CONFIGURATION c
    TASK quick (INTERVAL := T#{SCAN_MS}ms, PRIORITY := 0);
    PROGRAM pass_on WITH quick : pass_on;
END_CONFIGURATION
""",
    "io_maps/sites/bench.toml": """site = "bench"
[links.source]
kind = "modbus_tcp"
port = {source}
[links.sink]
kind = "modbus_tcp"
port = {sink}
[devices.source_1]
profile = "source"
link = "source"
[devices.sink_1]
profile = "sink"
link = "sink"
[devices.sink_1.points]
number = {{ fail_safe = "hold" }}
""",
}
_PROFILE = """maker = "Voltscan"
model = "Bench"
natures = ["sensor"]
version = "1"
protocol = "modbus"
source = {{ document = "drivers/bench/peers.py" }}
[modbus]
table = "holding"
[groups]
all = {{ period_ms = {period_ms} }}
[points]
number = {{ register = {register}, type = "u16", group = "all", access = "{access}" }}
"""


def pass_on(ports: Sequence[int], seconds: float) -> None:
    """Run it between the devices at two ports of this machine, for `seconds` of scans. Raises ConfigFault when it does
    not start."""
    with tempfile.TemporaryDirectory(prefix="vs-") as told:  # short: a socket's path has 107 bytes at most
        folder = Path(told)
        _write(folder, source=ports[0], sink=ports[1])
        env = os.environ | {"XDG_RUNTIME_DIR": told, "XDG_STATE_HOME": str(folder / "state")}
        with _running(folder, env) as process, Client(endpoints(folder / "voltscan" / NAME)) as client:
            _wait_until_it_scans(process, client, folder)
            time.sleep(seconds)


def _write(folder: Path, **ports: int) -> None:
    profiles = {
        "source": _PROFILE.format(period_ms=ECHO_POLL_MS, register=0, access="r"),
        "sink": _PROFILE.format(period_ms=1000, register=OUTPUT_ADDRESS, access="w"),
    }
    files = _FILES | {f"io_maps/profiles/{name}.toml": text for name, text in profiles.items()}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**ports) if name.startswith("io_maps/sites/") else text)


@contextmanager
def _running(folder: Path, env: Mapping[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "runtime.cli", "run", str(folder / "bench.toml"), "--no-hmi"]
    with (folder / "run.log").open("w") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603 - this program itself
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_scans(process: "subprocess.Popen[bytes]", client: Client, folder: Path) -> None:
    give_up_s = time.monotonic() + START_S
    while time.monotonic() < give_up_s and process.poll() is None:
        try:
            status = client.request("status")
        except PlcFault:
            status = {}  # it is not there yet
        if status.get("scanning") and not status["bad_inputs"]:
            return
        time.sleep(_LOOK_S)
    raise ConfigFault(
        f"the controller of the measurement does not run within {START_S:g} s",
        where=str(folder),
        mend=f"what it said: {(folder / 'run.log').read_text().strip()[-1000:]}",
    )
