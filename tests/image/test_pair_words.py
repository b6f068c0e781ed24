"""The words of a pair's right to drive: a lease does not outlive a sleep of the machine, which its clock leaves out."""

from runtime.image.pairwords import PairWords
from runtime.image.segment import ControlSegment
from runtime.image.suspension import SUSPENDED_NS, suspended_ns

LEASE_NS = 10**18


def test_lease_when_the_machine_was_suspended_in_its_term_then_void_until_the_next_term():
    slept = [5_000]
    words = PairWords(ControlSegment.create(), suspended=lambda: slept[0])
    words.give(lead_term=3, lease_until_ns=LEASE_NS, replicated_scan=0, solo=True)
    assert words.lease_until_ns == LEASE_NS
    slept[0] += SUSPENDED_NS
    assert words.lease_until_ns == 0
    words.give(lead_term=3, lease_until_ns=LEASE_NS + 1, replicated_scan=0, solo=True)
    assert words.lease_until_ns == 0, "extended by who has not noticed"
    words.give(lead_term=4, lease_until_ns=LEASE_NS, replicated_scan=0, solo=True)
    assert words.lease_until_ns == LEASE_NS


def test_suspension_when_the_machine_stays_awake_then_it_does_not_grow():
    before = max(suspended_ns() for _ in range(100))
    assert all(suspended_ns() - before < SUSPENDED_NS for _ in range(1000))
