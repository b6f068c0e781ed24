"""A data logger as a line of the Modbus driver: its requests go out as frames of the logger's, answers come back."""

import asyncio
from collections.abc import Sequence

from runtime.drivers.luxpower.frames import READ_HOLDING, READ_INPUT, REFUSED, WRITE, Answer, Frames, request
from runtime.drivers.modbus.line import Silence
from runtime.drivers.modbus.pdu import (
    ExceptionCode,
    Read,
    WriteWords,
    parse_request,
    reply_exception,
    reply_words,
    reply_written,
)
from runtime.drivers.modbus.streams import TcpStream
from runtime.iomap.plan.settings import LuxpowerTcpSettings


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

    async def exchange(self, unit_id: int, request: bytes) -> bytes:  # noqa: ARG002 - frames name an inverter
        """See `Line`."""
        asked = parse_request(request)
        if isinstance(asked, Read) and asked.function in (READ_HOLDING, READ_INPUT):
            answer = await self._ask(asked.function, asked.address, asked.count)
            return _refusal(asked.function, answer) or reply_words(asked, answer.words)
        if isinstance(asked, WriteWords):
            answer = await self._write_each(asked.address, asked.words)
            return _refusal(asked.function, answer) or reply_written(asked, request)
        return reply_exception(request[0], ExceptionCode.ILLEGAL_FUNCTION)

    async def _write_each(self, address: int, words: Sequence[int]) -> Answer:
        """The answer to the last of them, or the first that refuses."""
        for register, word in enumerate(words, address):
            answer = await self._ask(WRITE, register, word)
            if answer.function & REFUSED:
                break
        return answer

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


def _refusal(function: int, answer: Answer) -> bytes | None:
    return bytes((function | REFUSED, answer.reason)) if answer.function & REFUSED else None
