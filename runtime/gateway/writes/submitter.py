"""The dispatcher's shell: puts writes into the mailbox, watches acknowledgements, wakes whoever waits."""

import asyncio
import time
from collections.abc import Callable, Iterable

from runtime.commands.dispatcher import Dispatcher
from runtime.commands.remembered import Memory
from runtime.commands.submission import (
    Accepted,
    Ack,
    Duplicate,
    Effect,
    Ended,
    Ending,
    Outcome,
    Rejected,
    Submit,
)
from runtime.core.elementary import Value
from runtime.core.fault import ConfigFault, PlcFault
from runtime.core.tag import Variable
from runtime.gateway.view.observation import Observer
from runtime.gateway.writes.commandjournal import CommandJournal
from runtime.gateway.writes.way import CommandPlace, MailboxWay, ValueOf, Way
from runtime.image.mailbox import MailboxWriter
from runtime.image.snapshot import Snapshot
from runtime.wire.values import to_json

POLL_S = 0.005
"""While something is under way; nothing is polled otherwise."""
_LET_GO = Outcome(Ending.TIMED_OUT, "the gateway goes over to other programs, or ends: look whether it acted")


class SubmitFault(PlcFault):
    """A command or write was not accepted."""


class Submitter:
    """The one way into the mailbox. For one asyncio loop; `run` must be running."""

    def __init__(
        self,
        observer: Observer,
        mailbox: MailboxWriter,
        memory: Memory | None = None,
        journal: CommandJournal | None = None,
        agreed: Callable[[MailboxWay, ValueOf], Way] | None = None,
    ) -> None:
        """`memory`, and the journal of it: what clients submitted before. `agreed`: makes the way of a pair of the way
        into the mailbox."""
        self.places = {
            binding.name: CommandPlace(
                _leaf(observer, f"{binding.request}.value"),
                _leaf(observer, f"{binding.request}.seq"),
                _leaf(observer, f"{binding.ack}.seq"),
                _leaf(observer, f"{binding.ack}.result"),
            )
            for binding in observer.manifest.bindings.commands
        }
        self._observer = observer
        self._memory = memory if memory is not None else Memory()
        self._journal = journal
        self._dispatcher = Dispatcher(self.places, memory=self._memory)
        self._numbered = self._has_let_go = False
        self._accepted: dict[int, Submit] = {}
        direct = MailboxWay(mailbox, places=self.places, leaf=lambda name: _leaf(observer, name))
        self._way: Way = direct if agreed is None else agreed(direct, self.value_of)
        self._waiters: dict[int, list[asyncio.Future[Outcome]]] = {}
        self._wake = asyncio.Event()

    async def command(self, name: str, value: Value, *, client: str, seq: int, ttl_ns: int) -> Outcome:
        """Submit a command and wait for its end. Raises SubmitFault when it is not accepted."""
        return await self._submit(Submit(client, seq, name, value, ttl_ns, is_command=True))

    async def write(self, variable: Variable, value: Value, *, client: str, seq: int, ttl_ns: int) -> Outcome:
        """Submit a write and wait until the scan has taken it. Raises SubmitFault when it is not accepted."""
        return await self._submit(Submit(client, seq, variable.name, value, ttl_ns, is_command=False))

    async def run(self) -> None:
        """Follow what is under way, for ever."""
        while True:
            await self._wake.wait()
            while not (self._dispatcher.is_idle and self._way.is_idle):
                self._step(time.monotonic_ns())
                await asyncio.sleep(POLL_S)
            self._wake.clear()

    def let_go(self) -> None:
        """End what is under way for those who wait for it: an online change, or the end, comes in between."""
        for futures in self._waiters.values():
            for future in futures:
                if not future.done():
                    future.set_result(_LET_GO)
        self._waiters.clear()
        self._has_let_go = True
        self._end_open()

    def _end_open(self) -> None:
        """What has not ended ends so: nobody will ever know more of it."""
        ended = self._memory.end_all(_LET_GO, time.monotonic_ns())
        if self._journal is not None:
            self._journal.ended(ended)

    async def _submit(self, submit: Submit) -> Outcome:
        if self._has_let_go:
            raise SubmitFault("an online change is under way", where=submit.target, mend="try again in a moment")
        self._number_on()
        now_ns = time.monotonic_ns()
        verdict, effects = self._dispatcher.submit(submit, now_ns)
        if isinstance(verdict, Accepted):
            if self._journal is not None:
                self._journal.submitted(submit, now_ns)  # before anything is done
            self._accepted[verdict.ticket] = submit
        if isinstance(verdict, Rejected):
            raise SubmitFault(verdict.reason, where=submit.target, mend="look at it again, then try once more")
        if isinstance(verdict, Duplicate) and verdict.outcome is not None:
            return verdict.outcome
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(verdict.ticket, []).append(future)
        self._carry_out(effects)
        self._wake.set()
        return await future

    def _step(self, now_ns: int) -> None:
        for one in self._way.arrived(now_ns):
            self._carry_out(
                self._dispatcher.taken(one.ticket, one.how, now_ns, reason=one.reason, request_seq=one.request_seq)
            )
        snapshot = self._observer.latest()
        acks = {} if snapshot is None else {name: _ack(place, snapshot) for name, place in self.places.items()}
        self._carry_out(self._dispatcher.observe(acks, now_ns))

    def _carry_out(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Ended):
                self._way.forget(effect.ticket)
                self._note_end(effect.ticket)
                for future in self._waiters.pop(effect.ticket, []):
                    if not future.done():
                        future.set_result(effect.outcome)
            else:
                submit = self._accepted[effect.ticket]
                self._way.put(effect, submit.client, submit.seq)

    def _note_end(self, ticket: int) -> None:
        submit = self._accepted.pop(ticket, None)
        entry = self._memory.find(submit.client, submit.seq) if submit is not None else None
        if entry is not None and self._journal is not None:
            self._journal.ended([entry])

    def wake(self) -> None:
        """Something has come that `run` is to see to."""
        self._wake.set()

    def number_anew(self) -> None:
        """Requests were numbered by another controller meanwhile: go on from what it left."""
        self._numbered = False

    def value_of(self, target: str, is_command: bool) -> Variable:
        """The variable that a target's value is written to. Raises ConfigFault for none."""
        return self.places[target].value if is_command and target in self.places else _leaf(self._observer, target)

    def _number_on(self) -> None:
        """Request numbers go on where the last gateway left them, or an old acknowledgement would answer a new one."""
        snapshot = None if self._numbered else self._observer.latest()
        if snapshot is None:
            return
        for place in self.places.values():
            self._dispatcher.start_after(int(snapshot.value(place.request_seq)))
            self._dispatcher.start_after(int(snapshot.value(place.ack_seq)))
        self._numbered = True


def _leaf(observer: Observer, name: str) -> Variable:
    found = observer.manifest.tags.find(name)
    if found is None:
        raise ConfigFault(
            "a command binding names a field that does not exist",
            where=name,
            mend="give the request structure `value` and `seq`, the acknowledgement `seq` and `result`",
        )
    return found


def _ack(place: CommandPlace, snapshot: Snapshot) -> Ack:
    label = to_json(snapshot.value(place.ack_result), place.ack_result)
    return Ack(int(snapshot.value(place.ack_seq)), str(label))
