"""One Modbus TCP connection: a request, its answer, or the reason why there is none."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from runtime.core.fault import DriverFault
from runtime.drivers.codec import mask_words, words_of_raw
from runtime.drivers.modbus.pdu import ExceptionCode
from runtime.iomap.plan import LinkPlan, ReadRequest
from runtime.iomap.settings import ModbusTcpSettings
from runtime.iomap.wire import ModbusWire, Table

_NOT_NOW: dict[int, str] = {
    ExceptionCode.SERVER_DEVICE_BUSY: "it is busy",
    ExceptionCode.GATEWAY_PATH_UNAVAILABLE: "the gateway has no path to it",
    ExceptionCode.GATEWAY_TARGET_NO_RESPONSE: "it does not answer its gateway",
}
"""Exceptions that say nothing about the request: there is no device to talk to at the moment."""


class Silence(DriverFault):
    """A request got no answer."""


class Refusal(DriverFault):
    """A device answered with an exception: it lives, but will not do this. `code`: the exception's, 0 for none."""

    code: int = 0


def read_of(wire: ModbusWire) -> ReadRequest:
    """The read that fetches one point."""
    return ReadRequest(group="", table=wire.table, address=wire.address, count=wire.words, period_ns=0, entries=())


class ModbusLink:
    """A connection that is made once and, when it breaks, thrown away. Requests wait for each other."""

    def __init__(self, plan: LinkPlan) -> None:
        assert isinstance(plan.settings, ModbusTcpSettings), "the registry gives this driver links of its kind"
        self._server = plan.settings
        self._client = AsyncModbusTcpClient(
            self._server.host,
            port=self._server.port,
            name=plan.name,
            timeout=plan.timeout_ns / 1e9,
            retries=0,
            reconnect_delay=0,
        )
        self._lock = asyncio.Lock()
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # the driver tells what matters, once

    @property
    def where(self) -> str:
        """The address, for people."""
        return f"{self._server.host}:{self._server.port}"

    @property
    def connected(self) -> bool:
        """False once the connection has broken."""
        return bool(self._client.connected)

    async def connect(self) -> None:
        """Raises DriverFault when nobody listens there."""
        if not await self._client.connect():
            raise DriverFault("nobody listens there", where=self.where, mend="is the device on and reachable?")

    def close(self) -> None:
        """Give the connection up."""
        self._client.close()

    async def read(self, unit_id: int, request: ReadRequest) -> list[int]:
        """The words (or bits) of one read. Raises Silence or Refusal."""
        answer = await self._ask(lambda: self._read_call(unit_id, request))
        count = request.count
        words: Sequence[int] = answer.bits[:count] if request.table.is_bits else answer.registers
        if len(words) != count:
            raise Silence(f"{len(words)} words came for {count}", where=self.where)
        return [int(word) for word in words]

    async def write(self, unit_id: int, wire: ModbusWire, raw: float) -> None:
        """Write one whole point: function 05, 06, or 16 for more than a word. Raises Silence or Refusal."""
        words = words_of_raw(wire, raw)
        await self._ask(lambda: self._write_call(unit_id, wire, words))

    async def write_masked(self, unit_id: int, wire: ModbusWire, raw: float) -> None:
        """Write some bits of one register and leave the others: function 22. Raises Silence or Refusal."""
        (mask,), (word,) = mask_words(wire), words_of_raw(wire, raw)
        await self._ask(
            lambda: self._client.mask_write_register(
                address=wire.address, and_mask=~mask & 0xFFFF, or_mask=word, device_id=unit_id
            )
        )

    async def write_among(self, unit_id: int, wire: ModbusWire, raw: float) -> None:
        """The same by reading the registers and writing them back: what changes in between is lost."""
        words = words_of_raw(wire, raw, await self.read(unit_id, read_of(wire)))
        await self._ask(lambda: self._write_call(unit_id, wire, words))

    def _read_call(self, unit_id: int, request: ReadRequest) -> Awaitable[ModbusPDU]:
        address, count, client = request.address, request.count, self._client
        match request.table:
            case Table.HOLDING:
                return client.read_holding_registers(address, count=count, device_id=unit_id)
            case Table.INPUT:
                return client.read_input_registers(address, count=count, device_id=unit_id)
            case Table.COIL:
                return client.read_coils(address, count=count, device_id=unit_id)
            case Table.DISCRETE:
                return client.read_discrete_inputs(address, count=count, device_id=unit_id)

    def _write_call(self, unit_id: int, wire: ModbusWire, words: list[int]) -> Awaitable[ModbusPDU]:
        if wire.table.is_bits:
            return self._client.write_coil(wire.address, bool(words[0]), device_id=unit_id)
        if len(words) == 1:
            return self._client.write_register(wire.address, words[0], device_id=unit_id)
        return self._client.write_registers(wire.address, words, device_id=unit_id)

    async def _ask(self, call: Callable[[], Awaitable[ModbusPDU]]) -> ModbusPDU:
        """One request and its answer. The call itself already raises when the connection broke while it rested."""
        async with self._lock:
            try:
                answer = await call()
            except ModbusException as fault:
                raise Silence("no answer", where=self.where) from fault
        if isinstance(answer, ExceptionResponse):
            code = answer.exception_code
            if code in _NOT_NOW:
                raise Silence(_NOT_NOW[code], where=self.where)
            name = ExceptionCode(code).name.lower().replace("_", " ") if code in set(ExceptionCode) else "exception"
            refusal = Refusal(f"{name} (code {code})", where=self.where)
            refusal.code = code
            raise refusal
        assert isinstance(answer, ModbusPDU)
        return answer
