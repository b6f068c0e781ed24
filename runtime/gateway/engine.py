"""The gateway of one controller: requests, stream, events and SCADA on one asyncio loop, off the scan.

    ROUTER ──▶ Requests ──▶ Submitter ──▶ mailbox        snapshots ──▶ Frames ──▶ XPUB
                   └──────▶ force table                  PULL ──▶ EventRing ──▶ XPUB
    Modbus TCP ──▶ ScadaUnit ──▶ the same Submitter

It holds no state that a restart must not lose: forces lie in shared memory, request numbers go on from it, what clients
have submitted is in a journal, and what was under way ends for its client by a time-out.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from runtime.core.fault import PlcFault
from runtime.gateway.events.plantevents import PlantEvents
from runtime.gateway.events.transitions import Transitions
from runtime.gateway.faults.keptfaults import SETTLE_PERIOD_S
from runtime.gateway.forces.forcing import Forcing
from runtime.gateway.forces.keptforces import KEPT_FORCES, KeptForces
from runtime.gateway.forces.pairforcing import PairForcing
from runtime.gateway.lasting import Lasting
from runtime.gateway.requests import Requests
from runtime.gateway.scada.server import ScadaService
from runtime.gateway.scada.unit import ScadaUnit
from runtime.gateway.sockets import Sockets, bind_all, received
from runtime.gateway.view.frames import Frames
from runtime.gateway.view.observation import Observer
from runtime.gateway.writes.pairsubmitter import PairSubmitter
from runtime.gateway.writes.submitter import Submitter
from runtime.image.mailbox import MailboxWriter
from runtime.image.manifest import Manifest
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.wire.endpoints import endpoints
from runtime.wire.fault import WireFault
from runtime.wire.messages import (
    EVENT,
    STATUS,
    TAGS,
    Event,
    EventSource,
    ProgramVersion,
    Severity,
    decode,
    decode_request,
    encode,
    encode_error,
    encode_result,
)
from runtime.wire.pairport import PairStatus

STATUS_PERIOD_S = 0.1
TAGS_PERIOD_S = 0.25
LAST_ANSWERS_WITHIN_S = 0.2
"""Of an engine that lets go; a client that takes none gets none."""
WAITING_REQUESTS_MAX = 64
"""Commands and writes that wait for their end at once, of all clients together."""
_SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")
_SOURCES: tuple[EventSource, ...] = ("io", "scan", "gateway", "supervisor", "redundancy", "operator")


class Gateway:
    """One controller's gateway. `view`: names or patterns of the tags in status frames."""

    def __init__(
        self,
        manifest: Manifest,
        *,
        image: ImageSegment,
        control: ControlSegment,
        run_dir: Path,
        state_dir: Path,
        view: Sequence[str] = (),
        scada: ScadaService | None = None,
        version: ProgramVersion | None = None,
        lasting: Lasting | None = None,
    ) -> None:
        """`version`: that of the programs. `lasting`: what the engine before an online change leaves."""
        started_wall_ns = time.time_ns()
        self._where = endpoints(run_dir)
        is_pair = bool(control.control.pair)
        self.lasting = lasting or Lasting.of(
            run_dir,
            state_dir,
            cycle_ns=manifest.cycle_ns,
            started_wall_ns=started_wall_ns,
            term=control.control.term,
            pair=is_pair,
        )
        self._audience = self.lasting.audience
        self._observer = Observer(manifest, image, control, watch=self.lasting.watch, faults=self.lasting.faults)
        self._frames = Frames(self._observer, tuple(view), version, self._pair_status)
        mailbox = MailboxWriter(control, version=version["number"] if version else 0)
        self._submitter = self._make_submitter(mailbox)
        self._transitions = Transitions(self._observer)
        self._plant_events = PlantEvents(manifest.tags)
        self._requests = Requests(
            self._observer,
            control=control,
            submitter=self._submitter,
            forcing=self._make_forcing(KeptForces(state_dir / KEPT_FORCES)),
            frames=self._frames,
            run=run_dir,
            started_wall_ns=started_wall_ns,
            audit=self._audit,
            events_since=self._audience.ring.since,
            agreement=self.lasting.agreement,
        )
        self._scada = scada
        self._group: asyncio.TaskGroup | None = None
        self._answering: set[asyncio.Task[None]] = set()

    @property
    def forces_wait(self) -> bool:
        """True while an online change carries the forces over: none can be set or taken back."""
        return self._requests.forces_wait

    @forces_wait.setter
    def forces_wait(self, wait: bool) -> None:
        self._requests.forces_wait = wait

    async def run(self, stop: asyncio.Event, sockets: Sockets | None = None) -> None:
        """Serve until `stop` is set. Raises ConfigFault when the sockets cannot be had. `sockets` are used and kept; so
        is the SCADA server then."""
        if sockets is None:
            sockets = bind_all(self._where)
            try:
                await self._serve(stop, sockets)
            finally:
                sockets.close()
                await self.lasting.close()
        else:
            await self._serve(stop, sockets)

    async def _serve(self, stop: asyncio.Event, sockets: Sockets) -> None:
        parts: list[Callable[[Sockets], Coroutine[Any, Any, None]]] = [
            self._answer_requests,
            self._watch_subscriptions,
            self._take_events,
            self._publish_status,
            self._publish_tags,
            self._submit,
            self._serve_scada,
            self._agree,
            self._keep_faults,
        ]
        async with asyncio.TaskGroup() as group:
            self._group = group  # a bug in any part, or in one request, ends the process
            tasks = [group.create_task(part(sockets)) for part in parts]
            await stop.wait()
            await self._let_go()
            for task in (*tasks, *self._answering):
                task.cancel()

    async def _let_go(self) -> None:
        """Tell those who wait for a command that nobody follows it to its end any more."""
        self._submitter.let_go()
        if self._answering:
            await asyncio.wait(self._answering, timeout=LAST_ANSWERS_WITHIN_S)

    def event(self, severity: Severity, source: EventSource, text: str, t_wall_ns: int | None = None) -> Event:
        """Number an event, keep it, and have it published."""
        event = self._audience.ring.add(severity, source, text, time.time_ns() if t_wall_ns is None else t_wall_ns)
        self._audience.unpublished.append(event)
        return event

    def _pair_status(self) -> PairStatus | None:
        return self.lasting.agreement.status if self.lasting.agreement is not None else None

    def _audit(self, severity: Severity, text: str) -> Event:
        return self.event(severity, "operator", text)

    async def _submit(self, _: Sockets) -> None:
        await self._submitter.run()

    async def _agree(self, _: Sockets) -> None:
        if self.lasting.agreement is not None:
            await self.lasting.agreement.run()

    def _make_submitter(self, mailbox: MailboxWriter) -> Submitter:
        lasting = self.lasting
        if lasting.agreement is None:
            return Submitter(self._observer, mailbox, lasting.submitted, lasting.journal)
        return PairSubmitter(
            self._observer,
            mailbox,
            lasting.submitted,
            lasting.journal,
            agreement=lasting.agreement,
            tell=lambda severity, text: self.event(severity, "gateway", text),
        )

    def _make_forcing(self, kept: KeptForces) -> Forcing:
        agreement = self.lasting.agreement
        if agreement is None:
            return Forcing(self._observer, kept, self._audit)
        return PairForcing(self._observer, kept, self._audit, agreement)

    async def _answer_requests(self, sockets: Sockets) -> None:
        while True:
            *route, raw = await received(sockets.request)
            try:
                message = decode_request(raw)
            except WireFault as fault:
                await self._reply(sockets, route, encode_error(None, fault))
                continue
            await self._answer(sockets, route, message)

    async def _answer(self, sockets: Sockets, route: list[bytes], message: dict[str, Any]) -> None:
        request_id = message.get("id")
        try:
            result = self._requests.at_once(message)
        except PlcFault as fault:
            await self._reply(sockets, route, encode_error(request_id, fault))
            return
        if result is not None:
            await self._reply(sockets, route, encode_result(request_id, result))
        elif len(self._answering) >= WAITING_REQUESTS_MAX:
            await self._reply(sockets, route, encode_error(request_id, _BUSY))
        else:
            assert self._group is not None
            task = self._group.create_task(self._answer_later(sockets, route, message))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer_later(self, sockets: Sockets, route: list[bytes], message: dict[str, Any]) -> None:
        request_id = message.get("id")
        try:
            reply = encode_result(request_id, await self._requests.later(message))
        except PlcFault as fault:
            reply = encode_error(request_id, fault)
        await self._reply(sockets, route, reply)

    async def _reply(self, sockets: Sockets, route: list[bytes], raw: bytes) -> None:
        await sockets.request.send_multipart([*route, raw])

    async def _watch_subscriptions(self, sockets: Sockets) -> None:
        while True:
            (raw,) = await received(sockets.stream)
            if raw[:1] == b"\x01":
                self._audience.subscribed.add(raw[1:])
            elif raw[:1] == b"\x00":
                self._audience.subscribed.discard(raw[1:])

    def _is_wanted(self, topic: str) -> bool:
        return any(topic.encode().startswith(prefix) for prefix in self._audience.subscribed)

    async def _take_events(self, sockets: Sockets) -> None:
        while True:
            (raw,) = await received(sockets.events)
            try:
                self._take_event(raw)
            except WireFault as fault:
                self.event("warning", "gateway", f"a process sent an event that cannot be read: {fault.what}")

    def _take_event(self, raw: bytes) -> None:
        told = decode(raw)
        severity, source = told.get("severity"), told.get("source")
        text, t_wall_ns = told.get("text"), told.get("t_wall_ns")
        if severity not in _SEVERITIES or source not in _SOURCES:
            raise WireFault(f"severity {severity!r}, source {source!r}")
        if not isinstance(text, str) or not isinstance(t_wall_ns, int):
            raise WireFault("without text or time")
        self.event(severity, source, text, t_wall_ns)

    async def _publish_status(self, sockets: Sockets) -> None:
        async for _ in _every(STATUS_PERIOD_S):
            now_ns = time.monotonic_ns()
            self._frames.tick(now_ns)
            self._observer.fault_log.look(self._observer.latest(), self._observer.control.fault_ack)
            for severity, text in self._transitions.seen(now_ns):
                self.event(severity, "scan", text)
            unpublished, self._audience.unpublished = self._audience.unpublished, []
            for event in unpublished:
                await sockets.stream.send_multipart([EVENT.encode(), encode(event)])
            for topic, told in self._plant_events.seen(self._observer.latest()):
                if self._is_wanted(topic):
                    await sockets.stream.send_multipart([topic.encode(), encode(told)])
            if self._is_wanted(STATUS):
                await sockets.stream.send_multipart([STATUS.encode(), encode(self._frames.status())])

    async def _keep_faults(self, _: Sockets) -> None:
        async for _now in _every(SETTLE_PERIOD_S):
            await self.lasting.faults.settle()

    async def _publish_tags(self, sockets: Sockets) -> None:
        async for _ in _every(TAGS_PERIOD_S):
            frame = self._frames.tags() if self._is_wanted(TAGS) else None
            if frame is not None:
                await sockets.stream.send_multipart([TAGS.encode(), encode(frame)])

    async def _serve_scada(self, _: Sockets) -> None:
        if self._scada is None:
            await self.lasting.scada.close()
            return
        pair = self._pair_status if self.lasting.agreement is not None else None
        unit = ScadaUnit(self._scada.map, self._observer, self._submitter, self._audit, pair)
        await self.lasting.scada.serve(self._scada, unit, lambda severity, text: self.event(severity, "gateway", text))


_BUSY = PlcFault(
    f"{WAITING_REQUESTS_MAX} commands and writes wait already",
    where="gateway",
    mend="wait for the answers to earlier ones",
)


async def _every(period_s: float) -> AsyncIterator[None]:
    """Once a period, at absolute times; periods that were missed are left out."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        yield
        due = max(due + period_s, loop.time())
        await asyncio.sleep(due - loop.time())
