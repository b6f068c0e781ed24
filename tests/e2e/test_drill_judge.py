"""What the pair's drill makes of three disks and of a sum when all had died: each promise is seen to be broken."""

import sys
from pathlib import Path

import pytest

from runtime.cluster.pair.agreed import Agreed
from runtime.cluster.pair.entries import Applied, Command, PairEntry, encode_entry
from runtime.raft.log import Entry, EntryKind

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

from pairdrill.acknowledged import Left, Orders, judge  # a tool, found through the path above

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
