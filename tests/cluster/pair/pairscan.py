"""A controller's scan in virtual time, with a small program whose every bit hangs on all that it was ever given.

Two runs from one state with other inputs, another time or another order of commands never come to one memory again, so
a wrong frame, a lost one or a command that ran twice shows.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from struct import Struct
from zlib import crc32

from pairbook import Book, Broken, Key
from pairtime import MS, Clock, Events, Process

CYCLE_NS = 10 * MS
HEAD = Struct("<q16xQ288xQQQQ")
"""PLC time, scan number, applied log index (core/appmemory.py), state of the program, register, commands in it."""
COMMANDS_MAX = 240
MEMORY_BYTES = HEAD.size + 4 * COMMANDS_MAX
MASK = (1 << 64) - 1
NO_KEY: Key = (0, 0)


@dataclass(frozen=True, slots=True)
class MirrorEntry:
    """A whole state: as the standby's redundancy hands it to its scan, or as a scan has left it."""

    term: int
    scan_no: int
    plc_now_ns: int
    received_ns: int
    memory: bytes


@dataclass(frozen=True, slots=True)
class MailboxEntry:
    """A command on its way into the programs; `index` is its place in the log."""

    index: int
    client: int
    seq: int
    body: int


@dataclass(frozen=True, slots=True)
class OutputFrame:
    """What one scan wants the devices to do."""

    term: int
    scan_no: int
    outputs: int
    driving: bool


@dataclass(slots=True)
class Control:
    """The words of the control segment that the processes of a controller share, and the channels beside them."""

    lead_term: int = 0
    lease_until_ns: int = 0
    replicated_scan: int = 0
    solo: bool = False
    active_term: int = 0
    driven_term: int = 0
    mirror_taken: int = 0
    mirrors: dict[int, MirrorEntry] = field(default_factory=dict)
    promised_version: int = 0
    mailbox: list[MailboxEntry] = field(default_factory=list)
    frames: list[OutputFrame] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Scanned:
    """One scan is over: what redundancy hands to the standby."""

    term: int
    scan_no: int
    plc_now_ns: int
    applied_index: int
    memory: bytes
    outputs: int
    version: int


Publish = Callable[[Scanned, bool], None]
FRAMES_MAX = 8
"""Output frames that wait for the standby at once; older ones are dropped."""
RUN_NS = MS // 2
"""From the start of a scan, where it learns whether it leads, to its end."""
PUBLISH_NS = MS // 5
"""Between what it publishes first and second."""


class VirtualScan:
    """The scan process of one controller. `told`: ends of scans that redundancy has not seen; `snapshot`: the newest.

    Both are in shared memory: they outlive the process. `version`: of the programs; `next_version`: to go over to
    between two scans, 0 for none.
    """

    def __init__(self, name: str, *, events: Events, clock: Clock, control: Control, book: Book) -> None:
        self.process = Process(f"{name} scan")
        self.name = name
        self.told: list[Scanned] = []
        self.wake_redundancy = lambda: None
        self.wake_io = lambda: None
        self._events, self._clock, self._control, self._book = events, clock, control, book
        self._memory = bytes(MEMORY_BYTES)
        self._key = NO_KEY
        self.snapshot: MirrorEntry | None = None
        self._plc_offset_ns = 0
        self._refused = 0
        self._taken: MirrorEntry | None = None
        self.publishing = False
        self._readings = crc32(name.encode())
        self.version = 1
        self.next_version = 0

    @property
    def memory(self) -> bytes:
        """The application memory after the newest scan."""
        return self._memory

    @property
    def key(self) -> Key:
        """Term and scan number that the memory is of."""
        return self._key

    def start(self) -> None:
        """Begin anew, with nothing in memory.

        Of a term that has run here the scan numbers are used up, and only a state as new as that is one to go on from.
        """
        self.process.runs = True
        self._memory, self._key, self._plc_offset_ns = bytes(MEMORY_BYTES), NO_KEY, 0
        self._taken, self.publishing = None, False
        self._refused = self._control.driven_term
        self._control.active_term = 0
        self._release()

    def _release(self) -> None:
        now_ns = self._clock.local_ns(self._events.now_ns)
        deadline_ns = (now_ns // CYCLE_NS + 1) * CYCLE_NS
        self._events.at(self._clock.true_ns(deadline_ns), self.process, self._scan)

    def _scan(self) -> None:
        self._release()
        if self.next_version:
            if self._control.promised_version == self.version:  # what is promised of a former version is here
                self._control.promised_version = 0
            self.version, self.next_version = self.next_version, 0
            self._book.migrated(self._key, self.version)
            if self.snapshot is not None:
                self._book.migrated((self.snapshot.term, self.snapshot.scan_no), self.version)
            self.wake_redundancy()
        control = self._control
        term, before = control.lead_term, control.active_term
        if self._refused and (term == self._refused or self._key[0] < self._refused):
            term = 0
        control.active_term = term
        if term == 0:
            self._mirror()
            if before:
                self.wake_redundancy()
            return
        if term != before:
            self._mirror()
            self._book.taken_over(self.name, term, self._key)
        self._events.after(RUN_NS, self.process, self._run, term)

    def _mirror(self) -> None:
        entry = self._control.mirrors.get(self.version)
        if entry is None or entry is self._taken or entry.term < self._refused:
            return
        if (entry.term, entry.scan_no) < self._key:  # an old one of a version that ran before
            return
        self._taken = entry
        self._memory, self._key = entry.memory, (entry.term, entry.scan_no)
        passed_ns = self._clock.local_ns(self._events.now_ns) - entry.received_ns
        self._plc_offset_ns = entry.plc_now_ns + passed_ns // CYCLE_NS * CYCLE_NS - self._deadline_ns()
        self._control.mirror_taken = entry.scan_no
        self._book.mirrored(self.name, self._key, entry.memory, self.version)
        self.snapshot = entry

    def _deadline_ns(self) -> int:
        return self._clock.local_ns(self._events.now_ns) // CYCLE_NS * CYCLE_NS

    def _run(self, term: int) -> None:
        control = self._control
        plc_before_ns, scan_no, applied, state, register, count = HEAD.unpack_from(self._memory)
        commands = self._memory[HEAD.size :]
        for entry in control.mailbox:
            if entry.index > applied:
                applied = entry.index
                register = (register * 31 + entry.body) & MASK
                commands = self._book_command(commands, count, entry)
                count += 1
        control.mailbox.clear()
        scan_no += 1
        plc_ns = max(self._deadline_ns() + self._plc_offset_ns, plc_before_ns + 1)
        self._readings = (self._readings * 1103515245 + 12345) & 0x7FFFFFFF
        state = (state * 6364136223846793005 + self._readings + plc_ns + register) & MASK
        head = HEAD.pack(plc_ns, scan_no, applied, state, register, count)
        self._memory, self._key = head + commands, (term, scan_no)
        outputs = state ^ register
        driving = control.lease_until_ns > self._clock.local_ns(self._events.now_ns)
        self._book.made(self.name, self._key, self._memory, self.version)
        scanned = Scanned(term, scan_no, plc_ns, applied, self._memory, outputs, self.version)
        first, second = self.publishes
        self.publishing = True
        first(scanned, driving)
        self._events.after(PUBLISH_NS, self.process, self._end, second, scanned, driving)

    def _end(self, second: Publish, scanned: Scanned, driving: bool) -> None:
        self.publishing = False
        second(scanned, driving)

    @property
    def publishes(self) -> tuple[Publish, Publish]:
        """What the end of a scan does, in its order: it may die between the two."""
        return self.publish_state, self.publish_frame

    def publish_state(self, scanned: Scanned, _: bool) -> None:
        """From now on it outlives this process."""
        now_ns = self._clock.local_ns(self._events.now_ns)
        self.snapshot = MirrorEntry(scanned.term, scanned.scan_no, scanned.plc_now_ns, now_ns, scanned.memory)
        self._control.driven_term = scanned.term

    def publish_frame(self, scanned: Scanned, driving: bool) -> None:
        """From now on its outputs may be written, and redundancy sees it."""
        frames = self._control.frames
        frames.append(OutputFrame(scanned.term, scanned.scan_no, scanned.outputs, driving))
        del frames[:-FRAMES_MAX]
        self.told.append(scanned)
        self.wake_redundancy()
        self.wake_io()

    def _book_command(self, commands: bytes, count: int, entry: MailboxEntry) -> bytes:
        word = (entry.client << 16 | entry.seq).to_bytes(4, "little")
        if any(commands[4 * at : 4 * at + 4] == word for at in range(count)):
            raise Broken(f"{self.name} runs command {entry.client}/{entry.seq} a second time")
        return commands[: 4 * count] + word + commands[4 * count + 4 :]


def commands_in(memory: bytes) -> list[tuple[int, int]]:
    """Client and sequence number of all that the program of this memory has run, in its order."""
    count = HEAD.unpack_from(memory)[5]
    words = [int.from_bytes(memory[at : at + 4], "little") for at in range(HEAD.size, HEAD.size + 4 * count, 4)]
    return [(word >> 16, word & 0xFFFF) for word in words]
