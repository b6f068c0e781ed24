"""What the pair's drill makes of three disks and of a sum when all had died, and of the figures of its parts: each
promise is seen to be broken."""

import sys
from pathlib import Path

import pytest

from runtime.cluster.pair.agreed import Agreed
from runtime.cluster.pair.entries import Applied, Command, PairEntry, encode_entry
from runtime.raft.log import Entry, EntryKind

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

from pairdrill.acknowledged import Left, Orders, judge  # a tool, found through the path above
from pairdrill.figures import verdicts_on, verdicts_on_cost
from pairdrill.rounds import Plan

GIVEN, NOTED = 3, 1
"""Orders 0 and 1 were answered, 2 was not; the log notes that the first of them was taken."""


def entry_at(index: int, said: PairEntry) -> Entry:
    return Entry(index=index, term=1, kind=EntryKind.COMMAND, content=encode_entry(said))


def disk(orders: int, *, noted: bool) -> Agreed:
    """The log of a member with so many of the orders."""
    said = [Command(client="c", seq=number + 1, body="") for number in range(orders)]
    entries = [entry_at(index, one) for index, one in enumerate(said, 1)]
    if noted:
        entries.append(entry_at(9, Applied(index=NOTED)))
    agreed = Agreed()
    for entry in entries:
        agreed.apply(entry)
    return agreed


def total(*runs: int) -> int:
    """The sum when each order has run so often in the new memory."""
    return sum(often << 2 * number for number, often in enumerate(runs))


ROWS = [
    ((3, 3, 2), 2, (0, 1, 1), [], []),
    ((3, 3, 2), 1, (0, 1, 1), [], []),
    ((3, 3, 2), 1, (1, 1, 1), [], []),  # only one disk notes it: it may run again
    ((3, 3, 2), 2, (1, 1, 1), [], [0]),
    ((3, 3, 2), 2, (0, 2, 1), [], [1]),
    ((3, 3, 2), 2, (0, 0, 1), [1], []),
    ((3, 1, 1), 2, (0, 1, 1), [1], []),  # answered, and on one disk alone
    ((2, 2, 2), 2, (0, 1, 0), [2], []),  # asked for again, and never ran
]


@pytest.mark.parametrize(("logs", "noting", "runs", "lost", "doubled"), ROWS)
def test_judge_when_an_order_is_lost_or_runs_again_then_it_is_named(logs, noting, runs, lost, doubled):
    left = Left(tuple(disk(length, noted=place < noting) for place, length in enumerate(logs)))
    orders = Orders(pair=None, client="c", given=GIVEN, answered=[0, 1])  # type: ignore[arg-type]  # asks nobody
    found = judge(orders, left, total(*runs))
    assert (found.lost, found.doubled) == (lost, doubled)


GOOD = {
    **dict.fromkeys(("older terms taken", "terms of two writers", "not taken over", "not in sync"), 0),
    **dict.fromkeys(("counters back", "wrong integrals", "commands lost", "commands doubled"), 0),
    **{f"{what} {p}": 10.0 for what in ("gap ms", "stall ms", "late ms") for p in ("p50", "p99", "max")},
    "rounds": 9,
    "failed": [],
    "commands": 9,
    "ramp beyond its limit ms": 1.0,
    "late ms without stalls max": 10.0,
    "late writes taken": 9,
    "late writes found": 9,
    "older terms refused": 9,
    "calm rounds": 9,
    "missed scans max": 1,
    "back s p50": 3.0,
    "back s max": 3.0,
}
KILL, TERM, TIME = Plan("kill", 9), Plan("pause", 9), Plan("pause", 9, fence="time")
SWAP, ALL, ALONE = Plan("swap", 9), Plan("all", 9), Plan("alone", 9)
MISSED = [
    *((plan, {"rounds": 8}) for plan in (KILL, TERM, TIME, SWAP, ALL, ALONE)),
    *((plan, {"failed": ["it never came to hold"]}) for plan in (KILL, ALONE)),
    *((plan, {"terms of two writers": 1}) for plan in (KILL, TERM, SWAP, ALL, ALONE)),
    *((plan, {"older terms taken": 1}) for plan in (KILL, TERM, SWAP, ALL, ALONE)),
    *((plan, {"wrong integrals": 1}) for plan in (KILL, SWAP, ALONE)),
    *((plan, {"not taken over": 1, "older terms refused": 8}) for plan in (KILL, TERM)),
    *((plan, {"ramp beyond its limit ms": 200.0}) for plan in (KILL, SWAP)),
    *((plan, {"commands lost": 1}) for plan in (KILL, TERM, TIME, ALL)),
    *((plan, {"commands doubled": 1}) for plan in (KILL, TERM, TIME, ALL)),
    *((KILL, {"gap ms p50": gap}) for gap in (121.0, None)),
    *((TIME, {"late ms without stalls max": late}) for late in (151.0, None)),
    *((TIME, {"late writes found": 8}), (TERM, {"older terms refused": 8})),
    *((SWAP, {"missed scans max": missed}) for missed in (2, None)),
    *((ALONE, {"gap ms max": gap}) for gap in (300.0, None)),
    (ALONE, {"back s max": 5.1}),
]


@pytest.mark.parametrize(("plan", "missed"), MISSED)
def test_verdicts_when_a_promise_is_missed_then_one_says_broken(plan, missed):
    assert all(verdict.kept for verdict in verdicts_on(plan, GOOD))
    broken = [verdict for verdict in verdicts_on(plan, GOOD | missed) if not verdict.kept]
    assert {verdict.word for verdict in broken} == {"BROKEN"}


@pytest.mark.parametrize("missed", [{"leader redundancy %": 3.0}, {"frame and answer p50 ms": 1.0}])
def test_verdicts_on_cost_when_one_is_too_high_then_it_says_broken(missed):
    good = {"what": "cost", "leader redundancy %": 2.9, "frame and answer p50 ms": 0.9, "new terms meanwhile": 0}
    assert all(verdict.kept for verdict in verdicts_on_cost(good))
    assert [verdict.word for verdict in verdicts_on_cost(good | missed) if not verdict.kept] == ["BROKEN"]
