"""Moments that chance alone hits too seldom: each act waits for one, and then does the worst.

Each is the only way in which one of the pair's rules matters (tests/cluster/pair/pairmistakes.py has them left out).
"""

from collections.abc import Callable
from random import Random

from pairmember import RESTART_NS, ControllerNode
from pairtime import MS
from pairworld import TIMES, World

from runtime.raft.state import Role

LOOK_NS = MS // 10
AIM_NS = 400 * MS
"""So long a moment is waited for."""
GONE_FOR_NS = 250 * MS
ASKED_NS = 6 * MS
"""What is asked of the witness is under way so long at most."""
QUICK_NS = MS // 2
"""A restart that is quicker than any promise runs out."""


class Aims:
    """`unless_healed` calls what it is given, as long as things may go wrong."""

    def __init__(self, world: World, random: Random, unless_healed: Callable[[Callable[[], None]], None]) -> None:
        self._world = world
        self._random = random
        self._events = world.events
        self._unless_healed = unless_healed

    def witness_restarts_when_it_is_asked(self) -> None:
        """The pair link is cut; the standby asks for a vote, and the witness forgets that it has promised none."""
        self._when(lambda: self._in_sync() is not None, self._cut_and_restart)

    def _in_sync(self) -> ControllerNode | None:
        """Who drives, with a standby that has all that is agreed on."""
        driver = self._world.driver
        situation = driver.member.situation if driver is not None and driver.member is not None else None
        if driver is None or situation is None or situation.tail or len(situation.agreed.in_sync or ()) < 2:
            return None
        return driver

    def _cut_and_restart(self) -> None:
        leader = self._in_sync()
        assert leader is not None
        standby, weather = self._standby(leader), self._world.network.weather
        weather.cut |= {("a", "b"), ("b", "a")}
        weather.entries_lost.add((leader.name, "w"))  # the witness has no longer log than the standby
        weather.slow.add((standby.name, "w"))  # what it asks arrives after the restart, and before the lease is over
        weather.slow_ns = ASKED_NS

        def is_asked() -> bool:
            return standby.raft is not None and standby.raft.role in (Role.TRIAL, Role.CANDIDATE)

        def forgets() -> None:
            weather.slow.clear()
            weather.cut.add((leader.name, "w"))
            self._restart("w")

        self._when(is_asked, forgets)

    def leader_dies_as_the_standby_joins_unseen(self) -> None:
        """The standby is about to join; redundancy stands still while scans go on and are written, for the lease is
        new, and what it says of them is lost."""

        def about_to_join() -> ControllerNode | None:
            for node in self._world.controllers.values():
                leading = node.member.situation.leading if node.member is not None else None
                if leading is not None and leading.stream.in_a_row == node.settings.in_sync_after - 1:
                    lease_ns = node.control.lease_until_ns - node.now_ns()
                    return node if leading.stream.lag > 0 and lease_ns > TIMES.lease_ns - MS else None
            return None

        def stands() -> None:
            leader = about_to_join()
            assert leader is not None
            self._world.network.weather.large_lost.add((leader.name, leader.settings.other))
            self._events.stall(leader.process, self._random.randint(11, 25) * MS)
            self._when(lambda: _waits(leader), lambda: self._dies_soon(leader, 8 * MS))

        self._when(lambda: about_to_join() is not None, stands)

    def leader_dies_as_the_standby_has_forgotten(self) -> None:
        """The standby begins a life that knows nothing, unnoticed; what comes to it is of before."""
        leader = self._world.driver
        if leader is None:
            return
        weather = self._world.network.weather
        weather.again = 0.5
        weather.large_late.add((leader.name, leader.settings.other))
        self._soon(self._random.randint(10, 40) * MS, lambda: self._forget_unnoticed(leader, 25 * MS))

    def _forget_unnoticed(self, leader: ControllerNode, most_ns: int) -> None:
        """The standby restarts and nothing of it reaches the leader, which dies soon; nor do new states reach it."""
        standby, weather = self._standby(leader), self._world.network.weather
        weather.cut.add((standby.name, leader.name))
        weather.large_lost.add((leader.name, standby.name))
        self._restart(standby.name)
        self._dies_soon(leader, most_ns)

    def a_whole_state_comes_again_to_a_standby_that_has_forgotten(self) -> None:
        """So does one that was older than what its former life had acknowledged."""
        self._when(lambda: self._in_sync() is not None, self._lose_a_frame)

    def _lose_a_frame(self) -> None:
        leader = self._in_sync()
        assert leader is not None
        way, weather = (leader.name, leader.settings.other), self._world.network.weather
        weather.large_lost.add(way)

        def sends_a_whole_one() -> None:
            weather.large_lost.discard(way)
            weather.whole_again.add(way)
            self._soon(25 * MS, lambda: self._forget_unnoticed(leader, 15 * MS))

        self._soon(12 * MS, sends_a_whole_one)

    def the_other_is_claimed_as_the_leader_is_gone(self) -> None:
        """It is not in sync; an operator sees that the leader does not drive, and has it lead from what it has."""
        self._when(lambda: self._in_sync() is not None, self._part_and_claim)

    def _part_and_claim(self) -> None:
        leader = self._in_sync()
        assert leader is not None
        standby, weather = self._standby(leader), self._world.network.weather
        ways = {(leader.name, standby.name), (standby.name, leader.name)}
        weather.cut |= ways

        def is_gone() -> None:
            weather.cut.difference_update(ways)
            if leader.process.runs:
                leader.crash()
                self._events.after(GONE_FOR_NS, None, self._world.start_node, leader.name)
                self._soon(self._random.randint(1, 150) * MS, claim)

        def claim() -> None:
            if not leader.is_on and not standby.ask(lambda member, now_ns: member.claim(now_ns)):
                self._world.book.claims.add(standby.name)

        self._soon(self._random.randint(20, 90) * MS, is_gone)

    def answers_come_late_as_the_leader_is_cut_off(self) -> None:
        """Nobody hears it any more, and what it has still to hear is of before."""
        self._when(lambda: self._in_sync() is not None, self._delay_and_cut)

    def _delay_and_cut(self) -> None:
        leader = self._in_sync()
        assert leader is not None
        weather, others = self._world.network.weather, (leader.settings.other, "w")
        weather.slow |= {(other, leader.name) for other in others}
        cut = {(leader.name, other) for other in others}
        self._soon(self._random.randint(2, 8) * MS, lambda: weather.cut.update(cut))

    def scan_dies_as_redundancy_stands(self) -> None:
        """A leader alone: what its scan made last is written, and its redundancy has not been told of it."""

        def stands() -> None:
            leader = self._alone()
            if leader is not None:
                self._events.stall(leader.process, self._random.randint(150, 300) * MS)
                self._soon(self._random.randint(5, 15) * MS, lambda: self._end_scan(leader))

        self._when(lambda: self._alone() is not None, lambda: self._soon(self._random.randint(1, 20) * MS, stands))

    def scan_dies_as_it_publishes(self) -> None:
        """A leader alone: one of state and outputs is published, the other never will be."""
        scan = {name: node.scan for name, node in self._world.controllers.items()}

        def is_between() -> bool:
            leader = self._alone()
            return leader is not None and scan[leader.name].publishing

        def dies() -> None:
            leader = self._alone()
            assert leader is not None
            self._end_scan(leader)

        self._when(lambda: self._alone() is not None, lambda: self._when(is_between, dies))

    def _alone(self) -> ControllerNode | None:
        """Who drives and writes, and waits for nobody."""
        driver = self._world.driver
        is_alone = driver is not None and driver.control.solo and driver.control.driven_term == driver.control.lead_term
        return driver if is_alone else None

    def _end_scan(self, node: ControllerNode) -> None:
        if node.scan.process.runs:
            node.scan.process.kill()
            self._events.after(RESTART_NS, None, self._world.start_parts, node.name)

    def leader_is_struck_natively(self, random: Random) -> None:
        """A leader hands its steady state to native code, and in the middle of a step of that stands still, is cut off
        as well, dies, or is asked for something."""

        def strikes() -> None:
            leader = self._natively()
            assert leader is not None
            assert leader.exchange is not None
            act = random.choice((self._stands, self._stands_cut_off, self._dies_standing, self._is_asked_standing))
            leader.exchange.strike(random.randint(0, 60), lambda: self._unless_healed(lambda: act(leader, random)))

        self._when(lambda: self._natively() is not None, strikes)

    def _natively(self) -> ControllerNode | None:
        nodes = self._world.controllers.values()
        return next((n for n in nodes if n.exchange is not None and n.exchange.is_inside), None)

    def _stands(self, leader: ControllerNode, random: Random) -> None:
        self._events.stall(leader.process, int(random.choice((2, 10, 30, 100)) * MS * random.random()))

    def _stands_cut_off(self, leader: ControllerNode, random: Random) -> None:
        ways = {way for other in self._world.nodes for way in ((leader.name, other), (other, leader.name))}
        self._world.network.weather.cut |= ways
        heal_ns = random.randint(10, 80) * MS
        self._soon(heal_ns, lambda: self._world.network.weather.cut.difference_update(ways))
        self._stands(leader, random)

    def _dies_standing(self, leader: ControllerNode, random: Random) -> None:
        self._events.stall(leader.process, MS)
        self._soon(random.randint(0, MS // 2), lambda: self._power_off(leader))

    def _is_asked_standing(self, leader: ControllerNode, random: Random) -> None:
        self._stands(leader, random)
        leader.ask(lambda member, now_ns: member.swap(now_ns))

    def leader_is_deaf_in_a_swap(self) -> None:
        """It hands over, and does not hear that the other has begun."""
        leader = self._world.driver
        if leader is None or leader.process.paused_until_ns > self._events.now_ns:
            return
        leader.ask(lambda member, now_ns: member.swap(now_ns))

        def hands_over() -> bool:
            leading = leader.member.situation.leading if leader.member is not None else None
            return leading is not None and leading.swap is not None and leading.swap.handing

        self._when(hands_over, lambda: self._world.network.weather.cut.add((leader.settings.other, leader.name)))

    def _standby(self, leader: ControllerNode) -> ControllerNode:
        return self._world.controllers[leader.settings.other]

    def _restart(self, name: str) -> None:
        node = self._world.nodes[name]
        if node.process.runs:
            node.crash()
            self._events.after(QUICK_NS, None, self._world.start_node, name)

    def _power_off(self, node: ControllerNode) -> None:
        if node.process.runs:
            node.crash()
            self._events.after(100 * MS, None, self._world.start_node, node.name)

    def leader_dies_as_the_standby_changes(self) -> None:
        """The standby holds a state of another version than its scan runs yet."""
        self._when(lambda: self._in_sync() is not None, self._download_and_die)

    def _download_and_die(self) -> None:
        leader = self._in_sync()
        assert leader is not None
        standby = self._standby(leader)
        standby.supervisor.tick_ns = 80 * MS
        leader.supervisor.download(7)

        def is_between() -> bool:
            situation = standby.member.situation if standby.member is not None else None
            held = situation.standby if situation is not None else None
            return held is not None and held.state is not None and held.state_version != standby.scan.version

        self._when(is_between, lambda: self._dies_soon(leader, 5 * MS))

    def _dies_soon(self, leader: ControllerNode, most_ns: int) -> None:
        self._soon(self._random.randint(MS, most_ns), lambda: self._power_off(leader))

    def _soon(self, delay_ns: int, act: Callable[[], None]) -> None:
        self._events.after(delay_ns, None, self._unless_healed, act)

    def _when(self, moment: Callable[[], bool], act: Callable[[], None]) -> None:
        end_ns = self._events.now_ns + AIM_NS

        def look() -> None:
            if moment():
                self._unless_healed(act)
            elif self._events.now_ns < end_ns:
                self._events.after(LOOK_NS, None, self._unless_healed, look)

        look()


def _waits(node: ControllerNode) -> bool:
    """Whether a leader waits for its standby, because it may be in sync."""
    situation = node.member.situation if node.member is not None else None
    return situation is not None and situation.leading is not None and situation.waits_for
