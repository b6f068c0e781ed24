"""What programs did wrong while they ran: the fault ring of application memory, in the words of the source."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.core.appmemory import FAULT_COUNT, FAULT_ENTRY_SIZE, FAULT_RING, FAULT_RING_LEN
from runtime.core.fault import FAULT_TEXT, FaultSite

_ENTRY = struct.Struct("<IIQ")
_COUNT = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class RecordedFault:
    """Fault `number` (from 0, since the start of the controller), in scan `scan_no`, at `site`.

    `instance`: where the instance lies whose body did it, in application memory; 0 when it has none there.
    """

    number: int
    scan_no: int
    site: FaultSite
    instance: int = 0

    def __str__(self) -> str:
        site = self.site
        return f"{site.file}:{site.line}:{site.column}: scan {self.scan_no}: {site.pou}: {FAULT_TEXT[site.code]}"


def fault_count(memory: bytes | bytearray | memoryview) -> int:
    """Faults since the start."""
    count: int = _COUNT.unpack_from(memory, FAULT_COUNT)[0]
    return count


def recorded_faults(memory: bytes | bytearray | memoryview, sites: Sequence[FaultSite]) -> list[RecordedFault]:
    """The last FAULT_RING_LEN faults, oldest first. Those of a scan process before this one are not in the ring."""
    count = fault_count(memory)
    found: list[RecordedFault] = []
    for number in range(max(0, count - FAULT_RING_LEN), count):
        site, instance, scan_no = _ENTRY.unpack_from(memory, FAULT_RING + number % FAULT_RING_LEN * FAULT_ENTRY_SIZE)
        if scan_no and site < len(sites):  # scans count from 1: a 0 is an entry that nobody wrote
            found.append(RecordedFault(number, scan_no, sites[site], instance))
    return found
