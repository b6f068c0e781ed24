"""Who watches and who orders goes over with the pair: a console and a SCADA master at both boxes, while leaders die.

No order that was answered is lost, and none is carried out twice, however often it is asked for.
"""

import asyncio
from contextlib import suppress

import pytest
from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException

from runtime.wire.consoles import load_consoles
from runtime.wire.fault import WireFault
from runtime.wire.messages import STATUS
from runtime.wire.pairstream import CHOSEN, PairStream
from tests.e2e.conftest import LIMIT_S
from tests.e2e.pairsite import PairSite, until
from tests.ports import free_port

pytestmark = pytest.mark.slow
ASKED = 3
"""Number of the output register with the sum of all that was ordered."""
ROLE_ADDRESS, TERM_ADDRESS, ADD_ADDRESS, SUM_ADDRESS = 0, 1, 3, 4
LEADER, STANDBY = 1, 2
SCADA_MAP = """
name = "pair"
write_ttl_ms = 5000
[registers.role]
address = 0
status = "pair_role"
[registers.term]
address = 1
status = "pair_term"
type = "u32"
[registers.add]
address = 3
tag = "add_1.value"
type = "i16"
command = "add"
[registers.sum]
address = 4
tag = "drive_1.asked"
type = "u32"
"""
ORDERS = 12


class Masters:
    """A SCADA master with a connection to each controller."""

    def __init__(self, ports):
        self._ports = ports

    def read(self, member, address, count):
        """The registers, or None while that controller does not answer."""
        with suppress(ModbusException, OSError), self._client(member) as client:
            answer = client.read_holding_registers(address, count=count)
            return None if answer.isError() else answer.registers
        return None

    def write(self, member, value):
        """Whether the write was answered with yes."""
        with suppress(ModbusException, OSError), self._client(member) as client:
            return not client.write_register(ADD_ADDRESS, value).isError()
        return False

    def _client(self, member):
        client = ModbusTcpClient("127.0.0.1", port=self._ports[member], timeout=20, retries=0)
        if not client.connect():
            raise OSError(f"{member} does not listen")
        return client


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    made = PairSite(tmp_path_factory.mktemp("clients"), patient=True)
    ports = {member: free_port() for member in "ab"}
    (made.folder / "scada.toml").write_text(SCADA_MAP)
    for member, port in ports.items():
        site = made.folder / f"pair_{member}.toml"
        text = site.read_text().replace("[recorder]", f'[scada]\nhost = "127.0.0.1"\nport = {port}\n[recorder]')
        site.write_text(text.replace("io_map =", 'scada_map = "scada.toml"\nio_map ='))
    made.start("a", "b", "w")
    yield made, Masters(ports)
    made.close()


def test_scada_when_leaders_die_then_each_answered_write_is_done_once_and_no_other_twice(served):
    """Each order adds another power of two, so the sum tells of each whether it was done, and how often."""
    pair, masters = served
    pair.wait_in_sync()
    before = pair.drive.value(ASKED)
    answered = 0
    for number in range(ORDERS):
        leader = pair.wait_in_sync()
        standby = "b" if leader == "a" else "a"
        assert masters.read(leader, ROLE_ADDRESS, 1) == [LEADER]
        until(lambda standby=standby: masters.read(standby, ROLE_ADDRESS, 1) == [STANDBY])
        assert masters.read(leader, TERM_ADDRESS, 2) == masters.read(standby, TERM_ADDRESS, 2)
        if number % 3 == 2:
            pair.kill(leader)
        if masters.write(standby, 1 << number):
            answered += 1 << number
        if number % 3 == 2:
            pair.start(leader)
    pair.wait_in_sync()
    unanswered = (1 << ORDERS) - 1 - answered
    until(lambda: pair.drive.value(ASKED) - before >= answered)
    done = pair.drive.value(ASKED) - before
    assert (done - answered) & ~unanswered == 0, f"answered {answered:b}, done {done:b}"
    assert answered.bit_count() >= ORDERS - ORDERS // 3, "only in a take-over may one stay unanswered"
    for member in "ab":
        until(lambda member=member: masters.read(member, SUM_ADDRESS, 2) == [0, (before + done) & 0xFFFF])


def test_console_when_the_leader_dies_then_it_goes_over_and_an_order_tried_again_is_done_once(served):
    pair, _ = served
    leader = pair.wait_in_sync()
    standby = "b" if leader == "a" else "a"
    before = pair.drive.value(ASKED)
    asyncio.run(asyncio.wait_for(_follow(pair, leader, standby), 2 * LIMIT_S))
    until(lambda: pair.drive.value(ASKED) == before + 300)
    pair.start(leader)
    pair.wait_in_sync()
    assert pair.drive.value(ASKED) == before + 300


async def _follow(pair, leader, standby):
    ends = _ends(pair)
    async with PairStream(ends) as link:
        said = asyncio.create_task(_until_drives(link, leader))
        await said
        await _order(link, value=100, seq=1)
        pair.kill(leader)
        watching = asyncio.create_task(_until_drives(link, standby))
        await _order(link, value=200, seq=2)
        await watching
        await _order(link, value=200, seq=2)
        await _order(link, value=100, seq=1)


async def _until_drives(link, name):
    chosen = ""
    async for message in link.messages():
        if message.topic == CHOSEN:
            chosen = message.body["name"]
        elif message.topic == STATUS and message.body["pair"] and message.body["pair"]["drives"]:
            assert message.body["pair"]["name"] == chosen or chosen == ""
            if message.body["pair"]["name"] == name:
                return


async def _order(link, *, value, seq):
    """As an operator does who tries again whatever is unknown."""
    while True:
        with suppress(WireFault):
            order = {"name": "add", "value": value, "client": "desk", "seq": seq, "ttl_ms": 5000}
            answer = await link.request("command", timeout_ms=8000, **order)
            if answer["state"] == "done":
                return
        await asyncio.sleep(0.1)


def _ends(pair):
    """As `voltscan hmi` finds them, from the machine of controller a: itself, and b over TCP."""
    from runtime.cli.pair.ends import with_other
    from runtime.wire.endpoints import endpoints

    run = pair.folder / "voltscan" / "pair_a"
    assert load_consoles(run) is not None
    ends = with_other("pair_a", endpoints(run))
    assert sorted(ends) == ["a", "b"]
    assert ends["b"].curve is not None
    return ends
