"""A whole controller between devices that this process plays with faults, and a sound one that shows what it does.

One device a kind of link: Modbus TCP, RTU on a serial line, a LuxPowerTek logger, CAN. The program does what
protections do: with all inputs good it drives `sink_1` with DRIVEN, else with SAFE.
"""

import asyncio
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import get_args

from runtime.core.elementary import REAL
from runtime.core.tag import Tag, TagTable
from runtime.drivers.engine import IoEngine
from runtime.image.frame import OutputFrame
from runtime.iomap.checks.check import check
from runtime.iomap.plan.plan import DevicePlan, IoPlan
from runtime.iomap.plan.playedfaults import FaultKind, FaultPlan
from runtime.iomap.sites.load import load_site_map
from runtime.sim.played.registry import SERVED
from tests.drivers.serialline import PtyPair
from tests.e2e.conftest import SmallSite, free_port
from tests.e2e.registers import Registers

DRIVEN, SAFE = 100, 0
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
INPUTS = {"tcp_1": "p_kw", "rtu_1": "p_kw", "lux_1": "p_kw", "rack_1": "tenths"}
"""The played devices, and what the program reads of each."""
_S = 1_000_000_000
_WINDOW_NS = 100_000 * _S
"""Each kind of fault has a window of the played time, which jumps into it and out of it."""
STALE_AFTER_MS = 2000
TRUST = f"""
FUNCTION_BLOCK TRUST
VAR_INPUT good : BOOL; age : TIME; END_VAR
VAR_OUTPUT wrong : LINT; oldest : TIME; END_VAR
IF good THEN oldest := MAX(oldest, age); END_IF
IF good AND age > T#{STALE_AFTER_MS}ms THEN wrong := wrong + 1; END_IF
END_FUNCTION_BLOCK
"""
"""Counts the scans in which an input was GOOD though older than its stale-after time."""
PROGRAM = f"""
TYPE METER : STRUCT p_kw : REAL; END_STRUCT; RACK : STRUCT tenths : REAL; END_STRUCT;
     SINK : STRUCT p_set : UINT; END_STRUCT; END_TYPE
VAR_GLOBAL tcp_1, rtu_1, lux_1 : METER; rack_1 : RACK; sink_1 : SINK; END_VAR
{TRUST}
PROGRAM main
VAR tcp_1_trust, rtu_1_trust, lux_1_trust, rack_1_trust : TRUST; END_VAR
tcp_1_trust(good := IS_GOOD(tcp_1.p_kw), age := AGE(tcp_1.p_kw));
rtu_1_trust(good := IS_GOOD(rtu_1.p_kw), age := AGE(rtu_1.p_kw));
lux_1_trust(good := IS_GOOD(lux_1.p_kw), age := AGE(lux_1.p_kw));
rack_1_trust(good := IS_GOOD(rack_1.tenths), age := AGE(rack_1.tenths));
IF tcp_1_trust.good AND rtu_1_trust.good AND lux_1_trust.good AND rack_1_trust.good THEN
    sink_1.p_set := {DRIVEN};
ELSE
    sink_1.p_set := {SAFE};
END_IF
END_PROGRAM
CONFIGURATION c
    TASK quick (INTERVAL := T#20ms, PRIORITY := 0);
    PROGRAM main WITH quick : main;
END_CONFIGURATION
"""
HEAD = 'maker = "Test"\nmodel = "x"\nversion = "1"\nsource = { document = "none", page = "1" }\nnatures = ["sensor"]\n'


def _meter(*, period_ms: int, frozen_after_ms: int) -> str:
    return f"""{HEAD}protocol = "modbus"
[modbus]
table = "holding"
group = "fast"
[groups]
fast = {{ period_ms = {period_ms} }}
[points.p_kw]
register = 0
type = "u32"
min = 0
max = 1000
stale_after_ms = {STALE_AFTER_MS}
frozen_after_ms = {frozen_after_ms}
"""


PROFILES = {
    "meter": _meter(period_ms=100, frozen_after_ms=1000),
    "logged": _meter(period_ms=400, frozen_after_ms=3000),
    "rack": f"""{HEAD}protocol = "can"
[can]
dbc = "guarded.dbc"
[messages.GUARDED]
sent_by = "device"
period_ms = 100
timeout_ms = 500
min_bytes = 4
counter = "Alive"
checksum = {{ signal = "Guard", kind = "crc8_j1850" }}
[points]
tenths = {{ message = "GUARDED", signal = "Tenths", stale_after_ms = {STALE_AFTER_MS} }}
""",
    "sink": f"""{HEAD}protocol = "modbus"
[modbus]
table = "holding"
group = "fast"
[groups]
fast = {{ period_ms = 500 }}
[points]
p_set = {{ register = 0, type = "u16", access = "w" }}
""",
}
DBC = """VERSION ""
BU_: A B
BO_ 256 GUARDED: 4 A
 SG_ Tenths : 0|16@1+ (1,0) [0|65535] "" B
 SG_ Alive : 16|4@1+ (1,0) [0|15] "" B
 SG_ Guard : 24|8@1+ (1,0) [0|255] "" B
"""
LINKS = """site = "{name}"
serve = {serve}
[links.network]
kind = "modbus_tcp"
port = {meter_port}
timeout_ms = 200
[links.serial]
kind = "modbus_rtu"
device = "{tty}"
baud = 115200
timeout_ms = 300
[links.logger]
kind = "luxpower_tcp"
host = "127.0.0.1"
port = {logger_port}
datalog = "2222222222"
inverter = "5555555555"
timeout_ms = 300
[links.racks]
kind = "can"
interface = "udp_multicast"
channel = "239.74.163.9"
port = {can_port}
[devices.tcp_1]
profile = "meter"
link = "network"
[devices.rtu_1]
profile = "meter"
link = "serial"
[devices.lux_1]
profile = "logged"
link = "logger"
[devices.rack_1]
profile = "rack"
link = "racks"
"""
SINK = """
[links.sound]
kind = "modbus_tcp"
port = {sink_port}
[devices.sink_1]
profile = "sink"
link = "sound"
[devices.sink_1.points]
p_set = {{ fail_safe = 0 }}
"""


class Sink(Registers):
    """The sound device: all that was written to it, in order, each with its time of the monotonic clock in s."""

    def __init__(self) -> None:
        self.history: list[tuple[int, float]] = []
        super().__init__([7])

    def took(self, address: int, words: Sequence[int]) -> None:
        super().took(address, words)
        self.history.append((words[0], time.monotonic()))

    def first(self, word: int, since_s: float) -> float | None:
        """When it was first written that, from a time on; None: not yet."""
        return next((at_s for told, at_s in self.history if told == word and at_s >= since_s), None)


class Field:
    """The played devices, in a thread. Their values move all the time. `serial`: the line that one of them is on."""

    def __init__(self, plan: IoPlan, serial: PtyPair) -> None:
        self._serial = serial
        self._plan = replace(plan, devices={link: tuple(map(_with_faults, own)) for link, own in plan.devices.items()})
        self._device = ""
        self._ahead_ns = 0
        self._scan_no = 0
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._play(),), daemon=True)
        self._thread.start()

    def break_(self, device: str, kind: FaultKind) -> None:
        """That device has the fault from now on."""
        self._ahead_ns = _window(device, kind) + _S - time.monotonic_ns() + self._start_ns

    def mend(self) -> None:
        """All are sound."""
        self._ahead_ns += _WINDOW_NS // 2

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def latest(self) -> OutputFrame:
        """See `FrameSource`."""
        self._scan_no += 1
        count = max((p.entry for own in self._plan.devices.values() for d in own for p in d.outputs), default=0) + 1
        return OutputFrame(1, self._scan_no, 0, 1 << 62, True, (float(self._scan_no % 900),) * count)

    async def _play(self) -> None:
        self._start_ns = time.monotonic_ns()
        engine = IoEngine(
            self._plan,
            pages={},
            frames=self,
            clock=lambda: time.monotonic_ns() + self._ahead_ns,
            on_event=lambda _level, _text: None,
            registry=SERVED,
            random=Random(1),
        )
        with self._serial:
            await engine.run(self._stop)


def _window(device: str, kind: FaultKind) -> int:
    return (1 + KINDS.index(kind) + len(KINDS) * list(INPUTS).index(device)) * _WINDOW_NS


def _with_faults(device: DevicePlan) -> DevicePlan:
    windows = {kind: _window(device.name, kind) for kind in KINDS}
    return replace(
        device,
        faults=tuple(
            FaultPlan(kind=k, start_ns=at, end_ns=at + _WINDOW_NS // 2, delay_ns=_S, period_ns=4 * _S)
            for k, at in windows.items()
        ),
    )


class FaultySite(SmallSite):
    """Call `prepare` once, before the first start. Faults are to be played in the order of INPUTS and KINDS."""

    program = PROGRAM
    settings = 'cycle = "20ms"\nio_map = "io_maps/sites/small.toml"\n'

    def prepare(self) -> "FaultySite":
        """Play the devices."""
        self.sink = Sink()
        names = ("meter_port", "logger_port", "can_port")
        ports = {name: free_port() for name in names} | {"sink_port": self.sink.port}
        serial = PtyPair()
        here, there = serial.ends
        maps = self.folder / "io_maps"
        for name in ("profiles", "sites", "dbc"):
            (maps / name).mkdir(parents=True)
        for name, text in PROFILES.items():
            (maps / "profiles" / f"{name}.toml").write_text(text)
        (maps / "dbc" / "guarded.dbc").write_text(DBC)
        (maps / "sites" / "field.toml").write_text(LINKS.format(name="field", serve="true", tty=there, **ports))
        own = LINKS + SINK
        (maps / "sites" / "small.toml").write_text(own.format(name=self.name, serve="false", tty=here, **ports))
        self.field = Field(_plan_of(maps / "sites" / "field.toml"), serial)
        return self

    def kill_everything(self) -> None:
        super().kill_everything()
        self.field.close()
        self.sink.close()


def _plan_of(path: Path) -> IoPlan:
    site, mistakes = load_site_map(path)
    assert site is not None
    assert not mistakes, [str(mistake) for mistake in mistakes]
    names = [f"{device}.{point}" for device, point in INPUTS.items()]
    tags = [Tag(name=name, type=REAL, offset=0, index=place) for place, name in enumerate(names)]
    found = check(site, TagTable(tags))
    assert found.plan is not None, found.diagnostics
    return found.plan
