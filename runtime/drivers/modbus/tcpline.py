"""Modbus TCP as a client: a transaction number tells a late answer from the one that is due.

One timer watches over all requests of a line: it looks at the time-out of the request of that moment, and a request
that is answered costs no timer at all.

Source: Modbus Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3 (MBAP header).
"""

import asyncio
import struct

from runtime.core.fault import DriverFault
from runtime.drivers.modbus.halfopen import detect_half_open
from runtime.drivers.modbus.line import Silence

_HEADER = struct.Struct(">HHHB")
"""Transaction, protocol (0), length of what follows it, unit."""
_COUNTED_FROM = 6
"""Bytes of the header before what its length counts."""
_LENGTHS = range(3, 255)
"""Unit and a PDU of 2 to 253 bytes."""
_TRANSACTIONS = 0x10000


class TcpLine(asyncio.Protocol):
    """See `Line`. What is no Modbus breaks the connection: where the next frame would start nobody knows."""

    def __init__(self, host: str, port: int, *, timeout_s: float) -> None:
        self.where = f"{host}:{port}"
        self._address = host, port
        self._timeout_s = timeout_s
        self._transport: asyncio.Transport | None = None
        self._heard = b""
        self._transaction = 0
        self._unit_id = 0
        self._answer: asyncio.Future[bytes] | None = None
        self._until_s = 0.0
        self._watch: asyncio.TimerHandle | None = None

    @property
    def connected(self) -> bool:
        """See `Line`."""
        return self._transport is not None and not self._transport.is_closing()

    async def connect(self) -> None:
        """See `Line`."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout_s):
                transport, _ = await loop.create_connection(lambda: self, *self._address)
        except (OSError, TimeoutError) as fault:
            mend = "is the device on and reachable?"
            raise DriverFault("nobody listens there", where=self.where, mend=mend) from fault
        self._transport = transport
        own = transport.get_extra_info("socket")
        if own is not None:
            detect_half_open(own)

    async def exchange(self, unit_id: int, request: bytes) -> bytes:
        """See `Line`."""
        if self._transport is None or self._transport.is_closing():
            raise Silence("the connection broke", where=self.where)
        loop = asyncio.get_running_loop()
        self._transaction = (self._transaction + 1) % _TRANSACTIONS
        self._unit_id = unit_id
        self._answer = loop.create_future()
        self._until_s = loop.time() + self._timeout_s
        if self._watch is None:
            self._watch = loop.call_at(self._until_s, self._look)
        self._transport.write(_HEADER.pack(self._transaction, 0, len(request) + 1, unit_id) + request)
        return await self._answer

    def close(self) -> None:
        """See `Line`."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        heard = self._heard + data if self._heard else data
        while len(heard) >= _HEADER.size:
            transaction, protocol, length, unit_id = _HEADER.unpack_from(heard)
            if protocol != 0 or length not in _LENGTHS:
                self._break()
                return
            end = _COUNTED_FROM + length
            if len(heard) < end:
                break
            if transaction == self._transaction and unit_id == self._unit_id:
                self._come(heard[_HEADER.size : end])
            heard = heard[end:]
        self._heard = heard

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - whatever the reason
        """See asyncio.Protocol."""
        self._break()

    def _come(self, answer: bytes) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def _break(self) -> None:
        self._heard = b""
        self._fail("the connection broke")
        self.close()

    def _fail(self, what: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Silence(what, where=self.where))

    def _look(self) -> None:
        """The timer went off: for the request of now, or for one that was answered long ago."""
        self._watch = None
        if self._answer is None or self._answer.done():
            return
        loop = asyncio.get_running_loop()
        if loop.time() >= self._until_s:
            self._fail("no answer")
        else:
            self._watch = loop.call_at(self._until_s, self._look)
