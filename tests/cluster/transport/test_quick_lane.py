"""The quick lane: contents of a peer that is there, back, replayed or silent; and the urgent lane where it is shut."""

import socket
from types import SimpleNamespace

import pytest

from runtime.cluster.keys import new_keys
from runtime.cluster.transport import quicklane
from runtime.cluster.transport.post import Endpoints, Peer, Post
from runtime.cluster.transport.quicklane import ASK_AGAIN_NS, UNANSWERED_MAX, QuickLane
from runtime.core.fault import ConfigFault
from runtime.raft.message import Heartbeat, HeartbeatReply
from tests.cluster.redundancy.exchangebench import meet
from tests.ports import free_port

KEYS = {name: new_keys() for name in "ab"}


def received(lane, peer):
    """What has come; datagrams of the loopback are there once they are sent."""
    return lane.receive(peer, 100)


@pytest.fixture
def lanes():
    made = {n: QuickLane(n, f"tcp://127.0.0.1:{free_port()}", ("b" if n == "a" else "a",)) for n in "ab"}
    meet(made["a"], made["b"], "a", "b")
    yield made
    for lane in made.values():
        lane.close()


def test_contents_when_both_have_met_then_arrive_once_each_and_both_ways(lanes):
    a, b = lanes["a"], lanes["b"]
    assert a.send("b", b"one")
    assert received(b, "a") == [b"one"]
    assert b.send("a", b"two" * 5000)
    assert received(a, "b") == [b"two" * 5000]
    assert not a.send("b", bytes(quicklane.SIZE_MAX + 1))
    assert a.refused == b.refused == 0


def test_way_when_nobody_answers_then_is_shut_until_a_probe_is_answered(lanes):
    a, b = lanes["a"], lanes["b"]
    for number in range(UNANSWERED_MAX):
        assert a.send("b", bytes([7, number]))
    assert not a.is_open("b")
    assert not a.send("b", b"more")
    assert len(received(b, "a")) == UNANSWERED_MAX
    now_ns = a.way("b").asked_ns + ASK_AGAIN_NS
    assert a.hello("b", now_ns)  # and a probe
    assert a.hello("b", now_ns + 1) == b""
    assert received(b, "a") == received(a, "b") == []
    assert a.is_open("b")


def test_peer_when_it_is_back_then_has_other_keys_and_nothing_of_its_former_life_is_taken(lanes):
    a, b = lanes["a"], lanes["b"]
    sent = []
    way, end = b.way("a"), b.way("a").socket
    way.socket = SimpleNamespace(send=sent.append)
    b.send("a", b"old")
    way.socket = end
    former = quicklane._HELLO.pack(way.secret, way.session, way.port)
    port = way.port
    b.close()
    b = lanes["b"] = QuickLane("b", f"tcp://127.0.0.1:{port}", ("a",))
    meet(a, b, "a", "b")
    b.way("a").socket.send(sent[0])
    assert received(a, "b") == []
    assert a.refused == 1
    key = a.way("b").key_in
    assert not a.meet("b", "127.0.0.1", former)  # its hello, once more
    assert a.way("b").key_in == key
    b.send("a", b"new")
    assert received(a, "b") == [b"new"]


def test_peer_when_it_is_back_for_the_hundredth_time_then_is_met_as_at_first(lanes):
    a, way = lanes["a"], lanes["b"].way("a")
    for life in range(100):
        assert a.meet("b", "127.0.0.1", quicklane._HELLO.pack(bytes([life]) * 32, life, way.port))
    assert len(a.way("b").seen) == quicklane.SECRETS_MAX
    assert not a.meet("b", "127.0.0.1", quicklane._HELLO.pack(bytes([98]) * 32, 98, way.port))


def test_hello_when_it_is_none_or_cannot_be_reached_then_changes_nothing(lanes):
    a = lanes["a"]
    key = a.way("b").key_in
    assert not a.meet("b", "127.0.0.1", b"short")
    assert not a.meet("x", "127.0.0.1", bytes(42))
    assert not a.meet("b", "no address", bytes(range(42)))
    assert a.way("b").key_in == key


def test_lane_when_its_port_is_taken_then_that_is_told():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ConfigFault, match="listened on for datagrams"):
            QuickLane("a", f"tcp://127.0.0.1:{taken.getsockname()[1]}", ("b",))


def test_posts_when_they_speak_then_what_passes_goes_quickly_once_they_have_met_and_by_the_urgent_lane_before():
    ends = {n: Endpoints(*(f"tcp://127.0.0.1:{free_port()}" for _ in range(2))) for n in "ab"}
    a = Post("a", ends["a"], KEYS["a"], {"b": Peer(ends["b"], KEYS["b"].public)})
    b = Post("b", ends["b"], KEYS["b"], {"a": Peer(ends["a"], KEYS["a"].public)})
    try:
        got, slow = [], 0
        for number in range(100_000):
            a.put(Heartbeat(source="a", target="b", term=1, round=number, commit=0))
            for message in b.receive(1):
                got.append(message.round)
                b.put(HeartbeatReply(source="b", target="a", term=1, round=message.round))
            a.receive(1)
            slow = max(slow, b.urgent.received["a"])
            if b.quick.received["a"] > 20 and a.quick.received["b"] > 20:
                break
        assert len(got) == len(set(got))
        assert slow >= 1
        a.quick.way("b").unanswered = UNANSWERED_MAX  # as when datagrams are lost
        before, urgent = len(got), a.urgent.sent["b"]
        while a.urgent.sent["b"] == urgent or not got[before:]:
            a.put(Heartbeat(source="a", target="b", term=1, round=1 << 40, commit=0))
            a.receive(0)
            a.quick.way("b").unanswered = UNANSWERED_MAX
            got += [message.round for message in b.receive(1)]
        while not a.quick.is_open("b"):  # it is probed
            a.put(Heartbeat(source="a", target="b", term=1, round=2 << 40, commit=0))
            a.receive(1)
            b.receive(1)
    finally:
        a.close()
        b.close()
