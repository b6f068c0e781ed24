"""A played data logger of LuxPowerTek: its frames on TCP, the registers behind it those of the played devices.

Asked for an inverter of another serial number it says nothing, as a real one does.
"""

from collections.abc import Sequence

from runtime.drivers.luxpower.frames import READ_HOLDING, READ_INPUT, REFUSED, WRITE, Answer, Frames, reply
from runtime.drivers.modbus.pdu import ExceptionCode, ModbusRefusal, Table
from runtime.drivers.modbus.server import NoReply, Unit
from runtime.drivers.modbus.streams import ByteStream
from runtime.iomap.plan.settings import LuxpowerTcpSettings

WORDS_MAX = 127
"""Registers of one answer: it counts their bytes in one byte."""
_TABLES = {READ_HOLDING: Table.HOLDING, READ_INPUT: Table.INPUT}


async def serve_logger(stream: ByteStream, settings: LuxpowerTcpSettings, unit: Unit) -> None:
    """Answer what comes until the stream breaks."""
    frames = Frames()
    datalog, inverter = settings.datalog.encode("ascii"), settings.inverter.encode("ascii")
    while not stream.broken:
        for asked in frames.take(await stream.read()):
            if asked.inverter != inverter or len(asked.words) != 1:
                continue
            try:
                told = await _answer(asked, unit)
            except NoReply:
                continue
            stream.write(reply(told, datalog=datalog))


async def _answer(asked: Answer, unit: Unit) -> Answer:
    """What the inverter says to a question. Raises NoReply when the played device has a fault of that kind."""
    try:
        words = await _carry_out(asked.function, asked.register, asked.words[0], unit)
    except ModbusRefusal as refusal:
        return Answer(asked.function | REFUSED, asked.inverter, asked.register, (), refusal.code)
    return Answer(asked.function, asked.inverter, asked.register, tuple(words))


async def _carry_out(function: int, register: int, word: int, unit: Unit) -> Sequence[int]:
    """What the answer holds; `word` is how many registers are asked for, or what to write. Raises ModbusRefusal."""
    if function == WRITE:
        await unit.write_words(register, (word,))
        return (word,)
    if function not in _TABLES:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_FUNCTION)
    if not 1 <= word <= WORDS_MAX:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE)
    return await unit.read_words(_TABLES[function], register, word)
