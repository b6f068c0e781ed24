"""J1939 devices of a site map: which ids their messages get on either side, and what the check finds wrong."""

from pathlib import Path

from runtime.core.diagnostic import Diagnostic
from runtime.iomap.checks.check import check
from runtime.iomap.plan.plan import MessagePlan
from runtime.iomap.sites.everypoint import every_point, plan_of_every_point
from runtime.iomap.sites.load import load_site_map

DBC = """VERSION ""
BU_: BMS CONTROLLER
BO_ 2566844670 STATE: 8 BMS
 SG_ Soc : 0|16@1+ (0.1,0) [0|0] "%" CONTROLLER
BO_ 2565800190 COMMAND: 8 CONTROLLER
 SG_ Limit : 0|16@1+ (0.1,0) [0|0] "A" BMS
"""
# 0x98FEF0FE: parameter group 0xFEF0, for everybody; 0x98EF00FE: group 0xEF00, to one address (here 0).
PROFILE = """maker = "a"
model = "b"
natures = ["sensor"]
version = "1"
protocol = "can"
source = { document = "none" }
[can]
dbc = "truck.dbc"
ids = "j1939"
[messages]
STATE = { sent_by = "device", period_ms = 100, timeout_ms = 1000 }
COMMAND = { sent_by = "controller", period_ms = 100, timeout_ms = 1000 }
[points]
soc_pct = { message = "STATE", signal = "Soc", unit = "%" }
limit_a = { message = "COMMAND", signal = "Limit", unit = "A", access = "w" }
"""
SITE = """site = "truck"
serve = {serve}
[links.bus]
kind = "can"
interface = "virtual"
channel = "j"
"""
DEVICE = """[devices.sensor_{number}]
profile = "truck"
link = "bus"
{keys}
[devices.sensor_{number}.points]
{rules}
"""


def site_of(
    folder: Path, *keys: str, serve: bool = False, dbc: str = DBC
) -> tuple[dict[str, MessagePlan], list[Diagnostic]]:
    """The messages by device and name, and what is wrong."""
    for name in ("sites", "profiles", "dbc"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "dbc" / "truck.dbc").write_text(dbc)
    (folder / "profiles" / "truck.toml").write_text(PROFILE)
    rules = "" if serve else 'limit_a = { fail_safe = "hold" }'
    text = SITE.format(serve=str(serve).lower()) + "".join(
        DEVICE.format(number=number, keys=one, rules=rules) for number, one in enumerate(keys, 1)
    )
    (folder / "sites" / "truck.toml").write_text(text)
    site, found = load_site_map(folder / "sites" / "truck.toml")
    assert site is not None
    assert found == []
    plan = plan_of_every_point(site)
    devices = [device for devices in plan.devices.values() for device in devices]
    messages = {f"{d.name}.{m.name}": m for d in devices for m in d.messages}
    return messages, list(check(site, every_point(site)).diagnostics)


def test_addresses_when_given_then_the_source_counts_and_commands_go_to_the_device(tmp_path: Path) -> None:
    messages, found = site_of(
        tmp_path, "address = 0x17\ncontroller_address = 0x27", "address = 0x18\ncontroller_address = 0x27"
    )
    assert found == []
    state, command = messages["sensor_1.STATE"], messages["sensor_1.COMMAND"]
    assert (state.frame_id, state.id_mask, state.sent) == (0x18FEF017, 0x03FFFFFF, False)
    assert (command.frame_id, command.sent) == (0x18EF1727, True)
    assert messages["sensor_2.COMMAND"].frame_id == 0x18EF1827


def test_addresses_when_played_then_the_device_sends_under_its_own(tmp_path: Path) -> None:
    messages, found = site_of(tmp_path, "address = 0x17", serve=True)
    assert found == []
    state, command = messages["sensor_1.STATE"], messages["sensor_1.COMMAND"]
    assert (state.frame_id, state.sent) == (0x18FEF017, True)
    assert (command.frame_id & command.id_mask, command.id_mask, command.sent) == (0x00EF1700, 0x03FFFF00, False)


def test_addresses_when_none_is_given_then_one_device_takes_any_source_and_two_are_refused(tmp_path: Path) -> None:
    messages, found = site_of(tmp_path, "")
    assert found == []
    assert messages["sensor_1.STATE"].id_mask == 0x03FFFF00
    _, found = site_of(tmp_path, "", "address = 0x18")
    assert [d.code for d in found] == ["M4003"]


def test_addresses_when_an_offset_is_given_instead_then_told(tmp_path: Path) -> None:
    _, found = site_of(tmp_path, "id_offset = 1")
    assert [(d.code, d.help) for d in found] == [("M3011", "use address")]


def test_fd_message_when_the_link_is_classic_then_told(tmp_path: Path) -> None:
    fd = DBC + (
        'BA_DEF_ BO_ "VFrameFormat" ENUM "StandardCAN","ExtendedCAN","StandardCAN_FD","ExtendedCAN_FD";\n'
        'BA_DEF_DEF_ "VFrameFormat" "ExtendedCAN";\nBA_ "VFrameFormat" BO_ 2566844670 3;\n'
    )
    _, found = site_of(tmp_path, "address = 1", dbc=fd)
    assert [(d.code, d.help) for d in found] == [("M4004", "set fd = true for the link")]
