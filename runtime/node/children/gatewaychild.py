"""The gateway process, through online changes: sockets stay in this process, what is behind them is built anew."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.cluster.keys import read_keys
from runtime.cluster.memberplan import MemberPlan
from runtime.core.diagnostic import render
from runtime.core.fault import ConfigFault
from runtime.gateway.engine import Gateway
from runtime.gateway.farconsoles import FarConsoles
from runtime.gateway.lasting import Lasting
from runtime.gateway.scada.load import load_scada_map
from runtime.gateway.scada.server import ScadaService
from runtime.gateway.sockets import Sockets, bind_all
from runtime.image.manifest import Manifest
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.node import runplan
from runtime.node.change.versionnote import VersionNote
from runtime.node.children.parent import arm_last_words
from runtime.node.following import end_on_sigterm, follow
from runtime.node.link import LinkEnd, Order
from runtime.node.runplan import PairPlan, RunPlan
from runtime.node.seat import Seat
from runtime.wire.endpoints import endpoints
from runtime.wire.messages import ProgramVersion


@dataclass(slots=True)
class _Version:
    """What the gateway knows of a version of the programs."""

    manifest: Manifest
    plan: RunPlan
    scada: ScadaService | None
    number: int
    image: ImageSegment


class GatewayProcess:
    """One gateway process through the versions it sees. A Follower."""

    def __init__(self, seat: Seat) -> None:
        self._run_dir = seat.run_dir
        self._control = ControlSegment.attach(seat.control_fd)
        self._now = _load(seat.folder, seat.number, seat.image_fd)
        self._next: _Version | None = None
        self._leave = asyncio.Event()
        self._engine = self._built()

    async def run(self, link: LinkEnd, stop: asyncio.Event) -> None:
        """Serve until `stop` is set."""
        helpers = [asyncio.create_task(follow(link, self)), asyncio.create_task(self._leave_on(stop))]
        sockets = bind_all(endpoints(self._run_dir))
        if self._now.plan.pair is not None:
            helpers.append(asyncio.create_task(self._serve_far(self._now.plan.pair, sockets)))
        try:
            while True:
                await self._engine.run(self._leave, sockets)
                if stop.is_set():
                    return
                self._go_over()
        finally:
            for task in helpers:
                task.cancel()
            sockets.close()
            await self._engine.lasting.close()

    async def _serve_far(self, plan: PairPlan, sockets: Sockets) -> None:
        member = MemberPlan.of_json(plan.member)
        member.consoles.save(self._run_dir)
        far = FarConsoles(member.consoles, read_keys(member.key_file), sockets)
        await far.run(lambda severity, text: self._engine.event(severity, "gateway", text))

    async def prepare(self, order: Order) -> None:
        """See Follower."""
        self._next = await asyncio.to_thread(_load, order.folder, order.version, order.image_fd)
        self._engine.forces_wait = True

    def settled(self) -> None:
        """See Follower."""
        self._leave.set()

    def forget(self) -> None:
        """See Follower."""
        if self._next is not None:
            self._next.image.close()
        self._next = None
        self._engine.forces_wait = False

    async def _leave_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._leave.set()

    def _go_over(self) -> None:
        new, old = self._next, self._now
        assert new is not None
        self._leave.clear()
        self._now, self._next = new, None
        self._engine = self._built(self._engine.lasting)
        old.image.close()

    def _built(self, lasting: Lasting | None = None) -> Gateway:
        now = self._now
        note = VersionNote.load(self._run_dir)
        version = ProgramVersion(number=now.number, hash=note.hash, since_wall_ns=note.since_wall_ns, by=note.by)
        return Gateway(
            now.manifest,
            image=now.image,
            control=self._control,
            run_dir=self._run_dir,
            state_dir=Path(now.plan.state_dir),
            view=now.plan.view,
            scada=now.scada,
            version=version,
            lasting=lasting,
        )


def _load(folder: Path, number: int, image_fd: int) -> _Version:
    manifest, plan = Manifest.load(folder / runplan.MANIFEST), RunPlan.load(folder)
    service = None
    if plan.scada_map:
        written = folder / runplan.SCADA_MAP
        scada_map, diagnostics = load_scada_map(written, tags=manifest.tags, bindings=manifest.bindings)
        if scada_map is None:
            raise ConfigFault("\n".join(render(d) for d in diagnostics), mend="the supervisor has checked this map")
        service = ScadaService(scada_map, plan.scada_host, plan.scada_port)
    return _Version(manifest, plan, service, number, ImageSegment.attach(image_fd, manifest.layout()))


def run_gateway(seat: Seat, freeze: Callable[[], None]) -> None:
    """The gateway process until SIGTERM."""

    async def run() -> None:
        process, stop = GatewayProcess(seat), asyncio.Event()
        freeze()
        end_on_sigterm(stop, before_stop=arm_last_words)
        await process.run(LinkEnd(seat.link_fd), stop)

    asyncio.run(run())
