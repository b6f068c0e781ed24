"""The way from a gateway to its redundancy process, over a real socket: connect, say, hear, lose, connect again."""

import asyncio
import contextlib
import tempfile
from pathlib import Path

import pytest

from runtime.cluster.redundancy.gatewayport import GatewayPort
from runtime.core.fault import ClusterFault
from runtime.gateway.writes.agreement import Agreement

STATUS = {"name": "a", "drives": True, "leader": "a"}


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="vg") as made:
        yield Path(made)


async def until(condition):
    for _ in range(2000):
        found = condition()
        if found:
            return found
        await asyncio.sleep(0.002)
    raise AssertionError("it never came to hold")


@contextlib.asynccontextmanager
async def connected(folder):
    port, agreement = GatewayPort(folder), Agreement(folder)
    task = asyncio.create_task(agreement.run())
    try:
        await until(port.accept)
        yield port, agreement
    finally:
        task.cancel()
        port.close()


def test_agreement_when_connected_then_says_and_hears_everything(folder):
    async def play():
        heard = []
        async with connected(folder) as (port, agreement):
            agreement.on_deliver = lambda *told: heard.append(("deliver", *told))
            agreement.on_known = lambda *told: heard.append(("known", *told))
            agreement.on_refused = lambda *told: heard.append(("refused", *told))
            agreement.on_forces = lambda forces: heard.append(("forces", forces))
            agreement.on_lead = lambda leads: heard.append(("lead", leads))
            assert agreement.propose("c", 1, "body") == ""
            assert await until(port.receive) == [{"do": "propose", "client": "c", "seq": 1, "body": "body"}]
            port.send({"do": "deliver", "index": 7, "client": "c", "seq": 1, "body": "body"})
            port.send({"do": "known", "index": 7, "client": "c", "seq": 1, "body": "body"})
            port.send({"do": "refused", "client": "c", "seq": 2, "why": "no"})
            port.send({"do": "forces", "forces": {"x": "1"}})
            port.send({"do": "something new"})
            for drives in (True, True, False):
                port.send({"do": "status", "status": STATUS | {"drives": drives}})
            await until(lambda: len(heard) == 6)
        assert heard == [
            ("deliver", 7, "c", 1, "body"),
            ("known", 7, "c", 1, "body"),
            ("refused", "c", 2, "no"),
            ("forces", {"x": "1"}),
            ("lead", True),
            ("lead", False),
        ]

    asyncio.run(play())


def test_ask_when_it_is_refused_then_the_reason_is_told(folder):
    async def play():
        async with connected(folder) as (port, agreement):
            asked = asyncio.create_task(agreement.ask("swap"))
            [packet] = await until(port.receive)
            port.send({"do": "answer", "id": packet["id"], "why_not": "b is not in sync"})
            with pytest.raises(ClusterFault, match="b is not in sync"):
                await asked

    asyncio.run(play())


ASKED_AT_STANDBY = [
    ("swap", "", "b"),
    ("detach", "b is not in sync", "b is not in sync"),
    ("claim", "", "a"),
]


@pytest.mark.parametrize(("what", "why_not", "outcome"), ASKED_AT_STANDBY)
def test_ask_when_the_other_leads_then_that_one_is_asked_but_for_a_claim(folder, what, why_not, outcome):
    async def play():
        async with connected(folder) as (port, agreement):
            port.send({"do": "status", "status": {"name": "a", "drives": False, "leader": "b"}})
            await until(lambda: agreement.status)
            asked = asyncio.create_task(agreement.ask(what))
            [packet] = await until(port.receive)
            relayed = packet if packet["do"] == "relay" else None
            if relayed is not None:
                port.send({**relayed, "do": "relayed"})  # this one plays the leader's gateway, too
                [packet] = await until(port.receive)
            assert (packet["do"], packet["what"]) == ("ask", what)
            port.send({"do": "answer", "id": packet["id"], "why_not": why_not})
            if relayed is not None:
                [back] = await until(port.receive)
                port.send(back)
            if why_not:
                with pytest.raises(ClusterFault, match=outcome):
                    await asked
            else:
                assert await asked == outcome
            assert (relayed is None) == (what == "claim")

    asyncio.run(play())


def test_relayed_ask_when_it_is_a_claim_then_it_is_refused(folder):
    async def play():
        async with connected(folder) as (port, _):
            port.send({"do": "relayed", "id": 4, "content": {"pair_ask": "claim", "name": ""}})
            [back] = await until(port.receive)
            assert back == {"do": "relay_answer", "id": 4, "content": {"why_not": "a leader is not asked to claim"}}

    asyncio.run(play())


def test_relay_when_the_other_gateway_answers_then_the_answer_comes_back(folder):
    async def play():
        async with connected(folder) as (port, agreement):

            async def answer(content):
                return {"twice": content["x"] * 2}

            agreement.on_relayed = answer
            asked = asyncio.create_task(agreement.relay({"x": 4}, within_ns=5 * 10**9))
            [packet] = await until(port.receive)
            port.send({**packet, "do": "relayed"})  # this one plays both
            [back] = await until(port.receive)
            port.send(back)
            assert await asked == {"twice": 8}
            assert await agreement.relay({"x": 4}, within_ns=1) is None

    asyncio.run(play())


def test_agreement_when_the_redundancy_process_comes_back_then_it_is_connected_again(folder):
    async def play():
        async with connected(folder) as (port, agreement):
            port.send({"do": "status", "status": STATUS})
            await until(lambda: agreement.status)
            port.close()
            await until(lambda: agreement.status is None)
            assert agreement.propose("c", 1, "") == "the redundancy process of this controller does not run"
            again = GatewayPort(folder)
            try:
                await until(again.accept)
                await until(lambda: agreement.propose("c", 2, "") == "")
            finally:
                again.close()

    asyncio.run(play())
