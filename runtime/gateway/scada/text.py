"""A string as registers: two characters of a STRING in each, the first in the high byte; of a WSTRING one in each.

What is left of the registers is 0. Characters are ISO 8859-1, those of a WSTRING UCS-2.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TextWire:
    """Where a string lies: `length` characters from `address` on, each of `width` bytes."""

    address: int
    length: int
    width: int

    @property
    def words(self) -> int:
        """Registers that it takes."""
        return (self.length * self.width + 1) // 2

    @property
    def end(self) -> int:
        """First address after it."""
        return self.address + self.words

    def to_words(self, text: str) -> list[int]:
        """The registers that show a text; a longer one is cut."""
        coding = "latin-1" if self.width == 1 else "utf-16-be"
        raw = text[: self.length].encode(coding, "replace" if self.width == 1 else "surrogatepass")
        raw = raw.ljust(2 * self.words, b"\0")
        return [raw[at] << 8 | raw[at + 1] for at in range(0, len(raw), 2)]

    def from_words(self, words: Sequence[int]) -> str:
        """The text that a master wrote, up to its first 0."""
        if self.width == 2:
            codes = list(words)
        else:
            codes = [code for word in words for code in (word >> 8, word & 0xFF)][: self.length]
        return "".join(map(chr, codes)).partition("\0")[0]
