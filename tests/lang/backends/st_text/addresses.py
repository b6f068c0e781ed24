"""Variables AT an address and addresses used directly; they overlap, so that each sees what the others write."""

import random

from st_text.scope import Variable

_SIZES = {"BYTE": "B", "WORD": "W", "DWORD": "D", "LWORD": "L"}
_BYTES = 16
"""Of each area that is used."""


def located(chance: random.Random) -> list[str]:
    """Lines of a VAR_GLOBAL, the names `at0` and so on."""
    kinds = [chance.choice(("BOOL", "INT", "WORD", "UDINT", "LWORD")) for _ in range(3)]
    return [f"    at{number} AT {_address(chance, kind)} : {kind};" for number, kind in enumerate(kinds)]


def entered(lines: list[str]) -> list[Variable]:
    """The variables that `located` declared."""
    found = []
    for line in lines:
        name, kind = line.split()[0], line.rstrip(";").split()[-1]
        found.append(Variable(name, kind, f"AT {kind}", lasting=False))
    return found


def direct(chance: random.Random) -> list[Variable]:
    """Some addresses without a name; a bit has no address that could be passed."""
    kinds = [chance.choice(("BOOL", *_SIZES)) for _ in range(3)]
    return [Variable(_address(chance, kind), kind, f"AT {kind}", lasting=False) for kind in kinds]


def _address(chance: random.Random, kind: str) -> str:
    if kind == "BOOL":
        return f"%MX{chance.randrange(_BYTES)}.{chance.randrange(8)}"
    size = {"INT": "WORD", "UDINT": "DWORD"}.get(kind, kind)
    width = 1 << list(_SIZES).index(size)
    return f"%M{_SIZES[size]}{chance.randrange(_BYTES // width)}"
