"""Finds the SunSpec models of a device: the mark "SunS" at one of three places, then models one behind the other.

Source: SunSpec Device Information Model Specification V1.1, 4.2 (discovery: 40000, 50000, 0), 4.3 (model header).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from runtime.core.fault import DriverFault

MARK = [0x5375, 0x6E53]
"""The text SunS."""
BASES = (40_000, 0, 50_000)
"""PDU addresses where the mark may be, the usual one first."""
END = 0xFFFF
"""The id behind the last model."""
MODELS_MAX = 256
WORDS_MAX = 125
"""Registers in one read (Modbus Application Protocol V1.1b3, 6.3)."""

Read = Callable[[int, int], Awaitable[list[int]]]
"""Holding registers: address, count. Raises DriverFault."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model with its registers, id and length among them. `address`: PDU address of its id."""

    model_id: int
    address: int
    words: tuple[int, ...]


async def discover(read: Read, progress: Progress) -> list[FoundModel]:
    """All models of one device, in order. Raises DriverFault when it is none, or its chain of models breaks off."""
    base = await _base(read, progress)
    models: list[FoundModel] = []
    address = base + len(MARK)
    while len(models) < MODELS_MAX:
        model_id, length = await read(address, 2)
        if model_id == END:
            return models
        words = (model_id, length, *await _words(read, address + 2, length))
        models.append(FoundModel(model_id, address, words))
        progress(f"model {model_id} at {address}, {length} registers")
        address += 2 + length
        if address > 0xFFFF:
            break
    told = f"the chain of models has no end: {len(models)} of them up to register {address}"
    raise DriverFault(told, mend="ask the maker: each model says its length, the last has id 65535")


async def _base(read: Read, progress: Progress) -> int:
    refusals: list[str] = []
    for base in BASES:
        try:
            found = await read(base, len(MARK))
        except DriverFault as fault:
            refusals.append(f"{base}: {fault.what}")
            continue
        if found == MARK:
            progress(f"SunSpec mark at {base}")
            return base
        refusals.append(f"{base}: other registers")
    mend = "is the unit number right, and SunSpec switched on in the device?"
    raise DriverFault(f"no SunSpec mark ({'; '.join(refusals)})", mend=mend)


async def _words(read: Read, address: int, count: int) -> list[int]:
    words: list[int] = []
    while len(words) < count:
        words += await read(address + len(words), min(WORDS_MAX, count - len(words)))
    return words
