"""A whole program as text."""

import random
from dataclasses import replace

from st_text.addresses import entered, located
from st_text.declarations import global_section
from st_text.objects import family
from st_text.types import Types
from st_text.units import Units

SPACE = "plant.parts"


def text_of(seed: int) -> str:
    """The program of a seed."""
    chance = random.Random(seed)
    types = Types(chance)
    globals_, made = global_section(chance, types)
    placed = located(chance) if chance.random() < 0.4 else []
    units = Units(chance, types, made, entered(placed))
    lines = [types.text, *globals_[:-1], *placed, globals_[-1]]
    for number in range(chance.randint(1, 3)):
        lines += _function(units, f"F{number}")
    if chance.random() < 0.4:
        lines += family(units)
    for number in range(chance.randint(1, 2)):
        lines += units.block(f"FB{number}")
    if chance.random() < 0.3:
        lines += units.chart_block("SEQUENCE")
    for number in range(chance.randint(1, 2)):
        lines += units.program(f"P{number}", is_chart=chance.random() < 0.2)
    return "\n".join(lines) + "\n"


def _function(units: Units, name: str) -> list[str]:
    """A function; at times in a namespace, and called by its whole name from then on."""
    lines = units.function(name)
    if units.chance.random() > 0.3:
        return lines
    units.functions[-1] = replace(units.functions[-1], name=f"{SPACE}.{name}")
    return [f"NAMESPACE {SPACE}", *lines, "END_NAMESPACE"]
