"""What error frames say of the bus and of this controller on it.

An error frame carries its class in the bits of its id and details in its bytes, as Linux defines them
(include/uapi/linux/can/error.h); other buses that carry error frames are read alike.
"""

from dataclasses import dataclass
from enum import IntFlag

import can

from runtime.drivers.base import BusCounts, EventSink
from runtime.drivers.lossreport import NEVER_NS, QUIET_NS


class ErrorClass(IntFlag):
    """Bits of an error frame's id."""

    TX_TIMEOUT = 0x001
    LOST_ARBITRATION = 0x002
    CONTROLLER = 0x004
    PROTOCOL = 0x008
    TRANSCEIVER = 0x010
    NO_ACKNOWLEDGE = 0x020
    BUS_OFF = 0x040
    BUS_ERROR = 0x080
    RESTARTED = 0x100
    COUNTERS = 0x200


CONTROLLER_BYTE = 1
"""The byte that says what is wrong with the controller."""
OVERFLOW_BITS = 0x03
PASSIVE_BITS = 0x30
ACTIVE_BIT = 0x40
TX_ERRORS_BYTE, RX_ERRORS_BYTE = 6, 7
"""The controller's error counters, in frames of class COUNTERS."""


@dataclass(slots=True)
class BusState(BusCounts):
    """Counts since the driver started, of the frames that it is given."""

    def opened(self) -> None:
        """The bus was opened anew."""
        self.off = self.passive = False

    def take(self, frame: can.Message) -> None:
        """An error frame came."""
        self.error_frames += 1
        kind = ErrorClass(frame.arbitration_id & 0x3FF)
        detail = frame.data[CONTROLLER_BYTE] if len(frame.data) > CONTROLLER_BYTE else 0
        if kind & ErrorClass.CONTROLLER:
            self.overflows += bool(detail & OVERFLOW_BITS)
            if detail & (PASSIVE_BITS | ACTIVE_BIT):
                self.passive = bool(detail & PASSIVE_BITS)
        if kind & ErrorClass.COUNTERS and len(frame.data) > RX_ERRORS_BYTE:
            self.tx_errors, self.rx_errors = frame.data[TX_ERRORS_BYTE], frame.data[RX_ERRORS_BYTE]
        if kind & ErrorClass.BUS_OFF:
            self.bus_off_count += not self.off
            self.off = True
        if kind & ErrorClass.RESTARTED:
            self.restarts += 1
            self.off = self.passive = False
            self.tx_errors = self.rx_errors = 0


class BusTrouble:
    """Tells of error frames on a link: the first at once, then how many there were, at most once a minute."""

    def __init__(self, link: str, on_event: EventSink) -> None:
        self._link = link
        self._on_event = on_event
        self._told = 0
        self._told_ns = NEVER_NS

    def review(self, state: BusState, now_ns: int) -> None:
        """To be called every now and then."""
        fresh = state.error_frames - self._told
        if not fresh or now_ns - self._told_ns < QUIET_NS:
            return
        passive = ", the controller is error-passive" if state.passive else ""
        overflows = f", {state.overflows} overflows so far" if state.overflows else ""
        frames = "1 error frame" if fresh == 1 else f"{fresh} error frames"
        self._on_event("warning", f"CAN link {self._link}: {frames}{passive}{overflows}; check wiring and bit rate")
        self._told, self._told_ns = state.error_frames, now_ns


def error_frame(kind: ErrorClass, detail: int = 0, *, tx_errors: int = 0, rx_errors: int = 0) -> can.Message:
    """An error frame of a class, as a simulated bus carries it."""
    payload = bytes([0, detail, 0, 0, 0, 0, tx_errors, rx_errors])
    return can.Message(arbitration_id=int(kind), is_error_frame=True, is_extended_id=False, data=payload)
