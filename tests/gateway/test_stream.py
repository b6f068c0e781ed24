"""The stream and the events, as a subscriber hears them."""

import asyncio
import time
from typing import Any

import pytest

from runtime.core.quality import Quality
from runtime.wire.endpoints import endpoints
from runtime.wire.events import QUEUE_MAX, EventSender
from runtime.wire.stream import StreamClient
from tests.gateway.standin import LEAVES, Controller, scanning, serving


async def hear(client: StreamClient, topic: str, *, until: Any = lambda _: True) -> dict[str, Any]:
    """The first message of the topic that `until` accepts."""
    async with asyncio.timeout(10):
        async for message in client.messages():
            if message.topic == topic and until(message.body):
                return message.body
    raise AssertionError("unreachable")


async def test_status_when_subscribed_then_frames_with_the_view(controller: Controller) -> None:
    controller.set("plant_1.mode", 1)
    controller.set("meter_1.p_kw", float("nan"))
    async with scanning(controller), serving(controller) as client:
        assert client.is_connected(time.monotonic_ns()) is False
        client.subscribe("status")
        frame = await hear(client, "status", until=lambda f: f["scanning"])
        assert client.is_connected(time.monotonic_ns())
        assert client.is_connected(time.monotonic_ns() + 1_500_000_000) is False
    assert frame["view"] == {
        "plant_1.mode": "SELF_CONSUMPTION",
        "plant_1.target_kw": 0.0,
        "plant_1.uptime": 0,
        "plant_1.count": 0,
        "meter_1.p_kw": "NaN",
    }
    assert (frame["driving"], frame["cycle_ns"], frame["fault_stop"]) == (True, 10_000_000, False)


async def test_tags_when_subscribed_then_all_in_the_order_of_the_table(controller: Controller) -> None:
    controller.set("meter_1.p_kw", 4.5)
    controller.set_quality("rack_1.soc_pct", Quality.UNCERTAIN)
    async with scanning(controller), serving(controller) as client:
        client.subscribe("tags")
        await client.request("force", name="pcs_1.enable", value="TRUE")
        frame = await hear(client, "tags", until=lambda f: f["values"][5][3] == 1)
    values = dict(zip([name for name, _, _ in LEAVES], frame["values"], strict=True))
    assert values["meter_1.p_kw"][:2] == [4.5, 2]
    assert values["meter_1.p_kw"][2] >= 0
    assert values["rack_1.soc_pct"][1] == 1
    assert values["plant_1.mode"] == ["PASSIVE", 2, -1, 0]


async def test_scan_when_it_stands_then_status_says_so_and_inputs_count_as_bad(controller: Controller) -> None:
    async with serving(controller) as client:
        client.subscribe("status")
        client.subscribe("event")
        async with scanning(controller):
            await hear(client, "status", until=lambda f: f["scanning"] and not f["bad_inputs"])
        frame = await hear(client, "status", until=lambda f: not f["scanning"])
        assert frame["driving"] is False
        for _ in range(500):  # the event may be a look later than the frame
            if "the scan stands" in [e["text"] for e in (await client.request("events"))["events"]]:
                break
            await asyncio.sleep(0.02)
        assert frame["bad_devices"] == ["meter_1", "rack_1"]
        async with scanning(controller):
            await hear(client, "status", until=lambda f: f["scanning"])
        events = [e["text"] for e in (await client.request("events"))["events"]]
    assert [t for t in events if t.startswith("the scan")] == ["the scan runs", "the scan stands", "the scan runs"]


async def test_events_when_a_process_sends_them_then_numbered_published_and_kept(controller: Controller) -> None:
    sender = EventSender(endpoints(controller.run), "io")
    sender.send("warning", "meter_1 does not answer")  # before there is a gateway: it waits in the queue
    async with serving(controller) as client:
        client.subscribe("event")
        kept: list[dict[str, Any]] = []
        async with asyncio.timeout(10):
            while not kept:
                kept = (await client.request("events"))["events"]
                await asyncio.sleep(0.02)
        sender.send("info", "meter_1 answers again")
        heard = await hear(client, "event", until=lambda e: e["text"] == "meter_1 answers again")
        after = (await client.request("events", since=kept[-1]["id"]))["events"]
    sender.close()
    assert [(e["severity"], e["source"], e["text"]) for e in kept] == [("warning", "io", "meter_1 does not answer")]
    assert after == [heard]
    assert heard["id"] == kept[0]["id"] + 1


@pytest.mark.parametrize("raw", [b"\xff", b"{}", b'{"severity":"info","source":"io","text":5,"t_wall_ns":1}'])
async def test_events_when_one_is_garbage_then_told_and_the_next_is_taken(controller: Controller, raw: bytes) -> None:
    sender = EventSender(endpoints(controller.run), "io")
    async with serving(controller) as client:
        sender._socket.send(raw)
        sender.send("info", "well")
        events: list[dict[str, Any]] = []
        async with asyncio.timeout(10):
            while len(events) < 2:
                events = (await client.request("events"))["events"]
                await asyncio.sleep(0.02)
    sender.close()
    assert "cannot be read" in events[0]["text"]
    assert events[1]["text"] == "well"


def test_event_sender_when_nobody_takes_them_then_bounded_and_never_waits(controller: Controller) -> None:
    sender = EventSender(endpoints(controller.run), "io")
    for number in range(QUEUE_MAX + 50):
        sender.send("info", str(number))
    assert sender.dropped >= 50
    sender.close()
