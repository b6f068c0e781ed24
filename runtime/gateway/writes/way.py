"""The ways of an accepted write into the mailbox: at once, or in a pair through what both controllers agree on."""

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from runtime.commands.submission import REUSED, Taken, Write
from runtime.core.elementary import Value
from runtime.core.fault import ConfigFault
from runtime.core.tag import Variable
from runtime.gateway.writes.agreement import Agreement
from runtime.image.mailbox import MailboxWriter, WriteStatus
from runtime.wire.values import parse, to_json

_TAKEN = {
    WriteStatus.WRITTEN: Taken.WRITTEN,
    WriteStatus.EXPIRED: Taken.EXPIRED,
    WriteStatus.REFUSED: Taken.REFUSED,
    WriteStatus.FORGOTTEN: Taken.REFUSED,
}

ValueOf = Callable[[str, bool], Variable]
"""The variable that a target's value is written to: of a command (True), or of that name."""


@dataclass(frozen=True, slots=True)
class CommandPlace:
    """Where a command is requested and acknowledged."""

    value: Variable
    request_seq: Variable
    ack_seq: Variable
    ack_result: Variable


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of a write. `request_seq`, where not 0, is the number it really went with."""

    ticket: int
    how: Taken
    reason: str = ""
    request_seq: int = 0


class Way(Protocol):
    """Takes writes, and tells what the scan made of them."""

    @property
    def is_idle(self) -> bool:
        """True while nothing waits for room."""
        ...

    def put(self, write: Write, client: str, seq: int) -> None:
        """Send it on."""
        ...

    def arrived(self, now_ns: int) -> list[Arrival]:
        """What has come to an end since the last look."""
        ...

    def forget(self, ticket: int) -> None:
        """Nobody waits for that one any more."""
        ...


@dataclass(frozen=True, slots=True)
class _Move:
    """One write with the variables it goes to; `index` 0: not agreed on. `ticket` 0: nobody here waits for it."""

    ticket: int
    variable: Variable
    value: Value
    request_seq: int
    request: Variable | None
    expires_ns: int
    index: int = 0


class MailboxWay:
    """Straight into the mailbox, in order; what finds no room waits."""

    def __init__(
        self, mailbox: MailboxWriter, *, places: dict[str, CommandPlace], leaf: Callable[[str], Variable]
    ) -> None:
        """`leaf`: the variable of that name; it raises ConfigFault for none."""
        self._mailbox = mailbox
        self._places = places
        self._leaf = leaf
        self._unsent: deque[_Move] = deque()
        self._in_mailbox: dict[int, int] = {}

    @property
    def is_idle(self) -> bool:
        """See Way."""
        return not self._unsent

    def put(self, write: Write, client: str, seq: int) -> None:  # noqa: ARG002 - nobody else needs to know
        """See Way."""
        self.move(write)

    def move(self, write: Write, *, index: int = 0) -> None:
        """Into the mailbox; `index`: its place in what is agreed on."""
        place = self._places.get(write.target) if write.is_command else None
        variable = place.value if place is not None else self._leaf(write.target)
        request = place.request_seq if place is not None else None
        expires_ns = 0 if index else write.expires_ns
        self._send(_Move(write.ticket, variable, write.value, write.request_seq, request, expires_ns, index))

    def arrived(self, now_ns: int) -> list[Arrival]:
        """See Way."""
        unsent, self._unsent = self._unsent, deque()
        for move in unsent:
            if not move.expires_ns or now_ns < move.expires_ns:
                self._send(move)
        found: list[Arrival] = []
        for ticket, number in list(self._in_mailbox.items()):
            status = self._mailbox.status(number)
            if status is not WriteStatus.WAITING:
                del self._in_mailbox[ticket]
                found.append(Arrival(ticket, _TAKEN[status]))
        return found

    def forget(self, ticket: int) -> None:
        """See Way."""
        self._in_mailbox.pop(ticket, None)

    def _send(self, move: _Move) -> None:
        number = None
        if not self._unsent:  # what waits goes first
            number = self._mailbox.put(
                move.variable,
                move.value,
                seq_variable=move.request,
                seq=move.request_seq,
                expires_ns=move.expires_ns,
                index=move.index,
            )
        if number is None:
            self._unsent.append(move)
        elif move.ticket:
            self._in_mailbox[move.ticket] = number


class AgreedWay:
    """First agreed on by the pair, then into the mailbox, in the order of the log; the scan takes each once.

    What is agreed on and nobody here has asked for comes after a take-over: the leader before did not live to make it.
    `tell` hears of what came too late to be made.
    """

    def __init__(
        self,
        mailbox: MailboxWay,
        agreement: Agreement,
        *,
        value_of: ValueOf,
        tell: Callable[[str], object],
        wake: Callable[[], None],
    ) -> None:
        """`wake` has somebody ask `arrived` soon."""
        self._mailbox = mailbox
        self._agreement = agreement
        self._value_of = value_of
        self._tell = tell
        self._wake = wake
        self._proposed: dict[tuple[str, int], int] = {}
        self._meant: dict[int, tuple[object, ...]] = {}
        """By ticket, what was proposed."""
        self._ended: list[Arrival] = []
        agreement.on_deliver = self._deliver
        agreement.on_known = self._known
        agreement.on_refused = self._refused

    @property
    def is_idle(self) -> bool:
        """See Way."""
        return self._mailbox.is_idle and not self._ended

    def put(self, write: Write, client: str, seq: int) -> None:
        """See Way."""
        told = {
            "target": write.target,
            "value": to_json(write.value, self._value_of(write.target, write.is_command)),
            "is_command": write.is_command,
            "request_seq": write.request_seq,
            "until_wall_ns": time.time_ns() + max(0, write.expires_ns - time.monotonic_ns()),
        }
        why_not = self._agreement.propose(client, seq, json.dumps(told))
        if why_not:
            self._ended.append(Arrival(write.ticket, Taken.REFUSED, why_not))
        else:
            self._proposed[client, seq] = write.ticket
            self._meant[write.ticket] = _meaning(told)

    def arrived(self, now_ns: int) -> list[Arrival]:
        """See Way."""
        ended, self._ended = self._ended, []
        return ended + self._mailbox.arrived(now_ns)

    def forget(self, ticket: int) -> None:
        """See Way."""
        self._mailbox.forget(ticket)
        self._proposed = {name: other for name, other in self._proposed.items() if other != ticket}
        self._meant.pop(ticket, None)

    def _deliver(self, index: int, client: str, seq: int, body: str) -> None:
        told: dict[str, Any] = json.loads(body)
        ticket = self._proposed.pop((client, seq), 0)
        if not ticket and time.time_ns() > told["until_wall_ns"]:
            self._tell(f"{told['target']} of {client} was agreed on, but too late to be made: nobody led in between")
            return
        try:
            value = parse(told["value"], self._value_of(told["target"], told["is_command"]))
        except ConfigFault as fault:
            self._tell(f"a write that was agreed on cannot be made by these programs: {fault}")
            self._ended.append(Arrival(ticket, Taken.REFUSED, "other programs run now"))
            return
        write = Write(ticket, told["target"], value, told["is_command"], told["request_seq"], 0)
        self._mailbox.move(write, index=index)
        self._wake()

    def _known(self, index: int, client: str, seq: int, body: str) -> None:  # noqa: ARG002 - the place is of no use
        ticket, told = self._proposed.pop((client, seq), 0), json.loads(body)
        if ticket and self._meant.get(ticket) != _meaning(told):
            self._ended.append(Arrival(ticket, Taken.REFUSED, REUSED))
        elif ticket:
            self._ended.append(Arrival(ticket, Taken.WRITTEN, request_seq=told["request_seq"]))

    def _refused(self, client: str, seq: int, why: str) -> None:
        ticket = self._proposed.pop((client, seq), 0)
        if ticket:
            self._ended.append(Arrival(ticket, Taken.REFUSED, why))


def _meaning(told: dict[str, Any]) -> tuple[object, ...]:
    """What is the same in a repetition."""
    return told["target"], told["value"], told["is_command"]
