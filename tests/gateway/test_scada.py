"""SCADA registers as a Modbus master meets them: raw frames, and the independent master `mbpoll`."""

import asyncio
import contextlib
import shutil
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from runtime.commands.submission import Ending, Outcome
from runtime.core.elementary import Value
from runtime.core.quality import Quality
from runtime.gateway.scada.load import load_scada_map
from runtime.gateway.scada.server import ScadaService
from runtime.gateway.scada.unit import ScadaUnit
from runtime.gateway.view.observation import Observer
from runtime.gateway.writes.submitter import Submitter
from runtime.image.mailbox import MailboxWriter
from tests.gateway.standin import DONE, REFUSED_STATE, Controller, scanning, serving

MAP = """name = "tested"
version = 3
write_ttl_ms = 300
[registers.heartbeat]
address = 0
status = "heartbeat"
type = "u32"
[registers.state_bits]
address = 2
status = "state_bits"
[registers.quality]
address = 3
quality = ["meter_1.p_kw", "rack_1.*"]
[registers.map_version]
address = 4
status = "map_version"
[registers.soc]
address = 10
tag = "rack_1.soc_pct"
scale = 0.1
[registers.p_grid]
address = 11
tag = "meter_1.p_kw"
type = "i16"
scale = 0.1
[registers.energy]
address = 12
tag = "meter_1.e_kwh"
type = "f32"
word_order = "little"
[registers.mode]
address = 20
tag = "plant_1.mode"
command = "mode"
[registers.target]
address = 21
tag = "plant_1.target_kw"
type = "i32"
scale = 0.001
command = "target"
[registers.note]
address = 30
tag = "plate_1.note"
type = "string"
command = "note"
[registers.wide]
address = 34
tag = "plate_1.wide"
type = "string"
length = 2
"""


class Master:
    """A Modbus master that speaks frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, pdu_hex: str, *, unit: int = 1) -> bytes:
        pdu = bytes.fromhex(pdu_hex)
        self._writer.write(struct.pack(">HHHB", 7, 0, len(pdu) + 1, unit) + pdu)
        async with asyncio.timeout(10):
            transaction, protocol, length, answered = struct.unpack(">HHHB", await self._reader.readexactly(7))
            assert (transaction, protocol, answered) == (7, 0, unit)
            return await self._reader.readexactly(length - 1)

    async def words(self, address: int, count: int, *, function: int = 3) -> list[int]:
        reply = await self.ask(f"{function:02x} {address:04x} {count:04x}")
        assert reply[:2] == bytes((function, 2 * count)), reply.hex()
        return list(struct.unpack(f">{count}H", reply[2:]))


@contextlib.asynccontextmanager
async def mastering(controller: Controller, tmp_path: Path, port: int, text: str = MAP) -> AsyncIterator[Master]:
    path = tmp_path / "scada.toml"
    path.write_text(text)
    manifest = controller.manifest
    scada_map, diagnostics = load_scada_map(path, tags=manifest.tags, bindings=manifest.bindings)
    assert diagnostics == []
    assert scada_map is not None
    async with serving(controller, scada=ScadaService(scada_map, "127.0.0.1", port)) as client:
        await client.request("hello")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield Master(reader, writer)
        finally:
            writer.close()


async def test_read_when_scan_runs_then_scaled_words_of_one_scan(
    controller: Controller, tmp_path: Path, port: int
) -> None:
    controller.set("rack_1.soc_pct", 55.56)
    controller.set("meter_1.p_kw", -12.34)
    controller.set("meter_1.e_kwh", 1.5)
    async with scanning(controller), mastering(controller, tmp_path, port) as master:
        assert await master.words(10, 4) == [556, 65536 - 123, 0x0000, 0x3FC0]
        assert await master.words(10, 4, function=4) == await master.words(10, 4)
        assert await master.words(13, 3) == [0x3FC0, 0, 0]  # the second half of a pair, then a gap
        assert await master.words(4, 1) == [3]
        first = await master.words(0, 2)
        await asyncio.sleep(0.05)
        second = await master.words(0, 2)
        assert second[1] > first[1]


async def test_strings_when_read_and_written_then_two_characters_a_register_high_byte_first(
    controller: Controller, tmp_path: Path, port: int
) -> None:
    controller.set("plate_1.note", "ABCDe")
    controller.set("plate_1.wide", "Üλx")
    async with scanning(controller), mastering(controller, tmp_path, port) as master:
        assert await master.words(30, 6) == [0x4142, 0x4344, 0x6500, 0, 0x00DC, 0x03BB]
        assert await master.words(31, 1) == [0x4344]
        written = "41 42 43 44 45 46 47 00"
        assert await master.ask(f"10 001e 0004 08 {written}") == bytes.fromhex("10 001e 0004")
        assert controller.get("plate_1.note") == "ABCDEFG"
        assert await master.ask("10 001e 0004 08 68 69 00 ff ff ff ff ff") == bytes.fromhex("10 001e 0004")
        assert await master.words(30, 4) == [0x6869, 0, 0, 0]
        assert await master.ask("10 001e 0002 04 41 41 41 41") == bytes.fromhex("9002")  # not the whole of it
        assert await master.ask("06 0022 0041") == bytes.fromhex("8602")  # no command goes with it


async def test_read_when_value_does_not_fit_then_saturated_and_nan_is_not_implemented(
    controller: Controller, tmp_path: Path, port: int
) -> None:
    async with scanning(controller), mastering(controller, tmp_path, port) as master:
        for value, word in ((1e9, 0x7FFF), (-1e9, 0x8000), (float("nan"), 0x8000)):
            controller.set("meter_1.p_kw", value)
            await asyncio.sleep(0.03)
            assert await master.words(11, 1) == [word]


async def test_state_bits_and_quality_when_things_happen_then_show_them(
    controller: Controller, tmp_path: Path, port: int
) -> None:
    async with mastering(controller, tmp_path, port) as master:
        assert await master.ask("03 000a 0001") == bytes.fromhex("8304")  # no scan has finished yet
        async with scanning(controller):
            await asyncio.sleep(0.03)
            await master.words(2, 2)
            assert await master.words(2, 2) == [0b00011, 0b00]
            controller.set_quality("rack_1.alarm_bits", Quality.UNCERTAIN)
            controller.forces.set("meter_1.p_kw", 1.0)
            await asyncio.sleep(0.03)
            assert await master.words(2, 2) == [0b01011, 0b10]
            controller.set_quality("rack_1.alarm_bits", Quality.BAD)
            await asyncio.sleep(0.03)
            assert await master.words(2, 2) == [0b11011, 0b10]
        await asyncio.sleep(0.6)
        assert await master.words(2, 2) == [0b11000, 0b11]  # the scan stands: nothing is good


async def test_write_when_program_does_it_then_echo_and_the_new_value(
    controller: Controller, tmp_path: Path, port: int
) -> None:
    async with scanning(controller), mastering(controller, tmp_path, port) as master:
        assert await master.ask("06 0014 0001") == bytes.fromhex("0600140001")
        assert controller.get("plant_1.mode") == 1
        await asyncio.sleep(0.03)
        assert await master.words(20, 1) == [1]
        assert await master.ask("10 0014 0003 06 0000 ffff 63c0") == bytes.fromhex("1000140003")
        assert controller.get("plant_1.mode") == 0
        assert controller.get("plant_1.target_kw") == -40.0


@pytest.mark.parametrize(
    ("request_hex", "reply_hex", "why"),
    [
        ("06 0014 0007", "8603", "no such mode"),
        ("10 0015 0002 04 0001 86a1", "9003", "100.001 kW: outside the declared range"),
        ("10 0014 0003 06 0001 0001 86a1", "9003", "one of two values is wrong: none is written"),
        ("06 000a 0001", "8602", "read only"),
        ("06 0015 0001", "8602", "half of a pair"),
        ("06 0019 0001", "8602", "outside the map"),
        ("03 0023 0002", "8302", "past the last register"),
        ("01 0000 0001", "8101", "no coils"),
        ("05 0014 ff00", "8501", "no coils"),
    ],
)
async def test_write_when_it_may_not_be_then_exception_and_nothing_changes(
    controller: Controller, tmp_path: Path, port: int, request_hex: str, reply_hex: str, why: str
) -> None:
    async with scanning(controller), mastering(controller, tmp_path, port) as master:
        assert await master.ask(request_hex) == bytes.fromhex(reply_hex), why
    assert controller.get("command_mode_1.seq") == 0
    assert controller.get("command_target_1.seq") == 0


async def test_write_when_refused_or_never_answered_then_device_failure(
    controller: Controller, tmp_path: Path, port: int
) -> None:
    async with scanning(controller), mastering(controller, tmp_path, port) as master:
        for answer in (REFUSED_STATE, None):
            controller.answer = answer
            assert await master.ask("06 0014 0001") == bytes.fromhex("8604")
        controller.answer = DONE
        assert await master.ask("06 0014 0001") == bytes.fromhex("0600140001")
        assert await master.ask("03 0014 0001", unit=9) == bytes.fromhex("830b")


GROUP = MAP.replace(
    "[registers.note]",
    """[registers.ramp]
address = 23
tag = "command_target_1.ramp_kw_s"
type = "u16"
scale = 0.1
command = "target"
[registers.note]""",
)


async def test_write_when_registers_are_one_command_then_one_command_with_all_of_them(
    controller: Controller, tmp_path: Path, port: int
) -> None:
    seen: list[tuple[Value, ...]] = []
    run_program = controller.run_program

    def watched() -> None:
        if controller.get("command_target_1.seq") != controller.get("ack_target_1.seq"):
            seen.append((controller.get("command_target_1.value"), controller.get("command_target_1.ramp_kw_s")))
        run_program()

    controller.run_program = watched  # type: ignore[method-assign]
    async with scanning(controller), mastering(controller, tmp_path, port, GROUP) as master:
        assert await master.ask("10 0015 0003 06 ffff 63c0 0019") == bytes.fromhex("10 0015 0003")
        assert seen == [(-40.0, 2.5)]
        assert await master.words(23, 1) == [25]


@pytest.mark.parametrize(
    ("request_hex", "reply_hex", "why"),
    [
        ("10 0015 0002 04 ffff 63c0", "9002", "the field is missing"),
        ("06 0017 0019", "8602", "the value is missing"),
        ("10 0015 0003 06 ffff 63c0 01f5", "9003", "the field is past its maximum"),
        ("10 0015 0003 06 0001 86a1 0019", "9003", "the value is"),
    ],
)
async def test_write_when_it_is_not_the_whole_command_then_nothing_of_it_is_done(
    controller: Controller, tmp_path: Path, port: int, request_hex: str, reply_hex: str, why: str
) -> None:
    async with scanning(controller), mastering(controller, tmp_path, port, GROUP) as master:
        assert await master.ask(request_hex) == bytes.fromhex(reply_hex), why
    assert [controller.get(f"command_target_1.{field}") for field in ("seq", "value", "ramp_kw_s")] == [0, 0.0, 0.0]


async def test_write_when_a_field_does_not_reach_the_program_then_the_command_is_not_given(
    controller: Controller, tmp_path: Path, port: int
) -> None:
    async with mastering(controller, tmp_path, port, GROUP) as master:
        assert await master.ask("10 0015 0003 06 ffff 63c0 0019") == bytes.fromhex("9004")
        async with scanning(controller):
            assert await master.ask("06 0014 0001") == bytes.fromhex("0600140001")
    assert controller.get("command_target_1.seq") == 0


async def mbpoll(port: int, *args: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        "mbpoll",
        "-m",
        "tcp",
        "-p",
        str(port),
        "-1",
        "-0",
        *args,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode()


async def test_writes_when_two_controllers_were_started_in_the_same_moment_then_none_is_taken_for_one_of_the_other(
    controller: Controller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "scada.toml").write_text(MAP)
    manifest, numbered = controller.manifest, []
    scada_map, _ = load_scada_map(tmp_path / "scada.toml", tags=manifest.tags, bindings=manifest.bindings)
    assert scada_map is not None
    monkeypatch.setattr("time.time_ns", lambda: 1_700_000_000 * 10**9)
    for _ in "ab":
        observer = Observer(manifest, controller.image, controller.control)
        submitter = Submitter(observer, MailboxWriter(controller.control))

        async def command(*_: object, client: str, seq: int, ttl_ns: int) -> Outcome:
            numbered.append((client, seq))
            return Outcome(Ending.DONE)

        monkeypatch.setattr(submitter, "command", command)
        unit = ScadaUnit(scada_map, observer, submitter, lambda *_: None)  # type: ignore[arg-type]
        for value in (1, 0):
            await unit.write_words(20, [value])
    assert len(set(numbered)) == 4


@pytest.mark.skipif(shutil.which("mbpoll") is None, reason="mbpoll is not installed (Debian: apt install mbpoll)")
async def test_mbpoll_when_it_reads_and_changes_the_mode_then_as_documented(
    controller: Controller, tmp_path: Path, port: int
) -> None:
    controller.set("rack_1.soc_pct", 55.5)
    async with scanning(controller), mastering(controller, tmp_path, port):
        await asyncio.sleep(0.03)
        code, out = await mbpoll(port, "-a", "1", "-r", "10", "-c", "1", "-t", "4", "127.0.0.1")
        assert code == 0, out
        assert "[10]: \t555" in out
        code, out = await mbpoll(port, "-a", "1", "-r", "20", "-t", "4", "127.0.0.1", "1")
        assert code == 0, out
        assert controller.get("plant_1.mode") == 1
        code, out = await mbpoll(port, "-a", "1", "-r", "20", "-t", "4", "127.0.0.1", "9")
        assert "Illegal data value" in out
        code, out = await mbpoll(port, "-a", "3", "-r", "20", "-c", "1", "-t", "4", "127.0.0.1")
        assert "Target device failed to respond" in out


async def test_scada_when_its_port_is_taken_then_the_rest_lives_and_it_listens_later(
    controller: Controller, tmp_path: Path, port: int
) -> None:
    blocker = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
    path = tmp_path / "scada.toml"
    path.write_text(MAP)
    scada_map, _ = load_scada_map(path, tags=controller.manifest.tags, bindings=controller.manifest.bindings)
    assert scada_map is not None
    async with serving(controller, scada=ScadaService(scada_map, "127.0.0.1", port)) as client:
        events = (await client.request("events"))["events"]
        async with asyncio.timeout(5):
            while not events:
                await asyncio.sleep(0.02)
                events = (await client.request("events"))["events"]
        assert "cannot listen" in events[0]["text"]
        blocker.close()
        await blocker.wait_closed()
        async with asyncio.timeout(10):
            while True:
                with contextlib.suppress(ConnectionRefusedError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.1)
