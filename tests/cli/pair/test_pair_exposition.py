"""`voltscan pair status --prometheus`: names, labels and units of the samples, in the text format 0.0.4."""

from runtime.cli.pair.exposition import exposition
from runtime.wire.pairport import ExchangeStatus, PairAlarm, PairMemberStatus, PairStatus, TakeOverStatus

TOLD = PairStatus(
    name="a",
    role="leader",
    leader="a",
    term=7,
    drives=True,
    lease_ms=12.5,
    in_sync=["a", "b"],
    solo=False,
    lag_scans=1,
    ack_p50_ms=0.5,
    ack_p99_ms=2.0,
    state_scan=100,
    members=[
        PairMemberStatus(name="a", kind="controller", votes=True, heard_ms=0),
        PairMemberStatus(name="w", kind="witness", votes=False, heard_ms=-1),
    ],
    detached=[],
    takeovers=[TakeOverStatus(leader="a", term=7, cause="leader lost", scan_no=90, gap_ms=35.0, t_wall_ns=0)],
    commit=12,
    alarms=[
        PairAlarm(id="not_heard", source="w", severity="warning", text="w is not heard"),
        PairAlarm(id="devices_lost", source="a", severity="error", text="a does not reach its devices: bus_1"),
    ],
    exchange=ExchangeStatus(scans=100, native_us=20_000, returns={"time": 4}),
)
SAMPLES = """
voltscan_pair_leads{controller="a"} 1
voltscan_pair_term{controller="a"} 7
voltscan_pair_in_sync{controller="a"} 2
voltscan_pair_lease_seconds{controller="a"} 0.0125
voltscan_pair_lag_scans{controller="a"} 1
voltscan_pair_ack_p50_seconds{controller="a"} 0.0005
voltscan_pair_ack_p99_seconds{controller="a"} 0.002
voltscan_pair_takeover_term{controller="a"} 7
voltscan_pair_takeover_gap_seconds{controller="a"} 0.035
voltscan_pair_alarms{controller="a"} 2
voltscan_pair_alarm{controller="a",alarm="not_heard",source="w",severity="warning"} 1
voltscan_pair_alarm{controller="a",alarm="devices_lost",source="a",severity="error"} 1
voltscan_pair_member_votes{controller="a",member="a"} 1
voltscan_pair_member_votes{controller="a",member="w"} 0
voltscan_pair_member_heard_seconds{controller="a",member="a"} 0
voltscan_pair_member_heard_seconds{controller="a",member="w"} -1
"""


def test_exposition_when_a_leader_is_asked_then_each_sample_is_of_a_metric_that_is_told_of_once():
    lines = exposition(TOLD).splitlines()
    assert [line for line in lines if not line.startswith("#")] == SAMPLES.split("\n")[1:-1]
    typed = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert sorted(typed) == sorted({line.split("{")[0] for line in SAMPLES.split("\n")[1:-1]})
