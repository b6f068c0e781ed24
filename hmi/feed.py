"""The wire adapter: frames go into the model, the operator's requests go out and come back as outcomes.

The one place of the console that knows the protocol's operations. The link reconnects by itself; after every silence
names and events are asked for anew, because another program may answer now.
"""

import asyncio
import itertools
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, Protocol

from hmi.clock import Clock
from hmi.model import Model
from hmi.outcome import Ending, Outcome
from hmi.status import Scalar, number_of
from runtime.wire.fault import NoAnswerFault, RefusedFault, WireFault
from runtime.wire.messages import EVENT, STATUS, TAGS
from runtime.wire.pairstream import CHOSEN
from runtime.wire.stream import StreamMessage

COMMAND_TTL_MS = 5_000
"""How long a command may wait for its acknowledgement (wire protocol, version 1)."""
COMMAND_MARGIN_MS = 1_000
"""The answer to a command may take this much longer than the command itself."""
READ_TIMEOUT_MS = 1_000
"""A dialog does not wait longer for the present value."""
GREET_RETRY_S = 1.0
"""Pause between attempts to learn the tags of a controller whose frames are heard but which does not answer."""


class Link(Protocol):
    """What the console needs of a controller: `runtime.wire.stream.StreamClient`; of a pair: `wire.pairstream`."""

    def subscribe(self, topic: str) -> None:
        """Ask for a topic."""

    def unsubscribe(self, topic: str) -> None:
        """Stop asking for a topic."""

    def messages(self) -> AsyncIterator[StreamMessage]:
        """Every message of the subscribed topics."""

    async def request(self, op: str, *, timeout_ms: int | None = None, **fields: Any) -> dict[str, Any]:
        """The result of an operation, or RefusedFault or NoAnswerFault."""


_ONCE = frozenset({"command", "write"})
"""Operations that carry a sequence number: asked for twice, they are done once."""
OpenLink = Callable[[], AbstractAsyncContextManager[Link]]


class Feed:
    """Keeps the model fed while `run` runs, in the app's event loop."""

    def __init__(self, open_link: OpenLink, model: Model, clock: Clock, *, client: str) -> None:
        self.model = model
        self.client = client
        self._open_link = open_link
        self._clock = clock
        self._seq = itertools.count(1)
        self._link: Link | None = None
        self._tags_wanted = False
        self._greet_due = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled."""
        async with self._open_link() as link:
            self._link = link
            link.subscribe(STATUS)
            link.subscribe(EVENT)
            if self._tags_wanted:
                link.subscribe(TAGS)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(link))
                group.create_task(self._greet(link))

    def want_tags(self, wanted: bool) -> None:
        """Have the values of all tags sent, or no longer: the gateway reads them only for somebody."""
        if wanted == self._tags_wanted:
            return
        self._tags_wanted = wanted
        if self._link is not None:
            if wanted:
                self._link.subscribe(TAGS)
            else:
                self._link.unsubscribe(TAGS)

    async def poll_statistics(self) -> bool:
        """Ask for the scan's figures and for what is known of faults; False when nobody answered."""
        model = self.model
        return await self._poll("stats", model.take_statistics) and await self._poll("faults", model.take_fault_log)

    async def poll_forces(self) -> bool:
        """Ask for what is forced and prepared; False when nobody answered."""
        return await self._poll("forces", self.model.take_forces)

    async def poll_io(self) -> bool:
        """Ask what io has counted; False when nobody answered."""
        return await self._poll("io", self.model.take_io)

    async def poll_testing(self) -> bool:
        """Ask for what test mode tells; False when nobody answered, or the site has none."""
        names = self.model.testing_names()
        return bool(names) and await self._poll("read", self.model.take_testing, names=names)

    async def poll_pair(self) -> bool:
        """Ask how the pair is; False when nobody answered."""
        if self._link is None:
            return False
        try:
            self.model.take_pair(await self._link.request("pair"))
        except RefusedFault as fault:
            self.model.take_no_pair(fault.what)
        except WireFault:
            return False  # the banner says that there is no connection
        return True

    async def _poll(self, op: str, take: Callable[[Any], object], **fields: Any) -> bool:
        """Ask for something and take it; False when nobody answered."""
        if self._link is None:
            return False
        try:
            take(await self._link.request(op, **fields))
        except WireFault:
            return False  # pages show the age of what they have, the banner says that there is no connection
        return True

    async def ask_pair(self, what: str) -> Outcome:
        """Swap, detach or attach."""
        return await self._ask("pair_ask", what=what)

    async def command(self, name: str, value: Scalar) -> Outcome:
        """A command through to its acknowledgement."""
        return await self._command(name, value, next(self._seq))

    async def _command(self, name: str, value: Scalar, seq: int) -> Outcome:
        again = partial(self._command, name, value, seq)
        try:
            result = await self._request(
                "command",
                timeout_ms=COMMAND_TTL_MS + COMMAND_MARGIN_MS,
                name=name,
                value=value,
                client=self.client,
                seq=seq,
                ttl_ms=COMMAND_TTL_MS,
            )
        except NoAnswerFault as fault:
            return _unknown(fault, again)
        except WireFault as fault:
            timed_out = "timed out" in fault.what  # the gateway's words for a command without acknowledgement
            if not timed_out:
                return Outcome(Ending.REFUSED, _sentence(fault))
            return Outcome(Ending.TIMED_OUT, _sentence(fault), again)
        if result.get("state") == "done":
            return Outcome(Ending.DONE, "the controller acknowledged it")
        if result.get("state") == "accepted":
            return Outcome(Ending.DONE, "the program has accepted it and is at it")
        return Outcome(Ending.REFUSED, f"the program said {result.get('reason', 'no reason')}")

    async def read_number(self, name: str, *, otherwise: str) -> float:
        """A tag's number now, or that of another one where there is no such tag; NaN when nobody answers."""
        known = name if self.model.info(name) else otherwise
        try:
            result = await self._request("read", timeout_ms=READ_TIMEOUT_MS, names=[known])
        except WireFault:
            return math.nan  # the dialog shows a dash: what is asked for can be entered all the same
        values = result.get("values", [])
        return number_of(values[0].get("value")) if values else math.nan

    async def write(self, name: str, value: Scalar) -> Outcome:
        """Write a variable once; the program may overwrite it in the same scan."""
        return await self._ask("write", name=name, value=value, seq=next(self._seq))

    async def force(self, name: str, value: Scalar) -> Outcome:
        """Hold an input or output at a value."""
        return await self._ask("force", name=name, value=value)

    async def prepare(self, name: str, value: Scalar) -> Outcome:
        """Have a force wait until all that is prepared is armed."""
        return await self._ask("force", name=name, value=value, prepare=True)

    async def apply_prepared(self) -> Outcome:
        """Force all that is prepared, from the same scan on."""
        return await self._ask("force_prepared")

    async def unforce(self, name: str) -> Outcome:
        """Let go of a forced tag."""
        return await self._ask("unforce", name=name)

    async def unforce_all(self) -> Outcome:
        """Let go of every forced tag."""
        return await self._ask("unforce", all=True)

    async def acknowledge(self) -> Outcome:
        """Acknowledge the program's faults."""
        return await self._ask("acknowledge")

    async def reset_statistics(self) -> Outcome:
        """Start the scan's histograms anew."""
        return await self._ask("stats_reset")

    async def _ask(self, op: str, **fields: Any) -> Outcome:
        try:
            result = await self._request(op, client=self.client, **fields)
        except NoAnswerFault as fault:
            return _unknown(fault, partial(self._ask, op, **fields)) if op in _ONCE else _no_answer(fault)
        except WireFault as fault:
            return Outcome(Ending.REFUSED, _sentence(fault))
        scan, note = result.get("scan"), str(result.get("note", ""))
        return Outcome(Ending.DONE, note or ("" if scan is None else f"in scan {scan}"))

    async def _request(self, op: str, **fields: Any) -> dict[str, Any]:
        if self._link is None:
            raise NoAnswerFault("the link is not open yet", mend="try again in a moment")
        return await self._link.request(op, **fields)

    async def _listen(self, link: Link) -> None:
        async for message in link.messages():
            self._take(message)

    def _take(self, message: StreamMessage) -> None:
        if message.topic == STATUS:
            if self.model.take_status(message.body, self._clock.monotonic_ns(), self._clock.wall_ns()):
                self._greet_due.set()
        elif message.topic == TAGS:
            if not self.model.take_tags(message.body):
                self._greet_due.set()
        elif message.topic == EVENT:
            self.model.take_events([message.body])
        elif message.topic == CHOSEN:
            self.model.take_chosen(message.body, self._clock.wall_ns())
            self._greet_due.set()

    async def _greet(self, link: Link) -> None:
        """Ask who is there, which tags it has and what happened, whenever that may have changed."""
        while True:
            await self._greet_due.wait()
            self._greet_due.clear()
            try:
                self.model.hello = await link.request("hello")
                self.model.take_infos((await link.request("tags"))["tags"])
                self.model.take_events((await link.request("events"))["events"])
            except WireFault:
                self._greet_due.set()
                await asyncio.sleep(GREET_RETRY_S)


def _unknown(fault: NoAnswerFault, again: Callable[[], Awaitable[Outcome]]) -> Outcome:
    return Outcome(Ending.UNKNOWN, f"try again: it is done once at most · {fault.what}", again)


def _no_answer(fault: NoAnswerFault) -> Outcome:
    return Outcome(Ending.TIMED_OUT, _sentence(fault))


def _sentence(fault: RefusedFault | WireFault) -> str:
    return f"{fault.what} · {fault.mend}" if fault.mend else fault.what
