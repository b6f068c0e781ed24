"""What clients ask of a gateway, over its real sockets, and what they get."""

import asyncio
import ctypes
import stat

import pytest

from runtime.core.quality import Quality
from runtime.gateway.forces.keptforces import KEPT_FORCES, KeptForces, restore_forces
from runtime.wire.fault import RefusedFault
from tests.gateway.standin import PROGRAM_X, READ_ONLY_X, REFUSED_STATE, Controller, scanning, serving


async def test_read_when_names_and_patterns_then_values_by_the_rules(controller: Controller) -> None:
    controller.set("meter_1.p_kw", 12.3)
    controller.set("plant_1.mode", 1)
    controller.set("plant_1.uptime", 1_500_000)
    controller.set("cell[2].mv", -5)
    async with scanning(controller), serving(controller) as client:
        await asyncio.sleep(0.03)
        result = await client.request("read", names=["METER_1.p_kw", "plant_1.m*", "plant_1.uptime", "cell[2].*"])
    meter, mode, uptime, cell = result["values"]
    assert 0 <= meter.pop("age_ms") < 5000
    assert meter == {
        "name": "meter_1.p_kw",
        "value": 12.3,
        "type": "REAL",
        "unit": "kW",
        "forced": False,
        "quality": 2,
    }
    assert (mode["value"], mode["type"]) == ("SELF_CONSUMPTION", "CONTROL_MODE")
    assert uptime["value"] == 1_500_000
    assert (cell["name"], cell["value"]) == ("cell[2].mv", -5)


async def test_secret_when_read_or_written_then_nobody_sees_or_changes_it(
    controller: Controller,
) -> None:
    controller.set("plate_1.code", 4711)
    async with scanning(controller), serving(controller) as client:
        await asyncio.sleep(0.03)
        (told,) = (await client.request("read", names=["plate_1.code"]))["values"]
        listed = {tag["name"]: tag for tag in (await client.request("tags"))["tags"]}
        with pytest.raises(RefusedFault, match=r"declared \{secret\}"):
            await client.request("write", name="plate_1.code", value=1, ttl_ms=1000)
    assert told["value"] == "***"
    assert not listed["plate_1.code"]["forceable"]


async def test_read_when_name_is_unknown_then_nearest_name_in_the_help(controller: Controller) -> None:
    controller.scan()
    async with serving(controller) as client:
        with pytest.raises(RefusedFault) as caught:
            await client.request("read", names=["rack_1.soc"])
        assert caught.value.where == "rack_1.soc"
        assert caught.value.mend == "did you mean rack_1.soc_pct?"
        with pytest.raises(RefusedFault, match="no tag or variable fits this pattern"):
            await client.request("read", names=["nothing.*"])


async def test_read_when_no_scan_has_finished_then_says_so_and_status_still_answers(controller: Controller) -> None:
    async with serving(controller) as client:
        with pytest.raises(RefusedFault, match="no scan has finished yet"):
            await client.request("read", names=["plant_1.mode"])
        status = await client.request("status")
    assert (status["scanning"], status["view"], status["site"]) == (False, {}, "tested")


async def test_tags_when_asked_then_direction_limits_and_labels(controller: Controller) -> None:
    async with serving(controller) as client:
        result = await client.request("tags", variables=True)
    tags = {tag["name"]: tag for tag in result["tags"]}
    assert result["variables"] == [PROGRAM_X, READ_ONLY_X]
    assert result["commands"] == ["mode", "target", "note"]
    assert tags["meter_1.p_kw"]["direction"] == "input"
    assert tags["meter_1.p_kw"]["device"] == "meter_1"
    assert tags["pcs_1.p_set_kw"] == {
        "name": "pcs_1.p_set_kw",
        "type": "REAL",
        "unit": "kW",
        "comment": "",
        "direction": "output",
        "device": "pcs_1",
        "forceable": True,
        "fail_safe": 0.0,
    }
    assert tags["pcs_1.enable"]["fail_safe"] is None
    assert tags["command_mode_1.seq"]["direction"] == "request"
    assert tags["ack_mode_1.result"]["direction"] == "ack"
    assert tags["plant_1.mode"]["labels"] == ["PASSIVE", "SELF_CONSUMPTION"]
    assert (tags["rack_1.soc_pct"]["minimum"], tags["rack_1.soc_pct"]["maximum"]) == (0.0, 100.0)
    assert tags["plant_1.mode"]["forceable"] is True
    assert tags["plant_1.count"]["forceable"] is False


async def test_write_when_scan_takes_it_then_done_and_in_memory(controller: Controller) -> None:
    async with scanning(controller), serving(controller) as client:
        done = await client.request("write", name=PROGRAM_X, value="16#10", client="test", seq=1)
        assert done["done"] is True
        assert done["scan"] <= controller.scan_no
        assert controller.get(PROGRAM_X) == 16
        told = await client.request("write", name="meter_1.p_kw", value=5, client="test", seq=2)
        assert "force it" in told["note"]
        events = (await client.request("events"))["events"]
    assert [e["text"] for e in events if e["source"] == "operator"] == [
        "test wrote main.x: 0 -> 16",
        "test wrote meter_1.p_kw: 0 -> 5 kW",
    ]


async def test_write_when_sent_twice_under_one_number_then_made_once(controller: Controller) -> None:
    async with scanning(controller), serving(controller) as client:
        await client.request("write", name=PROGRAM_X, value=1, client="test", seq=1)
        controller.set(PROGRAM_X, 0)
        await client.request("write", name=PROGRAM_X, value=1, client="test", seq=1)
        await asyncio.sleep(0.05)
        assert controller.get(PROGRAM_X) == 0


async def test_write_when_scan_is_dead_then_times_out_and_gateway_answers_on(controller: Controller) -> None:
    controller.scan()
    async with serving(controller) as client:
        with pytest.raises(RefusedFault, match="the write was not made: the scan did not take it"):
            await client.request("write", name=PROGRAM_X, value=1, client="test", seq=1, ttl_ms=50)
        assert (await client.request("status"))["scanning"] is False


async def test_command_when_program_answers_then_done_or_refused(controller: Controller) -> None:
    async with scanning(controller), serving(controller) as client:
        done = await client.request("command", name="mode", value="SELF_CONSUMPTION", client="hmi", seq=1)
        assert done == {"state": "done"}
        assert controller.get("plant_1.mode") == 1
        controller.answer = REFUSED_STATE
        refused = await client.request("command", name="mode", value="PASSIVE", client="hmi", seq=2)
        assert refused == {"state": "refused", "reason": "REFUSED_STATE"}
        assert controller.get("plant_1.mode") == 1
        events = (await client.request("events"))["events"]
    assert [(e["severity"], e["text"]) for e in events if e["source"] == "operator"] == [
        ("info", "hmi commanded mode: no command -> SELF_CONSUMPTION: done (DONE)"),
        ("warning", "hmi commanded mode: SELF_CONSUMPTION -> PASSIVE: refused (REFUSED_STATE)"),
    ]


async def test_command_when_program_never_answers_then_error_names_where_it_stopped(controller: Controller) -> None:
    controller.answer = None
    async with scanning(controller), serving(controller) as client:
        with pytest.raises(RefusedFault, match="timed out: no program acknowledged it"):
            await client.request("command", name="mode", value=1, client="hmi", seq=1, ttl_ms=100)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": "mood", "value": 1}, "no command of this name"),
        ({"name": "mode", "value": "PASIVE"}, "'PASIVE' is no value of CONTROL_MODE; did you mean PASSIVE"),
        ({"name": "target", "value": 100.5}, "outside the declared range"),
        ({"name": "mode", "value": 1, "seq": -1}, "`seq` must be a whole number from 0"),
        ({"name": "mode", "value": 1, "ttl_ms": 0}, "time to live must be above 0"),
        ({"name": "mode", "value": [1]}, "`value` must be"),
        ({"name": "mode", "value": 1, "client": ""}, "`client` must be"),
        ({"name": 5, "value": 1}, "`name` must be"),
    ],
)
async def test_command_when_request_is_wrong_then_refused_with_reason(
    controller: Controller, fields: dict[str, object], says: str
) -> None:
    async with scanning(controller), serving(controller) as client:
        with pytest.raises(RefusedFault, match=says):
            await client.request("command", **({"client": "hmi", "seq": 1} | fields))


async def test_force_when_set_and_let_go_then_in_the_table_and_in_all_answers(controller: Controller) -> None:
    async with scanning(controller), serving(controller) as client:
        await client.request("force", name="METER_1.P_KW", value="-3.5")
        await client.request("force", name="pcs_1.enable", value=True)
        assert controller.forces.list() == {"meter_1.p_kw": -3.5, "pcs_1.enable": True}
        expected = [
            {"name": "meter_1.p_kw", "value": -3.5, "type": "REAL"},
            {"name": "pcs_1.enable", "value": True, "type": "BOOL"},
        ]
        listed = (await client.request("forces"))["forces"]
        assert [(f["name"], f["value"], f["how"], f["client"]) for f in listed] == [
            ("meter_1.p_kw", -3.5, "input", "a local client"),
            ("pcs_1.enable", True, "output", "a local client"),
        ]
        assert (await client.request("status"))["forces"] == expected
        (value,) = (await client.request("read", names=["meter_1.p_kw"]))["values"]
        assert value["forced"] is True
        assert await client.request("unforce", name="meter_1.p_kw", client="hmi-4711-1795229547031") == {
            "removed": ["meter_1.p_kw"]
        }
        assert await client.request("unforce", name="meter_1.p_kw", client="hmi-4711-1795229547031") == {"removed": []}
        assert await client.request("unforce", all=True) == {"removed": ["pcs_1.enable"]}
        assert controller.forces.list() == {}
        events = [e["text"] for e in (await client.request("events"))["events"] if e["source"] == "operator"]
    assert events == [
        "a local client forced meter_1.p_kw: 0 -> -3.5 kW",
        "a local client forced pcs_1.enable: FALSE -> TRUE",
        "hmi-4711 let meter_1.p_kw go",
        "a local client let pcs_1.enable go",
    ]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("plant_1.count", 1, "the program vetoes it: the variable is declared {no_force}"),
        ("x_shown", 1, "the program vetoes it: the name is READ_ONLY in VAR_ACCESS"),
        ("meter_1.q_kw", 1, "no tag or variable of this name"),
        ("rack_1.soc_pct", 101, "outside the declared range"),
        ("meter_1.p_kw", "NaN", "is no finite number"),
    ],
)
async def test_force_when_wrong_then_refused_and_nothing_is_forced(
    controller: Controller, name: str, value: object, says: str
) -> None:
    controller.scan()
    async with serving(controller) as client:
        with pytest.raises(RefusedFault, match=says):
            await client.request("force", name=name, value=value)
    assert controller.forces.list() == {}


async def test_force_when_the_variable_is_neither_input_nor_output_then_held_and_listed_as_such(
    controller: Controller,
) -> None:
    async with scanning(controller), serving(controller) as client:
        await client.request("force", name="main.X", value=7)
        await client.request("force", name="plant_1.mode", value="PASSIVE")
        assert controller.forces.list() == {"plant_1.mode": 0, "main.x": 7}
        listed = (await client.request("forces"))["forces"]
        assert {(f["name"], f["value"], f["how"]) for f in listed} == {
            ("main.x", 7, "variable"),
            ("plant_1.mode", "PASSIVE", "variable"),
        }
        (value,) = (await client.request("read", names=["main.x"]))["values"]
        assert value["forced"] is True
        assert await client.request("unforce", name="main.x") == {"removed": ["main.x"]}
        assert controller.forces.list() == {"plant_1.mode": 0}


async def test_force_when_prepared_then_nothing_acts_until_all_is_applied_at_once(controller: Controller) -> None:
    async with scanning(controller), serving(controller) as client:
        await client.request("force", name="meter_1.p_kw", value=1, prepare=True, keep=True)
        await client.request("force", name="main.x", value=2, prepare=True)
        listed = await client.request("forces")
        assert (listed["forces"], [f["name"] for f in listed["prepared"]]) == ([], ["meter_1.p_kw", "main.x"])
        assert controller.forces.list() == {}
        assert await client.request("force_prepared") == {"applied": ["meter_1.p_kw", "main.x"]}
        assert controller.forces.list() == {"meter_1.p_kw": 1.0, "main.x": 2}
        listed = await client.request("forces")
        assert ([f["keep"] for f in listed["forces"]], listed["prepared"]) == ([True, False], [])
        with pytest.raises(RefusedFault, match="no force is prepared"):
            await client.request("force_prepared")
    kept = KeptForces(controller.run / KEPT_FORCES)
    assert kept.load() == {"meter_1.p_kw": 1.0}


def test_kept_forces_when_a_controller_starts_then_forced_again_and_those_that_fit_no_more_are_told(
    controller: Controller,
) -> None:
    kept = KeptForces(controller.run / KEPT_FORCES)
    kept.save({"meter_1.p_kw": 2.5, "gone.x": 1, "rack_1.soc_pct": 101, "main.x": 3})
    told = restore_forces(kept, controller.forces, controller.manifest.tags)
    assert controller.forces.list() == {"meter_1.p_kw": 2.5, "main.x": 3}
    assert [severity for severity, _ in told] == ["warning", "error", "error", "warning"]
    (controller.run / KEPT_FORCES).write_text("[1]")
    ((severity, text),) = restore_forces(kept, controller.forces, controller.manifest.tags)
    assert (severity, "cannot be read" in text) == ("error", True)


async def test_gateway_when_it_starts_then_the_scan_looks_at_the_force_table_again(controller: Controller) -> None:
    at = controller.image.address + controller.image.layout.force_changes_offset
    before = ctypes.c_uint64.from_address(at).value
    async with serving(controller) as client:
        await client.request("hello")
    assert ctypes.c_uint64.from_address(at).value == before + 1


async def test_status_when_inputs_turn_bad_then_names_them_and_devices_without_any_good_input(
    controller: Controller,
) -> None:
    controller.set_quality("meter_1.p_kw", Quality.BAD)
    controller.set_quality("rack_1.soc_pct", Quality.BAD)
    controller.set_quality("rack_1.alarm_bits", Quality.BAD)
    async with scanning(controller), serving(controller) as client:
        await asyncio.sleep(0.05)
        await client.request("status")
        status = await client.request("status")
        controller.forces.set("rack_1.soc_pct", 50.0)
        forced = await client.request("status")
    assert status["bad_inputs"] == ["meter_1.p_kw", "rack_1.soc_pct", "rack_1.alarm_bits"]
    assert status["bad_devices"] == ["rack_1"]
    assert forced["bad_inputs"] == ["meter_1.p_kw", "rack_1.alarm_bits"]
    assert forced["bad_devices"] == ["rack_1"]


async def test_acknowledge_when_faults_are_recorded_then_told_until_acknowledged(controller: Controller) -> None:
    async with scanning(controller), serving(controller) as client:
        await asyncio.sleep(0.15)
        controller.record_fault()
        await asyncio.sleep(0.25)
        (fault,) = (await client.request("status"))["faults"]
        assert (fault["file"], fault["line"], fault["code"], fault["pou"]) == ("demo.st", 7, 1, "main")
        events = (await client.request("events"))["events"]
        assert any("demo.st:7: main: integer division by zero" in e["text"] for e in events)
        assert await client.request("acknowledge") == {"acknowledged": 1}
        assert controller.control.control.fault_ack == 1
        assert (await client.request("status"))["faults"] == []


async def test_stats_when_asked_then_percentiles_and_reset_reaches_the_scan(controller: Controller) -> None:
    histogram = controller.control.control.release_delay
    histogram.count, histogram.sum_ns, histogram.max_ns = 100, 1000, 12
    histogram.buckets[10] = 100
    async with serving(controller) as client:
        stats = await client.request("stats")
        assert stats["release_delay"] == {
            "count": 100,
            "sum_ns": 1000,
            "p50_ns": 10,
            "p90_ns": 10,
            "p99_ns": 10,
            "p999_ns": 10,
            "p9999_ns": 10,
            "max_ns": 12,
        }
        assert list(stats["phases"]) == ["latch", "commands", "run", "publish", "record"]
        (task,) = stats["tasks"]
        assert (task["name"], task["budget"], task["on_fault"], task["overrun"]) == ("fast", 1000, "stop", "count")
        assert (task["runs"], task["execution"]["count"]) == (0, 0)
        await client.request("stats_reset")
    assert controller.control.control.stats_reset == 1


async def test_hello_when_asked_then_who_answers(controller: Controller) -> None:
    async with serving(controller) as client:
        hello = await client.request("hello")
    assert hello["site"] == "tested"
    assert hello["layout_hash"] == controller.image.layout.hash.hex()
    assert hello["run_dir"] == str(controller.run)


@pytest.mark.parametrize("op", ["", "nonsense", "__class__"])
async def test_request_when_operation_is_unknown_then_names_those_there_are(controller: Controller, op: str) -> None:
    async with serving(controller) as client:
        with pytest.raises(RefusedFault) as caught:
            await client.request(op)
    assert "acknowledge, command" in caught.value.mend


async def test_sockets_when_bound_then_for_the_owner_alone(controller: Controller) -> None:
    async with serving(controller) as client:
        await client.request("hello")
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in controller.run.glob("*.sock")}
    assert modes == {"request.sock": 0o600, "stream.sock": 0o600, "events.sock": 0o600}


async def test_gateway_when_stopped_while_a_command_waits_then_ends_at_once(controller: Controller) -> None:
    controller.answer = None
    async with scanning(controller):
        async with asyncio.timeout(10), serving(controller) as client:
            waiting = asyncio.create_task(
                client.request("command", name="mode", value=1, client="hmi", seq=1, ttl_ms=60_000, timeout_ms=60_000)
            )
            await controller.requested.wait()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert list(controller.run.glob("*.sock")) == []
