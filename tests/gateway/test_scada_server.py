"""The SCADA server from one engine to the next: who is connected stays, unless a register is another one now."""

import asyncio
import contextlib
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from runtime.drivers.modbus.pdu import Table
from runtime.gateway.scada.load import load_scada_map
from runtime.gateway.scada.server import ScadaServer, ScadaService
from tests.gateway.standin import make_manifest

MAP = """name = "tested"
version = 3
[registers.soc]
address = 10
tag = "rack_1.soc_pct"
scale = 0.1
[registers.p_grid]
address = 11
tag = "meter_1.p_kw"
type = "i16"
scale = 0.1
"""
MORE = """[registers.heartbeat]
address = 20
status = "heartbeat"
"""


class Constant:
    """A unit whose registers all hold one number."""

    def __init__(self, number: int) -> None:
        self._number = number

    async def read_bits(self, table: Table, address: int, count: int) -> Sequence[bool]:
        raise AssertionError((table, address, count))

    async def read_words(self, _: Table, address: int, count: int) -> Sequence[int]:
        assert address == 10
        return [self._number] * count

    async def write_bits(self, address: int, bits: Sequence[bool]) -> None:
        raise AssertionError((address, bits))

    async def write_words(self, address: int, words: Sequence[int]) -> None:
        raise AssertionError((address, words))


class Line:
    """A server through its engines, and a client of it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.server = ScadaServer()
        self.told: list[str] = []
        self._file = folder / "scada.toml"
        self._port = port
        self._task: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def engine(self, text: str, number: int, *, port: int = 0) -> None:
        """Another engine with this map, whose registers hold this number."""
        await self.leave()
        self._file.write_text(text)
        manifest = make_manifest()
        scada_map, diagnostics = load_scada_map(self._file, tags=manifest.tags, bindings=manifest.bindings)
        assert scada_map is not None, diagnostics
        service = ScadaService(scada_map, "127.0.0.1", port or self._port)
        serving = self.server.serve(service, Constant(number), lambda _, said: self.told.append(said))
        self._task = asyncio.create_task(serving)

    async def leave(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def connect(self, port: int = 0) -> None:
        self.disconnect()
        for _ in range(100):
            with contextlib.suppress(ConnectionRefusedError):
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port or self._port)
                return
            await asyncio.sleep(0.01)
        raise AssertionError("nobody listens")

    def disconnect(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def ask(self) -> None:
        assert self._writer is not None
        self._writer.write(bytes.fromhex("0007 0000 0006 01 03 000a 0001"))

    async def answered(self) -> int | None:
        """The register's content; None when the connection is closed."""
        async with asyncio.timeout(10):
            try:
                raw = await self._reader.readexactly(11)
            except (asyncio.IncompleteReadError, ConnectionError):
                return None
        return int(struct.unpack(">9xH", raw)[0])

    async def close(self) -> None:
        await self.leave()
        await self.server.close()
        self.disconnect()


@pytest.mark.parametrize(
    ("text", "stays", "says"),
    [
        (MAP, True, ""),
        (MAP + MORE, True, ""),
        (MAP.replace("version = 3", "version = 4"), True, ""),
        (MAP.replace("0.1", "0.01", 1), False, "(its version is still 3): soc is gone or different; 1 clients"),
        (
            MAP.split("[registers.p_grid]")[0].replace("version = 3", "version = 4"),
            False,
            "(version 3 to 4): p_grid is gone or different",
        ),
    ],
)
async def test_client_when_the_engine_changes_then_it_stays_unless_a_register_is_another(
    tmp_path, port, text, stays, says
):
    line = Line(tmp_path, port)
    await line.engine(MAP, 1)
    await line.connect()
    line.ask()
    assert await line.answered() == 1
    await line.leave()
    line.ask()  # in between, it waits
    await line.engine(text, 2)
    if stays:
        assert await line.answered() == 2
        assert line.told == []
    else:
        assert await line.answered() is None
        assert [says in told for told in line.told] == [True]
        await line.connect()
        line.ask()
        assert await line.answered() == 2
    await line.close()


async def test_client_when_the_server_moves_then_it_finds_it_at_the_new_port_only(tmp_path, port):
    line = Line(tmp_path, port)
    await line.engine(MAP, 1)
    await line.connect()
    await line.engine(MAP, 2, port=port + 1)
    assert await line.answered() is None
    await line.connect(port + 1)
    line.ask()
    assert await line.answered() == 2
    assert f"moves to 127.0.0.1:{port + 1}" in line.told[0]
    await line.close()
