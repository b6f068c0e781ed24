"""`voltscan io` as a user meets it: bus load, and frames of a bus decoded."""

import io
import json
import threading
from pathlib import Path

import can
import pytest
from cantools.logreader import Parser
from typer.testing import CliRunner

from runtime.cli.io.sniff import candump_line, sniffed_line
from runtime.cli.main import app
from runtime.drivers.can.sniff import Sniffer
from runtime.iomap.plan import DevicePlan, MessagePlan

ROOT = Path(__file__).parents[2]
DEMO = str(ROOT / "configs" / "demo.toml")
DBC = (ROOT / "io_maps" / "dbc" / "rack_bms.dbc").read_text()
STATUS = can.Message(
    timestamp=1.0, arbitration_id=0x120, is_extended_id=False, data=bytes.fromhex("020f 0580 0000 0000")
)


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


def test_io_sniff_when_a_rack_sends_then_its_frames_are_shown_and_logged(tmp_path: Path) -> None:
    map_file, log = tmp_path / "sites" / "bus.toml", tmp_path / "bus.log"
    map_file.parent.mkdir()
    for folder in ("profiles", "dbc"):
        (tmp_path / folder).symlink_to(ROOT / "io_maps" / folder)
    map_file.write_text(
        'site = "bus"\n[links.racks]\nkind = "can"\ninterface = "virtual"\nchannel = "sniffed"\n'
        '[devices.battery_2]\nprofile = "rack_bms"\nlink = "racks"\nid_offset = 0x20\n'
    )
    done = threading.Event()
    with can.Bus("sniffed", interface="virtual") as peer:

        def send() -> None:
            while not done.wait(0.01):
                peer.send(STATUS)

        sender = threading.Thread(target=send)
        sender.start()
        words = ["io", "sniff", str(map_file), "racks", "--count", "3", "--json", "--log", str(log)]
        told = CliRunner().invoke(app, words)
        done.set()
        sender.join()
    assert told.exit_code == 0, told.output
    frames = [json.loads(line) for line in told.stdout.splitlines()]
    assert [f["name"] for f in frames] == ["battery_2.STATUS"] * 3
    assert frames[0]["signals"]["State"] == {"value": "CONNECTED", "unit": ""}
    assert len(log.read_text().splitlines()) == 3


def test_io_sniff_when_the_link_is_no_can_bus_then_said() -> None:
    told = CliRunner().invoke(app, ["io", "sniff", DEMO, "meters"])
    assert told.exit_code == 1
    assert "only CAN buses can be listened to" in str(told.exception)
