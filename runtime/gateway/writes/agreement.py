"""The gateway's way to the redundancy process of a pair: writes are agreed on first, then come back to be made.

Without a connection nothing can be agreed on: that is told at once. A connection that breaks is made again; what was
under way then ends for its client by its time to live, and the same (client, seq) may be tried again.
"""

import asyncio
import itertools
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from runtime.core.fault import ClusterFault
from runtime.wire.pairport import ASKED_OF_LEADER, ASKS, PairStatus, pair_socket, receive_packets, send_packet

Relayed = dict[str, Any]
"""What the gateways of both controllers say to each other; the redundancy processes pass it on unseen."""
RECONNECT_S = 0.1
ANSWER_WITHIN_S = 5.0
RELAY_S = 0.5
"""On the way to the other gateway and back."""
PAIR_ASK = "pair_ask"
"""In what gateways say to each other: what the other one's redundancy process is to be asked."""


class Agreement:
    """For one asyncio loop; `run` must be running. Handlers are set by those who take what comes."""

    def __init__(self, run_dir: Path) -> None:
        self.status: PairStatus | None = None
        self.on_deliver: Callable[[int, str, int, str], None] = lambda *_: None
        self.on_known: Callable[[int, str, int, str], None] = lambda *_: None
        self.on_refused: Callable[[str, int, str], None] = lambda *_: None
        self.on_forces: Callable[[dict[str, str]], None] = lambda _: None
        self.on_status: Callable[[], None] = lambda: None
        self.on_lead: Callable[[bool], None] = lambda _: None
        self.on_relayed: Callable[[Relayed], Awaitable[Relayed]] = _nobody
        self._path = pair_socket(run_dir)
        self._end: socket.socket | None = None
        self._leads = False
        self._ids = itertools.count(1)
        self._asked: dict[int, asyncio.Future[str]] = {}
        self._relayed: dict[int, asyncio.Future[Relayed]] = {}
        self._answering: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Stay connected, for ever."""
        while True:
            end = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            end.setblocking(False)
            try:
                end.connect(str(self._path))
            except OSError:
                end.close()
                await asyncio.sleep(RECONNECT_S)
                continue
            try:
                await self._serve(end)
            finally:
                self._end, self.status = None, None
                end.close()

    def propose(self, client: str, seq: int, body: str) -> str:
        """Have a write agreed on; why that cannot even be tried, or nothing."""
        return self._say({"do": "propose", "client": client, "seq": seq, "body": body})

    def force(self, name: str, body: str, *, keep: bool) -> str:
        """Have both controllers hold a variable, or with no body let go; why that cannot even be tried, or nothing."""
        return self._say({"do": "force", "name": name, "body": body, "keep": keep})

    async def ask(self, what: str, name: str = "") -> str:
        """Swap, detach, attach, claim; which controller was asked: this one, or the leader for what is its to do.

        Raises ClusterFault when it is refused or not answered.
        """
        assert what in ASKS
        own = self.status["name"] if self.status is not None else ""
        leader = self.status["leader"] if self.status is not None else ""
        is_elsewhere = what in ASKED_OF_LEADER and leader not in ("", own)
        why_not = await (self._ask_leader(what, name, leader) if is_elsewhere else self._ask_here(what, name))
        if why_not:
            raise ClusterFault(why_not, where=f"pair {what}", mend="see the state of the pair: voltscan pair status")
        return leader if is_elsewhere else own

    async def relay(self, content: Relayed, *, within_ns: int) -> Relayed | None:
        """Say it to the other controller's gateway, and hear its answer; None when none comes in time."""
        number = next(self._ids)
        answer: asyncio.Future[Relayed] = asyncio.get_running_loop().create_future()
        self._relayed[number] = answer
        try:
            if self._say({"do": "relay", "id": number, "content": content}):
                return None
            return await asyncio.wait_for(answer, within_ns / 1e9)
        except TimeoutError:
            return None
        finally:
            del self._relayed[number]

    async def _ask_here(self, what: str, name: str) -> str:
        """Why not, or nothing."""
        number = next(self._ids)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            why_not = self._say({"do": "ask", "id": number, "what": what, "name": name})
            return why_not or await asyncio.wait_for(answer, ANSWER_WITHIN_S)
        except TimeoutError:
            return "the redundancy process does not answer"
        finally:
            del self._asked[number]

    async def _ask_leader(self, what: str, name: str, leader: str) -> str:
        """Why not, or nothing. The leader is asked once: who does not hear of it may look before asking again."""
        content = {PAIR_ASK: what, "name": name}
        answer = await self.relay(content, within_ns=round((ANSWER_WITHIN_S + RELAY_S) * 1e9))
        if answer is None:
            return f"{leader} leads, and has not answered: it may be done nevertheless"
        return str(answer.get("why_not", f"{leader} does not understand this: it runs another release"))

    def _say(self, packet: dict[str, Any]) -> str:
        if self._end is None:
            return "the redundancy process of this controller does not run"
        return "" if send_packet(self._end, packet) else "the redundancy process takes nothing just now"

    async def _answer(self, number: int, content: Relayed) -> None:
        what = content.get(PAIR_ASK)
        if what is None:
            answer = await self.on_relayed(content)
        elif what in ASKED_OF_LEADER:
            answer = {"why_not": await self._ask_here(what, str(content.get("name", "")))}
        else:
            answer = {"why_not": f"a leader is not asked to {what}"}
        self._say({"do": "relay_answer", "id": number, "content": answer})

    async def _serve(self, end: socket.socket) -> None:
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()

        def on_readable() -> None:
            packets = receive_packets(end)
            if packets is None:
                gone.set()
                return
            for packet in packets:
                self._take(packet)

        self._end = end
        loop.add_reader(end.fileno(), on_readable)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(end.fileno())

    def _take(self, packet: dict[str, Any]) -> None:
        match packet:
            case {"do": "deliver", "index": index, "client": client, "seq": seq, "body": body}:
                self.on_deliver(index, client, seq, body)
            case {"do": "known", "index": index, "client": client, "seq": seq, "body": body}:
                self.on_known(index, client, seq, body)
            case {"do": "refused", "client": client, "seq": seq, "why": why}:
                self.on_refused(client, seq, why)
            case {"do": "answer", "id": number, "why_not": why_not}:
                answer = self._asked.get(number)
                if answer is not None and not answer.done():
                    answer.set_result(why_not)
            case {"do": "relayed", "id": number, "content": content}:
                task = asyncio.create_task(self._answer(number, content))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
            case {"do": "relay_answer", "id": number, "content": content}:
                relayed = self._relayed.get(number)
                if relayed is not None and not relayed.done():
                    relayed.set_result(content)
            case {"do": "forces", "forces": forces}:
                self.on_forces(forces)
            case {"do": "status", "status": status}:
                self.status = status
                if self._leads != status["drives"]:
                    self._leads = status["drives"]
                    self.on_lead(self._leads)
                self.on_status()


async def _nobody(_: Relayed) -> Relayed:
    return {"again": "this gateway is not ready yet"}
