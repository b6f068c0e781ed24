"""The control segment: what a controller's processes tell each other that no program depends on.

One memfd a controller, made by the supervisor, of fixed shape, so that it outlives every online change. Each word has
one writer, named beside it. All words are naturally aligned and written whole; 64-bit words that several processes
watch are written with release order by the compiled code.

Histograms are log-linear: values below 16 ns have a bucket each; above, each octave has 16 buckets (6 % wide).
Bucket of v with e = floor(log2 v) >= 4: (e - 3) * 16 + ((v >> (e - 4)) & 15).
"""

import ctypes

CONTROL_MAGIC = int.from_bytes(b"VCONTRL1", "little")
HISTOGRAM_BUCKETS = 640
"""Up to 2^43 ns, over two hours; larger values count in the last bucket."""
MAILBOX_LEN = 64
"""Commands that may wait for one scan. Operators and SCADA send a handful a second."""


class Histogram(ctypes.Structure):
    """Durations in ns since the last reset. Writer: scan."""

    _fields_ = (
        ("count", ctypes.c_uint64),
        ("sum_ns", ctypes.c_uint64),
        ("max_ns", ctypes.c_uint64),
        ("buckets", ctypes.c_uint64 * HISTOGRAM_BUCKETS),
    )


PHASES = ("latch", "commands", "run", "publish", "record")
"""The phases of a scan that have a histogram each, in order; the fence is part of publish."""


MAILBOX_TEXT_SIZE = 1024
"""Bytes of text that one write carries; a longer string goes in parts, by writes that one scan takes together."""
MAILBOX_IS_TEXT = 1 << 31
"""In `MailboxEntry.size`: so many bytes of the entry's text are written."""


LINKS_MAX = 63
"""Driven links that have a bit of their own in `links_lost`; further ones share the last."""


class MailboxEntry(ctypes.Structure):
    """One write into application memory, asked for by gateway and made by scan in its command phase.

    `value` goes to `offset` (`size` 1, 2, 4 or 8 bytes), or 1 to MAILBOX_TEXT_SIZE bytes of the text of the same number
    where MAILBOX_IS_TEXT is added to `size`; when `seq_offset` is not 0 the u32 `seq` goes there too.
    Offsets count within application memory; scan refuses any that do not lie between its globals and its qualities.
    An entry meant for another version of the programs is refused: its offsets lead elsewhere. One whose index memory
    has taken already (core/appmemory.py, APPLIED_INDEX) is not made again, and counts as written.
    `status` (writer: scan): 0 waiting, 1 written, 2 expired before it was taken, 3 refused.
    """

    _fields_ = (
        ("offset", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("value", ctypes.c_uint8 * 8),
        ("seq_offset", ctypes.c_uint32),
        ("seq", ctypes.c_uint32),
        ("expires_ns", ctypes.c_int64),  # monotonic; 0 never expires
        ("status", ctypes.c_uint32),
        ("version", ctypes.c_uint32),  # of the programs that the offsets belong to
        ("index", ctypes.c_uint64),  # of the entry of a pair's log that asked for it; 0: none
    )


class Mailbox(ctypes.Structure):
    """Single-writer ring. Gateway fills entry head % MAILBOX_LEN, then adds 1 to `head`; scan follows with `tail`."""

    _fields_ = (
        ("head", ctypes.c_uint64),
        ("pad_head", ctypes.c_uint64 * 7),
        ("tail", ctypes.c_uint64),
        ("pad_tail", ctypes.c_uint64 * 7),
        ("entries", MailboxEntry * MAILBOX_LEN),
        ("texts", (ctypes.c_uint8 * MAILBOX_TEXT_SIZE) * MAILBOX_LEN),
    )


class Control(ctypes.Structure):
    """The whole control segment."""

    _fields_ = (
        ("magic", ctypes.c_uint64),  # supervisor
        ("abi_version", ctypes.c_uint64),  # supervisor
        ("term", ctypes.c_uint64),  # supervisor: the persistent boot count of a single controller
        ("run_switch", ctypes.c_uint32),  # supervisor: 1 RUN, 0 STOP (outputs at fail-safe)
        ("exit_request", ctypes.c_uint32),  # supervisor: 1 ends the native loop after the current scan
        ("fault_ack", ctypes.c_uint64),  # gateway: faults acknowledged up to this fault count; scan while it mirrors
        ("stats_reset", ctypes.c_uint64),  # gateway: add 1 to have the statistics zeroed at the next scan
        ("sink_clock_ns", ctypes.c_int64),  # io: when it last looked at the output frame; 0 while there is no io
        ("sink_term", ctypes.c_uint64),  # io: highest term of a frame it has taken; outlives io
        ("pair", ctypes.c_uint32),  # supervisor: 1 member of a pair, which needs a lease to drive; 0 alone
        ("solo", ctypes.c_uint32),  # redundancy: 1 no standby to wait for
        ("lead_term", ctypes.c_uint64),  # redundancy: term under which programs may run here; 0 standby, it mirrors
        ("lease_until_ns", ctypes.c_int64),  # redundancy: monotonic; in a pair the fence is open only before it
        ("replicated_scan", ctypes.c_uint64),  # redundancy: frames of lead_term up to this scan are at the standby
        ("go_version", ctypes.c_uint64),  # redundancy: number of the prepared version that a standby is to go over to
        ("promised_version", ctypes.c_uint64),  # redundancy: number of the version of the newest acknowledged state
        ("links_lost", ctypes.c_uint64),  # io: a bit for each driven link that it reaches no more; outlives io
        ("pad_in", ctypes.c_uint64),
        ("scan_start_count", ctypes.c_uint64),  # scan: how often the scan process started under this supervisor
        ("scan_no", ctypes.c_uint64),  # scan: number of the last finished scan since its start, or mirrored one
        ("scan_clock_ns", ctypes.c_int64),  # scan: deadline of the last cycle, also while it mirrors; the watchdog word
        ("cycle_ns", ctypes.c_int64),  # scan: base cycle
        ("driving", ctypes.c_uint32),  # scan: 1 while the fence is open and outputs carry program values
        ("fault_stop", ctypes.c_uint32),  # scan: 1 while an unacknowledged fault with reaction `stop` closes it
        ("fault_count", ctypes.c_uint64),  # scan: as in application memory
        ("overruns", ctypes.c_uint64),  # scan: scans that ended after the next deadline
        ("skipped", ctypes.c_uint64),  # scan: deadlines passed over because of overruns or a late wake-up
        ("page_retries", ctypes.c_uint64),  # scan: latches that kept the old page because its writer lapped it
        ("stop_count", ctypes.c_uint64),  # scan: fault count right after the last fault with reaction `stop`
        ("rights_missing", ctypes.c_uint64),  # scan: real-time rights it could not have (core/rights.py)
        ("version", ctypes.c_uint64),  # scan: number of the version of the programs that runs
        ("change_ns", ctypes.c_int64),  # scan: how long the last change-over held the loop up
        ("active_term", ctypes.c_uint64),  # scan: term under which programs run in a pair; 0 while it mirrors
        ("driven_term", ctypes.c_uint64),  # scan: newest term of which a snapshot is here; outlives the scan process
        ("mirror_taken", ctypes.c_uint64),  # scan: number of the newest mirror entry in application memory
        ("plc_offset_ns", ctypes.c_int64),  # scan: PLC time minus monotonic time (core/appmemory.py, NOW_NS)
        ("release_delay", Histogram),  # scan: wake-up after the deadline
        ("execution", Histogram),  # scan: wake-up to the end of account
        ("period_error", Histogram),  # scan: how far wake-up to wake-up is from the base cycle, without sign
        ("latch", Histogram),  # scan: input pages and forces into the image
        ("commands", Histogram),  # scan: writes from the mailbox
        ("run", Histogram),  # scan: all tasks that were due
        ("publish", Histogram),  # scan: output forces, fence, frame, snapshot
        ("record", Histogram),  # scan: what it took in, for the flight recorder
        ("mailbox", Mailbox),
    )


CONTROL_SIZE = ctypes.sizeof(Control)


def is_standby(control: Control) -> bool:
    """True for the scan of a pair's member that mirrors the other one: it runs no program and drives nothing."""
    return bool(control.pair) and not control.active_term
