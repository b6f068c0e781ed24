"""What the native exchange (exchangecode.py) works on: one structure, filled before it runs and read afterwards.

Addresses are of buffers that `exchange.Exchange` keeps. Sizes are bytes, times monotonic ns.
"""

import ctypes
from enum import IntEnum

TRIPS = 64
"""Frames whose way there and back is remembered; the exchange ends long before so many."""


class End(IntEnum):
    """Why the exchange has ended; what there is to do next is the core's."""

    TIME = 0
    """Something is due; or a signal came."""
    LATE = 1
    """The standby has not answered a frame for `answer_ns`."""
    SELDOM = 2
    """Something else than scans and their answers can be read."""
    SCAN = 3
    """A scan has ended which the core must look at itself. Its bell is read already."""
    STANDBY_SAID = 4
    """The standby has said something else: it is in `received`."""
    WITNESS_SAID = 5
    SHUT = 6
    """The witness has not answered for so long that its way is shut."""
    NO_SCAN = 7
    """A heartbeat is due, and no scan has ended to send it with."""


class WayPlan(ctypes.Structure):
    """The way to one member, as in transport/quicklane.py, and the answer that is expected from it.

    An answer has `answer_size` bytes, and is as `answer` says but for the numbers at `round_at` and, of the standby's,
    `scan_at`: `first_size` bytes from its beginning and `second_size` at `second_at`.
    """

    _fields_ = (
        ("fd", ctypes.c_uint32),
        ("unanswered", ctypes.c_uint32),
        ("session", ctypes.c_uint64),
        ("far_session", ctypes.c_uint64),
        ("count_out", ctypes.c_uint64),
        ("count_in", ctypes.c_uint64),
        ("sent", ctypes.c_uint64),
        ("received", ctypes.c_uint64),
        ("heard_ns", ctypes.c_int64),
        ("round", ctypes.c_uint64),
        ("answer", ctypes.c_void_p),
        ("answer_size", ctypes.c_uint64),
        ("first_size", ctypes.c_uint64),
        ("second_at", ctypes.c_uint64),
        ("second_size", ctypes.c_uint64),
        ("round_at", ctypes.c_uint64),
        ("scan_at", ctypes.c_uint64),
        ("key_out", ctypes.c_uint8 * 32),
        ("key_in", ctypes.c_uint8 * 32),
    )


class Trip(ctypes.Structure):
    """One frame and its answer."""

    _fields_ = (("scan_no", ctypes.c_uint64), ("sent_ns", ctypes.c_int64), ("answered_ns", ctypes.c_int64))


class ExchangePlan(ctypes.Structure):
    """All of it."""

    _fields_ = (
        ("standby", WayPlan),
        ("witness", WayPlan),
        ("polled", ctypes.c_uint32 * 6),  # struct pollfd: what comes seldom, the scan's bell, the standby
        ("has_clock", ctypes.c_uint64),  # 1: time is what `clock` says, not the monotonic clock
        ("clock", ctypes.c_int64),
        ("scan_bell", ctypes.c_uint32),
        ("io_bell", ctypes.c_uint32),  # -1: none
        ("seal", ctypes.c_void_p),  # crypto_aead_chacha20poly1305_ietf_encrypt, and its inverse
        ("open", ctypes.c_void_p),
        ("nonce", ctypes.c_uint64 * 2),
        ("active_term", ctypes.c_void_p),  # words of the control segment
        ("lease_word", ctypes.c_void_p),
        ("replicated_word", ctypes.c_void_p),
        ("channel", ctypes.c_void_p),  # the snapshots
        ("slots", ctypes.c_uint64),
        ("stride", ctypes.c_uint64),
        ("size", ctypes.c_uint64),
        ("number", ctypes.c_uint64),  # of the snapshot that was taken last
        ("before", ctypes.c_void_p),  # the state that the standby has
        ("after", ctypes.c_void_p),
        ("blocks", ctypes.c_uint64),
        ("places", ctypes.c_void_p),
        ("contents", ctypes.c_void_p),
        ("content", ctypes.c_void_p),  # for the standby: head, parcel with the frame, heartbeat
        ("head_size", ctypes.c_uint64),
        ("beat", ctypes.c_void_p),  # for the witness: head, heartbeat
        ("beat_size", ctypes.c_uint64),
        ("heartbeat", ctypes.c_void_p),  # as it follows the frame
        ("datagram", ctypes.c_void_p),
        ("received", ctypes.c_void_p),
        ("received_size", ctypes.c_uint64),
        ("crc_table", ctypes.c_void_p),
        ("until_ns", ctypes.c_int64),  # end then; and from `soft_ns` on as soon as awake
        ("soft_ns", ctypes.c_int64),
        ("answer_ns", ctypes.c_int64),
        ("term", ctypes.c_uint64),
        ("scan_no", ctypes.c_uint64),
        ("plc_now_ns", ctypes.c_int64),
        ("applied_index", ctypes.c_uint64),
        ("replicated", ctypes.c_uint64),
        ("round", ctypes.c_uint64),
        ("sent_ns", ctypes.c_int64),  # of the newest round, and of the one before
        ("sent_before_ns", ctypes.c_int64),
        ("heartbeat_due_ns", ctypes.c_int64),
        ("heartbeat_ns", ctypes.c_int64),
        ("lease_ns", ctypes.c_int64),
        ("lease_until_ns", ctypes.c_int64),
        ("is_under_way", ctypes.c_uint64),  # the newest frame is not answered
        ("scans", ctypes.c_uint64),
        ("answered", ctypes.c_uint64),
        ("refused", ctypes.c_uint64),
        ("trips", Trip * TRIPS),
    )
