"""Alarms of the pair: each is told once when it comes and once when it is over."""

from runtime.cluster.redundancy.alarmwatch import AlarmWatch


def test_alarms_when_they_come_stay_and_go_then_each_change_is_told_once():
    watch = AlarmWatch()
    seen = [
        [(told.severity.value, told.text) for told in watch.look(alarms)]
        for alarms in ([], ["w is not heard"], ["w is not heard", "b is late"], ["b is late"], [])
    ]
    assert seen == [
        [],
        [("warning", "pair: w is not heard")],
        [("warning", "pair: b is late")],
        [("info", "pair: no longer so: w is not heard")],
        [("info", "pair: no longer so: b is late")],
    ]
