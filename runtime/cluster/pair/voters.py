"""Who votes, as members come and go: one step a time, each committed before the next.

A lone controller must not depend on members that are gone, and a member that came back must not be able to stop it
before it is up to date: so voters leave when they have been silent, come back as learners first, and vote again only
when both the other controller and the witness are there. Nobody leaves where the rest would hang on a silent one: a
standby that is out of service goes on voting while the witness is silent. A member that the group file names no more,
because another box has taken its place under a new name, leaves for good once that one is there.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from runtime.raft.configuration import Configuration


class OnWitnessLoss(StrEnum):
    """What a pair does when its witness is gone and both controllers are there."""

    STAY = "stay"
    """Go on with two of three votes: the next loss stops the outputs, failover goes on by itself once it is back."""
    SHRINK = "shrink"
    """The leader alone decides: the loss of the standby is harmless, and nobody takes over by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the leader knows of the others. `here`: heard lately. `gone`: silent for long. `equal`: has the log."""

    here: AbstractSet[str]
    gone: AbstractSet[str]
    equal: AbstractSet[str]


def next_step(
    now: Configuration, *, leader: str, other: str, witness: str, seen: Seen, on_witness_loss: OnWitnessLoss
) -> Configuration | None:
    """The configuration to go to from `now`; None when it is as it should be, or nothing can be done."""
    voters = set(now.voters)
    if other in voters and other in seen.gone and voters - {leader, other} <= seen.here:
        return _with(now, voters - {other}, leader, other, witness)
    replaced = [m for m in now.members if m not in (leader, other, witness)]
    if replaced:
        return _without(now, replaced[0]) if {other, witness} <= seen.here else None
    if witness in voters and witness in seen.gone and other in voters and on_witness_loss is OnWitnessLoss.SHRINK:
        return _with(now, voters - {witness}, leader, other, witness)
    if witness not in voters and other in voters and witness not in seen.here:
        return _with(now, voters - {other}, leader, other, witness)
    if other not in voters and witness in voters and other not in seen.here:
        return _with(now, voters - {witness}, leader, other, witness)
    missing = {m for m in (other, witness) if m not in now.members and m in seen.here}
    if missing:
        return Configuration(
            controllers=now.controllers, witnesses=now.witnesses, learners=(*now.learners, *sorted(missing))
        )
    if {other, witness} <= seen.here and {other, witness} <= (voters | seen.equal):
        for member in (witness, other):
            if member not in voters:
                return _with(now, voters | {member}, leader, other, witness)
    return None


def _with(now: Configuration, voters: AbstractSet[str], leader: str, other: str, witness: str) -> Configuration:
    controllers, witnesses = {*now.controllers, leader, other}, {*now.witnesses, witness}
    return Configuration(
        controllers=tuple(c for c in sorted(controllers) if c in voters),
        witnesses=tuple(w for w in sorted(witnesses) if w in voters),
        learners=tuple(m for m in now.members if m not in voters),
    )


def _without(now: Configuration, name: str) -> Configuration:
    controllers, witnesses, learners = (
        tuple(m for m in names if m != name) for names in (now.controllers, now.witnesses, now.learners)
    )
    return Configuration(controllers=controllers, witnesses=witnesses, learners=learners)
