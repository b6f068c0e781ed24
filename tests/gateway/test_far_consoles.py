"""Consoles over TCP: those whose keys are named are served, and go over to the controller of a pair that drives."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import zmq

from runtime.cluster.keys import new_keys
from runtime.gateway.farconsoles import FarConsoles
from runtime.gateway.sockets import bind_all
from runtime.wire.consoles import ConsolePlace, Consoles, load_consoles
from runtime.wire.endpoints import Curve, endpoints, far_endpoints
from runtime.wire.fault import NoAnswerFault
from runtime.wire.messages import EVENT, STATUS, decode_request, encode, encode_result
from runtime.wire.pairstream import CHOSEN, PairStream
from runtime.wire.stream import StreamClient
from tests.ports import free_port

HOST = "127.0.0.1"
LIMIT_S = 60.0
"""A bound; nothing is asserted about times."""


async def has_come(condition):
    async with asyncio.timeout(LIMIT_S):
        while not condition():  # noqa: ASYNC110 - other sockets bring it about
            await asyncio.sleep(0.01)


class Box:
    """A gateway's sockets with a controller behind them that only says its part, and counts what it is asked."""

    def __init__(self, folder, name, keys, admitted):
        self.name, self.keys, self.port = name, keys, free_port()
        free_port()  # the next one is used too
        self.asked = []
        self.told = []
        self.drives, self.term, self.answers = False, 1, True
        folder.mkdir()
        place = ConsolePlace(HOST, HOST, self.port, keys.public)
        self.consoles = Consoles(name, "", {name: place}, admitted)
        self._folder = folder

    def far(self, keys):
        return far_endpoints(HOST, self.port, Curve(self.keys.public, keys.public, keys.secret))

    @asynccontextmanager
    async def running(self):
        sockets = bind_all(endpoints(self._folder))
        far = FarConsoles(self.consoles, self.keys, sockets)
        tasks = [asyncio.create_task(part) for part in (self._say(sockets), self._answer(sockets), far.run(self._tell))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            sockets.close()

    def _tell(self, severity, text):
        self.told.append((severity, text))

    async def _say(self, sockets):
        while True:
            frame = {"pair": {"drives": self.drives, "term": self.term}, "site": self.name}
            await sockets.stream.send_multipart([STATUS.encode(), encode(frame)])
            await sockets.stream.send_multipart([EVENT.encode(), encode({"text": self.name})])
            await asyncio.sleep(0.01)

    async def _answer(self, sockets):
        while True:
            *route, raw = await sockets.request.recv_multipart()
            request = decode_request(raw)
            self.asked.append((request["op"], request.get("seq")))
            if self.answers:
                await sockets.request.send_multipart([*route, encode_result(request["id"], {"from": self.name})])


async def test_console_when_its_key_is_named_then_it_is_served_over_tcp_and_otherwise_not(tmp_path):
    mine, strange = new_keys(), new_keys()
    box = Box(tmp_path / "a", "a", new_keys(), {"desk": mine.public})
    async with box.running():
        async with StreamClient(box.far(mine), timeout_ms=int(LIMIT_S * 1000)) as link:
            assert await link.request("hello") == {"from": "a"}
        async with StreamClient(endpoints(tmp_path / "a"), timeout_ms=int(LIMIT_S * 1000)) as link:
            assert await link.request("hello") == {"from": "a"}, "who is on the machine needs no key"
        asked = len(box.asked)
        async with StreamClient(box.far(strange), timeout_ms=500) as link:
            with pytest.raises(NoAnswerFault, match="did not answer"):
                await link.request("hello")
        assert len(box.asked) == asked
        await has_come(lambda: box.told)
        assert [severity for severity, _ in box.told] == ["warning"]


async def test_console_when_its_address_is_taken_then_it_is_said_and_tried_again(tmp_path):
    box = Box(tmp_path / "a", "a", new_keys(), {})
    context = zmq.Context()
    taken = context.socket(zmq.PULL)
    taken.bind(f"tcp://{HOST}:{box.port}")
    try:
        async with box.running():
            await has_come(lambda: box.told)
            assert "Address already in use" in box.told[0][1]
    finally:
        taken.close(linger=0)
        context.term()


async def test_pair_stream_when_the_leader_changes_then_it_goes_over_and_events_are_of_one_alone(tmp_path):
    mine = new_keys()
    boxes = {name: Box(tmp_path / name, name, new_keys(), {"desk": mine.public}) for name in "ab"}
    a, b = boxes["a"], boxes["b"]
    a.drives = True
    async with AsyncExitStack() as stack, asyncio.timeout(LIMIT_S):
        for box in boxes.values():
            await stack.enter_async_context(box.running())
        ends = {name: box.far(mine) for name, box in boxes.items()}
        link = await stack.enter_async_context(PairStream(ends, timeout_ms=int(LIMIT_S * 1000)))
        link.subscribe(STATUS)
        link.subscribe(EVENT)
        chosen, events = "", []
        async for message in link.messages():
            if message.topic == CHOSEN:
                chosen = message.body["name"]
            elif message.topic == EVENT:
                assert message.body["text"] == chosen
                events.append(chosen)
            if events.count("a") == 3 and not b.drives:
                assert await link.request("hello") == {"from": "a"}
                b.drives, b.term = True, 2  # a does not know it yet
            if events.count("b") == 3:
                assert await link.request("hello") == {"from": "b"}
                return


async def test_request_when_who_was_asked_dies_then_it_is_unknown_and_the_next_one_goes_to_the_other(tmp_path):
    mine = new_keys()
    boxes = {name: Box(tmp_path / name, name, new_keys(), {"desk": mine.public}) for name in "ab"}
    a, b = boxes["a"], boxes["b"]
    a.drives, a.answers = True, False
    async with AsyncExitStack() as stack, asyncio.timeout(LIMIT_S):
        await stack.enter_async_context(b.running())
        ends = {name: box.far(mine) for name, box in boxes.items()}
        link = await stack.enter_async_context(PairStream(ends, timeout_ms=int(LIMIT_S * 1000)))
        async with a.running():
            async for message in link.messages():
                if message.topic == STATUS and message.body["site"] == "a":
                    break
            waiting = asyncio.create_task(link.request("command", client="desk", seq=7))
            await has_come(lambda: a.asked)
        b.drives, b.term = True, 2
        with pytest.raises(NoAnswerFault, match="a, which was asked, is silent, and b is listened to now"):
            await waiting
        assert await link.request("command", client="desk", seq=7) == {"from": "b"}
    assert [seq for op, seq in a.asked + b.asked if op == "command"] == [7, 7]


def test_consoles_when_saved_then_the_same_comes_back(tmp_path):
    consoles = Consoles("a", "/k", {"b": ConsolePlace("h", "h", 1, "p")}, {"desk": "q"})
    assert load_consoles(tmp_path) is None
    consoles.save(tmp_path)
    assert load_consoles(tmp_path) == consoles
