"""The command mailbox, from the gateway's side: put writes in, learn what the scan made of them."""

import ctypes
from enum import Enum

from runtime.core.elementary import Kind, Value
from runtime.core.tag import Variable
from runtime.image.control import (
    MAILBOX_IS_TEXT,
    MAILBOX_LEN,
    MAILBOX_TEXT_SIZE,
    Control,
    Mailbox,
    MailboxEntry,
)
from runtime.image.primitives import primitives
from runtime.image.segment import ControlSegment


class WriteStatus(Enum):
    """What became of a write. The first four are the scan's words in `MailboxEntry.status`."""

    WAITING = 0
    WRITTEN = 1
    EXPIRED = 2
    REFUSED = 3
    FORGOTTEN = 4
    """So long ago that its entry holds another write."""


class MailboxWriter:
    """The only writer of a controller's mailbox: the gateway's dispatcher, one thread."""

    def __init__(self, segment: ControlSegment, *, version: int = 0) -> None:
        """`version` is that of the programs whose offsets are written."""
        self._segment = segment
        self._version = version
        self._mailbox: Mailbox = segment.control.mailbox
        start = segment.address + Control.mailbox.offset
        self._head = start + Mailbox.head.offset
        self._tail = start + Mailbox.tail.offset
        self._entries = start + Mailbox.entries.offset

    def put(
        self,
        variable: Variable,
        value: Value,
        *,
        seq_variable: Variable | None = None,
        seq: int = 0,
        expires_ns: int = 0,
        index: int = 0,
    ) -> int | None:
        """Ask for `value` in `variable` (and `seq` in `seq_variable`) at the next scan; a ticket for `status`.

        None when it finds no room: MAILBOX_LEN writes wait already, or a long text takes several of them. `expires_ns`
        is monotonic; 0 never expires. `index`: of the entry of a pair's log that asks for it. The value fits the type:
        whoever accepted the command has checked.
        """
        raw = variable.type.codec.pack(value)
        size = MAILBOX_TEXT_SIZE if variable.type.kind is Kind.TEXT else len(raw)
        starts = range(0, len(raw), size)
        head = primitives().load_u64(self._head)
        last = head + len(starts) - 1
        if last - primitives().load_u64(self._tail) >= MAILBOX_LEN:
            return None
        for number, start in enumerate(starts, head):
            part = raw[start : start + size]
            entry = self._mailbox.entries[number % MAILBOX_LEN]
            entry.offset = variable.offset + start
            if variable.type.kind is Kind.TEXT:
                ctypes.memmove(self._mailbox.texts[number % MAILBOX_LEN], part, len(part))
                entry.size = len(part) | MAILBOX_IS_TEXT
            else:
                entry.size = len(part)
                ctypes.memmove(entry.value, part.ljust(8, b"\0"), 8)
            entry.seq_offset = seq_variable.offset if seq_variable and number == last else 0
            entry.seq, entry.expires_ns, entry.status = seq, expires_ns, WriteStatus.WAITING.value
            entry.version, entry.index = self._version, index
        primitives().add_u64(self._head, len(starts))
        return last

    def status(self, ticket: int) -> WriteStatus:
        """What the scan has made of a write."""
        if primitives().load_u64(self._tail) <= ticket:
            return WriteStatus.WAITING
        if primitives().load_u64(self._head) - ticket > MAILBOX_LEN:
            return WriteStatus.FORGOTTEN
        at = self._entries + (ticket % MAILBOX_LEN) * ctypes.sizeof(MailboxEntry) + MailboxEntry.status.offset
        word = primitives().load_u32(at)
        known = word in (WriteStatus.WRITTEN.value, WriteStatus.EXPIRED.value, WriteStatus.REFUSED.value)
        return WriteStatus(word) if known else WriteStatus.REFUSED
