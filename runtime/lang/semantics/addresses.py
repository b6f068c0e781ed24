"""Addresses: `%IX0.3`, `%QW4`, `%MD8`, and the areas of application memory they count in (IEC 61131-3, 6.5.5).

There are three areas, inputs %I, outputs %Q and memory %M, each a run of bytes. A number counts in units of its own
size, so that `%MD2`, `%MW4`, `%MW5`, `%MB8` … `%MB11` and `%MX8.0` … `%MX11.7` share the same four bytes, the low end
first: bit 0 of a word is bit 0 of its first byte. A bit is `byte.bit`. An area is as long as the highest address in
the sources asks for.

A located variable *is* its address: whoever writes one, writes the other. Only a bit cannot be a tag, which is a byte
at least. A variable at a bit therefore has a *cell* too, a byte of its own that the world outside sees: before each
task the bit takes over what was written to the cell from outside, after it the cell shows the bit (located.py).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from runtime.core.elementary import BOOL, BYTE, DWORD, LWORD, WORD, Elementary
from runtime.lang import tree

AREA_BYTES_MAX = 65_536
"""Largest area: application memory is copied at every snapshot, and an address this high is a slip."""
DIRECT: dict[str, Elementary] = {"X": BOOL, "B": BYTE, "W": WORD, "D": DWORD, "L": LWORD}
"""What an address is of when nothing else is said."""
AREAS = ("I", "Q", "M")
_FORM = re.compile(r"%([IQM])([XBWDL]?)(\*|\d+(?:\.\d+)*)\Z", re.IGNORECASE)
_DIGITS_MAX = 9


@dataclass(frozen=True, slots=True)
class Address:
    """Where in which area: `offset` in bytes, `bit` 0 to 7 or -1. `is_open` where VAR_CONFIG must say it (`%I*`)."""

    area: str
    size: str
    offset: int = 0
    bit: int = -1
    is_open: bool = False

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.offset + DIRECT[self.size].size


def read_address(text: str) -> Address | str:
    """The address that is written, or what is wrong with it."""
    found = _FORM.match(text)
    assert found is not None, text
    area, size, number = found[1].upper(), found[2].upper() or "X", found[3]
    if number == "*":
        return Address(area, size, is_open=True)
    parts = number.split(".")
    if any(len(part) > _DIGITS_MAX for part in parts):
        return "this number is too large"
    if size == "X":
        if len(parts) != 2:
            return f"a bit is written byte.bit, such as %{area}X0.3"
        if int(parts[1]) > 7:
            return "a byte has the bits 0 to 7"
        made = Address(area, size, int(parts[0]), int(parts[1]))
    elif len(parts) != 1:
        return f"one number counts {_UNITS[size]}, such as %{area}{size}4; racks and slots are not known"
    else:
        made = Address(area, size, int(parts[0]) * DIRECT[size].size)
    return made if made.end <= AREA_BYTES_MAX else f"an area holds {AREA_BYTES_MAX} bytes"


_UNITS = {"B": "bytes", "W": "words", "D": "double words", "L": "long words"}


@dataclass(slots=True)
class Areas:
    """How long each area is and, once application memory is laid out, where it begins."""

    sizes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AREAS, 0))
    starts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(AREAS, 0))

    def collect(self, files: Iterable[tree.File]) -> None:
        """Make room for every address that stands in the files."""
        for file in files:
            for text in file.addresses:
                found = read_address(text)
                if isinstance(found, Address) and not found.is_open:
                    self.reach(found.area, found.end)

    def reach(self, area: str, end: int) -> None:
        """Make room up to a byte."""
        self.sizes[area] = max(self.sizes[area], end)

    def place(self, start: int, alignment: int) -> int:
        """Say where the areas begin, one behind the other; return the first byte behind them."""
        for area in AREAS:
            self.starts[area] = start
            start += -(-self.sizes[area] // alignment) * alignment
        return start

    def offset(self, address: Address) -> int:
        """Where in application memory an address lies."""
        return self.starts[address.area] + address.offset
