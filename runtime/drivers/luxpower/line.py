"""A data logger as a line of the Modbus driver: its requests go out as frames of the logger's, answers come back."""

import asyncio
from collections.abc import Sequence

from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteMultipleRegistersResponse,
    WriteSingleRegisterRequest,
    WriteSingleRegisterResponse,
)

from runtime.drivers.luxpower.frames import REFUSED, WRITE, Answer, Frames, request
from runtime.drivers.modbus.lines import Silence
from runtime.drivers.modbus.pdu import ExceptionCode
from runtime.drivers.modbus.streams import TcpStream
from runtime.iomap.settings import LuxpowerTcpSettings


class LuxpowerLine:
    """See `Line`. Registers that a request writes together are written one after the other: function 6 is known."""

    def __init__(self, settings: LuxpowerTcpSettings, timeout_s: float) -> None:
        self._settings = settings
        self._timeout_s = timeout_s
        self._stream: TcpStream | None = None
        self._frames = Frames()

    @property
    def where(self) -> str:
        """See `Line`."""
        return f"{self._settings.host}:{self._settings.port}"

    @property
    def connected(self) -> bool:
        """See `Line`."""
        return self._stream is not None and not self._stream.broken

    async def connect(self) -> None:
        """See `Line`."""
        self._stream = await TcpStream.connect(self._settings.host, self._settings.port, timeout_s=self._timeout_s)

    def close(self) -> None:
        """See `Line`."""
        if self._stream is not None:
            self._stream.close()

    async def exchange(self, request: ModbusPDU) -> ModbusPDU:
        """See `Line`."""
        function, address = request.function_code, request.address
        match function:
            case ReadHoldingRegistersRequest.function_code | ReadInputRegistersRequest.function_code:
                answer = await self._ask(function, address, request.count)
                return _reply(answer, ReadHoldingRegistersResponse(registers=list(answer.words)))
            case WriteSingleRegisterRequest.function_code:
                answer = await self._ask(WRITE, address, request.registers[0])
                return _reply(answer, WriteSingleRegisterResponse(address=address, registers=request.registers))
            case WriteMultipleRegistersRequest.function_code:
                return await self._write_each(address, request.registers)
        return ExceptionResponse(function, ExceptionCode.ILLEGAL_FUNCTION)

    async def _write_each(self, address: int, words: Sequence[int]) -> ModbusPDU:
        told: ModbusPDU = WriteMultipleRegistersResponse(address=address, count=len(words))
        for register, word in enumerate(words, address):
            answer = await self._ask(WRITE, register, word)
            if answer.function & REFUSED:
                return _reply(answer, told)
        return told

    async def _ask(self, function: int, register: int, value: int) -> Answer:
        stream = self._stream
        if stream is None or stream.broken:
            raise Silence("the connection broke", where=self.where)
        datalog, inverter = self._settings.datalog.encode("ascii"), self._settings.inverter.encode("ascii")
        stream.write(request(datalog=datalog, inverter=inverter, function=function, register=register, value=value))
        try:
            async with asyncio.timeout(self._timeout_s):
                while not stream.broken:
                    for answer in self._frames.take(await stream.read()):
                        wanted = (answer.inverter, answer.register) == (inverter, register)
                        if not wanted or answer.function & ~REFUSED != function:
                            continue
                        if function == WRITE or answer.function & REFUSED or len(answer.words) == value:
                            return answer
        except TimeoutError:
            pass
        raise Silence("no answer", where=self.where)


def _reply(answer: Answer, told: ModbusPDU) -> ModbusPDU:
    return ExceptionResponse(answer.function & ~REFUSED, answer.reason) if answer.function & REFUSED else told
