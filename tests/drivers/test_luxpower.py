"""Frames of LuxPowerTek data loggers against packets recorded at running inverters (serial numbers replaced), with the
values that lxp-bridge reads in them; and the Modbus driver's line over such frames.
"""

import asyncio
from pathlib import Path

import pytest

from runtime.core.elementary import Kind
from runtime.drivers.codec import raw_of_words
from runtime.drivers.luxpower.frames import READ_HOLDING, READ_INPUT, REFUSED, WRITE, Answer, Frames, request
from runtime.drivers.modbus.link import ModbusLink, Refusal, Silence
from runtime.iomap.kinds.modbus.luxpower import LuxpowerTcpLink
from runtime.iomap.plan.plan import ReadRequest
from runtime.iomap.profiles.loading import load_profile
from runtime.iomap.wire import Table

IO_MAPS = Path(__file__).parents[2] / "io_maps"
DATALOG, INVERTER = b"2222222222", b"5555555555"
HEAD = "A11A {} 01C2 32323232323232323232"
INPUTS = bytes.fromhex(
    HEAD.format("0200 6F00") + "6100 0104 35353535353535353535 0000 50"
    "1000 0000 0000 0200 1002 5300 002F 0000 0000 0000 0000 0002 2509 0101 0400 8C13 F601 0000 E700 E803 2509 0000"
    "4000 8C13 0000 0000 0000 0000 0000 0000 0000 1600 1600 1500 1600 0000 0000 DE00 420E 810C 2490"
)
HOLDING = bytes.fromhex(HEAD.format("0200 2500") + "1700 0103 35353535353535353535 0C00 06 1606 1405 1039 5D87")
ONE_HOLDING = bytes.fromhex(HEAD.format("0100 2000") + "1200 0003 35353535353535353535 0C00 1E28 7968")
WRITTEN = bytes.fromhex(HEAD.format("0200 2000") + "1200 0106 35353535353535353535 4200 6400 49AD")
ALIVE = bytes.fromhex("A11A 0200 0D00 01C1 32323232323232323232 00")
READS_OF_INPUTS = {
    "status": 16, "pv3_u_v": 0.2, "battery_u_v": 52.8, "soc_pct": 83, "soh_pct": 0, "discharge_p_kw": 0.512,
    "u_l1_v": 234.1, "u_l2_v": 25.7, "u_l3_v": 0.4, "f_hz": 50.04, "inverting_p_kw": 0.502, "rectifying_p_kw": 0.0,
    "pf": 1.0, "eps_u_l1_v": 234.1, "eps_u_l3_v": 6.4, "eps_f_hz": 50.04, "export_p_kw": 0.0, "import_p_kw": 0.0,
    "e_day_inverting_kwh": 2.2, "e_day_rectifying_kwh": 2.2, "e_day_charge_kwh": 2.1, "e_day_discharge_kwh": 2.2,
    "e_day_import_kwh": 22.2, "dc_bus_u_v[1]": 365.0, "dc_bus_u_v[2]": 320.1,
}  # fmt: skip


def asked(function: int, register: int, value: int) -> bytes:
    return request(datalog=DATALOG, inverter=INVERTER, function=function, register=register, value=value)


def refused(function: int, register: int, reason: int) -> bytes:
    """As an inverter says no: built from the question, with the checksum that pymodbus would send."""
    from pymodbus.framer.rtu import FramerRTU

    guarded = bytes((1, function | REFUSED)) + INVERTER + register.to_bytes(2, "little") + bytes((reason,))
    body = guarded + FramerRTU.compute_CRC(guarded).to_bytes(2, "big")
    tail = len(body).to_bytes(2, "little") + body
    return bytes.fromhex("A11A 0200") + (12 + len(tail)).to_bytes(2, "little") + b"\x01\xc2" + DATALOG + tail


@pytest.mark.parametrize(
    ("function", "register", "value", "frame"),
    [
        (READ_INPUT, 0, 40, "1200 0004 35353535353535353535 0000 2800 2A84"),
        (READ_HOLDING, 12, 3, "1200 0003 35353535353535353535 0C00 0300 7026"),
        (WRITE, 66, 100, "1200 0006 35353535353535353535 4200 6400 883D"),
    ],
)
def test_request_when_built_then_it_is_the_packet_that_inverters_take(function, register, value, frame):
    assert asked(function, register, value) == bytes.fromhex(HEAD.format("0100 2000") + frame)


def test_answers_when_recorded_then_they_are_read():
    told = list(Frames().take(ALIVE + HOLDING + ONE_HOLDING + WRITTEN))
    assert told == [
        Answer(READ_HOLDING, INVERTER, 12, (0x0616, 0x0514, 0x3910)),
        Answer(READ_HOLDING, INVERTER, 12, (0x281E,)),
        Answer(WRITE, INVERTER, 66, (100,)),
    ]


def test_inputs_when_recorded_then_the_profile_reads_what_lxp_bridge_reads():
    (answer,) = Frames().take(INPUTS)
    profile, _ = load_profile(IO_MAPS / "profiles" / "luxpower_lxp.toml", IO_MAPS / "dbc")
    assert profile is not None
    for name, value in READS_OF_INPUTS.items():
        wire = profile.wires[name]
        assert wire.table is Table.INPUT
        raw = raw_of_words(wire, answer.words[wire.address : wire.end])
        assert wire.number.decode(raw, Kind.REAL) == pytest.approx(value), name


def test_bytes_when_they_come_in_pieces_and_with_garbage_then_whole_frames_are_found():
    broken = HOLDING[:-1] + b"\0"
    endless = bytes.fromhex("A11A 0200 FFFF")
    frames = Frames()
    told = [a for byte in b"\xa1x" + broken + endless + INPUTS for a in frames.take(bytes((byte,)))]
    assert [len(answer.words) for answer in told] == [40]


class Logger:
    """A data logger on loopback: what it sends for each request it gets."""

    def __init__(self, answers: dict[bytes, list[bytes]]) -> None:
        self.answers = answers
        self.got: list[bytes] = []
        self.talks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> ModbusLink:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        table = LuxpowerTcpLink(
            kind="luxpower_tcp",
            host="127.0.0.1",
            port=port,
            datalog=DATALOG.decode(),
            inverter=INVERTER.decode(),
            timeout_ms=200,
        )
        self.link = ModbusLink(table.plan("lux"))
        await self.link.connect()
        return self.link

    async def __aexit__(self, *_: object) -> None:
        self.link.close()
        await asyncio.gather(*self.talks)
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.talks.append(task)
        while frame := await reader.read(38):
            self.got.append(frame)
            for answer in self.answers.get(frame, []):
                writer.write(answer)
        writer.close()
        await writer.wait_closed()


def read_of(table: Table, address: int, count: int) -> ReadRequest:
    return ReadRequest(group="", table=table, address=address, count=count, period_ns=0, entries=())


async def test_line_when_asked_then_its_answer_among_signs_of_life_and_answers_for_others():
    other = INPUTS.replace(INVERTER, b"9999999999")
    async with Logger({asked(READ_INPUT, 0, 40): [ALIVE, HOLDING, other, INPUTS]}) as link:
        words = await link.read(1, read_of(Table.INPUT, 0, 40))
    assert (words[4], words[15]) == (528, 5004)


async def test_registers_when_written_together_then_one_after_the_other():
    second = asked(WRITE, 67, 90)
    logger = Logger({asked(WRITE, 66, 100): [WRITTEN], second: [second]})
    async with logger as link:
        await link.write(1, Table.HOLDING, 66, [100])
        await link.write(1, Table.HOLDING, 66, [100, 90])
    assert logger.got == [asked(WRITE, 66, 100)] * 2 + [second]


async def test_line_when_refused_or_silent_then_told():
    async with Logger({asked(WRITE, 66, 200): [refused(WRITE, 66, 3)]}) as link:
        with pytest.raises(Refusal, match="illegal data value"):
            await link.write(1, Table.HOLDING, 66, [200])
        with pytest.raises(Silence, match="no answer"):
            await link.read(1, read_of(Table.HOLDING, 0, 2))
