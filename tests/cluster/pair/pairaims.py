"""Moments that chance alone hits too seldom: each act waits for one, and then does the worst.

Each is the only way in which one of the pair's rules matters (tests/cluster/pair/pairmistakes.py has them left out).
"""

from collections.abc import Callable
from random import Random

from pairmember import ControllerNode
from pairtime import MS
from pairworld import World

from runtime.raft.state import Role

LOOK_NS = MS // 10
AIM_NS = 400 * MS
"""So long a moment is waited for."""
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
        leader = self._world.driver
        if leader is None:
            return
        standby, witness, weather = self._standby(leader), self._world.witness, self._world.network.weather
        weather.cut |= {("a", "b"), ("b", "a")}
        witness.disk.hangs_ns = 100 * MS

        def is_asked() -> bool:
            return standby.raft is not None and standby.raft.role in (Role.TRIAL, Role.CANDIDATE)

        def forgets() -> None:
            witness.disk.hangs_ns = 0
            weather.cut.add((leader.name, "w"))
            self._restart("w")

        self._when(is_asked, forgets)

    def leader_dies_as_the_standby_joins_unseen(self) -> None:
        """The standby is about to join; redundancy stands still while scans go on, and what it says of them is late."""
        leader = self._world.driver
        if leader is None:
            return
        standby = self._standby(leader)
        for process in self._world.processes(standby.name):
            self._events.stall(process, 60 * MS)

        def is_about_to_join() -> bool:
            leading = leader.member.situation.leading if leader.member is not None else None
            stream = leading.stream if leading is not None else None
            return stream is not None and stream.in_a_row == leader.settings.in_sync_after - 1 and stream.lag > 0

        def has_joined() -> bool:
            situation = leader.member.situation if leader.member is not None else None
            return situation is not None and situation.leading is not None and bool(situation.waits_for)

        def stands() -> None:
            self._world.network.weather.large_late.add((leader.name, standby.name))
            self._events.stall(leader.process, self._random.randint(11, 25) * MS)
            self._when(has_joined, lambda: self._soon(self._random.randint(1, 8) * MS, lambda: self._power_off(leader)))

        self._when(is_about_to_join, stands)

    def leader_dies_as_the_standby_has_forgotten(self) -> None:
        """The standby begins a life that knows nothing, unnoticed; what comes to it is of before."""
        leader = self._world.driver
        if leader is None:
            return
        standby, weather = self._standby(leader), self._world.network.weather
        weather.again = 0.5
        weather.large_late.add((leader.name, standby.name))

        def forgets() -> None:
            weather.cut.add((standby.name, leader.name))
            self._restart(standby.name)
            self._soon(self._random.randint(6, 25) * MS, lambda: self._power_off(leader))

        self._soon(self._random.randint(10, 40) * MS, forgets)

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
