"""What is tried with a pair that is whole: each shows a figure, or that a healthy leader stays."""

from collections.abc import Callable
from random import Random

from pairbook import Broken
from pairio import gap_ns, missed_scans
from pairscan import CYCLE_NS
from pairtime import MS
from pairworld import TIMES, World

TAKEOVER_NS_MAX = TIMES.election_min_ns + 3 * CYCLE_NS
"""From the death of the leader's controller to the first output of the other."""
SWAP_MISSES_MAX = 1
"""Scans without outputs in a planned swap."""
QUIET_NS = 120 * MS


def leader_dies(world: World) -> None:
    """The standby's first output comes in time."""
    driver, now_ns = world.driver, world.events.now_ns
    assert driver is not None
    driver.crash()
    end_ns = now_ns + 4 * TAKEOVER_NS_MAX
    while world.events.now_ns < end_ns:
        world.events.run(world.events.now_ns + MS)
        write = world.term_device.writes[-1]
        if write.writer != driver.name:
            world.figures.append(("takeover", write.true_ns - now_ns))
            if write.true_ns - now_ns > TAKEOVER_NS_MAX:
                raise Broken(f"take-over took {(write.true_ns - now_ns) / MS:.1f} ms")
            return
    raise Broken("nobody took over")


def swap(world: World) -> None:
    """A planned swap misses one scan at most."""
    driver = world.driver
    assert driver is not None
    began = len(world.term_device.writes) - 1
    why_not = driver.ask(lambda member, now_ns: member.swap(now_ns))
    if why_not:
        raise Broken(f"no swap: {why_not}")
    world.events.run(world.events.now_ns + QUIET_NS)
    writes = world.term_device.writes[began:]
    if writes[-1].writer == driver.name:
        raise Broken("the swap came to nothing")
    longest_ns = gap_ns(writes)
    world.figures.append(("swap", longest_ns))
    if missed_scans(longest_ns) > SWAP_MISSES_MAX:
        raise Broken(f"the swap left {longest_ns / MS:.1f} ms without outputs")


def standby_restarts(world: World) -> None:
    """A member that comes back unseats no healthy leader."""
    driver = world.driver
    assert driver is not None
    _leader_stays(world, lambda: _restart(world, driver.settings.other))


def witness_restarts(world: World) -> None:
    """Nor does a witness."""
    _leader_stays(world, lambda: _restart(world, world.witness.name))


def standby_is_cut_off(world: World) -> None:
    """Nor does who was alone for a while; deaf, mute or both."""
    driver = world.driver
    assert driver is not None
    other = driver.settings.other
    ways = {(other, driver.name), (other, world.witness.name)} if world.random.random() < 0.7 else set()
    back = {(t, s) for s, t in ways}
    world.network.weather.cut = ways | (back if world.random.random() < 0.7 or not ways else set())
    _leader_stays(world, lambda: None)
    world.network.weather.cut = set()
    _leader_stays(world, lambda: None)


def pair_link_is_cut(world: World) -> None:
    """Both see the witness: the leader stays."""
    one, other = world.controllers
    world.network.weather.cut = {(one, other), (other, one)}
    _leader_stays(world, lambda: None)


def leader_stands_natively(world: World, random: Random) -> None:
    """It stands still in the middle of native code for longer than its lease or not, cut off or not: somebody writes
    again soon after, and nothing is broken meanwhile."""
    driver = world.driver
    assert driver is not None
    exchange, end_ns = driver.exchange, world.events.now_ns + QUIET_NS
    assert exchange is not None
    while not exchange.is_inside:
        world.events.run(world.events.now_ns + MS // 4)
        if world.events.now_ns > end_ns:
            return  # something is under way for long: a version that is offered
    stands_ns = int(random.choice((3, 30, 100)) * MS * random.random())
    is_cut = random.random() < 0.5

    def stands() -> None:
        world.events.stall(driver.process, stands_ns)
        if is_cut:
            world.network.weather.cut = {(driver.name, other) for other in world.nodes if other != driver.name}

    exchange.strike(random.randint(0, 60), stands)
    world.events.run(world.events.now_ns + QUIET_NS)
    world.network.weather.cut = set()
    world.events.run(world.events.now_ns + QUIET_NS)
    silent_ns = world.events.now_ns - world.term_device.writes[-1].true_ns
    if silent_ns > 3 * CYCLE_NS:
        raise Broken(f"nobody has written for {silent_ns / MS:.1f} ms")


def _restart(world: World, name: str) -> None:
    node = world.nodes[name]
    node.crash()
    world.events.after(30 * MS, None, world.start_node, name)


def _leader_stays(world: World, happens: Callable[[], None]) -> None:
    driver = world.driver
    if driver is None:
        raise Broken("whole, and then nobody drives")
    term = driver.control.lead_term
    happens()
    world.events.run(world.events.now_ns + QUIET_NS)
    now = world.driver
    if now is not driver or now.control.lead_term != term:
        raise Broken(f"{driver.name} led in term {term} and was healthy; now {now and now.name} drives")


DRILLS = [leader_dies, swap, standby_restarts, witness_restarts, standby_is_cut_off, pair_link_is_cut]
"""One of them ends each seed."""
