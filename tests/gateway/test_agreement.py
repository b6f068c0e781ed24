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
