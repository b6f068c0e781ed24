"""A gateway process that is killed, and the one after it."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import zmq
import zmq.asyncio

from runtime.wire.endpoints import endpoints
from runtime.wire.fault import RefusedFault
from runtime.wire.stream import StreamClient
from tests.gateway.standin import Controller, scanning

ROOT = Path(__file__).parents[2]
PROCESS = """
import asyncio, sys
from pathlib import Path
from runtime.gateway.engine import Gateway
from runtime.image.segment import ControlSegment, ImageSegment
from tests.gateway.standin import make_manifest
manifest = make_manifest()
image = ImageSegment.attach(int(sys.argv[1]), manifest.layout())
control = ControlSegment.attach(int(sys.argv[2]))
gateway = Gateway(manifest, image=image, control=control, run_dir=Path(sys.argv[3]), state_dir=Path(sys.argv[3]))
asyncio.run(gateway.run(asyncio.Event()))
"""


def start(controller: Controller) -> subprocess.Popen[bytes]:
    fds = (controller.image.fd, controller.control.fd)
    argv = [sys.executable, "-c", PROCESS, *map(str, fds), str(controller.run)]
    return subprocess.Popen(argv, pass_fds=fds, cwd=ROOT)


async def test_gateway_when_killed_and_started_again_then_forces_stand_and_clients_come_back(
    controller: Controller,
) -> None:
    processes = [start(controller)]
    try:
        async with scanning(controller), StreamClient(endpoints(controller.run), timeout_ms=20_000) as client:
            client.subscribe("status")
            await client.request("force", name="meter_1.p_kw", value=7)
            await client.request("command", name="mode", value=1, client="test", seq=1)
            seq_before = controller.get("ack_mode_1.seq")
            last_event = (await client.request("events"))["events"][-1]["id"]
            processes[0].send_signal(signal.SIGKILL)
            processes[0].wait()
            assert (controller.run / "request.sock").exists()  # what a killed process leaves behind
            processes.append(start(controller))
            status = await client.request("status")
            assert status["forces"] == [{"name": "meter_1.p_kw", "value": 7, "type": "REAL"}]
            again = await client.request("command", name="mode", value=1, client="test", seq=1)
            assert (again, controller.get("ack_mode_1.seq")) == ({"state": "done"}, seq_before)
            with pytest.raises(RefusedFault, match="has used this sequence number for something else"):
                await client.request("command", name="mode", value=0, client="test", seq=1)
            assert await client.request("command", name="mode", value=0, client="test", seq=2) == {"state": "done"}
            assert controller.get("ack_mode_1.seq") == seq_before + 1
            assert controller.get("plant_1.mode") == 0
            assert (await client.request("events"))["events"][0]["id"] > last_event
            async with asyncio.timeout(10):
                async for message in client.messages():
                    if message.body["scan_no"] > status["scan_no"]:
                        break
    finally:
        for process in processes:
            process.kill()
            process.wait()


async def test_gateway_when_peers_send_garbage_then_answers_and_lives_on(controller: Controller) -> None:
    process = start(controller)
    where = endpoints(controller.run)
    context = zmq.asyncio.Context()
    try:
        async with StreamClient(where, timeout_ms=20_000) as client:
            await client.request("hello")
            socket = context.socket(zmq.DEALER)
            socket.connect(where.request)
            for raw in (b"", b"\x00\xff", b"[]", b'{"v":9}', b'{"v":1,"op":"read","names":[1]}', os.urandom(500)):
                await socket.send_multipart([b"", raw])
                reply = (await asyncio.wait_for(socket.recv_multipart(), 120))[-1]
                assert b'"ok":false' in reply
            await socket.send_multipart([b"a", b"b", b"c"])
            socket.close(linger=0)
            assert (await client.request("hello"))["site"] == "tested"
            assert process.poll() is None
    finally:
        context.destroy(linger=0)
        process.kill()
        process.wait()
