"""A whole program as text."""

import random

from st_text.declarations import global_section
from st_text.objects import family
from st_text.types import Types
from st_text.units import Units


def text_of(seed: int) -> str:
    """The program of a seed."""
    chance = random.Random(seed)
    types = Types(chance)
    globals_, made = global_section(chance, types)
    units = Units(chance, types, made)
    lines = [types.text, *globals_]
    for number in range(chance.randint(1, 3)):
        lines += units.function(f"F{number}")
    if chance.random() < 0.4:
        lines += family(units)
    for number in range(chance.randint(1, 2)):
        lines += units.block(f"FB{number}")
    if chance.random() < 0.3:
        lines += units.chart_block("SEQUENCE")
    for number in range(chance.randint(1, 2)):
        lines += units.program(f"P{number}", is_chart=chance.random() < 0.2)
    return "\n".join(lines) + "\n"
