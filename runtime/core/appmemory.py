"""The layout of application memory: what compiled code, interpreter and scan kernel agree on.

One block of bytes holds all state of all programs, so that a snapshot, a hand-over to a standby or a comparison of
two runs is one copy or one compare. From low to high address:

    header       fixed, the fields below; written by whoever runs the tasks, read by the programs
    areas        %I, %Q and %M, as long as the programs' addresses need them
    globals      VAR_GLOBAL in order of declaration
    instances    program instances (their FB instances inside them), in order of declaration
    qualities    one byte a tag, indexed by Tag.index
    stamps       one signed 64-bit monotonic nanosecond time a tag, indexed by Tag.index

No field anywhere in it is an address, so any bytes written into globals or instances are safe to run with.
"""

NOW_NS = 0
"""i64: the scan clock, ns: PLC time, which is this machine's monotonic time unless another controller of a pair began
it (scan/phases/mirror.py). `TIME()` reads it."""
DT_NS = 8
"""i64: interval of the running task, ns. `SCAN_DT()` reads it."""
WALL_NS = 16
"""i64: wall clock latched once a scan, ns since 1970-01-01 UTC."""
SCAN_NO = 24
"""u64: number of this scan since the start, from 1; it goes on over a takeover."""
FIRST_SCAN = 32
"""u8: 1 in the first call of the running task. `FIRST_SCAN()` reads it."""
CUT = 33
"""u8: set to 1 by compiled code when the running task went past its budget; the runner clears it before a task."""
CATCHING = 36
"""u32: calls with a connected ENO that are under way; while it is not 0, faults are counted in CAUGHT only."""
BUDGET = 40
"""i64: what is left of the running task's budget of loop iterations and calls; the runner sets it before a task."""
FAULT_COUNT = 48
"""u64: faults since the start; never cleared while the program runs."""
CAUGHT = 56
"""u64: faults that cleared an ENO instead of being recorded (language rule 7)."""
FAULT_RING = 64
"""The last FAULT_RING_LEN faults; fault number n (from 0) is in entry n % FAULT_RING_LEN."""
FAULT_RING_LEN = 16
FAULT_ENTRY_SIZE = 16
"""A fault entry: u32 fault site (index into Application.sites), u32 offset of the instance whose body did it (0: it has
none, or one that lives for a call only), u64 SCAN_NO at the fault."""
APPLIED_INDEX = 320
"""u64: index of the newest log entry of a pair whose command the scan has taken; 0: none. A command that comes again
with an index up to this one is not carried out again."""
ORIGIN_NS = 328
"""i64: scan clock of scan 1, the common phase of all tasks."""
STOP_COUNT = 336
"""u64: fault count right after the last fault with reaction `stop`; 0: there was none."""
FAULT_ACK = 344
"""u64: faults acknowledged up to this fault count, as this scan found it."""
TEST_FAILED = 352
"""i64: number of the assertion (from 1) at which a TEST failed; 0 while it holds. Only tests use these four words."""
TEST_LEFT = 360
"""8 bytes: the left side of the comparison that failed, in its own type."""
TEST_RIGHT = 368
"""8 bytes: the right side."""
TEST_TOLERANCE = 376
"""8 bytes: the tolerance, when the assertion has one."""
HEADER_SIZE = 384
"""Start of the globals. 64-byte aligned, with room after the ring."""
NEVER_NS = -(1 << 62)
"""The stamp of a tag that was never written: so long ago (146 years) that its AGE is beyond every limit, and still
far from overflow when subtracted from any clock."""
