"""The Modbus client against servers that nobody here wrote: libmodbus and pymodbus, over TCP, RTU and RTU over TCP."""

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Self

import pytest
from io_points import MS, modbus_wire
from pymodbus import FramerType
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from serialline import PtyPair

from runtime.drivers.modbus.link import ModbusLink, Refusal, read_of
from runtime.iomap.plan.plan import LinkPlan, ReadRequest
from runtime.iomap.plan.settings import LinkSettings, ModbusRtuSettings, ModbusRtuTcpSettings, ModbusTcpSettings
from runtime.iomap.wire import Table

pytestmark = pytest.mark.slow
UNIT = 7
SOURCE = Path(__file__).parent / "libmodbus" / "server.c"


def read(table: Table, address: int, count: int) -> ReadRequest:
    return ReadRequest(group="", table=table, address=address, count=count, period_ns=0, entries=())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def libmodbus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server, compiled."""
    if shutil.which("cc") is None or not Path("/usr/include/modbus/modbus.h").exists():
        pytest.skip("needs a C compiler and libmodbus (Debian: apt install gcc libmodbus-dev)")
    program = tmp_path_factory.mktemp("libmodbus") / "server"
    subprocess.run(["cc", "-Wall", "-Werror", "-o", str(program), str(SOURCE), "-lmodbus"], check=True)
    return program


@contextlib.contextmanager
def running(*command: str) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield
    finally:
        process.kill()
        process.communicate()


@contextlib.asynccontextmanager
async def linked(settings: LinkSettings) -> AsyncIterator[ModbusLink]:
    link = ModbusLink(LinkPlan(name="l", settings=settings, timeout_ns=1000 * MS))
    await link.connect()
    try:
        yield link
    finally:
        link.close()


@contextlib.asynccontextmanager
async def linked_to(kind: str, program: Path, folder: Path) -> AsyncIterator[ModbusLink]:
    if kind == "tcp":
        port = free_port()
        with running(str(program), "tcp", str(port)):
            async with linked(ModbusTcpSettings(port=port)) as link:
                yield link
        return
    with PtyPair() if kind == "rtu" else SocatPair(folder) as pair:
        ours, theirs = pair.ends
        with running(str(program), "rtu", theirs, "115200"):
            line = ModbusRtuSettings(device=ours, baud=115200, parity="none", stop_bits=1, gap_ns=2 * MS)
            async with linked(line) as link:
                yield link


class SocatPair:
    """The line of `PtyPair`, made by socat."""

    def __init__(self, folder: Path) -> None:
        self.ends = [str(folder / end) for end in ("ours", "theirs")]

    def __enter__(self) -> Self:
        ptys = [f"pty,raw,echo=0,link={end}" for end in self.ends]
        self._process = subprocess.Popen(["socat", *ptys])
        deadline = time.monotonic() + 30
        while not all(Path(end).exists() for end in self.ends):
            assert time.monotonic() < deadline, "socat made no line"
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


needs_socat = pytest.mark.skipif(
    shutil.which("socat") is None, reason="socat is not installed (Debian: apt install socat)"
)


@pytest.mark.parametrize("kind", ["tcp", "rtu", pytest.param("rtu_socat", marks=needs_socat)])
async def test_libmodbus_when_asked_by_each_function_then_it_and_the_client_agree(
    kind: str, libmodbus: Path, tmp_path: Path
) -> None:
    async with linked_to(kind, libmodbus, tmp_path) as link:
        assert await link.read(UNIT, read(Table.HOLDING, 0, 125)) == list(range(100, 225))
        assert await link.read(UNIT, read(Table.INPUT, 10, 3)) == [110, 111, 112]
        assert await link.read(UNIT, read(Table.COIL, 3, 11)) == [n % 2 for n in range(3, 14)]
        assert await link.read(UNIT, read(Table.DISCRETE, 0, 8)) == [0, 1] * 4
        await link.write(UNIT, Table.HOLDING, 5, [0xBEEF])
        await link.write(UNIT, Table.HOLDING, 6, [1, 2, 3])
        await link.write(UNIT, Table.COIL, 0, [1])
        await link.write(UNIT, Table.COIL, 2, [1, 1, 1, 0, 1, 0, 1, 1, 1])
        assert await link.read(UNIT, read(Table.HOLDING, 4, 5)) == [104, 0xBEEF, 1, 2, 3]
        assert await link.read(UNIT, read(Table.COIL, 0, 11)) == [1, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1]
        await link.write_masked(UNIT, modbus_wire("u16", bits=(4, 11), address=5), 0x12)
        assert await link.read(UNIT, read_of(modbus_wire(address=5))) == [0xB12F]
        assert await link.write_and_read(UNIT, 20, [7, 8, 9], read(Table.HOLDING, 19, 5)) == [119, 7, 8, 9, 123]
        assert await link.write_and_read(UNIT, 30, [1], read(Table.HOLDING, 5, 1)) == [0xB12F]
        with pytest.raises(Refusal, match="illegal data address") as refused:
            await link.read(UNIT, read(Table.HOLDING, 190, 20))
        assert refused.value.code == 2
        assert await link.read(UNIT, read(Table.HOLDING, 9, 1)) == [109]


@pytest.mark.parametrize("framer", [FramerType.SOCKET, FramerType.RTU])
async def test_pymodbus_server_when_asked_then_it_and_the_client_agree(framer: FramerType) -> None:
    words = SimData(address=0, values=list(range(100, 150)), datatype=DataType.REGISTERS)
    bits = SimData(address=0, values=[n % 3 == 0 for n in range(48)], datatype=DataType.BITS)
    port, device = free_port(), SimDevice(id=UNIT, simdata=([bits], [bits], [words], [words]))
    server = ModbusTcpServer(device, framer=framer, address=("127.0.0.1", port))
    await server.serve_forever(background=True)
    settings: LinkSettings = (
        ModbusTcpSettings(port=port)
        if framer is FramerType.SOCKET
        else ModbusRtuTcpSettings(host="127.0.0.1", port=port, gap_ns=0)
    )
    try:
        async with linked(settings) as link:
            assert await link.read(UNIT, read(Table.HOLDING, 0, 50)) == list(range(100, 150))
            await link.write(UNIT, Table.HOLDING, 5, [500])
            await link.write(UNIT, Table.HOLDING, 6, [600, 700])
            assert await link.read(UNIT, read(Table.HOLDING, 4, 5)) == [104, 500, 600, 700, 108]
            await link.write_masked(UNIT, modbus_wire("u16", bits=(4, 11), address=5), 0x12)
            assert await link.read(UNIT, read(Table.HOLDING, 5, 1)) == [500 & ~0x0FF0 | 0x120]
            assert await link.write_and_read(UNIT, 20, [7, 8], read(Table.HOLDING, 19, 4)) == [119, 7, 8, 122]
            assert await link.read(UNIT, read(Table.INPUT, 40, 10)) == list(range(140, 150))
            assert await link.read(UNIT, read(Table.DISCRETE, 2, 9)) == [n % 3 == 0 for n in range(2, 11)]
            await link.write(UNIT, Table.COIL, 1, [1])
            await link.write(UNIT, Table.COIL, 4, [1, 1, 0, 0, 1, 0, 1, 1, 1])
            assert await link.read(UNIT, read(Table.COIL, 0, 14)) == [1, 1, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0]
            with pytest.raises(Refusal, match="illegal data address"):
                await link.read(UNIT, read(Table.HOLDING, 45, 20))
    finally:
        await server.shutdown()
