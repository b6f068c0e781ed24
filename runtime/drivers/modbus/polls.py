"""Which Modbus read comes next: each on its own absolute schedule, in fair order between devices. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from runtime.iomap.plan import DevicePlan, ReadRequest


@dataclass(slots=True)
class Poll:
    """One read of one device, and when it is due next. `failures` in a row."""

    device: DevicePlan
    read: ReadRequest
    next_ns: int
    turn: int = 0
    failures: int = 0


class PollSchedule:
    """All reads of one link. A read that comes late keeps its place in the schedule and makes up for nothing."""

    def __init__(self, devices: Iterable[DevicePlan], start_ns: int) -> None:
        self.polls = [Poll(device, read, start_ns) for device in devices for read in device.reads]
        self._turn = 0

    def due(self, now_ns: int) -> Poll | None:
        """The read that has waited longest; of equals, the one that was served longest ago."""
        ready = [poll for poll in self.polls if poll.next_ns <= now_ns]
        return min(ready, key=lambda poll: (poll.next_ns, poll.turn), default=None)

    def next_ns(self) -> int | None:
        """When the next read is due; None when there is none at all."""
        return min((poll.next_ns for poll in self.polls), default=None)

    def served(self, poll: Poll, now_ns: int) -> None:
        """The read was made (well or not): its next time is the next multiple of its period that lies ahead."""
        self._turn += 1
        poll.turn = self._turn
        late = now_ns - poll.next_ns
        poll.next_ns += poll.read.period_ns * (late // poll.read.period_ns + 1)

    def postpone(self, device: str, until_ns: int) -> None:
        """Ask a device that does not answer nothing before `until_ns`, and then one thing only."""
        for number, poll in enumerate(p for p in self.polls if p.device.name == device):
            poll.next_ns = until_ns if number == 0 else max(until_ns + 1, poll.next_ns)

    def resume(self, device: str, now_ns: int) -> None:
        """The device answers again: read everything now."""
        for poll in self.polls:
            if poll.device.name == device:
                poll.next_ns = now_ns
