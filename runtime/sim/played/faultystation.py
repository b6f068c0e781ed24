"""A CAN station that plays devices with faults: frames are dropped, late or spoiled, and what comes is not heard."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import can

from runtime.drivers.base import LinkContext
from runtime.drivers.can.busstate import ErrorClass, error_frame
from runtime.drivers.can.station import Member, Outgoing, Station
from runtime.iomap.plan.playedfaults import FaultPlan

DEAF = ("silent", "frozen", "bus_off", "flapping")
"""Faults in which a device takes nothing."""


class FaultyStation(Station):
    """All played devices of a bus. Their faults count from the first time that the bus was opened."""

    def __init__(self, context: LinkContext) -> None:
        super().__init__(context)
        self._random = context.random
        self._since_ns: int | None = None
        self._late: list[tuple[int, Outgoing]] = []
        self._frozen: dict[tuple[str, str, int], can.Message] = {}
        self._off: set[str] = set()

    def opened(self, now_ns: int) -> None:
        """See Station."""
        super().opened(now_ns)
        if self._since_ns is None:
            self._since_ns = now_ns

    def take(self, frames: Iterable[can.Message], now_ns: int) -> bool:
        """See Station. A device that is deaf does not get its frames."""
        deaf = {m.plan.name for m in self.members if (f := self._fault(m, now_ns)) is not None and f.kind in DEAF}
        return super().take((f for f in frames if deaf.isdisjoint(self._names(f))), now_ns)

    def due(self, now_ns: int) -> Iterator[Outgoing]:
        """See Station."""
        ready = [late for late in self._late if late[0] <= now_ns]
        self._late = [late for late in self._late if late[0] > now_ns]
        yield from (outgoing for _, outgoing in ready)
        for outgoing in super().due(now_ns):
            yield from self._spoiled(outgoing, self._fault(outgoing.member, now_ns), now_ns)

    def next_ns(self, now_ns: int) -> int:
        """See Station."""
        return min([super().next_ns(now_ns), *(at_ns for at_ns, _ in self._late if at_ns > now_ns)])

    def _names(self, frame: can.Message) -> set[str]:
        found = None if frame.is_error_frame else self.find(frame)
        return set() if found is None else {found[0].plan.name}

    def _fault(self, member: Member, now_ns: int) -> FaultPlan | None:
        played_ns = now_ns - (now_ns if self._since_ns is None else self._since_ns)
        return next((fault for fault in member.plan.faults if fault.covers(played_ns)), None)

    def _spoiled(self, outgoing: Outgoing, fault: FaultPlan | None, now_ns: int) -> Iterator[Outgoing]:
        """What becomes of a frame that is due."""
        name, frame = outgoing.member.plan.name, outgoing.frame
        kind = None if fault is None else fault.kind
        if kind == "bus_off":
            if name not in self._off:
                self._off.add(name)
                yield replace(outgoing, frame=error_frame(ErrorClass.BUS_OFF), repeats=False)
            return
        if name in self._off:
            self._off.remove(name)
            yield replace(outgoing, frame=error_frame(ErrorClass.RESTARTED), repeats=False)
        if kind != "frozen":
            self._frozen = {key: held for key, held in self._frozen.items() if key[0] != name}
        if kind == "delay":
            assert fault is not None
            self._late.append((now_ns + fault.delay_ns, outgoing))
        elif kind == "frozen":
            key = (name, outgoing.plan.name, outgoing.variant)
            yield replace(outgoing, frame=self._frozen.setdefault(key, frame))
        elif kind == "garbage":
            yield replace(outgoing, frame=_with_payload(frame, self._random.randbytes(len(frame.data))), repeats=False)
        elif kind == "wrong_length":
            yield replace(
                outgoing, frame=_with_payload(frame, bytes(frame.data[: len(frame.data) // 2])), repeats=False
            )
        elif kind is None:
            yield outgoing


def _with_payload(frame: can.Message, payload: bytes) -> can.Message:
    return can.Message(
        arbitration_id=frame.arbitration_id, is_extended_id=frame.is_extended_id, is_fd=frame.is_fd, data=payload
    )
