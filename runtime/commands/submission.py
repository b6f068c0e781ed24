"""What a client asks for, what it is told at once, and how it ends."""

from dataclasses import dataclass
from enum import StrEnum

from runtime.core.elementary import Value

TTL_MAX_NS = 60_000_000_000
"""Nobody waits longer for an answer; it also bounds how long a command holds up the next one of its name."""
REUSED = "this client has used this sequence number for something else"
"""Why a submission is not taken for a repetition."""


@dataclass(frozen=True, slots=True)
class Submit:
    """{client, seq, target, value, TTL}: from an HMI, SCADA, a shell. `value` is checked and of the target's type.

    `target` is the name of a command (`is_command`) or of a variable. (client, seq) names this submission for ever:
    sent twice, it runs once.
    """

    client: str
    seq: int
    target: str
    value: Value
    ttl_ns: int
    is_command: bool


class Ending(StrEnum):
    """How an accepted submission ended."""

    DONE = "done"
    ACCEPTED = "accepted"
    """The program is at it. More it did not say within the time to live, or before a newer command took its place."""
    REFUSED = "refused"
    TIMED_OUT = "timed out"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a submission; `reason` is the acknowledgement's label or why it never reached the program."""

    ending: Ending
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """It will run, or runs; its end is reported under `ticket`."""

    ticket: int


@dataclass(frozen=True, slots=True)
class Duplicate:
    """It was submitted before; `outcome` is None while it has not ended."""

    ticket: int
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Rejected:
    """It was not accepted, and nothing was done."""

    reason: str


Verdict = Accepted | Duplicate | Rejected


@dataclass(frozen=True, slots=True)
class Write:
    """To the shell: put this into the mailbox now, and report how the scan took it. `request_seq` 0: no command."""

    ticket: int
    target: str
    value: Value
    is_command: bool
    request_seq: int
    expires_ns: int


@dataclass(frozen=True, slots=True)
class Ended:
    """To the shell: tell whoever waits for this ticket."""

    ticket: int
    outcome: Outcome


Effect = Write | Ended


class Taken(StrEnum):
    """What the scan made of a write in the mailbox."""

    WRITTEN = "written"
    EXPIRED = "expired"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Ack:
    """A command's acknowledgement structure as the newest snapshot shows it."""

    seq: int
    label: str
