"""Played devices that speak RTU frames: at a serial line of this machine, or behind a converter on TCP.

As on a real line, a unit that is not there says nothing, a request to unit 0 is carried out by all and answered by
none, and bytes whose checksum is wrong are passed over.
Source: Modbus over serial line V1.02, 2.2 (broadcast), 2.5.1 (framing).
"""

import asyncio
from collections.abc import Iterator, Mapping

from runtime.drivers.modbus.rtu import CRC_BYTES, crc_of, frame_of
from runtime.drivers.modbus.server import NoReply, Unit, answer
from runtime.drivers.modbus.streams import ByteStream

FRAME_MAX = 256
"""Longest frame (2.5.1): what is left over beyond it is noise."""
BROADCAST = 0
REST_S = 0.5
"""Silence that ends a frame. The standard says 1.5 characters; a program that plays devices is not that punctual."""
_FIXED = {1: 8, 2: 8, 3: 8, 4: 8, 5: 8, 6: 8, 22: 10}
"""Bytes of requests of one length, by function (Modbus Application Protocol V1.1b3, clause 6)."""
_COUNTED = {15: 6, 16: 6, 23: 10}
"""Where a request of another length says how many bytes follow."""


class Requests:
    """Takes bytes as they come and gives the requests in them."""

    def __init__(self) -> None:
        self._heard = b""

    def take(self, some: bytes) -> Iterator[tuple[int, bytes]]:
        """Unit and PDU of each request that is complete with these bytes."""
        self._heard += some
        start = 0
        while start < len(self._heard):
            length = self._length(start)
            if length is None:
                break  # its length is still to come
            frame = self._heard[start : start + length]
            if len(frame) == length and crc_of(frame[:-CRC_BYTES]) == frame[-CRC_BYTES:]:
                yield frame[0], frame[1:-CRC_BYTES]
                start += length
            elif len(frame) < length and len(self._heard) - start < FRAME_MAX:
                break
            else:
                start += 1
        self._heard = self._heard[start:]

    def silence(self) -> None:
        """Nothing came for longer than a frame's bytes may be apart: what is unfinished never was a frame."""
        self._heard = b""

    def _length(self, start: int) -> int | None:
        """How long a request that starts here is; 1 where none does, None when more bytes must tell."""
        if len(self._heard) < start + 2:
            return None
        function = self._heard[start + 1]
        if function in _FIXED:
            return _FIXED[function]
        if function not in _COUNTED:
            return 1
        at = start + _COUNTED[function]
        return None if at >= len(self._heard) else _COUNTED[function] + 1 + self._heard[at] + CRC_BYTES


async def serve_line(stream: ByteStream, units: Mapping[int, Unit]) -> None:
    """Answer what comes until the stream breaks. A frame that is not whole after `REST_S` of silence is none."""
    requests = Requests()
    while not stream.broken:
        try:
            async with asyncio.timeout(REST_S):
                some = await stream.read()
        except TimeoutError:
            requests.silence()
            continue
        for unit_id, pdu in requests.take(some):
            await _answer(stream, units, unit_id, pdu)


async def _answer(stream: ByteStream, units: Mapping[int, Unit], unit_id: int, pdu: bytes) -> None:
    asked = list(units.values()) if unit_id == BROADCAST else [units[unit_id]] if unit_id in units else []
    for unit in asked:
        try:
            reply = await answer(unit, pdu)
        except NoReply:
            continue
        if unit_id != BROADCAST:
            stream.write(frame_of(unit_id, reply))
