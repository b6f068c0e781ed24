"""A Modbus TCP server: connections, MBAP frames and their bounds. What registers hold is the units' affair.

Used by the gateway (SCADA) and by served devices. Not pymodbus's server: of several requests in one segment that
answers one, it gives wrong exception codes for bad quantities, unknown functions and unknown units, takes any value
for a coil, and knows neither a limit on connections nor an end for garbage; each mend meant going around it, until
only its listening socket was left.

Source: Modbus Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3 (MBAP header) and 4.2 (connections).
"""

import asyncio
import struct
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Protocol

from runtime.core.fault import ConfigFault
from runtime.drivers.modbus.pdu import (
    ExceptionCode,
    MaskWrite,
    ModbusRefusal,
    Read,
    ReadWrite,
    Request,
    Table,
    WriteBits,
    WriteWords,
    parse_request,
    reply_bits,
    reply_exception,
    reply_words,
    reply_written,
)

CONNECTIONS_MAX = 32
"""Connections at once; one more is closed at once. A SCADA master holds one or two."""
IDLE_S = 120.0
"""A connection without a request for this long is closed."""
REST_S = 5.0
"""From the first byte of a frame to its last, and for a client to take its reply."""
_HEADER = struct.Struct(">HHHB")
"""Transaction, protocol (0), length of what follows it, unit."""
_LENGTH_MAX = 254
"""Unit and a PDU of 253 bytes."""


CLIENT: ContextVar[str] = ContextVar("client", default="")
"""Whose request is being answered: address and port. Each connection has a task, and so a value, of its own."""


class NoReply(Exception):
    """A unit leaves a request without a reply."""


class Unit(Protocol):
    """What answers under one unit identifier. Each method raises ModbusRefusal to answer with an exception, or NoReply.

    Address and count are within 0..65535 and the limits of the function; only the unit knows which exist.
    """

    async def read_bits(self, table: Table, address: int, count: int) -> Sequence[bool]:
        """`count` bits of coils or discrete inputs."""
        ...

    async def read_words(self, table: Table, address: int, count: int) -> Sequence[int]:
        """`count` words (0..65535) of holding or input registers."""
        ...

    async def write_bits(self, address: int, bits: Sequence[bool]) -> None:
        """Write coils, all or none."""
        ...

    async def write_words(self, address: int, words: Sequence[int]) -> None:
        """Write holding registers, all or none."""
        ...


async def answer(unit: Unit | None, pdu: bytes) -> bytes:
    """The reply PDU to a request PDU; an unknown unit (None) is a gateway target that does not respond.

    Raises NoReply when the unit does not answer.
    """
    function = pdu[0] if pdu else 0
    if unit is None:
        return reply_exception(function, ExceptionCode.GATEWAY_TARGET_NO_RESPONSE)
    try:
        return await _carry_out(unit, parse_request(pdu), pdu)
    except ModbusRefusal as refusal:
        return reply_exception(function, refusal.code)


async def _carry_out(unit: Unit, request: Request, pdu: bytes) -> bytes:
    match request:
        case Read(table=Table.COILS | Table.DISCRETE_INPUTS):
            return reply_bits(request, await unit.read_bits(request.table, request.address, request.count))
        case Read():
            return reply_words(request, await unit.read_words(request.table, request.address, request.count))
        case WriteBits():
            await unit.write_bits(request.address, request.bits)
        case WriteWords():
            await unit.write_words(request.address, request.words)
        case MaskWrite():
            (old,) = await unit.read_words(Table.HOLDING, request.address, 1)
            new = (old & request.and_mask) | (request.or_mask & ~request.and_mask & 0xFFFF)
            await unit.write_words(request.address, (new,))
        case ReadWrite():
            await unit.write_words(request.write_address, request.words)
            return reply_words(request, await unit.read_words(Table.HOLDING, request.address, request.count))
    return reply_written(request, pdu)


class ModbusServer:
    """Serves units over Modbus TCP on one asyncio loop. Requests of one connection are answered in their order."""

    def __init__(
        self,
        units: Mapping[int, Unit],
        *,
        host: str,
        port: int,
        connections_max: int = CONNECTIONS_MAX,
        idle_s: float = IDLE_S,
        rest_s: float = REST_S,
    ) -> None:
        self.refused_connections = 0
        self.requests = 0
        self._units = units
        self._host = host
        self._port = port
        self._connections_max = connections_max
        self._idle_s = idle_s
        self._rest_s = rest_s
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    @property
    def port(self) -> int:
        """The TCP port; after `start` the one that the system chose for port 0."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server else self._port

    async def start(self) -> None:
        """Listen. Raises ConfigFault when the address cannot be had."""
        try:
            self._server = await asyncio.start_server(self._accept, self._host, self._port, limit=4096)
        except OSError as error:
            raise ConfigFault(
                f"the Modbus server cannot listen: {error.strerror or error}",
                where=f"{self._host}:{self._port}",
                mend="end whoever listens there, or change the address of the server",
            ) from error

    async def disconnect(self) -> None:
        """Close all connections; clients may connect again."""
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def stop(self) -> None:
        """Close the listening socket and all connections."""
        if self._server is None:
            return
        self._server.close()
        await self.disconnect()
        await self._server.wait_closed()
        self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self._connections_max:
            self.refused_connections += 1
            writer.close()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        CLIENT.set(":".join(str(part) for part in writer.get_extra_info("peername", ())[:2]))
        try:
            while await self._serve_one(reader, writer):
                self.requests += 1
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            pass  # the client is gone, idle or stuck: it connects again when it wants something
        finally:
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        async with asyncio.timeout(self._idle_s):
            first = await reader.readexactly(1)
        async with asyncio.timeout(self._rest_s):
            header = first + await reader.readexactly(_HEADER.size - 1)
            transaction, protocol, length, unit = _HEADER.unpack(header)
            if protocol != 0 or not 2 <= length <= _LENGTH_MAX:
                return False  # not Modbus, and where the next frame would start nobody knows
            pdu = await reader.readexactly(length - 1)
        try:
            reply = await answer(self._units.get(unit), pdu)
        except NoReply:
            return True
        writer.write(_HEADER.pack(transaction, 0, len(reply) + 1, unit) + reply)
        async with asyncio.timeout(self._rest_s):
            await writer.drain()
        return True
