"""`voltscan stats`: tables, and the text that Prometheus reads."""

from runtime.cli.controller import scanstats
from tests.cli.controller.scripted import IO, Scripted

PERCENTILES = {
    "count": 1000,
    "sum_ns": 31_000_000,
    "p50_ns": 26_000,
    "p90_ns": 40_000,
    "p99_ns": 110_000,
    "p999_ns": 400_000,
    "p9999_ns": 900_000,
    "max_ns": 1_250_000,
}
FAST = {
    "name": "fast",
    "interval_ns": 0,
    "priority": 1,
    "budget": 1000,
    "on_fault": "stop",
    "overrun": "skip",
    "runs": 1000,
    "overruns": 3,
    "cuts": 2,
    "faults": 4,
    "left_out": 3,
    "execution": PERCENTILES,
}
TOLD = {
    "cycle_ns": 10_000_000,
    "scan_no": 9,
    "scan_clock_ns": 90_000_000,
    "overruns": 5,
    "skipped": 6,
    "release_delay": PERCENTILES,
    "execution": PERCENTILES,
    "period_error": PERCENTILES,
    "phases": {"latch": PERCENTILES, "run": PERCENTILES},
    "tasks": [FAST],
}


def test_stats_when_asked_then_tables_and_reset_after_them(capsys):
    client = Scripted(stats=TOLD, stats_reset={})
    assert scanstats.stats(client, reset=True) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "cycle 10 ms, scan 9"
    assert out[3].split() == ["count", "p50", "p90", "p99", "p99.9", "p99.99", "max"]
    assert out[4] == "release delay   1000  26 us  40 us  110 us  400 us  900 us  1.25 ms"
    assert [line.split("  ")[0] for line in out[7:10]] == ["phase latch", "phase run", "task fast"]
    assert out[-1].split() == ["fast", "each", "scan", "1", "1000", "stop", "skip", "1000", "3", "3", "2", "4"]
    assert [op for op, _ in client.asked] == ["stats", "stats_reset"]


def test_prometheus_text_of_io_when_parsed_then_counts_by_device_and_bus(capsys):
    assert scanstats.stats(Scripted(stats=TOLD, io=IO), as_prometheus=True) == 0
    lines = capsys.readouterr().out.splitlines()
    meter, rack = 'device="meter_1",link="meters"', 'device="battery_1",link="racks"'
    site = lines[2].partition('site="')[2].partition('"')[0]
    for name, value in (
        (f'device_connected{{site="{site}",{rack}}}', "0"),
        (f'device_requests_total{{site="{site}",{meter}}}', "70"),
        (f'device_errors_total{{site="{site}",{meter}}}', "2"),
        (f'device_round_trip_seconds{{site="{site}",{meter}}}', "0.0015"),
        (f'can_error_frames_total{{site="{site}",link="racks"}}', "12"),
        (f'can_bus_off_total{{site="{site}",link="racks"}}', "1"),
        (f'can_tx_errors{{site="{site}",link="racks"}}', "136"),
    ):
        assert f"voltscan_{name} {value}" in lines
    assert not any("round_trip" in line and "battery_1" in line for line in lines)


def test_prometheus_text_when_parsed_then_seconds_totals_and_one_type_a_family():
    text = scanstats.prometheus('a"b', TOLD)
    samples, types = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line[7:].split()
            assert types.setdefault(name, kind) == kind
        elif not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            samples[name] = float(value)
    at = 'site="a\\"b"'
    assert samples[f'voltscan_scan_release_delay_seconds{{{at},quantile="0.99"}}'] == 110e-6
    assert samples[f"voltscan_scan_release_delay_seconds_sum{{{at}}}"] == 0.031
    assert samples[f"voltscan_scan_release_delay_seconds_count{{{at}}}"] == 1000
    assert samples[f"voltscan_scan_release_delay_max_seconds{{{at}}}"] == 1.25e-3
    assert samples[f'voltscan_scan_phase_seconds{{{at},phase="run",quantile="0.5"}}'] == 26e-6
    assert samples[f'voltscan_task_overruns_total{{{at},task="fast"}}'] == 3
    assert samples[f"voltscan_scan_skipped_deadlines_total{{{at}}}"] == 6
    assert types["voltscan_scan_release_delay_seconds"] == "summary"
    for name in samples:
        family = name.partition("{")[0]
        assert family in types or family.removesuffix("_sum").removesuffix("_count") in types
    counted = {name for name, kind in types.items() if kind == "counter"}
    assert all(name.endswith("_total") for name in counted)
    assert sorted(name for name in types if name.endswith("_total")) == sorted(counted)
