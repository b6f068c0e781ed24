"""The dispatcher: every command and every write goes through one `submit()`.

    submit ── accepted ──▶ waiting ── Write ──▶ in the mailbox ── written ──▶ with the program ── DONE… ────▶ done
       │                      │                      │                            └───── REFUSED… ─▶ refused
       ├─ duplicate           └──────────────────────┴──── time to live over ────▶ timed out
       └─ rejected                                             └──── ACCEPTED…, and no more ─▶ accepted

A plain write is done once the scan has written it. A command is done when the acknowledgement structure carries its
request number and a label that starts with DONE or REFUSED. With ACCEPTED the program is at it: that is the answer
when the time to live is over, or as soon as another command waits. Of one command name, one at a time is with the
program, for its request structure holds one; the others wait in order of submission, but never for what is accepted.

Pure: time comes as an argument (monotonic ns), what is to be done is returned. Whatever clients, scan and programs do,
nothing here raises, and what is accepted ends within its time to live.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from runtime.commands.remembered import REMEMBERED_MAX, Memory, Remembered
from runtime.commands.submission import (
    REUSED,
    TTL_MAX_NS,
    Accepted,
    Ack,
    Duplicate,
    Effect,
    Ended,
    Ending,
    Outcome,
    Rejected,
    Submit,
    Taken,
    Verdict,
    Write,
)

WAITING_MAX = 8
"""Commands of one name that may wait for their turn; an operator who sends more has not seen the first answer."""
WRITES_MAX = 32
"""Plain writes under way at once: half of the mailbox, so that commands always find room."""
OLD_ANSWER_WITHIN_NS = 1_000_000_000
"""To a command that another dispatcher gave to the program."""
SEQ_MODULUS = 1 << 32
"""The request structure's `seq` is a UDINT; 0 stands for no request."""


@dataclass(slots=True)
class _Job:
    entry: Remembered
    expires_ns: int
    request_seq: int = 0
    written: bool = False
    known_ns: int = 0


@dataclass(slots=True)
class _Lane:
    """One command name: the job with the program, and those that wait."""

    active: _Job | None = None
    waiting: deque[_Job] = field(default_factory=deque)


class Dispatcher:
    """Accepts submissions and follows them to their end. Calls are not re-entrant; for one thread."""

    def __init__(
        self, commands: Iterable[str], *, memory: Memory | None = None, remembered_max: int = REMEMBERED_MAX
    ) -> None:
        """`memory`: of a dispatcher before this one; all that is in it has ended."""
        self._lanes = {name: _Lane() for name in commands}
        self._writes: dict[int, _Job] = {}
        self._memory = memory if memory is not None else Memory(remembered_max)
        self._next_ticket = 1
        self._next_seq = 1

    @property
    def is_idle(self) -> bool:
        """True while nothing is under way."""
        return not self._writes and all(lane.active is None and not lane.waiting for lane in self._lanes.values())

    def start_after(self, seq: int) -> None:
        """Number requests past `seq`: what the request and acknowledgement structures held before this dispatcher."""
        self._next_seq = max(self._next_seq, (seq + 1) % SEQ_MODULUS or 1)

    def submit(self, submit: Submit, now_ns: int) -> tuple[Verdict, list[Effect]]:
        """Accept, recognise or reject a submission; the effects are to be carried out at once."""
        known = self._memory.find(submit.client, submit.seq)
        if known is not None:
            if known.submit.target != submit.target or known.submit.value != submit.value:
                return Rejected(REUSED), []
            return Duplicate(known.ticket, known.outcome), []
        reason = self._why_not(submit, now_ns)
        if reason:
            return Rejected(reason), []
        ticket = self._next_ticket
        self._next_ticket += 1
        job = _Job(self._memory.add(submit, ticket, now_ns), now_ns + submit.ttl_ns)
        if not submit.is_command:
            self._writes[ticket] = job
            return Accepted(ticket), [_write(job)]
        lane = self._lanes[submit.target]
        lane.waiting.append(job)
        return Accepted(ticket), self._start_next(lane)

    def taken(self, ticket: int, how: Taken, now_ns: int, *, reason: str = "", request_seq: int = 0) -> list[Effect]:
        """The scan has taken a Write out of the mailbox; `reason`: why it never got there.

        `request_seq`, where not 0: it went there long ago with that number, for another dispatcher. The program may
        have answered it long ago too, and then that answer is waited for in vain.
        """
        if ticket in self._writes:
            return [_end(self._writes.pop(ticket), _as_outcome(how, reason), now_ns)]
        for lane in self._lanes.values():
            job = lane.active
            if job is not None and job.entry.ticket == ticket:
                if how is Taken.WRITTEN:
                    job.written = True
                    if request_seq:
                        job.request_seq, job.known_ns = request_seq, now_ns
                    return []
                return self._finish(lane, job, _as_outcome(how, reason), now_ns)
        return []  # it ended meanwhile

    def observe(self, acks: Mapping[str, Ack], now_ns: int) -> list[Effect]:
        """Compare acknowledgements (by command name) and the clock with what is under way."""
        effects: list[Effect] = []
        for ticket, job in list(self._writes.items()):
            if now_ns >= job.expires_ns:
                del self._writes[ticket]
                effects.append(_end(job, Outcome(Ending.TIMED_OUT, "the scan did not take it"), now_ns))
        for name, lane in self._lanes.items():
            effects += self._observe_lane(lane, acks.get(name), now_ns)
        return effects

    def _observe_lane(self, lane: _Lane, ack: Ack | None, now_ns: int) -> list[Effect]:
        effects: list[Effect] = []
        for late in [job for job in lane.waiting if now_ns >= job.expires_ns]:
            lane.waiting.remove(late)
            effects.append(_end(late, Outcome(Ending.TIMED_OUT, "another command of this name was under way"), now_ns))
        job = lane.active
        if job is None:
            return effects
        outcome = _answered(job, ack) if ack is not None else None
        if outcome is None and job.known_ns and now_ns - job.known_ns >= OLD_ANSWER_WITHIN_NS:
            outcome = Outcome(Ending.DONE, "it was given to the program before; its answer is not known any more")
        if outcome is None and _is_accepted(job, ack) and (lane.waiting or now_ns >= job.expires_ns):
            outcome = Outcome(Ending.ACCEPTED, ack.label if ack is not None else "")
        if outcome is None and now_ns >= job.expires_ns:
            outcome = Outcome(Ending.TIMED_OUT, _why_late(job, ack))
        return effects if outcome is None else effects + self._finish(lane, job, outcome, now_ns)

    def _why_not(self, submit: Submit, now_ns: int) -> str:
        if not 0 < submit.ttl_ns <= TTL_MAX_NS:
            return f"the time to live must be above 0 and at most {TTL_MAX_NS // 1_000_000_000} s"
        if submit.is_command:
            lane = self._lanes.get(submit.target)
            if lane is None:
                return "there is no such command"
            if len(lane.waiting) >= WAITING_MAX:
                return f"{WAITING_MAX} commands of this name wait already"
        elif len(self._writes) >= WRITES_MAX:
            return f"{WRITES_MAX} writes wait already"
        if not self._memory.has_room(now_ns):
            return "too many commands within a minute"
        return ""

    def _start_next(self, lane: _Lane) -> list[Effect]:
        if lane.active is not None or not lane.waiting:
            return []
        lane.active = job = lane.waiting.popleft()
        job.request_seq = self._next_seq
        self._next_seq = (self._next_seq + 1) % SEQ_MODULUS or 1
        return [_write(job)]

    def _finish(self, lane: _Lane, job: _Job, outcome: Outcome, now_ns: int) -> list[Effect]:
        lane.active = None
        return [_end(job, outcome, now_ns), *self._start_next(lane)]


def _write(job: _Job) -> Write:
    submit = job.entry.submit
    return Write(job.entry.ticket, submit.target, submit.value, submit.is_command, job.request_seq, job.expires_ns)


def _end(job: _Job, outcome: Outcome, now_ns: int) -> Ended:
    job.entry.outcome = outcome
    job.entry.ended_ns = now_ns
    return Ended(job.entry.ticket, outcome)


def _as_outcome(how: Taken, reason: str) -> Outcome:
    if how is Taken.WRITTEN:
        return Outcome(Ending.DONE)
    if how is Taken.EXPIRED:
        return Outcome(Ending.TIMED_OUT, "the scan did not take it in time")
    return Outcome(Ending.REFUSED, reason or "the scan refused to write there")


def _answered(job: _Job, ack: Ack) -> Outcome | None:
    if not job.written or ack.seq != job.request_seq:
        return None
    label = ack.label.upper()
    if label.startswith("DONE"):
        return Outcome(Ending.DONE, ack.label)
    return Outcome(Ending.REFUSED, ack.label) if label.startswith("REFUSED") else None


def _is_accepted(job: _Job, ack: Ack | None) -> bool:
    return job.written and ack is not None and ack.seq == job.request_seq and ack.label.upper().startswith("ACCEPTED")


def _why_late(job: _Job, ack: Ack | None) -> str:
    if not job.written:
        return "the scan did not take it"
    if ack is not None and ack.seq == job.request_seq:
        return f"the program left it at {ack.label}"
    return "no program acknowledged it"
