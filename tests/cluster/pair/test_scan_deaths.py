"""A leader alone whose scan process dies: nobody else has its state, and what was written must go on all the same."""

from random import Random

import pytest
from pairscan import CYCLE_NS
from pairtime import MS
from pairworld import World

from runtime.cluster.pair.frame import Standing


@pytest.fixture
def world():
    made = World(Random(1))
    made.start()
    made.events.run(200 * MS)
    made.controllers["b"].crash()
    while not (made.driver is made.controllers["a"] and made.driver.control.solo):
        made.events.run(made.events.now_ns + MS)
    return made


def drives_on(world):
    """Whether it comes to drive again; that it goes on from what was written is watched all the time (Book)."""
    driver = world.controllers["a"]
    restarted = world.events.now_ns
    world.events.run(restarted + 30 * MS)
    world.start_parts("a")
    world.events.run(restarted + 800 * MS)
    assert world.driver is driver
    assert world.events.now_ns - world.term_device.writes[-1].true_ns < 3 * CYCLE_NS


def begins_to_publish(world):
    while not world.driver.scan.publishing:
        world.events.run(world.events.now_ns + 10_000)


@pytest.mark.parametrize("after_us", [50, 150, 250, 400])
def test_leader_when_its_scan_died_as_it_published_then_it_goes_on_from_what_was_written(world, after_us):
    leader = world.driver
    begins_to_publish(world)
    world.events.run(world.events.now_ns + after_us * 1000)
    leader.scan.process.kill()
    drives_on(world)


@pytest.mark.parametrize("after_ms", [1, 4, 8])
def test_leader_when_redundancy_stood_while_the_scan_died_then_it_goes_on_from_what_that_has_left(world, after_ms):
    """What it finds first after it has stood is from the other, which is dead since, and then the news of the scan."""
    leader = world.driver
    begins_to_publish(world)
    world.events.run(world.events.now_ns + after_ms * MS)
    world.events.stall(leader.process, 200 * MS)
    standing = Standing(source="b", life=2, term=1, state_term=0, scan_no=0, version=1, links_lost=0)
    world.network.send("b", "a", standing)
    world.events.run(world.events.now_ns + 12 * MS)
    leader.scan.process.kill()
    drives_on(world)
