"""A take-over is told once, step by step, when it is complete; a standby that only follows tells nothing."""

from types import SimpleNamespace

import pytest

from runtime.cluster.redundancy.takeovertrace import TakeOverTrace
from runtime.raft.state import Role

MS = 1_000_000


class Told:
    """A trace, and the little that it looks at."""

    def __init__(self):
        self.trace = TakeOverTrace()
        self.raft = SimpleNamespace(role=Role.FOLLOWER, term=3)
        settings = SimpleNamespace(other="b")
        self.seen = SimpleNamespace(raft=self.raft, settings=settings, heard_ns={}, name="a", waits_for=True)

    def at(self, ms, *, role=None, heard=None, scan=False, late_ms=0, waits=None):
        if heard is not None:
            self.seen.heard_ns["b"] = heard * MS
        if waits is not None:
            self.seen.waits_for = waits
        self.raft.role = role or self.raft.role
        self.trace.ticked(self.seen, late_ns=late_ms * MS)
        if scan:
            self.trace.scanned(ms * MS)
        return self.trace.look(self.seen, ms * MS)


STEPS = [
    {"ms": 100, "heard": 100, "late_ms": 40},
    {"ms": 110, "heard": 110},
    {"ms": 140, "role": Role.TRIAL, "late_ms": 5},
    {"ms": 142, "role": Role.CANDIDATE},
    {"ms": 145, "role": Role.LEADER},
    {"ms": 146, "scan": True, "heard": 146},
    {"ms": 148, "waits": False},
    {"ms": 150, "scan": True},
]


def test_trace_when_a_leader_falls_silent_then_each_step_is_told_once_from_its_last_word():
    told = Told()
    said = [told.at(**step) for step in STEPS]
    assert said[:6] == [""] * 6
    assert said[6] == (
        "a took over in term 3; ms after b was heard last: stood for election 30.0, asked for votes 32.0, leads 35.0, "
        "first scan 36.0, may write 38.0 (elections 1, woken late by up to 5.0 ms)"
    )
    assert said[7] == ""


def test_trace_when_the_first_scan_comes_last_then_it_waits_for_it():
    told = Told()
    said = [told.at(**step) for step in (*STEPS[:5], {"ms": 148, "waits": False}, {"ms": 155, "scan": True})]
    assert "may write 38.0, first scan 45.0" in said[-1]
    assert not any(said[:-1])


@pytest.mark.parametrize("after", [Role.FOLLOWER, Role.LEADER])
def test_trace_when_an_election_comes_to_nothing_then_the_next_one_counts_from_the_same_last_word(after):
    told = Told()
    again = [{"ms": 150, "role": Role.FOLLOWER}, {"ms": 170, "role": Role.TRIAL}, {"ms": 171, "role": Role.CANDIDATE}]
    for step in (*STEPS[:4], *again):
        assert told.at(**step) == ""
    story = told.at(180, role=after, waits=False, scan=after is Role.LEADER) or told.at(181, scan=True)
    if after is Role.FOLLOWER:
        assert story == ""
    else:
        assert "stood for election 30.0, asked for votes 61.0, leads 70.0" in story
        assert "elections 2" in story
