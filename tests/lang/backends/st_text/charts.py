"""Bodies that are an SFC: random nets, conditions and actions over the scope, step flags read by both."""

import random

from chart_generator import QUALIFIERS, TIMED

from st_text.scope import Scope, Variable
from st_text.statements import Statements

ACTIONS = 2


def chart(chance: random.Random, scope: Scope, statements: Statements) -> list[str]:
    """Steps, transitions and actions; selections, simultaneous branches, unsafe nets, nets in actions among them."""
    steps = [f"s{number}" for number in range(chance.randint(2, 5))]
    inner = [f"d{number}" for number in range(chance.choice((0, 2, 3)))]
    flags = [v.name for v in scope.writable("BOOL") if v.declared == "BOOL" and v.name.isalnum()]
    for step in (*steps, *inner):
        for part, kind in (("X", "BOOL"), ("T", "TIME")):
            scope.variables.append(Variable(f"{step}.{part}", kind, kind, writable=False, lasting=False))
    targets = [f"act{number}" for number in range(ACTIONS)] + chance.sample(flags, min(2, len(flags)))
    lines = [_step(chance, step, [*targets, *(["deep"] if inner else [])], initial=step == "s0") for step in steps]
    lines += [_transition(chance, steps, statements) for _ in range(chance.randint(len(steps), 2 * len(steps)))]
    for number in range(ACTIONS):
        lines += [f"ACTION act{number}:", *statements.body(2), "END_ACTION"]
    if inner:
        nested = [_step(chance, step, targets, initial=step == "d0") for step in inner]
        nested += [_transition(chance, inner, statements) for _ in range(len(inner))]
        lines += ["ACTION deep:", *nested, "END_ACTION"]
    return lines


def _step(chance: random.Random, step: str, targets: list[str], *, initial: bool) -> str:
    uses = []
    for target in chance.sample(targets, chance.randint(0, len(targets))):
        qualifier = chance.choice(QUALIFIERS)
        time = f", T#{chance.randint(0, 4) * 10}ms" if qualifier in TIMED else ""
        uses.append(f" {target}({qualifier}{time});")
    return f"{'INITIAL_STEP' if initial else 'STEP'} {step}:{''.join(uses)} END_STEP"


def _transition(chance: random.Random, steps: list[str], statements: Statements) -> str:
    rank = f"(PRIORITY := {chance.randint(1, 3)}) " if chance.random() < 0.4 else ""
    ends = [chance.sample(steps, min(len(steps), chance.choice((1, 1, 1, 2)))) for _ in range(2)]
    source, target = (f"({', '.join(end)})" if len(end) > 1 else end[0] for end in ends)
    return f"TRANSITION {rank}FROM {source} TO {target} := {statements.condition()}; END_TRANSITION"
