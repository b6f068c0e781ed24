"""Commands under way when all three members die: whether the acknowledged ones outlive it, and none runs a second time
where the log knows that it has run. Judged by the three disks as they were left, and by what the programs count then.

The programs' memory dies with the controllers, so what ran in the last moment, and was not yet noted in the log as
taken (its applied index), runs again in the new memory: once. What was noted must not.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from runtime.cluster.disk.batches import MARK_SIZE
from runtime.cluster.disk.files import Folder
from runtime.cluster.disk.store import open_store
from runtime.cluster.pair.agreed import Agreed
from runtime.core.fault import PlcFault
from tests.e2e.pairsite import PairSite, until

ORDERS = 8
"""In one life of the pair: each adds a power of four, so two bits of the sum tell how often it ran; INT holds them."""
TTL_MS = 60_000
"""Longer than a restart takes: what came too late is not made, and that is another promise."""
ANSWERED_MS = 3_000
MAJORITY = 2


@dataclass(slots=True)
class Orders:
    """Given one after the other to one controller until it dies; `answered`: those acknowledged as done. `given`: that
    many in all, so at most the last one is unknown. `told`: what was said last."""

    pair: PairSite
    client: str
    given: int = 0
    answered: list[int] = field(default_factory=list)
    told: str = ""

    def give(self, member: str) -> threading.Thread:
        """In a thread of its own, which ends with the controller, or when all are given."""
        thread = threading.Thread(target=self._give, args=(member,), daemon=True)
        thread.start()
        return thread

    def ask(self, member: str, number: int) -> bool:
        """Whether that order is answered as done; the same (client, seq) however often. Raises PlcFault."""
        order = {"name": "add", "value": 4**number, "client": self.client, "seq": number + 1, "ttl_ms": TTL_MS}
        try:
            with self.pair.client(member, timeout_ms=ANSWERED_MS) as client:
                answer = client.request("command", **order)
        except PlcFault as fault:
            self.told = str(fault)
            raise
        self.told = str(answer)
        return bool(answer["state"] == "done")

    def _give(self, member: str) -> None:
        with suppress(PlcFault):
            for number in range(ORDERS):
                self.given = number + 1
                if not self.ask(member, number):
                    return
                self.answered.append(number)


@dataclass(frozen=True, slots=True)
class Left:
    """What the three disks hold."""

    agreed: tuple[Agreed, ...]

    def index(self, client: str, number: int) -> int:
        """Of an order in the log; 0 where it is not durable on a majority."""
        found = [said.index_of(client, number + 1) for said in self.agreed]
        return max(found) if sum(map(bool, found)) >= MAJORITY else 0

    @property
    def surely_applied(self) -> int:
        """The applied index that a majority has on its disks."""
        return sorted(said.applied_floor for said in self.agreed)[-MAJORITY]

    @property
    def perhaps_applied(self) -> int:
        """The highest that anybody has."""
        return max(said.applied_floor for said in self.agreed)


def read_disks(pair: PairSite) -> Left:
    """Of members that do not run. Their folders are not touched. Raises PlcFault where one cannot be read."""
    return Left(tuple(_agreed(pair.folder / f"state_{member}", member) for member in "abw"))


@dataclass(slots=True)
class Judged:
    """Which orders were lost, and which ran twice, or again although they were noted as taken."""

    lost: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)


def judge(orders: Orders, left: Left, total: int) -> Judged:
    """Once every order that was given has been asked for again, and `total` is what the new memory counts."""
    found = Judged()
    for number in range(orders.given):
        index, runs = left.index(orders.client, number), total >> 2 * number & 3
        is_noted = 0 < index <= left.surely_applied
        must_run = index == 0 or index > left.perhaps_applied
        if (number in orders.answered and not index) or (must_run and not runs):
            found.lost.append(number)
        if runs > 1 or (is_noted and runs):
            found.doubled.append(number)
    return found


def ask_again(orders: Orders, leader: str) -> None:
    """All that were given, until each is answered. Raises AssertionError for one that never is."""
    for number in range(orders.given):
        try:
            until(lambda number=number: orders.ask(leader, number))  # type: ignore[misc]  # bound now, called now
        except AssertionError as never:
            raise AssertionError(f"order {number + 1} of {orders.given} is never done: {orders.told}") from never


def _agreed(state: Path, member: str) -> Agreed:
    with tempfile.TemporaryDirectory(prefix="vd") as copy:
        (kept_in,) = _folders(state)
        folder = Folder(Path(shutil.copytree(kept_in, Path(copy) / member)))
        store, kept = open_store(folder, member, mark=lambda: os.urandom(MARK_SIZE))
        store.close()
    agreed = Agreed.of_bytes(kept.snapshot.content)
    for entry in kept.entries:
        agreed.apply(entry)
    return agreed


def _folders(state: Path) -> Iterator[Path]:
    yield from {file.parent for file in state.rglob("log-*") if file.name.removeprefix("log-").isdecimal()}
