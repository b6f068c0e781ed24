"""The supervisor of a controller, as far as the version of its programs goes: slow, and of its own mind now and then.

A version of the programs is a number; its memory looks the same in each, so that a state goes on unchanged.
"""

from typing import TYPE_CHECKING

from pairtime import MS

from runtime.cluster.pair.effects import Effects, Package

if TYPE_CHECKING:
    from pairmember import ControllerNode

READY_NS = 20 * MS
"""What it takes to get a version ready."""
TICK_NS = 10 * MS


def package(version: int) -> Package:
    """Of a version; large enough to go in two parts."""
    return Package(version, version.to_bytes(8, "little") * 8500)


class Supervisor:
    """`version`: the one that is being made ready, or is; 0: none. `tick_ns`: from an answer to an order."""

    def __init__(self, node: "ControllerNode") -> None:
        self._node = node
        self.version = 0
        self.tick_ns = TICK_NS
        self._follows = False
        self._ordered = 0

    def begin_life(self) -> None:
        """Redundancy has ended, and with it the change, unless it has said that the scan is to go over."""
        if self.version != self._ordered:
            self.version = 0

    def lose_power(self) -> None:
        """Nothing is left of a change."""
        self.version = self._ordered = 0

    def download(self, version: int) -> None:
        """An operator wants this version to run."""
        if not self.version:
            self.version, self._follows = version, False
            self._node.later(READY_NS, lambda: self._offer(version))

    def do(self, effects: Effects) -> None:
        """What redundancy asks for."""
        node = self._node
        if effects.prepare is not None:
            self._get_ready(effects.prepare)
        if effects.go_over and effects.go_over == self.version and self._follows:
            self._order(effects.go_over)
        if effects.drop and effects.drop == self.version:
            node.later(self.tick_ns, lambda: self._drop(effects.drop))
        offered = effects.offered
        if offered is not None and offered.version == self.version and not self._follows:
            if offered.why_not:
                node.later(self.tick_ns, lambda: self._drop(offered.version))
            else:
                node.later(self.tick_ns, lambda: self._go_over(offered.version))

    def _order(self, version: int) -> None:
        if self._ordered != version:
            self._ordered = version
            self._node.after(self.tick_ns, lambda: self._go_over(version))

    def _offer(self, version: int) -> None:
        if self.version == version:
            self._node.carry_out(lambda member, now_ns: member.offer(package(version), now_ns))

    def _get_ready(self, wanted: Package) -> None:
        assert wanted == package(wanted.version), "another content than that of its name"
        version = wanted.version
        if self.version:  # busy with another one: redundancy asks again
            self._node.later(self.tick_ns, lambda: self._answer(version))
            return
        self.version, self._follows = version, True
        self._node.later(READY_NS, lambda: self._prepared(wanted))

    def _prepared(self, wanted: Package) -> None:
        if self.version == wanted.version:
            self._node.carry_out(lambda member, now_ns: member.prepared(wanted, now_ns))

    def _go_over(self, version: int) -> None:
        if self.version == version and not (self._follows and self._ordered != version):
            self.version = self._ordered = 0
            self._node.scan.next_version = version
            self._answer(version)

    def _drop(self, version: int) -> None:
        if self.version == version:
            self.version = self._ordered = 0
            self._node.carry_out(lambda member, now_ns: member.forget(version, now_ns))
            self._answer(version)

    def _answer(self, version: int) -> None:
        self._node.carry_out(lambda member, now_ns: member.answered(version, "", now_ns))
