"""Random SFCs as ST text, and a model of rule 18 that says which steps must be active.

Nets are arbitrary: selections, simultaneous branches, loops, unsafe ones too. Each condition is an input `c<n>`, so
that the model needs to know nothing of expressions.
"""

import random
from dataclasses import dataclass

QUALIFIERS = ("N", "R", "S", "P", "P0", "P1", "L", "D", "SD", "DS", "SL")
TIMED = QUALIFIERS[6:]
UNRANKED = 99
"""A transition without a PRIORITY comes after all that have one."""


@dataclass(frozen=True, slots=True)
class Way:
    """A transition: the numbers of its steps; its condition is the input of its own number."""

    number: int
    rank: int
    sources: tuple[int, ...]
    targets: tuple[int, ...]


@dataclass(slots=True)
class Net:
    """A chart; `text` is a function block of it, `ways` its transitions."""

    initial: set[int]
    steps: int
    ways: list[Way]
    text: str


class Model:
    """Rule 18 by itself: which steps are active, and for how long."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.active = set(net.initial)
        self.times_ns = [0] * net.steps
        self._started = False

    def scan(self, conditions: list[bool], period_ns: int) -> None:
        """One evaluation."""
        if not self._started:
            self._started = True
            return
        for step in self.active:
            self.times_ns[step] += period_ns
        before, used, passed = frozenset(self.active), set(), []
        for way in sorted(self.net.ways, key=lambda w: (w.rank, w.number)):
            if before.issuperset(way.sources) and not used.intersection(way.sources) and conditions[way.number]:
                used.update(way.sources)
                passed.append(way)
        self.active -= used
        for way in passed:
            self.active.update(way.targets)
            for step in way.targets:
                self.times_ns[step] = 0


def generate(chance: random.Random) -> Net:
    """A net of some steps with every kind of association."""
    steps = chance.randint(2, 8)
    numbers = range(steps)
    initial = {0}
    ways = [
        Way(
            number,
            chance.choice((UNRANKED, UNRANKED, 1, 2, 3)),
            tuple(chance.sample(numbers, min(steps, chance.choice((1, 1, 1, 2))))),
            tuple(chance.sample(numbers, min(steps, chance.choice((1, 1, 1, 2, 3))))),
        )
        for number in range(chance.randint(steps, 2 * steps))
    ]
    body = [_step(chance, step, initial=step in initial) for step in numbers]
    body += [f"ACTION a{n}: n{n} := n{n} + {3 * n + 1}; f{n} := a{n}.Q; END_ACTION" for n in range(3)]
    chance.shuffle(body)
    for way in ways:  # in order of their numbers, which decides between equals
        body.insert(chance.randint(_after_transitions(body), len(body)), _transition(way))
    text = "\n".join(body)
    inputs = ", ".join(f"c{way.number}" for way in ways)
    head = f"VAR_INPUT {inputs} : BOOL; END_VAR\nVAR b0, b1, b2, f0, f1, f2 : BOOL; n0, n1, n2 : DINT; END_VAR\n"
    return Net(initial, steps, ways, f"PROGRAM main\n{head}{text}\nEND_PROGRAM\n")


def _after_transitions(body: list[str]) -> int:
    return max((place + 1 for place, line in enumerate(body) if line.startswith("TRANSITION")), default=0)


def _step(chance: random.Random, number: int, *, initial: bool) -> str:
    uses = []
    for target in chance.sample(("a0", "a1", "a2", "b0", "b1", "b2"), chance.randint(0, 3)):
        qualifier = chance.choice(QUALIFIERS)
        time = f", T#{chance.randint(0, 4) * 10}ms" if qualifier in TIMED else ""
        uses.append(f" {target}({qualifier}{time});")
    return f"{'INITIAL_STEP' if initial else 'STEP'} s{number}:{''.join(uses)} END_STEP"


def _transition(way: Way) -> str:
    rank = f"(PRIORITY := {way.rank}) " if way.rank != UNRANKED else ""
    return f"TRANSITION {rank}FROM {_list(way.sources)} TO {_list(way.targets)} := c{way.number}; END_TRANSITION"


def _list(steps: tuple[int, ...]) -> str:
    names = ", ".join(f"s{step}" for step in steps)
    return f"({names})" if len(steps) > 1 else names
