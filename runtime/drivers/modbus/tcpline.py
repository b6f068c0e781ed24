"""Modbus TCP as a client: pymodbus makes the connection, frames, and tells a late answer from the one that is due.

Its own requests and replies are passed by: they turn each register into an object's list and each message into a text
for a log that nobody reads, which is most of what a poll costs. What comes is left as bytes, for the block that the
read asked for (blocks.py).
"""

import logging

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from runtime.core.fault import DriverFault
from runtime.drivers.modbus.halfopen import detect_half_open
from runtime.drivers.modbus.line import Silence
from runtime.drivers.modbus.pdu import REFUSED
from runtime.drivers.modbus.requests import FUNCTIONS


class _Bytes(ModbusPDU):
    """A request or a reply whose content nobody looks into here."""

    content = b""

    def encode(self) -> bytes:
        """What follows the function code."""
        return self.content

    def decode(self, data: bytes) -> None:
        """The same, as it came."""
        self.content = data

    def __str__(self) -> str:
        return type(self).__name__


_OF_FUNCTION = {code: type(f"Function{code}", (_Bytes,), {"function_code": code}) for code in FUNCTIONS}


class TcpLine:
    """See `Line`."""

    def __init__(self, host: str, port: int, *, timeout_s: float) -> None:
        self.where = f"{host}:{port}"
        self._client = AsyncModbusTcpClient(host, port=port, timeout=timeout_s, retries=0, reconnect_delay=0)
        for kind in _OF_FUNCTION.values():
            self._client.register(kind)
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # the driver tells what matters, once

    @property
    def connected(self) -> bool:
        """See `Line`."""
        return bool(self._client.connected)

    async def connect(self) -> None:
        """See `Line`."""
        if not await self._client.connect():
            raise DriverFault("nobody listens there", where=self.where, mend="is the device on and reachable?")
        transport = self._client.ctx.transport
        own = transport.get_extra_info("socket") if transport is not None else None
        if own is not None:
            detect_half_open(own)

    async def exchange(self, unit_id: int, request: bytes) -> bytes:
        """See `Line`. The call itself already raises when the connection broke while it rested."""
        asked = _OF_FUNCTION[request[0]](dev_id=unit_id)
        asked.content = request[1:]
        try:
            answer = await self._client.execute(False, asked)
        except ModbusException as fault:
            raise Silence("no answer", where=self.where) from fault
        if isinstance(answer, ExceptionResponse):
            return bytes((answer.function_code | REFUSED, answer.exception_code))
        assert isinstance(answer, _Bytes)
        return bytes((answer.function_code,)) + answer.content

    def close(self) -> None:
        """See `Line`."""
        self._client.close()
