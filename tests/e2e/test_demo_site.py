"""The demo site as its users meet it: real processes, Modbus TCP, CAN frames, commands, kills."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCADA_TIMEOUT_S = "10"


def test_controller_when_it_regulates_then_the_grid_exchange_comes_near_zero(demo):
    demo.wait_for("the grid exchange is below 5 kW", lambda: abs(demo.value("grid_meter_1.p_kw")) < 5.0)
    demo.wait_for("io tells of all its devices", lambda: all(d["connected"] for d in demo.ask("io")["devices"]))
    told = demo.ask("io")
    assert len(told["devices"]) == 5
    assert all(device["requests"] for device in told["devices"])
    assert [(bus["link"], bus["off"]) for bus in told["buses"]] == [("racks", False)]


def test_command_when_the_mode_changes_then_the_program_acknowledges_it(demo):
    passive = demo.voltscan("command", "mode", "PASSIVE")
    assert passive.returncode == 0, passive.stdout + passive.stderr
    assert demo.value("plant_1.mode") == "PASSIVE"
    demo.wait_for("the inverter is at zero", lambda: abs(demo.value("inverter_1.p_kw")) < 0.5)
    back = demo.voltscan("command", "mode", "SELF_CONSUMPTION")
    assert back.returncode == 0, back.stdout + back.stderr


def test_command_when_the_value_is_no_mode_then_it_is_refused_with_the_modes_there_are(demo):
    refused = demo.voltscan("command", "mode", "SELF_CONSUMTION")
    assert refused.returncode == 1
    assert "SELF_CONSUMPTION" in refused.stdout + refused.stderr


def test_force_when_an_input_is_forced_then_the_program_sees_it_and_the_list_shows_it(demo):
    assert demo.voltscan("force", "grid_meter_1.f_hz", "49.5").returncode == 0
    demo.wait_for("the force holds", lambda: demo.value("grid_meter_1.f_hz") == 49.5)
    assert demo.ask("status")["forces"] == [{"name": "grid_meter_1.f_hz", "value": 49.5, "type": "REAL"}]
    assert demo.voltscan("unforce", "grid_meter_1.f_hz").returncode == 0
    demo.wait_for("the meter is read again", lambda: demo.value("grid_meter_1.f_hz") != 49.5)


def test_read_when_the_name_is_misspelt_then_the_nearest_is_named(demo):
    unknown = demo.voltscan("read", "grid_meter_1.p_kv")
    assert unknown.returncode == 1
    assert "grid_meter_1.p_kw" in unknown.stdout + unknown.stderr


@pytest.mark.skipif(shutil.which("mbpoll") is None, reason="mbpoll is not installed (Debian: apt install mbpoll)")
def test_scada_when_mbpoll_writes_the_mode_then_it_changes(demo):
    address = _scada_address(demo.folder, "mode")
    assert _mbpoll(demo, "-r", str(address), "127.0.0.1", "0") == 0
    demo.wait_for("the mode is PASSIVE", lambda: demo.value("plant_1.mode") == "PASSIVE")
    assert _mbpoll(demo, "-r", str(address), "127.0.0.1", "1") == 0
    demo.wait_for("the mode is SELF_CONSUMPTION", lambda: demo.value("plant_1.mode") == "SELF_CONSUMPTION")


def _scada_address(folder: Path, register: str) -> int:
    text = (folder / "io_maps" / "scada" / "demo.toml").read_text()
    found = re.search(rf"\[registers\.{register}\]\s+address\s*=\s*(\d+)", text)
    assert found, f"the SCADA map has no register {register}"
    return int(found[1])


def _mbpoll(demo, *words: str) -> int:
    done = subprocess.run(
        ["mbpoll", "-m", "tcp", "-p", str(demo.scada_port), "-0", "-1", "-o", SCADA_TIMEOUT_S, *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode


def test_second_controller_when_the_site_runs_already_then_it_is_refused_with_the_owner(demo):
    second = demo.voltscan("run", str(demo.site_file), "--no-hmi")
    assert second.returncode == 1
    assert "already run by process" in second.stderr
    assert str(demo.process.pid) in second.stderr
    assert demo.is_running()


def test_second_controller_when_its_run_directory_is_elsewhere_then_it_is_refused_all_the_same(demo, tmp_path):
    env = demo.env | {"XDG_RUNTIME_DIR": str(tmp_path)}
    second = subprocess.run(
        [sys.executable, "-m", "runtime.cli", "run", str(demo.site_file), "--no-hmi", "--duration", "1s"],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert second.returncode == 1
    assert f"already run by process {demo.process.pid}" in second.stderr
    assert demo.is_running()


@pytest.mark.parametrize("process", ["io", "gateway"])
def test_process_when_it_is_killed_then_it_comes_back_and_the_scan_never_stops(demo, process):
    before = demo.ask("status")["scan_no"]
    dead = demo.kill(process)
    demo.wait_for(f"{process} has a successor", lambda: demo.pid(process) != dead)
    demo.wait_until_running()
    assert demo.ask("status")["scan_no"] > before
    assert not Path(f"/proc/{dead}").exists()


def test_plant_when_it_is_killed_then_inputs_turn_bad_and_it_recovers_without_a_hand(demo):
    before = demo.ask("status")["scan_no"]
    with demo.supervisor_stopped():  # so that the state without a plant stays until it has been seen
        dead = demo.kill("plant")
        demo.wait_for("its devices are lost", lambda: "grid_meter_1" in demo.ask("status")["bad_devices"])
    demo.wait_for("the plant has a successor", lambda: demo.pid("plant") != dead)
    demo.wait_for("its inputs are good again", lambda: not demo.ask("status")["bad_inputs"])
    demo.wait_for("the scan went on", lambda: demo.ask("status")["scan_no"] > before)
    demo.wait_until_running()


def test_scan_when_it_halts_then_io_brings_the_outputs_to_fail_safe_and_back(demo):
    demo.ask("force", name="inverter_1.p_set_kw", value=12.5)
    demo.wait_for("the plant has the setpoint", lambda: abs(demo.plant_value("inverter_1.p_set_kw") - 12.5) < 0.1)
    os.kill(demo.pid("scan"), signal.SIGSTOP)
    demo.wait_for(
        "the plant's setpoint is at its fail-safe value", lambda: demo.plant_value("inverter_1.p_set_kw") == 0
    )
    assert not demo.ask("status")["scanning"]
    os.kill(demo.pid("scan"), signal.SIGCONT)
    demo.wait_for("the plant has the setpoint again", lambda: demo.plant_value("inverter_1.p_set_kw") > 12)
    demo.ask("unforce", name="inverter_1.p_set_kw")
    told = [event["text"] for event in demo.ask("events")["events"] if event["source"] == "io"]
    assert any("outputs to fail-safe: no valid output frame for 1000 ms" in text for text in told)


def test_scan_when_it_is_killed_then_outputs_go_to_fail_safe_and_it_starts_from_init(demo):
    demo.ask("force", name="inverter_1.p_set_kw", value=12.5)
    demo.wait_for("the plant has the setpoint", lambda: abs(demo.plant_value("inverter_1.p_set_kw") - 12.5) < 0.1)
    demo.ask("unforce", name="inverter_1.p_set_kw")
    with demo.client() as client:
        client.write("parameters_1.settled_kw", 2.5)  # not in the site file, so it is not retained
    with demo.supervisor_stopped():
        dead = demo.kill("scan")
        demo.wait_for(
            "the plant's setpoint is at its fail-safe value", lambda: demo.plant_value("inverter_1.p_set_kw") == 0
        )
    demo.wait_for("scan has a successor", lambda: demo.pid("scan") != dead)
    demo.wait_for("its programs began anew", lambda: demo.value("parameters_1.settled_kw") == 1.0)
    demo.wait_until_running()


def test_stop_when_it_is_asked_for_then_outputs_are_fail_safe_and_nothing_is_left(demo):
    demo.ask("force", name="inverter_1.p_set_kw", value=12.5)
    pids = demo.pids()
    assert len(pids) >= 7
    assert demo.stop() == 0
    assert not [name for name, pid in pids.items() if Path(f"/proc/{pid}").exists()]
    assert "outputs at fail-safe" in (demo.folder / "run.log").read_text()


def test_supervisor_when_it_is_killed_then_nothing_of_it_is_left(stopped_demo):
    stopped_demo.start()
    stopped_demo.wait_until_running()
    pids = stopped_demo.pids()
    os.kill(stopped_demo.process.pid, 9)
    stopped_demo.process.wait()
    stopped_demo.wait_for(
        "all processes are gone", lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids.values())
    )
