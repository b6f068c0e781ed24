"""Which steps of a chart may be active together: its markings, explored as if every condition could be TRUE.

A set of steps is a bit mask. Transitions are passed one at a time here; a scan that passes several at once only takes
a short cut to a marking that is found anyway.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from runtime.lang.semantics.chart import Chart, Step, Transition

MARKINGS_MAX = 20_000
"""So many markings are explored; a chart with more of them is not judged. Ten parallel branches of two steps have
about a thousand."""


@dataclass(slots=True)
class Explored:
    """What was found: steps that may be `active`, transitions that may be `passable`.

    `refilled` has for each network that is not safe a transition and a step behind it that may be active when it is
    passed. `whole` is False when there is such a network, or one with too many markings: then something may be missing
    in the others.
    """

    active: set[Step] = field(default_factory=set)
    passable: set[Transition] = field(default_factory=set)
    refilled: list[tuple[Transition, Step]] = field(default_factory=list)
    whole: bool = True


def networks(chart: Chart) -> list[list[Step]]:
    """The steps of each network: those that transitions connect, in order of declaration."""
    leader = {step: step for step in chart.steps.values()}

    def lead(step: Step) -> Step:
        while leader[step] is not step:
            step = leader[step]
        return step

    for transition in chart.transitions:
        first, *others = (*transition.sources, *transition.targets)
        for other in others:
            leader[lead(other)] = lead(first)
    found: dict[Step, list[Step]] = {}
    for step in chart.steps.values():
        found.setdefault(lead(step), []).append(step)
    return list(found.values())


def explore(chart: Chart) -> Explored:
    """The markings of all networks of a chart, each from its initial steps."""
    explored = Explored()
    for steps in networks(chart):
        start = [step for step in steps if step.tree.initial]
        if start:
            _explore(explored, chart, steps, start)
    return explored


def _explore(explored: Explored, chart: Chart, steps: list[Step], start: list[Step]) -> None:
    bits = {step: 1 << number for number, step in enumerate(steps)}
    moves = [(t, _mask(bits, t.sources), _mask(bits, t.targets)) for t in chart.transitions if t.sources[0] in bits]
    first = _mask(bits, start)
    seen, waiting = {first}, deque([first])
    while waiting and len(seen) <= MARKINGS_MAX:
        marking = waiting.popleft()
        for transition, sources, targets in moves:
            if marking & sources != sources:
                continue
            explored.passable.add(transition)
            rest = marking & ~sources
            if rest & targets:
                explored.refilled.append((transition, next(s for s in transition.targets if rest & bits[s])))
                explored.whole = False
                return
            if (after := rest | targets) not in seen:
                seen.add(after)
                waiting.append(after)
    explored.whole &= not waiting
    explored.active |= {step for step in steps if any(marking & bits[step] for marking in seen)}


def _mask(bits: dict[Step, int], steps: Iterable[Step]) -> int:
    return sum(bits[step] for step in steps)
