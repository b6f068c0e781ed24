"""One Modbus connection: a request, its answer, or the reason why there is none."""

import asyncio
from collections.abc import Sequence

from runtime.core.fault import DriverFault
from runtime.drivers.codec import mask_words, words_of_raw
from runtime.drivers.modbus.line import Silence
from runtime.drivers.modbus.lines import line_of
from runtime.drivers.modbus.pdu import REFUSED, ExceptionCode
from runtime.drivers.modbus.requests import (
    block_in,
    mask_write_request,
    read_request,
    read_write_request,
    words_of,
    write_request,
)
from runtime.iomap.plan.plan import LinkPlan, ReadRequest
from runtime.iomap.wire import ModbusWire, Table

__all__ = ["ModbusLink", "Refusal", "Silence", "read_of"]

_NOT_NOW: dict[int, str] = {
    ExceptionCode.SERVER_DEVICE_BUSY: "it is busy",
    ExceptionCode.GATEWAY_PATH_UNAVAILABLE: "the gateway has no path to it",
    ExceptionCode.GATEWAY_TARGET_NO_RESPONSE: "it does not answer its gateway",
}
"""Exceptions that say nothing about the request: there is no device to talk to at the moment."""


class Refusal(DriverFault):
    """A device answered with an exception: it lives, but will not do this. `code`: the exception's, 0 for none."""

    code: int = 0


def read_of(wire: ModbusWire) -> ReadRequest:
    """The read that fetches one point."""
    return ReadRequest(group="", table=wire.table, address=wire.address, count=wire.words, period_ns=0, entries=())


class ModbusLink:
    """A connection that is made once and, when it breaks, thrown away. Requests wait for each other."""

    def __init__(self, plan: LinkPlan) -> None:
        self._line = line_of(plan)
        self._lock = asyncio.Lock()

    @property
    def where(self) -> str:
        """The address, for people."""
        return self._line.where

    @property
    def connected(self) -> bool:
        """False once the connection has broken."""
        return self._line.connected

    async def connect(self) -> None:
        """Raises DriverFault when nobody listens there."""
        await self._line.connect()

    def close(self) -> None:
        """Give the connection up."""
        self._line.close()

    async def read(self, unit_id: int, request: ReadRequest) -> list[int]:
        """The words (or bits) of one read. Raises Silence or Refusal."""
        return words_of(request.table, await self.read_block(unit_id, request), request.count)

    async def read_block(self, unit_id: int, request: ReadRequest) -> bytes:
        """The bytes of one read: registers, or bits from the lowest on. Raises Silence or Refusal."""
        reply = await self._ask(unit_id, read_request(request.table, request.address, request.count))
        return self._block(reply, request)

    async def write(self, unit_id: int, table: Table, address: int, words: Sequence[int]) -> None:
        """Write neighbours as one: function 05 or 06 for one, 15 or 16 for more. Raises Silence or Refusal."""
        await self._ask(unit_id, write_request(table, address, words))

    async def write_and_read(self, unit_id: int, address: int, words: Sequence[int], read: ReadRequest) -> list[int]:
        """Write holding registers, then read some, in one request: function 23. The words of the read. Raises Silence
        or Refusal."""
        return words_of(read.table, await self.write_and_read_block(unit_id, address, words, read), read.count)

    async def write_and_read_block(self, unit_id: int, address: int, words: Sequence[int], read: ReadRequest) -> bytes:
        """The same; the bytes of the read."""
        request = read_write_request(read.address, read.count, write_address=address, words=words)
        return self._block(await self._ask(unit_id, request), read)

    async def write_masked(self, unit_id: int, wire: ModbusWire, raw: float) -> None:
        """Write some bits of one register and leave the others: function 22. Raises Silence or Refusal."""
        (mask,), (word,) = mask_words(wire), words_of_raw(wire, raw)
        await self._ask(unit_id, mask_write_request(wire.address, keep=~mask & 0xFFFF, take=word))

    async def write_among(self, unit_id: int, wire: ModbusWire, raw: float) -> None:
        """The same by reading the registers and writing them back: what changes in between is lost."""
        words = words_of_raw(wire, raw, await self.read(unit_id, read_of(wire)))
        await self.write(unit_id, wire.table, wire.address, words)

    def _block(self, reply: bytes, read: ReadRequest) -> bytes:
        block, length = block_in(reply), read.table.block_bytes(read.count)
        if block is None or len(block) != length:
            raise Silence(f"{len(reply[2:])} bytes came for {length}", where=self.where)
        return block

    async def _ask(self, unit_id: int, request: bytes) -> bytes:
        """One request and its reply."""
        async with self._lock:
            reply = await self._line.exchange(unit_id, request)
        if reply[0] == request[0]:
            return reply
        if reply[0] != request[0] | REFUSED:
            raise Silence(f"function {reply[0]} came for {request[0]}", where=self.where)
        code = reply[1]
        if code in _NOT_NOW:
            raise Silence(_NOT_NOW[code], where=self.where)
        name = ExceptionCode(code).name.lower().replace("_", " ") if code in set(ExceptionCode) else "exception"
        refusal = Refusal(f"{name} (code {code})", where=self.where)
        refusal.code = code
        raise refusal
