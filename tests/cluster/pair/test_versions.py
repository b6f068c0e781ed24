"""One version of the programs on both controllers, whenever either of them dies while it changes."""

from random import Random

import pytest
from pairtime import MS
from pairworld import World


@pytest.fixture
def world():
    made = World(Random(1))
    made.start()
    come_whole(made)
    return made


def come_whole(world):
    """Until a leader drives with a standby in sync, both of one version."""
    for _ in range(200):
        world.events.run(world.events.now_ns + 10 * MS)
        if not world.why_not_whole():
            return
    pytest.fail(world.why_not_whole())


def versions(world):
    return [world.controllers[name].scan.version for name in "ab"]


def test_standby_when_the_leader_goes_over_then_it_follows_in_sync_and_takes_over_in_that_version(world):
    leader = world.driver
    leader.supervisor.download(5)
    world.events.run(world.events.now_ns + 400 * MS)
    assert versions(world) == [5, 5]
    come_whole(world)
    assert world.driver is leader
    leader.crash()
    world.events.run(world.events.now_ns + 100 * MS)
    assert world.driver is not leader
    assert world.driver.scan.version == 5


def test_standby_when_it_comes_with_another_version_then_it_is_brought_to_the_leaders(world):
    standby = world.controllers[world.driver.settings.other]
    standby.crash()
    world.driver.supervisor.download(5)
    world.events.run(world.events.now_ns + 400 * MS)
    assert sorted(versions(world)) == [1, 5], "nobody waits for a standby that is not there"
    world.start_node(standby.name)
    come_whole(world)
    assert versions(world) == [5, 5]


@pytest.mark.parametrize("after_ms", range(0, 120, 17))
@pytest.mark.parametrize("who", ["leader", "standby", "redundancy"])
def test_pair_when_one_dies_in_the_middle_of_a_change_then_both_come_to_one_version(world, who, after_ms):
    leader = world.driver
    dies = world.controllers[leader.settings.other] if who == "standby" else leader
    leader.supervisor.download(5)
    world.events.run(world.events.now_ns + after_ms * MS)
    if who == "redundancy":
        dies.crash_redundancy()
    else:
        dies.crash()
    world.events.run(world.events.now_ns + 60 * MS)
    world.start_node(dies.name)
    come_whole(world)
    assert versions(world) in ([1, 1], [5, 5])
    world.come_to_rest()


def test_standby_when_a_version_is_dropped_then_no_state_of_it_is_taken_before_the_supervisor_lets_go_of_it(world):
    leader = world.driver
    standby = world.controllers[leader.settings.other]
    leader.supervisor.download(5)
    while not standby.member.situation.standby.prepared:
        world.events.run(world.events.now_ns + MS)
    leader.carry_out(lambda member, now_ns: member.forget(5, now_ns))
    leader.supervisor.version = 0
    standby.supervisor.tick_ns = 500 * MS
    world.events.run(world.events.now_ns + 150 * MS)
    assert standby.supervisor.version == 5, "still there"
    leader.supervisor.download(5)
    come_whole(world)
    assert (standby.member.situation.standby.prepared, versions(world)) == (0, [1, 1])
    world.events.run(world.events.now_ns + 1500 * MS)
    come_whole(world)
    assert versions(world) == [5, 5]


def test_leader_when_its_scan_dies_as_it_goes_over_then_it_does_not_hand_over_in_vain_again_and_again(world):
    leader = world.driver
    leader.supervisor.download(5)
    while leader.scan.version != 5:
        world.events.run(world.events.now_ns + MS // 10)
    leader.scan.process.kill()  # before its first scan in that version: the standby never gets a state of it
    world.events.run(world.events.now_ns + 30 * MS)
    world.start_parts(leader.name)
    come_whole(world)
    assert versions(world) == [1, 1], "who takes over goes on in the version whose state it has"
    assert world.driver.member.situation.standby.prepared == 0
