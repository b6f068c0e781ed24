"""Modbus RTU: frames of a serial line, and which bytes that came are the answer to a request. Pure.

A serial line numbers nothing: what answers a request is found by unit, function, length and checksum. So everything
else that may be on a line is passed over: the echo of the own request (adapters with two wires), other units, halves
of frames, noise.

Source: Modbus over serial line V1.02, 2.5.1 (framing), 6.2.2 (CRC).
"""

from runtime.drivers.modbus.pdu import REFUSED

CRC_BYTES = 2
_EXCEPTION_BYTES = 5
_SAME_SIZE = {5: 8, 6: 8, 15: 8, 16: 8, 22: 10}
"""Bytes of the answers that do not depend on the request, by function."""
BYTES_MAX = 4096
"""A line that brings more than this within one request babbles."""


def _crc_of_byte(byte: int) -> int:
    crc = byte
    for _ in range(8):
        crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


_CRC = [_crc_of_byte(byte) for byte in range(256)]


def crc_of(frame: bytes) -> bytes:
    """The checksum of a frame as it follows it, low byte first."""
    crc = 0xFFFF
    for byte in frame:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc.to_bytes(CRC_BYTES, "little")


def frame_of(unit_id: int, pdu: bytes) -> bytes:
    """The frame that carries a PDU."""
    body = bytes((unit_id,)) + pdu
    return body + crc_of(body)


def answer_bytes(pdu: bytes) -> int:
    """How long the answer to a request is, when it is no exception (Modbus Application Protocol V1.1b3, clause 6)."""
    function = pdu[0]
    if function in _SAME_SIZE:
        return _SAME_SIZE[function]
    count = int.from_bytes(pdu[3:5], "big")
    return 3 + ((count + 7) // 8 if function in (1, 2) else 2 * count) + CRC_BYTES


def shape_of(unit_id: int, pdu: bytes) -> tuple[int, int, int]:
    """What tells the answer to this request from others: an answer to one of equal shape may be taken for its own."""
    return unit_id, pdu[0], answer_bytes(pdu)


class Listener:
    """What came since one request went out. `echoes`: every request comes back before its answer."""

    def __init__(self, unit_id: int, pdu: bytes, *, echoes: bool = False) -> None:
        self.echoed = False
        self._sent = frame_of(unit_id, pdu)
        self._unit_id = unit_id
        self._pdu = pdu
        self._length = answer_bytes(pdu)
        self._echo_due = echoes
        self._heard = b""

    @property
    def babbles(self) -> bool:
        """More came than any answer is long."""
        return len(self._heard) > BYTES_MAX

    def hear(self, some: bytes) -> bytes | None:
        """Bytes came: the answer's PDU, once it is whole."""
        self._heard += some
        self._drop_echo()
        if self._echo_due:
            return None
        for start in range(len(self._heard) - _EXCEPTION_BYTES + 1):
            pdu = self._answer_at(start)
            if pdu is not None:
                return pdu
        return None

    def _drop_echo(self) -> None:
        """An answer to a read never looks like its request; that to a write of one register is the same bytes."""
        could_be_answer = self._pdu[0] in (5, 6, 22) and not self._echo_due
        at = -1 if could_be_answer or self.echoed else self._heard.find(self._sent)
        if at >= 0:
            self.echoed = True
            self._echo_due = False
            self._heard = self._heard[at + len(self._sent) :]

    def _answer_at(self, start: int) -> bytes | None:
        function = self._pdu[0]
        if self._heard[start] != self._unit_id:
            return None
        if self._heard[start + 1] == function | REFUSED:
            return self._checked(start, _EXCEPTION_BYTES)
        if self._heard[start + 1] != function or len(self._heard) < start + self._length:
            return None
        told = self._heard[start + 2]
        if function in _SAME_SIZE or told == self._length - 3 - CRC_BYTES:
            return self._checked(start, self._length)
        return None

    def _checked(self, start: int, length: int) -> bytes | None:
        frame = self._heard[start : start + length]
        sound = len(frame) == length and crc_of(frame[:-CRC_BYTES]) == frame[-CRC_BYTES:]
        return frame[1:-CRC_BYTES] if sound else None
