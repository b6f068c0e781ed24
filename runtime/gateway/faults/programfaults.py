"""The faults of running programs as messages carry them."""

from runtime.core.fault import FAULT_TEXT, FaultSite
from runtime.image.snapshot import Snapshot
from runtime.scan.faults import RecordedFault, recorded_faults
from runtime.wire.messages import FaultSeen


def faults_since(snapshot: Snapshot, sites: tuple[FaultSite, ...], first: int) -> list[FaultSeen]:
    """The faults from number `first` on, as far as the ring still holds them; the oldest first."""
    return [_seen(fault) for fault in recorded_faults(snapshot.memory, sites) if fault.number >= first]


def _seen(fault: RecordedFault) -> FaultSeen:
    site = fault.site
    return FaultSeen(
        scan=fault.scan_no,
        code=int(site.code),
        text=FAULT_TEXT[site.code],
        pou=site.pou,
        file=site.file,
        line=site.line,
    )
