"""Modbus lines: one request out, its answer back, over TCP frames or over RTU frames."""

import asyncio
from collections.abc import Awaitable, Callable

from runtime.drivers.modbus.line import Line, Silence
from runtime.drivers.modbus.rtu import Listener, frame_of, shape_of
from runtime.drivers.modbus.streams import ByteStream, SerialStream, TcpStream
from runtime.drivers.modbus.tcpline import TcpLine
from runtime.iomap.plan.plan import LinkPlan
from runtime.iomap.plan.settings import LuxpowerTcpSettings, ModbusRtuSettings, ModbusRtuTcpSettings, ModbusTcpSettings


def line_of(plan: LinkPlan) -> Line:
    """The line that the settings of a link describe."""
    settings, timeout_s = plan.settings, plan.timeout_ns / 1e9
    match settings:
        case ModbusTcpSettings():
            return TcpLine(settings.host, settings.port, timeout_s=timeout_s)
        case ModbusRtuTcpSettings():
            where = f"{settings.host}:{settings.port}"

            async def connect() -> ByteStream:
                return await TcpStream.connect(settings.host, settings.port, timeout_s=timeout_s)

            return RtuLine(where, connect, timeout_s=timeout_s, gap_s=settings.gap_ns / 1e9)
        case ModbusRtuSettings():

            async def open_device() -> ByteStream:
                return SerialStream(settings)

            return RtuLine(settings.device, open_device, timeout_s=timeout_s, gap_s=settings.gap_ns / 1e9)
        case LuxpowerTcpSettings():
            from runtime.drivers.luxpower.line import LuxpowerLine  # it needs this module

            return LuxpowerLine(settings, timeout_s)
    raise AssertionError("the registry gives this driver links of its kinds")


class RtuLine:
    """RTU frames on a stream of bytes.

    Nothing in a frame says which request it answers. So after a request without an answer, one of the same shape (unit,
    function, length) waits until the late answer has come, or one more time-out has gone by.
    """

    def __init__(
        self, where: str, connect: Callable[[], Awaitable[ByteStream]], *, timeout_s: float, gap_s: float
    ) -> None:
        self.where = where
        self.echoes = False
        self._connect = connect
        self._timeout_s = timeout_s
        self._gap_s = gap_s
        self._stream: ByteStream | None = None
        self._unanswered: dict[tuple[int, int, int], tuple[float, Listener]] = {}
        self._quiet_from = 0.0

    @property
    def connected(self) -> bool:
        """See `Line`."""
        return self._stream is not None and not self._stream.broken

    async def connect(self) -> None:
        """See `Line`."""
        self._stream = await self._connect()

    async def exchange(self, unit_id: int, request: bytes) -> bytes:
        """See `Line`."""
        if self._stream is None or self._stream.broken:
            raise Silence("the connection broke", where=self.where)
        await self._let_pass(self._stream, shape_of(unit_id, request))
        listener = Listener(unit_id, request, echoes=self.echoes)
        self._stream.write(frame_of(unit_id, request))
        answer = await self._listen(self._stream, listener, self._timeout_s)
        self.echoes = self.echoes or listener.echoed
        if answer is None:
            until = asyncio.get_running_loop().time() + self._timeout_s
            self._unanswered[shape_of(unit_id, request)] = until, Listener(unit_id, request)
            raise Silence("no answer", where=self.where)
        return answer

    def close(self) -> None:
        """See `Line`."""
        if self._stream is not None:
            self._stream.close()

    async def _let_pass(self, stream: ByteStream, shape: tuple[int, int, int]) -> None:
        """Wait for the gap between frames, and for a late answer that could be taken for the one to come."""
        loop = asyncio.get_running_loop()
        until, late = self._unanswered.pop(shape, (0.0, None))
        if late is not None and until > loop.time():
            await self._listen(stream, late, until - loop.time())
        while not stream.broken:
            try:
                async with asyncio.timeout(max(self._gap_s, self._quiet_from - loop.time())):
                    await stream.read()
            except TimeoutError:
                return

    async def _listen(self, stream: ByteStream, listener: Listener, timeout_s: float) -> bytes | None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s):
                while not (listener.babbles or stream.broken):
                    pdu = listener.hear(await stream.read())
                    if pdu is not None:
                        self._quiet_from = loop.time() + self._gap_s
                        return pdu
        except TimeoutError:
            pass
        self._quiet_from = loop.time() + self._gap_s
        return None
