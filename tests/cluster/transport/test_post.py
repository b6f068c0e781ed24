"""Messages over real sockets of the loopback, with real keys: to members that are there, dead, strange, or back."""

import time
from collections.abc import Callable

import pytest
from stallwire import StallWire

from runtime.cluster.encoding import MEMBERS_MAX
from runtime.cluster.keys import new_keys
from runtime.cluster.transport import post
from runtime.cluster.transport.codec import Parcel, encode
from runtime.cluster.transport.post import Endpoints, Peer, Post
from runtime.core.fault import ConfigFault
from runtime.raft.configuration import Configuration
from runtime.raft.log import Entry, EntryKind, Snapshot
from runtime.raft.message import Append, Heartbeat, InstallSnapshot, Message
from tests.ports import free_port

GIVE_UP_S = 120.0
KEYS = {name: new_keys() for name in "abx"}


def free_endpoints() -> Endpoints:
    return Endpoints(*(f"tcp://127.0.0.1:{free_port()}" for _ in range(2)))


class Pair:
    """Members a and b, who takes the key of `known` for a's.

    `wire`, `bulk_wire`: ports through which a reaches b's lanes.
    """

    def __init__(self, *, wire: int = 0, bulk_wire: int = 0, known: str = "a") -> None:
        self.ends = {"a": free_endpoints(), "b": free_endpoints()}
        self.known = known
        self.open: dict[str, Post] = {}
        self.wire, self.bulk_wire = wire, bulk_wire

    def start(self, name: str, *, keys: str = "") -> Post:
        other = "b" if name == "a" else "a"
        ends = self.ends[other]
        if name == "a" and self.wire:
            ends = Endpoints(f"tcp://127.0.0.1:{self.wire}", ends.bulk)
        if name == "a" and self.bulk_wire:
            ends = Endpoints(ends.urgent, f"tcp://127.0.0.1:{self.bulk_wire}")
        key = KEYS["b" if other == "b" else self.known].public
        self.open[name] = Post(name, self.ends[name], KEYS[keys or name], {other: Peer(ends, key)}, is_quick=False)
        return self.open[name]

    def stop(self, name: str) -> None:
        self.open.pop(name).close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self.open.values():
            one.close()


def beat(round_=1, *, source="a", target="b"):
    return Heartbeat(source=source, target=target, term=1, round=round_, commit=0)


def parcel(size):
    return Parcel(source="a", target="b", term=1, label=7, content=bytes(size))


def until(done: Callable[[], object], *others: Post):
    """Try until it is done; others are kept going meanwhile, since a member's own loop answers who knocks."""
    give_up = time.monotonic() + GIVE_UP_S
    while not (found := done()):
        assert time.monotonic() < give_up, "it did not come to it"
        for other in others:
            other.receive(1)
    return found


def test_post_when_both_are_there_then_messages_of_both_lanes_arrive():
    with Pair() as pair:
        a, b = pair.start("a"), pair.start("b")
        until(lambda: a.send(beat()), a, b)
        until(lambda: a.send(parcel(20_000)), a, b)
        assert a.send(beat(2))
        assert a.send(parcel(100_000))
        got = []
        until(lambda: got.extend(b.receive(1)) or (beat(2) in got and parcel(100_000) in got))
        assert until(lambda: b.send(beat(source="b", target="a")), b, a)
        assert until(lambda: a.receive(1)) == [beat(source="b", target="a")]
        assert b.urgent.received["a"] + b.bulk.received["a"] >= 1


def test_post_when_more_waits_than_is_taken_in_one_go_then_the_rest_follows_although_nothing_new_comes(monkeypatch):
    monkeypatch.setattr(post, "_URGENT_ONCE", 1)
    with Pair() as pair:
        a, b = pair.start("a"), pair.start("b")

        def both_come() -> bool:
            got = []
            if a.send(beat(1)) and a.send(beat(2)):
                for _ in range(500):
                    got += b.receive(1)
            a.receive(1)
            b.receive(1)
            return got[-2:] == [beat(1), beat(2)]

        until(both_come)


def test_post_when_much_is_put_between_two_waits_then_each_member_gets_it_as_one_content_and_what_is_large_apart():
    with Pair() as pair:
        a, b = pair.start("a"), pair.start("b")
        until(lambda: a.send(beat(1)) and a.send(parcel(20_000)), a, b)
        before = a.urgent.sent["b"], a.bulk.sent["b"]
        for message in (beat(2), parcel(1), beat(3)):
            a.put(message)
        a.receive(0)
        assert (a.urgent.sent["b"], a.bulk.sent["b"]) == (before[0] + 1, before[1])
        for message in (beat(4), parcel(20_001), beat(5)):
            a.put(message)
        a.receive(0)
        assert (a.urgent.sent["b"], a.bulk.sent["b"]) == (before[0] + 3, before[1] + 1)
        got = []
        until(lambda: got.extend(b.receive(1)) or (beat(5) in got and parcel(20_001) in got))
        assert [m for m in got if m in (beat(2), parcel(1), beat(3))] == [beat(2), parcel(1), beat(3)]


@pytest.mark.parametrize(
    "large",
    [
        Append(
            source="a",
            target="b",
            term=1,
            previous_index=0,
            previous_term=0,
            entries=(Entry(index=1, term=1, kind=EntryKind.COMMAND, content=bytes(2 * post.URGENT_SIZE_MAX)),),
            commit=0,
        ),
        InstallSnapshot(
            source="a",
            target="b",
            term=1,
            snapshot=Snapshot(configuration=Configuration(), content=bytes(1 << 24)),
        ),
    ],
    ids=["append", "snapshot"],
)
def test_post_when_a_message_of_raft_is_large_then_no_heartbeat_waits_behind_it(large):
    with Pair() as pair:
        a, b = pair.start("a"), pair.start("b")
        assert until(lambda: _sent_and_received(a, b, large))[0] == large
        assert b.urgent.received["a"] == 0
        assert b.bulk.received["a"] >= 1


def _sent_and_received(a: Post, b: Post, message: Message) -> list[Message]:
    """Of one try: where the machine stalls, a connection ends and what was on its way is lost."""
    until(lambda: a.send(message), a, b)
    for _ in range(5000):
        if found := b.receive(1):
            return found
        a.receive(1)
    return []


def test_post_when_a_snapshot_takes_longer_than_a_link_may_be_silent_then_it_arrives():
    ends = free_endpoints()
    wire = StallWire(int(ends.bulk.rsplit(":", 1)[1]), pause_s=0.01)  # 6 MB/s at most
    large = InstallSnapshot(
        source="a", target="b", term=1, snapshot=Snapshot(configuration=Configuration(), content=bytes(6 << 20))
    )
    try:
        with Pair(bulk_wire=wire.port) as pair:
            pair.ends["b"] = ends
            a, b = pair.start("a"), pair.start("b")
            assert until(lambda: _sent_and_received(a, b, large))[0] == large
    finally:
        wire.close()


def test_post_when_contents_are_as_large_as_may_be_then_their_messages_still_fit():
    names = tuple(f"{n:064}" for n in range(MEMBERS_MAX))
    everybody = Configuration(controllers=names, witnesses=names, learners=names)
    largest = bytes(post.CONTENT_SIZE_MAX)
    entry = Entry(index=1, term=1, kind=EntryKind.CONFIGURATION, content=largest, configuration=everybody)
    head = {"source": "a" * 64, "target": "b" * 64, "term": 1}
    for message in (
        Append(**head, previous_index=0, previous_term=0, entries=(entry,), commit=0),
        InstallSnapshot(**head, snapshot=Snapshot(configuration=everybody, content=largest)),
    ):
        assert len(encode(message)) <= post.BULK_SIZE_MAX


def test_post_when_a_stranger_knocks_then_nothing_of_it_is_heard_and_it_is_counted():
    with Pair() as pair:
        a, b = pair.start("a", keys="x"), pair.start("b")
        until(lambda: b.strangers, a, b)
        assert not a.send(beat())
        assert a.urgent.dropped == {"b": 1}
        assert b.receive(0) == []


def test_post_when_a_stranger_is_known_later_then_it_is_heard_without_starting_anew():
    with Pair() as pair:
        a, b = pair.start("a", keys="x"), pair.start("b")
        until(lambda: b.strangers > 2, a, b)  # one on each lane, and then again
        pair.stop("b")
        pair.known = "x"
        b = pair.start("b")
        until(lambda: a.send(beat()), a, b)
        assert until(lambda: b.receive(1), a) == [beat()]


def test_post_when_the_peer_has_another_key_than_known_then_nothing_is_told_to_it():
    with Pair() as pair:
        a, b = pair.start("a"), pair.start("b", keys="x")
        for _ in range(30):
            assert not a.send(beat())
            b.receive(10)
        assert b.urgent.received == {}


def test_post_when_a_member_speaks_in_anothers_name_or_to_another_then_it_is_refused_and_counted():
    with Pair() as pair:
        a, b = pair.start("a"), pair.start("b")
        until(lambda: a.urgent.send("b", encode(beat())), a, b)
        for content in (
            encode(beat(source="w")),
            encode(beat(target="w")),
            b"\x09" + encode(beat())[1:],
            encode(beat())[:1] + b"\xff",
            b"",
            encode(beat(2)),
        ):
            assert a.urgent.send("b", content)
        got = []
        until(lambda: got.extend(b.receive(1)) or beat(2) in got, a)
        assert got == [beat(1), beat(2)]
        assert b.refusals == {
            "in another's name": 1,
            "for another member": 1,
            "another version": 1,
            "malformed": 2,
        }


def test_post_when_a_content_has_two_parts_then_it_is_left_out_and_counted():
    with Pair() as pair:
        a, b = pair.start("a"), pair.start("b")
        until(lambda: a.send(beat()), a, b)
        a.urgent._pushes["b"].send_multipart([b"one", b"two"])
        until(lambda: b.urgent.strange, b)


def test_post_when_a_peer_is_too_long_winded_then_it_is_cut_off_and_others_are_heard_again(monkeypatch):
    with Pair() as pair:
        b = pair.start("b")
        monkeypatch.setattr(
            post, "URGENT", post.LaneSettings(size_max=1 << 20, queue=64, silent_ms_max=400, ping_ms=100)
        )
        a = pair.start("a")
        until(lambda: a.send(beat()), a, b)
        assert a.urgent.send("b", bytes(post.URGENT_SIZE_MAX + 1))
        got = []
        until(lambda: (a.send(beat(2)) and got.extend(b.receive(20))) or beat(2) in got, a, b)
        assert b.refusals == {}


def test_post_when_the_peer_is_dead_then_messages_are_dropped_and_after_its_return_only_new_ones_come():
    with Pair() as pair:
        a, b = pair.start("a"), pair.start("b")
        until(lambda: a.send(beat()), a, b)
        pair.stop("b")
        until(lambda: not a.send(beat(2)), a)
        for _ in range(100):
            a.send(beat(2))
        b = pair.start("b")
        until(lambda: a.send(beat(3)), a, b)
        assert until(lambda: b.receive(1), a)[0] == beat(3)


def test_post_when_a_peer_does_not_listen_then_what_waits_for_it_is_bounded():
    ends = free_endpoints()
    wire = StallWire(int(ends.bulk.rsplit(":", 1)[1]))
    try:
        with Pair(bulk_wire=wire.port) as pair:
            pair.ends["b"] = ends
            a, b = pair.start("a"), pair.start("b")
            until(lambda: a.send(parcel(20_000)), a, b)
            wire.stalled.set()
            before = a.bulk.sent["b"]
            until(lambda: not a.send(parcel(100_000)), a)
            assert a.bulk.sent["b"] - before < post.BULK.queue + 100  # and what kernel and wire keep: some megabytes
            wire.stalled.clear()
            got = []
            until(lambda: (a.send(parcel(20_002)) and got.extend(b.receive(1))) or parcel(20_002) in got, a)
    finally:
        wire.close()


def test_post_when_a_member_is_busy_and_its_peer_dies_then_all_is_read_later():
    with Pair() as pair:
        a, b = pair.start("a"), pair.start("b")
        until(lambda: a.send(parcel(1)), a, b)
        sent = 0
        while sent < 200:
            sent += a.send(parcel(1_000))
        pair.stop("a")
        time.sleep(3 * post.URGENT.ping_ms / 1000)  # the busy time, in which pings fall due
        until(lambda: b.receive(1))
        a = pair.start("a")
        until(lambda: a.send(parcel(2)), a, b)


def test_post_when_the_cable_is_pulled_then_old_heartbeats_are_never_heard():
    ends = free_endpoints()
    wire = StallWire(int(ends.urgent.rsplit(":", 1)[1]))
    try:
        with Pair(wire=wire.port) as pair:
            pair.ends["b"] = ends
            a, b = pair.start("a"), pair.start("b")
            until(lambda: a.send(beat(1)), a, b)
            until(lambda: b.receive(1), a)
            wire.stalled.set()
            rounds = iter(range(2, 1_000_000))
            last = [0]

            def lost() -> bool:
                last[0] = next(rounds)
                time.sleep(0.005)
                return not a.send(beat(last[0]))

            until(lost, a)
            wire.stalled.clear()
            until(lambda: a.send(beat(next(rounds))), a, b)
            first = until(lambda: b.receive(1), a)[0]
            assert first.round > last[0]
    finally:
        wire.close()


def test_post_when_another_thread_wakes_it_then_the_wait_ends():
    with Pair() as pair:
        a = pair.start("a")
        a.wake()
        assert a.receive(60_000) == []


def test_post_when_its_address_is_taken_then_it_says_so():
    with Pair() as pair:
        pair.start("a")
        with pytest.raises(ConfigFault, match="cannot be listened on: Address already in use"):
            pair.start("a")
        pair.ends["a"] = Endpoints(free_endpoints().urgent, pair.ends["a"].bulk)
        first = pair.open["a"]
        with pytest.raises(ConfigFault, match="Address already in use"):
            pair.start("a")
        assert pair.open["a"] is first


def test_post_when_the_other_has_another_pact_then_neither_believes_the_other_and_no_quick_lane_opens():
    ends = {n: free_endpoints() for n in "ab"}
    posts = {
        n: Post(n, ends[n], KEYS[n], {o: Peer(ends[o], KEYS[o].public)}, pact=f"times {n}".encode())
        for n, o in ("ab", "ba")
    }
    try:
        heard = []

        def speak():
            for name, other in ("ab", "ba"):
                posts[name].put(beat(source=name, target=other), passing=True)
                heard.extend(posts[name].receive(1))
            return all(one.refusals[post.OTHER_PACT] > 3 for one in posts.values())

        until(speak)
        assert heard == []
        assert not posts["a"].quick.is_open("b")
        assert not posts["a"].quick.way("b").told
    finally:
        for one in posts.values():
            one.close()
