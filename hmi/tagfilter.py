"""The filter of the tag browser: words that must all occur, and conditions on what a tag is now."""

from collections.abc import Sequence
from dataclasses import dataclass

from hmi.model import TagInfo, TagReading
from runtime.core.quality import Quality

CONDITIONS = ("is:bad", "is:forced", "is:in", "is:out")
"""What can be asked besides words."""


@dataclass(frozen=True, slots=True)
class TagFilter:
    """`rack_1 cell is:bad`: every word occurs in name, comment or device, and every condition holds."""

    words: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> "TagFilter":
        """Read a filter. What starts with `is:` but is no condition is a word, so that it finds nothing."""
        parts = text.lower().split()
        return cls(
            tuple(part for part in parts if part not in CONDITIONS),
            tuple(part for part in parts if part in CONDITIONS),
        )

    @property
    def depends_on_values(self) -> bool:
        """Must it be applied again when values change?"""
        return "is:bad" in self.conditions or "is:forced" in self.conditions

    def apply(self, infos: Sequence[TagInfo], readings: Sequence[TagReading]) -> list[int]:
        """Indices of the tags that pass, in order. Without readings no tag is bad or forced."""
        return [
            index
            for index, info in enumerate(infos)
            if self._fits(info) and self._holds(info, readings[index] if index < len(readings) else None)
        ]

    def _fits(self, info: TagInfo) -> bool:
        if not self.words:
            return True
        text = f"{info.name} {info.comment} {info.device}".lower()
        return all(word in text for word in self.words)

    def _holds(self, info: TagInfo, reading: TagReading | None) -> bool:
        for condition in self.conditions:
            match condition:
                case "is:bad":
                    holds = reading is not None and reading.quality is not Quality.GOOD
                case "is:forced":
                    holds = reading is not None and reading.forced
                case "is:in":
                    holds = info.direction == "input"
                case _:
                    holds = info.direction == "output"
            if not holds:
                return False
        return True
