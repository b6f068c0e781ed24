"""A pair under chance: one seed is one run. First everything goes wrong, then all is healed, then one thing is tried.

Faults: messages dropped, delayed, reordered, doubled, said again, damaged; ways cut, one way or not transitively; power
lost with any suffix of the writes that were not durable; slow disks; processes that stand still between any two steps,
alone or a controller as a whole; redundancy processes that die while scan and io go on; scans that die as they publish;
in some seeds clocks beyond rho, in some a disk that cannot be read after power was lost: that member stays away, and in
the end another box takes its place under a new name. And what people do: swaps, service, forces, commands, claims,
other versions of the programs, also on a box that comes back. In most seeds a leader hands its steady state to native
code, as its redundancy process does, and is struck there too.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from pairaims import Aims
from pairbook import Broken
from pairdrills import DRILLS, leader_stands_natively
from pairio import EFFECT_NS, EFFECT_NS_MAX
from pairmember import RESTART_NS, ControllerNode
from pairnet import Weather
from pairnode import Node
from pairtime import MS
from pairworld import World

from runtime.cluster.pair.effects import Effects
from runtime.cluster.pair.entries import Force
from runtime.cluster.pair.frame import ALL_LINKS
from runtime.cluster.pair.member import PairMember
from runtime.raft.times import CLOCK_RATE_ERROR_PPM

KEPT, NATIVE = Path(__file__).parent / "kept_seeds.txt", "native"
EPOCHS = 6
"""Stretches of one weather each."""
EPOCH_NS_MAX = 160 * MS
SETTLE_NS = 1500 * MS
"""Healed, the pair is whole again within this; most of it waits for a state that a restart has lost."""
LOOK_NS = 10 * MS
DAMAGED = 0.08
REPLACED_NS = 1000 * MS
CLAIM_NS = 600 * MS
"""In how many seeds power that is lost damages a disk; so much longer the new box takes until all is whole; and so long
people look on while nobody drives, before they have the other controller lead from what it has."""
OPENING = 0.25
OPENING_NS = 350 * MS
"""How many seeds begin with a moment that needs calm before it, and how long the calm lasts."""
VERSIONS = 40
OTHER_FILES = 0.1
"""How many versions of the programs there are, and how often a box comes back with one of its own."""
EXCHANGE = 0.9
STRIKES_MAX = 4
STANDS = 0.3
"""In how many seeds leaders hand their steady state to native code, in the others the core alone goes on; how often
that code is struck in the middle at most; and how many of these seeds end with a leader that stands still there."""
WILD_PPM = 200_000
WILD = 0.15
"""How far clocks are off in seeds where they keep no bound, and how many seeds that are."""


class Run:
    """One seed."""

    def __init__(self, seed: int, *, plays_exchange: bool) -> None:
        self.random = Random(seed)
        self.world = World(self.random, plays_exchange=plays_exchange)
        self.events = self.world.events
        self._healed = False
        self._natively = Random(f"natively {seed}") if plays_exchange else None
        self._damages = Random(f"damaged {seed}").random() < DAMAGED  # draws of its own: other seeds stay what they are
        if self.random.random() < WILD:
            self._wild_clocks()
        self._aims = aims = Aims(self.world, self.random, self._unless_healed)
        self._openings = (
            aims.witness_restarts_when_it_is_asked,
            aims.leader_dies_as_the_standby_joins_unseen,
            aims.leader_dies_as_the_standby_changes,
            aims.a_whole_state_comes_again_to_a_standby_that_has_forgotten,
            aims.answers_come_late_as_the_leader_is_cut_off,
            aims.the_other_is_claimed_as_the_leader_is_gone,
            aims.scan_dies_as_redundancy_stands,
            aims.scan_dies_as_it_publishes,
        )
        self._acts: list[tuple[Callable[[], None], float]] = [
            (self._power_off, 0.25),
            (self._kill_redundancy, 0.25),
            (self._kill_scan, 0.15),
            (self._kill_io, 0.1),
            (self._stall, 0.25),
            (self._swap, 0.25),
            (self._stall_before_the_write, 0.2),
            (self._power_off_when_the_standby_joins, 0.2),
            (self._all_off, 0.02),
            (self._service, 0.1),
            (self._lose_io, 0.1),
            (self._download, 0.3),
            (self._force, 0.2),
            (aims.leader_dies_as_the_standby_has_forgotten, 0.1),
            (aims.leader_is_deaf_in_a_swap, 0.1),
        ]
        self._often = [self.random.choice((0, 0.5, 1, 2)) for _ in self._acts]

    def go(self) -> None:
        """Raises Broken, or another AssertionError of the core itself, when something must not be."""
        world, random = self.world, self.random
        world.start()
        calm_ns = random.randint(60, 250) * MS
        if random.random() < OPENING:
            random.choice(self._openings)()
            calm_ns = OPENING_NS
        if self._natively is not None:
            self._strike_natively(self._natively)
        self.events.run(calm_ns)
        for _ in range(EPOCHS):
            self._change_weather()
            for (act, chance), often in zip(self._acts, self._often, strict=True):
                if random.random() < chance * often:
                    self.events.after(random.randint(0, EPOCH_NS_MAX // 2), None, self._unless_healed, act)
            self.events.run(self.events.now_ns + random.randint(5 * MS, EPOCH_NS_MAX))
        self._heal()
        if self._is_lost():
            return
        self._settle()
        drill = DRILLS[random.randrange(len(DRILLS))]
        if self._natively is not None and self._natively.random() < STANDS:
            leader_stands_natively(world, self._natively)
        else:
            drill(world)

    def _strike_natively(self, random: Random) -> None:
        for _ in range(random.randint(0, STRIKES_MAX)):
            strike = partial(self._unless_healed, partial(self._aims.leader_is_struck_natively, random))
            self.events.after(random.randint(0, EPOCHS * EPOCH_NS_MAX), None, strike)

    def _unless_healed(self, act: Callable[[], None]) -> None:
        if not self._healed:
            act()

    # What goes wrong.

    def _change_weather(self) -> None:
        chance, network = self.random.random, self.world.network
        names = list(self.world.nodes)
        ways = [(s, t) for s in names for t in names if s != t]
        if chance() < 0.3:
            network.weather = Weather()
            self.events.pause_every = 0
        weather = network.weather
        if chance() < 0.5:
            lonely = self.world.leader if chance() < 0.7 else self.random.choice(names)
            weather.cut = {way for way in ways if chance() < 0.15}
            if chance() < 0.5:
                weather.cut |= {way for way in ways if lonely in way and chance() < 0.8}
            elif chance() < 0.6:  # the pair's own link: both see the witness
                weather.cut |= {("a", "b"), ("b", "a")}
        if chance() < 0.5:
            weather.slow = {way for way in ways if chance() < 0.2}
        if chance() < 0.5:
            weather.lost, weather.late, weather.doubled, weather.again = (
                self.random.choice((0, 0, 0.02, 0.1)) for _ in range(4)
            )
            weather.damaged = self.random.choice((0, 0.05, 0.3))
        if chance() < 0.4:
            for node in self.world.nodes.values():
                node.disk.hangs_ns = self.random.choice((0, 0, 20, 100)) * MS
        if chance() < 0.4:
            self.events.pause_every = self.random.choice((0, 20, 100, 500))
            self.events.pause_ns_max = self.random.choice((5, 30, 120)) * MS

    def _anybody(self) -> str:
        """Likelier who leads than who does not."""
        leader = self.world.leader
        return leader if leader and self.random.random() < 0.5 else self.random.choice(sorted(self.world.nodes))

    def _power_off(self, name: str = "") -> None:
        name = name or self._anybody()
        node = self.world.nodes[name]
        if node.process.runs:
            if self._damages and self.world.can_lose_one():
                self.world.gone.add(name)
            node.crash()
            if isinstance(node, ControllerNode) and self.random.random() < OTHER_FILES:
                node.scan.version = self.random.randint(1, VERSIONS)
            off_ns = self.random.choice((RESTART_NS, RESTART_NS, 4 * RESTART_NS, 10 * RESTART_NS))
            self.events.after(off_ns, None, self.world.start_node, name)

    def _all_off(self) -> None:
        for name in self.world.nodes:
            self._power_off(name)

    def _kill_redundancy(self) -> None:
        node = self.world.nodes[self._anybody()]
        if isinstance(node, ControllerNode) and node.process.runs:
            node.crash_redundancy()
            self.events.after(RESTART_NS, None, self.world.start_node, node.name)

    def _kill_scan(self) -> None:
        node = self.world.driver or self.world.controllers["a"]
        if node.scan.process.runs:
            node.scan.process.kill()
            self.events.after(RESTART_NS, None, self.world.start_parts, node.name)

    def _kill_io(self) -> None:
        node = self.world.driver or self.world.controllers["b"]
        if node.sink.process.runs:
            node.sink.process.kill()
            self.events.after(RESTART_NS, None, self.world.start_parts, node.name)

    def _stall(self) -> None:
        node = self.world.nodes[self._anybody()]
        duration_ns = int(self.random.choice((10, 40, 200)) * MS * self.random.random())
        for process in self.world.processes(node.name):
            if self.random.random() < 0.8:
                self.events.stall(process, duration_ns)

    def _stall_before_the_write(self) -> None:
        """The whole controller stands still in the worst moment: lease and frame are checked, the write is not done."""
        node = self.world.driver
        if node is not None:
            duration_ns = self.random.randint(20, 200) * MS
            if self.random.random() < 0.5:
                node.sink.freeze = partial(self._stall_all, node.name, duration_ns)
            else:  # as long as may be; whether anything is handed over meanwhile
                node.sink.freeze = partial(self.events.stall, node.sink.process, EFFECT_NS_MAX - 2 * EFFECT_NS)
                self._swap()

    def _power_off_when_the_standby_joins(self) -> None:
        """The log is about to say that it is in sync, and what it lacks is late: the worst moment to take over from."""
        self.world.on_right = self._when_the_standby_joins

    def _when_the_standby_joins(self, node: ControllerNode) -> None:
        situation = node.member.situation if node.member is not None else None
        if self._healed or situation is None or situation.leading is None:
            return
        if situation.leading.joins_at or situation.leading.in_sync_at > situation.raft.commit:
            self.world.on_right = lambda _: None
            self.world.network.weather.slow.add((node.name, node.settings.other))
            delay_ns = self.random.randint(MS // 2, 60 * MS)
            self.events.after(delay_ns, None, self._unless_healed, partial(self._power_off, node.name))

    def _stall_all(self, name: str, duration_ns: int) -> None:
        for process in self.world.processes(name):
            self.events.stall(process, duration_ns)

    def _swap(self) -> None:
        self._ask(lambda member, now_ns: member.swap(now_ns))

    def _service(self) -> None:
        """An operator takes the standby out, and in a while in again."""
        self._ask(lambda member, now_ns: member.detach(member.situation.settings.other, now_ns))
        self.events.after(self.random.randint(10, 150) * MS, None, self._unless_healed, self._attach)

    def _download(self) -> None:
        """An operator has the leader, or who he thinks leads, go over to another version of the programs."""
        node = self.world.driver or self.world.controllers["a"]
        if node.member is not None:
            node.supervisor.download(self.random.randint(1, VERSIONS))

    def _attach(self) -> None:
        self._ask(lambda member, now_ns: member.detach("", now_ns))

    def _force(self) -> None:
        body = self.random.choice(("", "1", "2"))
        force = Force(name="a.x", body=body, keep=self.random.random() < 0.5)
        self._ask(lambda member, now_ns: member.force(force, now_ns))

    def _lose_io(self) -> None:
        """A controller does not reach some or all of its devices for a while; a leader then hands over."""
        node = self.world.controllers[self.random.choice("ab")]
        self._reaches(node, links_lost=self.random.choice((1, 2, 3, ALL_LINKS)))
        self.events.after(self.random.randint(50, 400) * MS, None, partial(self._reaches, node, links_lost=0))

    def _reaches(self, node: ControllerNode, *, links_lost: int) -> None:
        node.ask(lambda member, now_ns: ("", member.reaches(links_lost=links_lost, now_ns=now_ns)))

    def _ask(self, what: Callable[[PairMember, int], tuple[str, Effects]]) -> None:
        node = self.world.driver
        if node is not None and node.process.paused_until_ns <= self.events.now_ns:
            node.ask(what)

    def _wild_clocks(self) -> None:
        self.world.clocks_hold = False
        for controller in self.world.controllers.values():
            controller.sink.clocks_hold = False
        for node in self.world.nodes.values():
            self.events.at(self.random.randint(0, 500 * MS), None, self._unless_healed, partial(self._go_wild, node))

    def _go_wild(self, node: Node) -> None:
        jump_ns = self.random.choice((0, 100 * MS))
        node.clock.change(self.events.now_ns, rate_ppm=self.random.randint(-WILD_PPM, WILD_PPM), jump_ns=jump_ns)

    # And well again.

    def _heal(self) -> None:
        self._healed = True
        for controller in self.world.controllers.values():
            controller.sink.freeze = None
            self._reaches(controller, links_lost=0)
        self.world.network.weather = Weather()
        self.events.pause_every = 0
        for name in self.world.gone:
            self.world.replace(name)
        for name, node in self.world.nodes.items():
            node.disk.hangs_ns = 0
            if not self.world.clocks_hold:
                node.clock.change(
                    self.events.now_ns, rate_ppm=self.random.randint(-CLOCK_RATE_ERROR_PPM, CLOCK_RATE_ERROR_PPM)
                )
            self.world.start_node(name)

    @staticmethod
    def _is_detached(node: ControllerNode) -> bool:
        return node.member is not None and bool(node.member.situation.agreed.detached)

    def _settle(self) -> None:
        """A leader, a commit, a standby in sync, all three voting, and all commands answered, within a bound."""
        world, began_ns = self.world, self.events.now_ns
        end_ns = began_ns + SETTLE_NS + (REPLACED_NS if world.gone else 0)
        why = ""
        while self.events.now_ns < end_ns:
            self.events.run(self.events.now_ns + LOOK_NS)
            if world.driver is not None and self._is_detached(world.driver):
                self._attach()
            if world.driver is None and world.gone and self.events.now_ns > began_ns + CLAIM_NS:
                self._claim()
            why = world.why_not_whole()
            if not why:
                break
        if why:
            raise Broken(f"healed for {(end_ns - began_ns) // MS} ms, but {why}")
        world.come_to_rest()

    def _is_lost(self) -> bool:
        """The disk that is gone went just as the others came to need it: one of two that vote by the newest log. Nobody
        can lead ever again; people found the group anew."""
        rafts = [node.raft for node in self.world.nodes.values() if node.raft is not None]
        newest = max(rafts, key=lambda raft: (raft.log.last_term, raft.log.last_index)).configuration
        return len(self.world.gone & set(newest.voters)) > len(newest.voters) - newest.quorum

    def _claim(self) -> None:
        """Who alone was in sync is gone for good."""
        survivor = next(iter(self.world.controllers.values()))
        if not survivor.ask(lambda member, now_ns: member.claim(now_ns)):
            self.world.book.claims.add(survivor.name)


def run(seed: int, *, plays_exchange: bool | None = None) -> list[tuple[str, int]]:
    """One seed, from begin to end; the figures it took, in ns. Whether leaders hand their steady state to native code
    is for the seed to say, unless it is told here."""
    chance = Run(seed, plays_exchange=does_play_exchange(seed) if plays_exchange is None else plays_exchange)
    chance.go()
    return chance.world.figures


def does_play_exchange(seed: int) -> bool:
    """Whether leaders hand their steady state to native code in that seed."""
    return Random(f"exchange {seed}").random() < EXCHANGE


def kept() -> list[tuple[int, bool]]:
    """Seeds that failed once, and whether the exchange was played."""
    lines = (line.split("#")[0].split() for line in KEPT.read_text().splitlines())
    return [(int(words[0]), words[1:] == [NATIVE]) for words in lines if words]


def keep(seed: int) -> None:
    """Let the tests replay a seed for ever."""
    found = (seed, does_play_exchange(seed))
    if found not in kept():
        with KEPT.open("a") as file:
            file.write(f"{seed} {NATIVE}\n" if found[1] else f"{seed}\n")
