"""One Modbus connection: a request, its answer, or the reason why there is none."""

import asyncio
from collections.abc import Sequence

from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadDiscreteInputsRequest,
    WriteMultipleCoilsRequest,
    WriteSingleCoilRequest,
)
from pymodbus.pdu.register_message import (
    MaskWriteRegisterRequest,
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    ReadWriteMultipleRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)

from runtime.core.fault import DriverFault
from runtime.drivers.codec import mask_words, words_of_raw
from runtime.drivers.modbus.lines import Silence, line_of
from runtime.drivers.modbus.pdu import ExceptionCode
from runtime.iomap.plan import LinkPlan, ReadRequest
from runtime.iomap.wire import ModbusWire, Table

__all__ = ["ModbusLink", "Refusal", "Silence", "read_of"]

_NOT_NOW: dict[int, str] = {
    ExceptionCode.SERVER_DEVICE_BUSY: "it is busy",
    ExceptionCode.GATEWAY_PATH_UNAVAILABLE: "the gateway has no path to it",
    ExceptionCode.GATEWAY_TARGET_NO_RESPONSE: "it does not answer its gateway",
}
"""Exceptions that say nothing about the request: there is no device to talk to at the moment."""
_READS = {
    Table.HOLDING: ReadHoldingRegistersRequest,
    Table.INPUT: ReadInputRegistersRequest,
    Table.COIL: ReadCoilsRequest,
    Table.DISCRETE: ReadDiscreteInputsRequest,
}


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
        count = request.count
        answer = await self._ask(_READS[request.table](address=request.address, count=count, dev_id=unit_id))
        words: Sequence[int] = answer.bits[:count] if request.table.is_bits else answer.registers
        if len(words) != count:
            raise Silence(f"{len(words)} words came for {count}", where=self.where)
        return [int(word) for word in words]

    async def write(self, unit_id: int, table: Table, address: int, words: Sequence[int]) -> None:
        """Write neighbours as one: function 05 or 06 for one, 15 or 16 for more. Raises Silence or Refusal."""
        await self._ask(_write_request(unit_id, table, address, list(words)))

    async def write_and_read(self, unit_id: int, address: int, words: Sequence[int], read: ReadRequest) -> list[int]:
        """Write holding registers, then read some, in one request: function 23. The words of the read. Raises Silence
        or Refusal."""
        request = ReadWriteMultipleRegistersRequest(
            read_address=read.address,
            read_count=read.count,
            write_address=address,
            write_registers=list(words),
            dev_id=unit_id,
        )
        came = list((await self._ask(request)).registers)
        if len(came) != read.count:
            raise Silence(f"{len(came)} words came for {read.count}", where=self.where)
        return came

    async def write_masked(self, unit_id: int, wire: ModbusWire, raw: float) -> None:
        """Write some bits of one register and leave the others: function 22. Raises Silence or Refusal."""
        (mask,), (word,) = mask_words(wire), words_of_raw(wire, raw)
        keep = ~mask & 0xFFFF
        await self._ask(MaskWriteRegisterRequest(address=wire.address, and_mask=keep, or_mask=word, dev_id=unit_id))

    async def write_among(self, unit_id: int, wire: ModbusWire, raw: float) -> None:
        """The same by reading the registers and writing them back: what changes in between is lost."""
        words = words_of_raw(wire, raw, await self.read(unit_id, read_of(wire)))
        await self.write(unit_id, wire.table, wire.address, words)

    async def _ask(self, request: ModbusPDU) -> ModbusPDU:
        """One request and its answer."""
        async with self._lock:
            answer = await self._line.exchange(request)
        if isinstance(answer, ExceptionResponse):
            code = answer.exception_code
            if code in _NOT_NOW:
                raise Silence(_NOT_NOW[code], where=self.where)
            name = ExceptionCode(code).name.lower().replace("_", " ") if code in set(ExceptionCode) else "exception"
            refusal = Refusal(f"{name} (code {code})", where=self.where)
            refusal.code = code
            raise refusal
        return answer


def _write_request(unit_id: int, table: Table, address: int, words: list[int]) -> ModbusPDU:
    if table.is_bits:
        bits = [bool(word) for word in words]
        if len(bits) == 1:
            return WriteSingleCoilRequest(address=address, bits=bits, dev_id=unit_id)
        return WriteMultipleCoilsRequest(address=address, bits=bits, dev_id=unit_id)
    if len(words) == 1:
        return WriteSingleRegisterRequest(address=address, registers=words, dev_id=unit_id)
    return WriteMultipleRegistersRequest(address=address, registers=words, dev_id=unit_id)
