"""`voltscan io` as a user meets it: bus load, and frames of a bus decoded."""

import contextlib
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import can
import pytest
from cantools.logreader import Parser
from typer.testing import CliRunner

from runtime.cli.io import fieldmap
from runtime.cli.io.sniff import candump_line, sniffed_line
from runtime.cli.main import app
from runtime.drivers.can.sniff import Sniffer
from runtime.iomap.plan.plan import DevicePlan, MessagePlan
from tests.e2e.registers import Registers

ROOT = Path(__file__).parents[3]
DEMO = str(ROOT / "configs" / "demo.toml")
DBC = (ROOT / "io_maps" / "dbc" / "rack_bms.dbc").read_text()
STATUS = can.Message(
    timestamp=1.0, arbitration_id=0x120, is_extended_id=False, data=bytes.fromhex("020f 0580 0000 0000")
)

SMALL = """maker = "Test"
model = "small"
natures = ["inverter"]
version = "1"
source = { document = "none" }
protocol = "modbus"
[modbus]
group = "fast"
[groups]
fast = { period_ms = 50 }
[points]
p_kw = { register = 0, type = "i16", scale = 0.1, unit = "kW", positive = "discharge" }
state = { register = 1, type = "u16", enum = { IDLE = 2, RUNNING = 3 } }
p_set_kw = { register = 2, type = "i16", scale = 0.1, unit = "kW", access = "rw", positive = "discharge" }
"""


def rack() -> Sniffer:
    plan = MessagePlan(name="STATUS", frame_id=0x120, extended=False, sent=False, period_ns=10**8, timeout_ns=10**9)
    return Sniffer(
        [DevicePlan(name="battery_2", profile="p", nature="battery", served=False, messages=(plan,), dbc=DBC)]
    )


def test_io_load_when_asked_then_every_link_with_its_part() -> None:
    told = CliRunner().invoke(app, ["io", "load", DEMO, "--json"])
    assert told.exit_code == 0, told.output
    links = {link["link"]: link for link in json.loads(told.stdout)}
    assert set(links) == {"meters", "inverter", "racks"}
    assert links["racks"]["kind"] == "can"
    assert 0.0 < links["racks"]["load"] < 0.1
    assert "racks     can" in CliRunner().invoke(app, ["io", "load", str(ROOT / "io_maps/sites/demo.toml")]).output


def test_frame_when_known_then_signals_have_labels_units_and_the_id_a_rate() -> None:
    sniffer = rack()
    sniffer.take(STATUS)
    later = can.Message(timestamp=1.1, arbitration_id=0x120, is_extended_id=False, data=bytes(STATUS.data))
    line = sniffed_line(sniffer.take(later))
    assert line.split() == [
        *("1.100000", "120", "02", "0F", "05", "80", "00", "00", "00", "00", "10.0/s", "battery_2.STATUS"),
        *("State=CONNECTED", "Life=15", "AlarmBits=32773"),
    ]


@pytest.mark.parametrize(
    ("frame", "ending"),
    [
        (can.Message(arbitration_id=0x121, is_extended_id=False, data=b"\x01"), "  unknown"),
        (can.Message(arbitration_id=0x120, is_extended_id=True, data=b"\x01"), "  unknown"),
        (
            can.Message(arbitration_id=0x120, is_extended_id=False, data=b"\x01"),
            "  battery_2.STATUS  State=READY  ! 1 bytes instead of 8",
        ),
        (can.Message(arbitration_id=0x40, is_error_frame=True, data=bytes(8)), "  ERROR  ! error frame"),
    ],
)
def test_frame_when_unknown_short_or_an_error_then_marked(frame: can.Message, ending: str) -> None:
    assert sniffed_line(rack().take(frame)).endswith(ending)


@pytest.mark.parametrize(
    "frame",
    [
        STATUS,
        can.Message(timestamp=2.5, arbitration_id=0x18FEF017, data=b"\x01\x02"),
        can.Message(timestamp=2.5, arbitration_id=0x7FF, is_extended_id=False, is_fd=True, data=bytes(range(12))),
    ],
    ids=["standard", "extended", "fd"],
)
def test_log_when_written_then_cantools_and_python_can_read_it(frame: can.Message, tmp_path: Path) -> None:
    line = candump_line(frame, "can0")
    (parsed,) = Parser(io.StringIO(line + "\n"))
    assert (parsed.frame_id, parsed.data, parsed.is_extended_frame) == (
        frame.arbitration_id,
        bytes(frame.data),
        frame.is_extended_id,
    )
    file = tmp_path / "bus.log"
    file.write_text(line + "\n")
    (read,) = can.LogReader(file)
    assert read.equals(frame, timestamp_delta=1e-6, check_channel=False, check_direction=False)


def test_io_sniff_when_the_link_is_no_can_bus_then_said() -> None:
    told = CliRunner().invoke(app, ["io", "sniff", DEMO, "meters"])
    assert told.exit_code == 1
    assert "only CAN buses can be listened to" in str(told.exception)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[tuple[str, can.BusABC]]:
    """A site map with one rack on a virtual bus, and a peer on that bus."""
    map_file = tmp_path / "sites" / "bus.toml"
    map_file.parent.mkdir()
    for folder in ("profiles", "dbc"):
        (tmp_path / folder).symlink_to(ROOT / "io_maps" / folder)
    map_file.write_text(
        f'site = "bus"\n[links.racks]\nkind = "can"\ninterface = "virtual"\nchannel = "{tmp_path.name}"\n'
        '[devices.battery_2]\nprofile = "rack_bms"\nlink = "racks"\nid_offset = 0x20\n'
    )
    with can.Bus(tmp_path.name, interface="virtual") as peer:
        yield str(map_file), peer


@contextlib.contextmanager
def sending(peer: can.BusABC) -> Iterator[None]:
    """The rack sends its status every 10 ms."""
    done = threading.Event()

    def send() -> None:
        while not done.wait(0.01):
            peer.send(STATUS)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        done.set()
        sender.join()


def test_io_read_when_a_rack_sends_then_values_with_labels_and_quality(bus: tuple[str, can.BusABC]) -> None:
    map_file, peer = bus
    with sending(peer):
        told = CliRunner().invoke(app, ["io", "read", map_file, "battery_2.state", "battery_2.life", "--json"])
        bad = CliRunner().invoke(app, ["io", "read", map_file, "battery_2.s*", "--wait", "200ms"])
    assert told.exit_code == 0, told.output
    found = {point["name"]: (point["value"], point["quality"]) for point in json.loads(told.stdout)}
    assert found == {"battery_2.state": ("CONNECTED", "GOOD"), "battery_2.life": (15, "GOOD")}
    assert bad.exit_code == 1
    assert "battery_2.soc_pct" in bad.stdout
    assert "BAD   never read" in bad.stdout


def test_io_watch_when_a_rack_sends_then_a_table_each_time(bus: tuple[str, can.BusABC]) -> None:
    map_file, peer = bus
    words = ["io", "watch", map_file, "battery_2.life", "--every", "100ms", "--for", "500ms", "--json"]
    with sending(peer):
        told = CliRunner().invoke(app, words)
    assert told.exit_code == 0, told.output
    last = json.loads(told.stdout.splitlines()[-1])
    assert [(point["value"], point["quality"]) for point in last] == [(15, "GOOD")]


def test_io_write_when_agreed_then_the_message_goes_out_with_this_value_alone(bus: tuple[str, can.BusABC]) -> None:
    map_file, peer = bus
    told = CliRunner().invoke(app, ["io", "write", map_file, "battery_2.keep_alive", "42", "--yes", "--for", "300ms"])
    assert told.exit_code == 0, told.output
    assert told.stdout == "battery_2.keep_alive = 42: written\n"
    payloads = set()
    while (got := peer.recv(timeout=0)) is not None:
        payloads.add((got.arbitration_id, bytes(got.data).hex()))
    assert payloads == {(0x130, "002a000000000000")}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["battery_2.keep_alive", "42"], "only when somebody agrees"),
        (["battery_2.soc_pct", "42", "--yes"], "cannot be written"),
        (["battery_2.keep_alife", "42", "--yes"], "no point battery_2.keep_alife"),
        (["battery_2.keep_alive", "many", "--yes"], "many"),
    ],
)
def test_io_write_when_it_may_not_then_said_and_nothing_is_sent(
    words: list[str], why: str, bus: tuple[str, can.BusABC]
) -> None:
    map_file, peer = bus
    told = CliRunner().invoke(app, ["io", "write", map_file, *words])
    assert told.exit_code == 1
    assert why in str(told.exception)
    assert peer.recv(timeout=0) is None


def test_io_write_when_the_controller_runs_then_refused(
    bus: tuple[str, can.BusABC], monkeypatch: pytest.MonkeyPatch
) -> None:
    map_file, peer = bus
    monkeypatch.setattr(fieldmap, "is_running", lambda _: True)
    told = CliRunner().invoke(app, ["io", "write", map_file, "battery_2.keep_alive", "42", "--yes"])
    assert told.exit_code == 1
    assert "the controller bus runs" in str(told.exception)
    assert peer.recv(timeout=0) is None


def test_io_read_when_the_map_plays_its_devices_then_said() -> None:
    told = CliRunner().invoke(app, ["io", "read", str(ROOT / "io_maps" / "sites" / "demo_plant.toml")])
    assert told.exit_code == 1
    assert "plays its devices" in str(told.exception)


@pytest.fixture
def inverter(tmp_path: Path) -> Iterator[tuple[str, Registers]]:
    """A site map with one Modbus device, and that device."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "sites").mkdir()
    (tmp_path / "profiles" / "small.toml").write_text(SMALL)
    device = Registers([0xFF38, 3, 250])
    map_file = tmp_path / "sites" / "small.toml"
    map_file.write_text(
        f'site = "small"\n[links.pcs]\nkind = "modbus_tcp"\nport = {device.port}\n'
        '[devices.inverter_1]\nprofile = "small"\nlink = "pcs"\n'
    )
    yield str(map_file), device
    device.close()


def test_io_when_the_device_speaks_modbus_then_read_with_units_and_one_point_written(
    inverter: tuple[str, Registers],
) -> None:
    map_file, device = inverter
    told = CliRunner().invoke(app, ["io", "read", map_file, "--json"])
    assert told.exit_code == 0, told.output
    found = {point["name"]: (point["value"], point["unit"], point["quality"]) for point in json.loads(told.stdout)}
    assert found == {
        "inverter_1.p_kw": (-20.0, "kW", "GOOD"),
        "inverter_1.state": ("RUNNING", "", "GOOD"),
        "inverter_1.p_set_kw": (25.0, "kW", "GOOD"),
    }
    words = ["io", "watch", map_file, "*.p_kw", "--every", "50ms", "--for", "300ms"]
    assert "kW  GOOD" in CliRunner().invoke(app, words).stdout
    told = CliRunner().invoke(app, ["io", "write", map_file, "inverter_1.p_set_kw", "-12.5", "--yes", "--for", "60s"])
    assert told.stdout == "inverter_1.p_set_kw = -12.5 kW: written\n", told.output
    assert device.words == [0xFF38, 3, 0xFF83]


def test_io_sniff_when_a_rack_sends_then_its_frames_are_shown_and_logged(
    bus: tuple[str, can.BusABC], tmp_path: Path
) -> None:
    map_file, peer = bus
    log = tmp_path / "bus.log"
    with sending(peer):
        told = CliRunner().invoke(app, ["io", "sniff", map_file, "racks", "--count", "3", "--json", "--log", str(log)])
    assert told.exit_code == 0, told.output
    frames = [json.loads(line) for line in told.stdout.splitlines()]
    assert [f["name"] for f in frames] == ["battery_2.STATUS"] * 3
    assert frames[0]["signals"]["State"] == {"value": "CONNECTED", "unit": ""}
    assert len(log.read_text().splitlines()) == 3
