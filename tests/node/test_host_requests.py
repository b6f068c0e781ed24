"""When a program's wish for a restart or a reboot counts: pure, times as numbers."""

import pytest

from runtime.node.host.requests import STANDS_NS, HostRequests

STEP_NS = STANDS_NS // 4


def told(values):
    """What the looks find, one every quarter of the time a wish must stand; `values` one a look."""
    given = iter(values)
    requests = HostRequests(restart=lambda: next(given), reboot=None)
    return [requests.look(number * STEP_NS) for number in range(len(values))]


@pytest.mark.parametrize(
    ("values", "asked_at"),
    [
        ([False] + [True] * 6, 5),
        ([True] * 12, None),  # from the start on: a machine that would start for ever
        ([True, False] + [True] * 5, 6),
        ([False, True, True, False, True, True, True, False], None),
        ([False, True, None, True, None, True], 5),  # no snapshot for a moment: the wish still stands
        ([None] * 9, None),
        ([None, False] + [True] * 5, 6),
    ],
)
def test_restart_when_wished_then_it_counts_once_it_has_come_up_and_stood(values, asked_at):
    found = told(values)
    assert [number for number, asked in enumerate(found) if asked == "restart"][:1] == (
        [] if asked_at is None else [asked_at]
    )


def test_requests_when_nobody_may_ask_then_nothing_is_asked():
    requests = HostRequests(restart=None, reboot=None)
    assert [requests.look(n * STANDS_NS) for n in range(5)] == [None] * 5


def test_requests_when_both_are_wished_then_it_is_the_reboot():
    values = iter([False] + [True] * 9)
    now = [False]

    def wanted():
        return now[0]

    requests = HostRequests(restart=wanted, reboot=wanted)
    for number, value in enumerate(values):
        now[0] = value
        found = requests.look(number * STANDS_NS)
    assert found == "reboot"
