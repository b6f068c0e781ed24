"""Checksums over the bytes of a CAN message, the checksum's own byte left out."""

from collections.abc import Iterable

from runtime.iomap.plan.plan import MessageChecksum

_POLYNOMIALS = {"crc8_j1850": 0x1D, "crc8_autosar": 0x2F}
"""SAE J1850 and AUTOSAR's CRC8H2F (Specification of CRC Routines, 7.2.1): start and final exclusive-or are 0xFF."""


def _crc_table(polynomial: int) -> tuple[int, ...]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte << 1 ^ polynomial if byte & 0x80 else byte << 1) & 0xFF
        table.append(byte)
    return tuple(table)


_TABLES = {kind: _crc_table(polynomial) for kind, polynomial in _POLYNOMIALS.items()}


def checksum(guard: MessageChecksum, payload: bytes, frame_id: int) -> int:
    """The byte that belongs at `guard.byte` of the payload. `sum8_id` counts id and length in (as Orion's BMS do)."""
    guarded = (byte for at, byte in enumerate(payload) if at != guard.byte)
    kind = guard.kind
    if kind in ("sum8", "sum8_id"):
        return (sum(guarded) + (frame_id + len(payload) if kind == "sum8_id" else 0)) & 0xFF
    return _xor(guarded) if kind == "xor8" else _crc(kind, guarded)


def _xor(guarded: Iterable[int]) -> int:
    value = 0
    for byte in guarded:
        value ^= byte
    return value


def _crc(kind: str, guarded: Iterable[int]) -> int:
    table, value = _TABLES[kind], 0xFF
    for byte in guarded:
        value = table[value ^ byte]
    return value ^ 0xFF
