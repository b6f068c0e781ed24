"""`voltscan doctor` on machines made of files, and the parts that try and measure on this one."""

import json

import pytest

from runtime.cli.controller.doctor import doctor
from runtime.image.control import HISTOGRAM_BUCKETS
from runtime.image.statistics import Distribution, bucket_of
from runtime.node.host.hostchecks import Verdict, check_host, judge_delay, try_rights, worst

CPU = "sys/devices/system/cpu"
CLOCK = "sys/devices/system/clocksource/clocksource0"
GOOD = {
    "proc/version": "Linux version 6.1.0-rt7-amd64 (debian@x) #1 SMP PREEMPT_RT",
    "sys/kernel/realtime": "1",
    f"{CPU}/cpu0/cpufreq/scaling_governor": "performance",
    f"{CPU}/cpu1/cpufreq/scaling_governor": "performance",
    f"{CPU}/isolated": "1",
    f"{CLOCK}/current_clocksource": "tsc",
    f"{CLOCK}/available_clocksource": "tsc hpet acpi_pm",
    "proc/sys/kernel/sched_rt_runtime_us": "950000",
    "proc/sys/kernel/sched_rt_period_us": "1000000",
    "proc/cpuinfo": "flags : fpu tsc",
}


def machine(root, **changes):
    for name, text in (GOOD | changes).items():
        if text is not None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text + "\n")
    return {check.name: check for check in check_host(root)}


def test_host_when_all_is_as_it_should_be_then_every_line_is_fine(tmp_path):
    checks = machine(tmp_path)
    assert {check.verdict for check in checks.values()} == {Verdict.FINE}
    assert checks["kernel"].found == "6.1.0-rt7-amd64, PREEMPT_RT"


@pytest.mark.parametrize(
    ("changes", "name", "verdict", "mend"),
    [
        ({"sys/kernel/realtime": "0", "proc/version": "Linux version 6.1 (x) SMP"}, "kernel", "fair", "PREEMPT_RT"),
        ({f"{CPU}/isolated": ""}, "isolated processors", "fair", "isolcpus=N"),
        ({f"{CPU}/cpu1/cpufreq/scaling_governor": "powersave"}, "frequency governor", "fair", "-g performance"),
        ({f"{CLOCK}/current_clocksource": "hpet"}, "clock source", "poor", "clocksource=tsc"),
        ({f"{CLOCK}/current_clocksource": "jiffies", f"{CLOCK}/available_clocksource": "jiffies"},
         "clock source", "fair", "system call"),
        ({"proc/sys/kernel/sched_rt_runtime_us": "0"}, "real-time share", "poor", "950000"),
        ({"proc/cpuinfo": "flags : fpu hypervisor"}, "machine", "fair", "hypervisor"),
        ({f"{CPU}/cpu1/cpufreq/scaling_governor": None}, "processors", "fair", "two"),
    ],
)  # fmt: skip
def test_host_when_something_is_not_fine_then_that_line_alone_and_how_to_mend_it(
    tmp_path, changes, name, verdict, mend
):
    checks = machine(tmp_path, **changes)
    assert [c.name for c in checks.values() if c.verdict is not Verdict.FINE] == [name]
    assert (checks[name].verdict, mend in checks[name].mend) == (verdict, True)


def delays(*values_ns):
    buckets = [0] * HISTOGRAM_BUCKETS
    for value in values_ns:
        buckets[bucket_of(value)] += 1
    return Distribution(len(values_ns), sum(values_ns), max(values_ns), tuple(buckets))


@pytest.mark.parametrize(
    ("late_ns", "verdict"), [(20_000, Verdict.FINE), (500_000, Verdict.FAIR), (5_000_000, Verdict.POOR)]
)
def test_delay_when_measured_then_judged_by_a_tenth_of_the_cycle(late_ns, verdict):
    check = judge_delay(delays(*[10_000] * 90, *[late_ns] * 10), 1_000_000)
    assert check.verdict is verdict
    assert check.found.startswith("p50 ")


def test_rights_when_tried_then_one_line_each_and_the_worst_is_told():
    checks = try_rights()
    assert [c.name for c in checks] == ["real-time priority", "lockable memory", "deep sleep", "multicast"]
    assert all(c.mend for c in checks if c.verdict is not Verdict.FINE)
    assert worst(checks) in Verdict
    assert worst([]) is Verdict.FINE


def test_doctor_when_run_then_a_line_a_check_and_a_measurement(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    code = doctor(0.02, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["release_delay"]["count"] == 20
    assert told["checks"][-1]["name"] == "release delay"
    assert code == int(told["verdict"] == "poor")
    doctor(0.02, as_json=False)
    assert "release delay" in capsys.readouterr().out
