"""The mirror: application memory of a pair's leader, handed to the standby's scan (scan/phases/mirror.py)."""

from dataclasses import dataclass

from runtime.core.fault import ConfigFault
from runtime.image.channel import ChannelEnd
from runtime.image.layout import MIRROR_HEADER, MIRROR_HEADER_SIZE
from runtime.image.segment import ImageSegment


@dataclass(frozen=True, slots=True)
class MirrorEntry:
    """The leader's state after a scan. `plc_now_ns` is that scan's PLC time; `received_ns` is when the state arrived
    here, in this machine's monotonic time; `applied_index` is that of the newest log entry in it.
    """

    term: int
    scan_no: int
    plc_now_ns: int
    received_ns: int
    applied_index: int
    memory: bytes


class MirrorWriter:
    """The only writer of a controller's mirror: its redundancy process, one thread."""

    def __init__(self, segment: ImageSegment) -> None:
        self._end = ChannelEnd(segment, segment.layout.mirror)
        self._app_size = segment.layout.app_size

    def write(self, entry: MirrorEntry) -> int:
        """Hand an entry to the scan; its number, which the scan tells as `mirror_taken` once memory is that.

        Raises ConfigFault when the memory is of another layout.
        """
        if len(entry.memory) != self._app_size:
            raise ConfigFault(
                f"a mirrored state has {len(entry.memory)} bytes, {self._app_size} expected",
                where="mirror",
                mend="both controllers of a pair run the same programs with the same map",
            )
        words = (entry.term, entry.scan_no, entry.plc_now_ns, entry.received_ns, entry.applied_index)
        MIRROR_HEADER.pack_into(self._end.buffer, 0, *words)
        self._end.buffer[MIRROR_HEADER_SIZE:] = entry.memory
        return self._end.publish()
