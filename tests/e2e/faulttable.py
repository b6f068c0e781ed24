"""Faults of devices one after the other through one controller, and the table of what became of each.

A figure in it is measured on the machine's clock and printed; none is asserted, for they hold the machine's stalls too.
"""

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.core.quality import Quality
from tests.e2e.conftest import SmallSite
from tests.e2e.faultysite import DRIVEN, SAFE, Sink


@dataclass(frozen=True, slots=True)
class Fault:
    """One row to be: a kind of fault of a device, and the input of the program in which it is to be seen."""

    device: str
    kind: str
    tag: str
    break_: Callable[[], None]
    mend: Callable[[], None]


@dataclass
class FaultTable:
    """Suffers faults and writes down what was seen. The site runs, all is well."""

    site: SmallSite
    sink: Sink
    rows: list[tuple[str, str, str, float, float]] = field(default_factory=list)
    began_s: float = field(default_factory=time.monotonic)

    def suffer(self, fault: Fault) -> None:
        """The fault comes: the sound device gets the safe value. It goes: all is well again, without a hand."""
        name = f"{fault.kind} of {fault.device}"
        self.wait(f"all is well before {name}", lambda: self.sink.words == [DRIVEN])
        broken_s = time.monotonic()
        fault.break_()
        self.wait(f"the program meets {name}", lambda: self.sink.first(SAFE, broken_s) is not None)
        quality = Quality.GOOD
        while quality is Quality.GOOD:  # a device that flaps, or garbage of a right checksum, is GOOD now and then
            quality = Quality(self.site.ask("read", names=[fault.tag])["values"][0]["quality"])
        mended_s = time.monotonic()
        fault.mend()
        self.wait(f"all is well after {name}", lambda: self.sink.words == [DRIVEN])
        safe_s = self.sink.first(SAFE, broken_s)
        assert safe_s is not None
        back_s = self.sink.first(DRIVEN, mended_s) or mended_s
        self.rows.append((fault.device, fault.kind, quality.name, safe_s - broken_s, back_s - mended_s))

    def wait(self, what: str, condition: Callable[[], bool]) -> None:
        """As the site waits."""
        self.site.wait_for(what, condition)

    def told(self) -> Counter[str]:
        """How often each cause was told, whatever the numbers in it."""
        return Counter(re.sub(r"\d+", "#", event["text"]) for event in self.site.ask("events")["events"])

    def check_log(self) -> None:
        """Nothing was told more than once a minute."""
        minutes = 1 + int((time.monotonic() - self.began_s) / 60)
        assert {text: count for text, count in self.told().items() if count > minutes} == {}

    def check_trust(self, trust: str) -> None:
        """No value older than its stale-after time was ever GOOD to the program: its block of that name has counted."""
        assert self.site.value(f"main.{trust}.wrong") == 0

    def print(self) -> None:
        """`safe`: from the fault to the safe value at the sound device; `back`: from its end to the driven one."""
        print(f"\n{'device':12}{'fault':14}{'quality':12}{'safe s':>8}{'back s':>8}")
        for device, kind, quality, safe_s, back_s in self.rows:
            print(f"{device:12}{kind:14}{quality:12}{safe_s:8.2f}{back_s:8.2f}")
        print(f"{len(self.rows)} faults, back after {max(row[4] for row in self.rows):.1f} s at most")
