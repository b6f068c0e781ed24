"""A small site with everything that an online change meets: a device, a SCADA map, retained values, a recorder.

Its program counts scans, integrates and times itself, and shows outside which version runs: in a variable, in an output
register of a device that this module serves, and in what is retained.
"""

import contextlib
import io
import json
import re
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from runtime.cli.controller.download import download
from runtime.scan.retain.retainfile import Folder, RetainLayout, RetainStore
from tests.e2e.conftest import SmallSite
from tests.e2e.registers import Registers

VERSION_AT = 1_000_000
"""The output register shows version * VERSION_AT + scans."""
FORCED_LEVEL, HELD = 42, 5
"""Once `main.armed`, the program takes it for a mistake when input or variable are not forced to these."""
PROGRAM = """
VAR_GLOBAL RETAIN total : LINT; END_VAR
TYPE ECHO : STRUCT level : UINT; mark : UDINT; END_STRUCT; END_TYPE
VAR_GLOBAL echo_1 : ECHO; limit_kw : REAL; held : INT; END_VAR
{globals}
FUNCTION_BLOCK SUM VAR_INPUT u : LREAL; END_VAR VAR_OUTPUT y : LREAL; END_VAR
y := y + u;
END_FUNCTION_BLOCK
PROGRAM main
VAR {first} scans : LINT; sum_1 : SUM; t : TON; bad : LINT; firsts : INT; which : INT; armed : BOOL; {last} END_VAR
which := {number};
scans := scans + 1;
total := total + 1;
sum_1(u := 0.5);
t(IN := TRUE, PT := T#100h);
IF sum_1.y <> LINT_TO_LREAL(scans) * 0.5 OR total < scans THEN bad := bad + 1; END_IF
IF armed AND (echo_1.level <> {forced_level} OR held <> {held}) THEN bad := bad + 1; END_IF
IF FIRST_SCAN() THEN firsts := firsts + 1; END_IF
echo_1.mark := {number} * {version_at} + LINT_TO_UDINT(scans MOD {version_at});
END_PROGRAM
PROGRAM beside
VAR turns : LINT; sum_1 : SUM; bad : LINT; END_VAR
turns := turns + 1;
sum_1(u := 0.25);
IF sum_1.y <> LINT_TO_LREAL(turns) * 0.25 THEN bad := bad + 1; END_IF
END_PROGRAM
CONFIGURATION c
    TASK quick (INTERVAL := T#{cycle_ms}ms, PRIORITY := 0);
    TASK slower (INTERVAL := T#{slower_ms}ms, PRIORITY := 1);
    PROGRAM main WITH quick : main;
    PROGRAM beside WITH slower : beside;
END_CONFIGURATION
"""
PROFILE = """
maker = "Test"
model = "Echo"
natures = ["sensor"]
version = "1"
protocol = "modbus"
source = { document = "none", page = "1" }
[modbus]
table = "holding"
[groups]
fast = { period_ms = 50 }
[points]
level = { register = 0, type = "u16", group = "fast" }
mark = { register = 2, type = "u32", access = "w" }
"""
IO_MAP = """
site = "{name}"
fail_safe_after_ms = {fail_safe_after_ms}
[links.field]
kind = "modbus_tcp"
host = "127.0.0.1"
port = {port}
backoff_max_ms = 300
[devices.echo_1]
profile = "echo"
link = "field"
unit = 1
[devices.echo_1.points]
mark = {{ fail_safe = 0 }}
"""
SCADA_MAP = """
name = "small"
version = {version}
units = [1]
write_ttl_ms = 800
[registers.heartbeat]
address = 0
status = "heartbeat"
[registers.map_version]
address = 1
status = "map_version"
[registers.mark]
address = 2
tag = "echo_1.mark"
type = "u32"
[registers.limit]
address = 4
tag = "limit_kw"
type = "u32"
scale = {scale}
"""


class Echo(Registers):
    """The device: its registers, and every version its output has ever shown, in order."""

    def __init__(self) -> None:
        self.shown: list[int] = []
        super().__init__([7, 0, 0, 0])

    @property
    def version(self) -> int:
        """What the output register shows last."""
        return self.number(2) // VERSION_AT

    def took(self, address: int, words: Sequence[int]) -> None:
        super().took(address, words)
        if not self.shown or self.shown[-1] != self.version:
            self.shown.append(self.version)


class ChangeSite(SmallSite):
    """The site; `number` is the version of its program that the files hold."""

    cycle_ms = 10
    slower_ms = 50
    number = 0
    map_number = 0
    scada_version = 1
    scada_scale = 1.0
    retain_ms = 100

    def prepare(self) -> "ChangeSite":
        """Serve the device. Call it once, before the first start."""
        self.echo = Echo()
        self._thread = ThreadPoolExecutor(1)
        return self

    def write_files(self) -> None:
        number = self.number
        extra = f"VAR_GLOBAL extra_{number} : ARRAY[0..{number % 7}] OF INT; END_VAR" if number % 3 else ""
        moved = f"m_{number} : ARRAY[0..{number % 5}] OF LREAL;"
        self.program = PROGRAM.format(
            globals=extra,
            first=moved if number % 2 else "",
            last="" if number % 2 else moved,
            number=number,
            version_at=VERSION_AT,
            forced_level=FORCED_LEVEL,
            held=HELD,
            cycle_ms=self.cycle_ms,
            slower_ms=self.slower_ms,
        )
        self.settings = (
            f'cycle = "{self.cycle_ms}ms"\nio_map = "io_maps/sites/small.toml"\nscada_map = "scada.toml"\n'
            f'[retain]\nevery = "{self.retain_ms}ms"\n[parameters]\nlimit_kw = 50.0\n'
            f'[scada]\nhost = "127.0.0.1"\nport = {self.scada_port}\n'
        )
        maps = self.folder / "io_maps"
        for name in ("profiles", "sites"):
            (maps / name).mkdir(parents=True, exist_ok=True)
        (maps / "profiles" / "echo.toml").write_text(PROFILE)
        written = {"name": self.name, "port": self.echo.port, "fail_safe_after_ms": 1000 + self.map_number}
        (maps / "sites" / "small.toml").write_text(IO_MAP.format(**written))
        (self.folder / "scada.toml").write_text(SCADA_MAP.format(version=self.scada_version, scale=self.scada_scale))
        super().write_files()

    def kill_everything(self) -> None:
        super().kill_everything()
        self._thread.shutdown()
        self.echo.close()

    def download(self) -> dict[str, Any]:
        """Download the next version of the program, as `voltscan download` does, in this process."""
        self.number += 1
        self.write_files()
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            download(self.site_file, dry_run=False, as_json=True)
        told: dict[str, Any] = json.loads(shown.getvalue().splitlines()[-1])
        return told

    def downloading(self) -> "Future[dict[str, Any]]":
        """The same in a thread."""
        return self._thread.submit(self.download)

    def retained_total(self) -> int:
        """What the newest whole file says."""
        newest, _ = RetainStore(Folder(self.folder / "state" / "voltscan" / self.name)).newest()
        if newest is None:
            return 0
        variables = RetainLayout.unpacked(newest.layout).variables.variables
        place = next(v for v in variables if v.name == "total")
        return int(place.type.unpack(newest.values, place.offset))

    def versions_seen(self) -> dict[str, Any]:
        """Which version each place shows: scan, device, gateway's word for it."""
        return {
            "scan": self.value("main.which"),
            "device": self.echo.version,
            "scada": self.scada_version_seen(),
            "hash": self.ask("status")["program"]["hash"],
        }

    def scada_version_seen(self) -> int:
        """What SCADA reads in `mark`."""
        import socket

        with socket.create_connection(("127.0.0.1", self.scada_port), 2) as peer:
            peer.settimeout(2)
            peer.sendall(bytes.fromhex("000100000006 01 03 0002 0002".replace(" ", "")))
            reply = b""
            while len(reply) < 13:
                got = peer.recv(64)
                if not got:
                    raise OSError("the SCADA server has closed the connection")
                reply += got
        return int.from_bytes(reply[9:13], "big") // VERSION_AT

    def note(self) -> dict[str, Any]:
        """What the state directory says about the version that runs."""
        note = self.folder / "state" / "voltscan" / self.name / "version.json"
        told: dict[str, Any] = json.loads(note.read_text())
        return told

    def run_log(self) -> str:
        return (self.folder / "run.log").read_text()


def faults_in(log: str) -> list[str]:
    """Lines of a log that tell of a bug."""
    return re.findall(r"^(?:Traceback|\w*Error:).*$", log, re.MULTILINE)
