"""Two controllers, a witness, their clients and devices in one virtual world; whatever happens, all is watched."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from pairbook import Book, Broken
from pairchecks import RaftChecks
from pairclients import Client, History
from pairdisk import Disk, Held
from pairio import Device
from pairmember import ControllerNode
from pairnet import Network
from pairnode import Node, WitnessNode
from pairscan import CYCLE_NS, commands_in
from pairtime import MS, Clock, Events, Process

from runtime.cluster.pair.entries import Command, decode_entry
from runtime.cluster.pair.settings import PairSettings, election_ns_for, times_for
from runtime.cluster.pair.voters import OnWitnessLoss
from runtime.raft.configuration import Configuration
from runtime.raft.log import EntryKind, Snapshot
from runtime.raft.ready import HardState
from runtime.raft.state import Role, Settings
from runtime.raft.times import CLOCK_RATE_ERROR_PPM

TIMES = times_for(CYCLE_NS)
ELECTION_NS = {name: election_ns_for(TIMES, place=place) for place, name in enumerate("abw")}
CLIENTS = 2
START_ALONE_NS = 400 * MS
GONE_NS = 150 * MS
YIELD_AFTER_NS = 100 * MS
REST_NS = 300 * MS


class World:
    """One seed's. `clocks_hold`: whether all clocks keep within rho, so that leases must not overlap. `gone`: who
    cannot read its disk any more."""

    def __init__(self, random: Random, *, plays_exchange: bool = True) -> None:
        self.random = random
        self.plays_exchange = plays_exchange
        self.events = Events(random)
        self.network = Network(self.events, random)
        self.checks = RaftChecks()
        self.book = Book()
        self.history = History()
        self.clocks_hold = True
        self.figures: list[tuple[str, int]] = []
        self.term_device = Device(self.book, fences=True)
        self.time_device = Device(self.book, fences=False)
        self.on_right: Callable[[ControllerNode], None] = lambda _: None
        self.gone: set[str] = set()
        self._lease_ends_ns: dict[str, tuple[int, int]] = {}
        self.controllers = {name: self._controller(name, other) for name, other in (("a", "b"), ("b", "a"))}
        self.witness = WitnessNode(_raft_settings("w", random), **self._parts())
        self.nodes: dict[str, Node] = {**self.controllers, "w": self.witness}
        self._targets = list(self.controllers)
        self.clients = [
            Client(
                number,
                self._targets,
                events=self.events,
                network=self.network,
                random=random,
                history=self.history,
            )
            for number in range(1, CLIENTS + 1)
        ]

    def _parts(self) -> dict[str, object]:
        rate = self.random.randint(-CLOCK_RATE_ERROR_PPM, CLOCK_RATE_ERROR_PPM)
        held = Held(HardState(), Snapshot(configuration=_settings("a", "b", self.random).configuration))
        if self.gone:
            held.snapshot = Snapshot(configuration=Configuration())
        return {
            "events": self.events,
            "network": self.network,
            "clock": Clock(local_ns=self.random.randint(1, 10**12), rate_ppm=rate),
            "disk": Disk(self.events, self.random, held),
            "checks": self.checks,
        }

    def _controller(self, name: str, other: str) -> ControllerNode:
        devices = (self.term_device, self.time_device)
        node = ControllerNode(_settings(name, other, self.random), devices=devices, book=self.book, **self._parts())
        node.on_lease = self._lease
        node.plays_exchange = self.plays_exchange
        return node

    def start(self) -> None:
        """All nodes, at about one time."""
        for name in self.nodes:
            self.events.after(int(5 * MS * self.random.random()), None, self.start_node, name)

    def start_node(self, name: str) -> None:
        """A node that does not run begins a life; of a controller that runs in part, the part that does not."""
        if name in self.gone or self.nodes[name].process.runs:
            return
        node = self.nodes[name]
        self.checks.restarted(name)
        if isinstance(node, ControllerNode) and node.is_on:
            node.start_redundancy()
        else:
            node.start()

    def start_parts(self, name: str) -> None:
        """Scan and io of a controller that is not wholly off, where they do not run."""
        if name in self.gone:
            return
        node = self.controllers[name]
        for part in (node.scan, node.sink):
            if node.is_on and not part.process.runs:
                part.start()

    # A box whose disk is damaged must never vote again under its name.

    def can_lose_one(self) -> bool:
        """Whether the other two are a majority by all that they know, so that a new box can be added by them."""
        rafts = [node.raft for node in self.nodes.values()]
        return not self.gone and all(raft is not None and len(raft.configuration.voters) == 3 for raft in rafts)

    def replace(self, name: str) -> None:
        """Another box takes its place, under a new name and with an empty disk; the others have a new group file."""
        joined: Node
        new, stay = f"{name}2", [c for c in self.controllers.values() if c.name != name]
        if name == self.witness.name:
            joined = self.witness = WitnessNode(_raft_settings(new, self.random), **self._parts())
        else:
            joined = self._controller(new, stay[0].name)
            self.controllers = {stay[0].name: stay[0], new: joined}
        self.nodes = {**self.controllers, self.witness.name: self.witness}
        self._targets[:] = self.controllers
        for node in stay:
            named = {"witness": new} if joined is self.witness else {"other": new}
            node.settings = replace(node.settings, **named)
            if node.process.runs:
                node.crash_redundancy()
        joined.joins([node.name for node in self.nodes.values() if node is not joined])

    def processes(self, name: str) -> list[Process]:
        """All processes of a node."""
        node = self.nodes[name]
        if isinstance(node, ControllerNode):
            return [node.process, node.scan.process, node.sink.process]
        return [node.process]

    # What is true now.

    @property
    def driver(self) -> ControllerNode | None:
        """Who may drive outputs by its own words and clock; of several the one of the newest term."""
        drive = [c for c in self.controllers.values() if c.control.lead_term and c.control.lease_until_ns > c.now_ns()]
        return max(drive, key=lambda c: c.control.lead_term, default=None)

    @property
    def leader(self) -> str:
        """Whose Raft leads in the newest term; empty when nobody's does."""
        leads = [n for n in self.nodes.values() if n.raft is not None and n.raft.role is Role.LEADER]
        newest = max(leads, key=lambda n: n.raft.term if n.raft else 0, default=None)
        return newest.name if newest is not None else ""

    def _lease(self, node: ControllerNode) -> None:
        """Leases of two terms never overlap, by true time and the clocks as they are."""
        self.on_right(node)
        control = node.control
        now_ns = self.events.now_ns
        end_ns = node.clock.true_ns(control.lease_until_ns) if control.lead_term and control.lease_until_ns else 0
        self._lease_ends_ns[node.name] = (end_ns, control.lead_term)
        if end_ns <= now_ns or not self.clocks_hold:
            return
        other_end_ns, other_term = self._lease_ends_ns.get(node.settings.other, (0, 0))
        if other_end_ns > now_ns and other_term != control.lead_term:
            raise Broken(
                f"leases overlap: {node.settings.other} in term {other_term} until {other_end_ns / MS:.3f} ms, "
                f"{node.name} in term {control.lead_term} at {now_ns / MS:.3f} ms"
            )

    def why_not_whole(self) -> str:
        """What is missing to a pair that drives, with a standby in sync and all three voting; empty when nothing is."""
        driver = self.driver
        if driver is None or driver.member is None:
            return f"nobody may drive ({self.leader or 'nobody'} leads)"
        member = driver.member.situation
        newest = self.term_device.writes[-1].true_ns if self.term_device.writes else 0
        if self.events.now_ns - newest > 3 * CYCLE_NS:
            return f"{driver.name} may drive, but writes nothing"
        if driver.settings.other not in (member.agreed.in_sync or ()) or member.tail:
            return f"only {member.agreed.in_sync} is in sync"
        versions = [controller.scan.version for controller in self.controllers.values()]
        if len(set(versions)) > 1:
            return f"they run versions {versions}"
        if len(member.raft.configuration.voters) < len(self.nodes):
            return f"only {member.raft.configuration.voters} vote"
        behind = [n.name for n in self.nodes.values() if n.raft is None or n.raft.commit < member.raft.commit]
        if behind or any(self._is_late(name) for name in self.nodes):
            return f"{behind or 'somebody'} is behind"
        return ""

    def _is_late(self, name: str) -> bool:
        stands = any(p.paused_until_ns > self.events.now_ns for p in self.processes(name))
        return stands or self.nodes[name].disk.is_busy

    # At the end.

    def come_to_rest(self) -> None:
        """Clients get their last answers, the programs their last commands; and all is checked."""
        for client in self.clients:
            client.resting = True
        end_ns = self.events.now_ns + REST_NS
        while any(c.waits for c in self.clients) and self.events.now_ns < end_ns:
            self.events.run(self.events.now_ns + CYCLE_NS)
        if any(c.waits for c in self.clients):
            raise Broken(f"healed, and a command is not answered within {REST_NS // MS} ms")
        self.events.run(self.events.now_ns + 3 * CYCLE_NS)
        driver = self.driver
        if driver is None:
            raise Broken("healed, in sync, and then nobody drives")
        self.check_commands(driver.scan.memory)

    def check_commands(self, memory: bytes) -> None:
        """Every answered command ran, in the order of the log, each once; the history is linearizable."""
        order: list[tuple[int, int]] = []
        known: set[tuple[int, int]] = set()
        for command in self.committed_commands():
            if command not in known:
                known.add(command)
                order.append(command)
        self.history.check(order)
        ran = commands_in(memory)
        if self.book.colds - {min(self.book.began, default=0)}:
            return  # what ran before a state was lost is in no memory any more
        answered = {(o.client, o.seq) for o in self.history.operations if o.answered_ns is not None}
        lost = answered - set(ran)
        if lost:
            raise Broken(f"acknowledged, but in no program: {sorted(lost)}")
        if ran != [c for c in order if c in set(ran)]:
            raise Broken(f"ran in another order than agreed on: {ran}, {order}")

    def committed_commands(self) -> list[tuple[int, int]]:
        """Client and sequence number of each command in the log, in its order; again where it was given again."""
        found = []
        for index in sorted(self.checks.committed):
            entry = self.checks.committed[index]
            if entry.kind is EntryKind.COMMAND:
                said = decode_entry(entry.content)
                if isinstance(said, Command):
                    found.append((int(said.client.rpartition(" ")[2]), said.seq))
        return found


def _settings(name: str, other: str, random: Random) -> PairSettings:
    return PairSettings(
        raft=_raft_settings(name, random),
        other=other,
        witness="w",
        version=1,
        life=1,
        cycle_ns=CYCLE_NS,
        ack_bound_ns=25 * MS,
        gone_ns=GONE_NS,
        start_alone_ns=START_ALONE_NS,
        on_witness_loss=random.choice((OnWitnessLoss.STAY, OnWitnessLoss.SHRINK)),
        yield_after_ns=YIELD_AFTER_NS,
    )


def _raft_settings(name: str, random: Random) -> Settings:
    return Settings(name=name, times=TIMES, election_ns=ELECTION_NS[name[0]], entries_max=random.choice((1, 2, 64)))
