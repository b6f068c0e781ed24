"""Alarms of the pair: each is told once when it comes and once when it is over."""

from runtime.cluster.redundancy.alarmwatch import AlarmWatch
from runtime.wire.pairport import PairAlarm

W = PairAlarm(id="not_heard", source="w", severity="warning", text="w is not heard")
B = PairAlarm(id="not_heard", source="b", severity="warning", text="b is not heard")
LOST = PairAlarm(id="devices_lost", source="a", severity="error", text="a does not reach its devices")
REWORDED = PairAlarm(id="devices_lost", source="a", severity="error", text="a does not reach its devices: bus_1")


def test_alarms_when_they_come_stay_and_go_then_each_change_is_told_once():
    watch = AlarmWatch()
    seen = [
        [(told.severity.value, told.text) for told in watch.look(alarms)]
        for alarms in ([], [W], [W, B], [B], [LOST], [REWORDED], [])
    ]
    assert seen == [
        [],
        [("warning", "pair: w is not heard")],
        [("warning", "pair: b is not heard")],
        [("info", "pair: no longer so: w is not heard")],
        [("error", "pair: a does not reach its devices"), ("info", "pair: no longer so: b is not heard")],
        [],
        [("info", "pair: no longer so: a does not reach its devices: bus_1")],
    ]
