"""Which wires of a pair are cut, and who goes on then: one table, tried on a network of this machine's own
(tests/e2e/test_pair_cuts.py) and in virtual time (tests/cluster/pair/test_cut_ways.py).

Between controllers and witness each link is cut as a whole, and one way; where one link alone is gone, its two ends
still both see the third member (a network that is not transitive).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cut:
    """`ways`: from whom to whom nothing arrives, of L(eader), S(tandby), W(itness) and D(evice).

    `drives`: who goes on, of L and S; empty for nobody. `told`: an alarm of who drives then, by its beginning.
    """

    name: str
    ways: str
    drives: str
    told: str = ""

    def between(self, leader: str, standby: str) -> list[tuple[str, str]]:
        """The ways of a pair that is led so, by name."""
        who = {"L": leader, "S": standby, "W": "w", "D": "device"}
        return [(who[source], who[target]) for source, target in self.ways.split()]


PAIR_LINK = "{standby} is not in sync"
WITNESS = "w is not heard"
WAY_TO_WITNESS = "{standby} does not reach w"
FORMER = "{leader} is not in sync"
AMONG_MEMBERS = (
    Cut("pair_link", "LS SL", "L", PAIR_LINK),
    Cut("leader_to_standby", "LS", "L", PAIR_LINK),
    Cut("standby_to_leader", "SL", "L", PAIR_LINK),
    Cut("leader_from_witness", "LW WL", "L", WITNESS),
    Cut("leader_to_witness", "LW", "L", WITNESS),
    Cut("witness_to_leader", "WL", "L", WITNESS),
    Cut("standby_from_witness", "SW WS", "L", WAY_TO_WITNESS),
    Cut("standby_to_witness", "SW", "L", WAY_TO_WITNESS),
    Cut("witness_to_standby", "WS", "L", WAY_TO_WITNESS),
    Cut("witness_from_both", "LW WL SW WS", "L", WITNESS),
    Cut("standby_from_both", "LS SL SW WS", "L", PAIR_LINK),
    Cut("leader_from_both", "LS SL LW WL", "S", FORMER),
    Cut("leader_to_both", "LS LW", "S", FORMER),
    Cut("both_to_leader", "SL WL", "S", FORMER),
    Cut("everybody_alone", "LS SL LW WL SW WS", ""),
    Cut("each_hears_one_that_does_not_hear_it", "LS SW WL", ""),
)
FROM_THE_DEVICE = (
    Cut("leader_from_device", "LD DL", "S"),
    Cut("leader_to_device", "LD", "S"),
    Cut("device_to_leader", "DL", "S"),
    Cut("standby_from_device", "SD DS", "L"),
)
"""For tests with a real field side: in virtual time a controller is told which links it has lost."""
