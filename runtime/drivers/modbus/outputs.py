"""Writing outputs: which go in one request, by which function, and what becomes of those that the device did not take.

Neighbours that are due together go in one request (function 15 or 16) where the profile lets them. A device that does
not take such a request gets them one by one until it is lost: what is wrong with one must not keep back the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from runtime.core.elementary import Value, elementary
from runtime.drivers.base import LinkContext
from runtime.drivers.codec import raw_of_words, words_of_raw
from runtime.drivers.modbus.device import LinkDevice, modbus
from runtime.drivers.modbus.fenced import fenced_write
from runtime.drivers.modbus.link import ModbusLink, Refusal, Silence, read_of
from runtime.drivers.modbus.pdu import READ_WRITE_WORDS_MAX, WRITE_BITS_MAX, ExceptionCode
from runtime.drivers.modbus.polls import Poll
from runtime.drivers.sink import SinkState
from runtime.drivers.writes import HeartbeatCounter
from runtime.iomap.plan.plan import FencePlan, OutputPoint
from runtime.iomap.wire import ModbusWire, Numeric, Table


class Answers(Protocol):
    """Who keeps count of a link's answers: the driver."""

    def answered(self, device: LinkDevice, asked_ns: int, what: str) -> None:
        """A request was answered as it should be."""
        ...

    def failed(self, device: LinkDevice, fault: Silence | Refusal, asked_ns: int, what: str) -> None:
        """It was not."""
        ...

    def read_along(self, device: LinkDevice) -> Poll | None:
        """The read of holding registers that is due next, to go with a write."""
        ...

    def took(self, device: LinkDevice, poll: Poll, came: bytes, asked_ns: int) -> None:
        """That read was answered."""
        ...


@dataclass(frozen=True, slots=True)
class _Output:
    """An output with what is written to it now. `place`: in the device's plan."""

    place: int
    point: OutputPoint
    value: Value
    number: Numeric

    @property
    def wire(self) -> ModbusWire:
        """Where it lies."""
        return modbus(self.point.wire)

    @property
    def words(self) -> list[int]:
        """The registers' words, of a point that is whole registers."""
        return words_of_raw(self.wire, self.number.encode(self.value))


class OutputWriter:
    """Writes the outputs and heartbeats of the devices on one link."""

    def __init__(self, context: LinkContext, answers: Answers) -> None:
        self._context = context
        self._answers = answers

    async def write_next(self, link: ModbusLink, device: LinkDevice, now_ns: int) -> bool:
        """Write what is due next of a device, output or heartbeat; True when there was something."""
        patient = self._context.sink.state is not SinkState.FAIL_SAFE
        due = device.writes.due(now_ns, partial(self._value, device), patient=patient)
        if due is not None:
            await self._write(link, device, self._batch(device, *due, now_ns))
            return True
        for beat in device.heartbeats:
            if beat.next_ns <= now_ns and self._context.sink.drives(now_ns):
                await self._beat(link, device, beat, now_ns)
                return True
        return False

    async def write_all(self, link: ModbusLink, device: LinkDevice) -> None:
        """Write every output's present value once, in the profile's order, whether it is due or not."""
        order = device.plan.write_order
        left = [*order, *(n for n in range(len(device.plan.outputs)) if n not in order)]
        while left and device.statistics.connected:
            now_ns, place = self._context.clock(), left[0]
            value = self._value(device, device.plan.outputs[place], now_ns)
            batch = [] if value is None else self._batch(device, place, value, now_ns, due_or_not=True)
            if batch:
                await self._write(link, device, batch)
            done = {place, *(output.place for output in batch)}
            left = [other for other in left if other not in done]

    def _value(self, device: LinkDevice, point: OutputPoint, now_ns: int) -> Value | None:
        """What to write now. A value whose scale the device has not told yet is held back, and so is one that goes in
        one request with such a value."""
        value = self._context.sink.value(point, now_ns) if device.number(point) is not None else None
        fence = device.plan.fence
        if value is None or fence is None:
            return value
        together = fence.together[device.plan.outputs.index(point)]
        return value if all(self._output(device, place, now_ns) is not None for place in together) else None

    def _output(self, device: LinkDevice, place: int, now_ns: int) -> _Output | None:
        """What is written to an output now, if anything is."""
        point = device.plan.outputs[place]
        number, value = device.number(point), self._context.sink.value(point, now_ns)
        return None if number is None or value is None else _Output(place, point, value, number)

    def _batch(
        self, device: LinkDevice, place: int, value: Value, now_ns: int, *, due_or_not: bool = False
    ) -> list[_Output]:
        """The output with those that go in its request, in order of registers."""
        if device.plan.fence is not None:
            return self._fenced_batch(device, device.plan.fence, place, now_ns)
        number = device.number(device.plan.outputs[place])
        assert number is not None, "a value without its scale is held back"
        batch = [_Output(place, device.plan.outputs[place], value, number)]
        run = next((run for run in device.plan.write_runs if place in run), (place,))
        at = run.index(place)
        room = WRITE_BITS_MAX if batch[0].wire.table.is_bits else self._words_max(device)
        for step, others in ((1, run[at + 1 :]), (-1, run[:at][::-1])):
            for other in () if place in device.apart else others:
                output = self._output(device, other, now_ns)
                if output is None or other in device.apart:
                    break
                if not (due_or_not or device.writes.is_due(other, output.value, now_ns)):
                    break
                if sum(one.wire.words for one in (*batch, output)) > room:
                    break
                batch.insert(len(batch) if step > 0 else 0, output)
        return batch

    def _fenced_batch(self, device: LinkDevice, fence: FencePlan, place: int, now_ns: int) -> list[_Output]:
        """The most outputs that one due output takes along, this one among them: what changes in one scan arrives as
        one, where the registers allow it, and never a part of it first. Nobody is taken along by an output that has an
        order to keep, or that the device has just refused."""
        widest = fence.together[place]
        for other, together in enumerate(fence.together):
            if place not in together or len(together) <= len(widest) or other in device.plan.write_order:
                continue
            output = self._output(device, other, now_ns)
            if output is not None and not device.writes.fails(other):
                widest = together if device.writes.is_due(other, output.value, now_ns) else widest
        found = [self._output(device, other, now_ns) for other in widest]
        return [output for output in found if output is not None]

    def _words_max(self, device: LinkDevice) -> int:
        most = device.plan.max_write_words
        return min(most, READ_WRITE_WORDS_MAX) if device.read_write else most

    async def _write(self, link: ModbusLink, device: LinkDevice, batch: Sequence[_Output]) -> None:
        """Write these as one; where a point asks for it, see whether the device holds what it was just given."""
        what = f"writing {', '.join(output.point.name for output in batch)}"
        asked_ns = self._context.clock()
        try:
            for output in batch:
                if output.point.read_back and device.writes.held(output.place) == output.value:
                    await self._look_for_others(link, device, output)
            now_ns = self._context.clock()
            if any(self._value(device, output.point, now_ns) is None for output in batch):
                return  # the right to write it has ended since it was looked up
            held = await self._send(link, device, batch, asked_ns)
            self._answers.answered(device, asked_ns, what)  # first: of a device just met all that it holds is unknown
            for output in batch:
                device.writes.written(output.place, output.value, asked_ns)
                device.told.discard(f"tries of {output.point.name}")
            for output in batch:
                if output.point.read_back:
                    what, asked_ns = f"to keep {output.point.name}", self._context.clock()
                    words = held or await link.read(device.plan.unit_id, read_of(output.wire))
                    if not _holds(output, words) and self._context.sink.is_of_pair and device.plan.fence is None:
                        words = await self._write_over(link, device, output, words)
                    _compare(output, words)
                    self._answers.answered(device, asked_ns, what)
        except (Silence, Refusal) as fault:
            await self._not_taken(link, device, batch, fault, asked_ns=asked_ns, what=what)

    async def _not_taken(
        self,
        link: ModbusLink,
        device: LinkDevice,
        batch: Sequence[_Output],
        fault: Silence | Refusal,
        *,
        asked_ns: int,
        what: str,
    ) -> None:
        joined = len(batch) > 1 and device.plan.fence is None
        if joined:
            device.apart.update(output.place for output in batch)
        if joined and isinstance(fault, Refusal):
            device.heard()
            names = ", ".join(output.point.name for output in batch)
            device.note(f"does not take {names} in one request ({fault.what}): they are written one by one")
            for output in batch:
                await self._write(link, device, [output])
            return
        self._answers.failed(device, fault, asked_ns, what)
        now_ns = self._context.clock()
        for output in batch:
            name, tries = output.point.name, output.point.policy.attempts
            if device.writes.failed(output.place, output.value, now_ns):
                device.once(f"tries of {name}", f"has not taken {name} in {tries} tries, and now rests of it")

    async def _send(
        self, link: ModbusLink, device: LinkDevice, batch: Sequence[_Output], asked_ns: int
    ) -> list[int] | None:
        """Write them. The words that the device then holds, where the same request read them back."""
        unit_id, first = device.plan.unit_id, batch[0]
        if device.plan.fence is not None:
            raws = {output.place: output.number.encode(output.value) for output in batch}
            address, words = fenced_write(device.plan, self._context.sink.term, raws)
            await link.write(unit_id, first.wire.table, address, words)
        elif first.wire.is_part:
            await self._write_part(link, device, first.wire, first.number.encode(first.value))
        elif device.read_write and first.wire.table is Table.HOLDING:
            return await self._write_and_read(link, device, batch, asked_ns)
        else:
            await link.write(unit_id, first.wire.table, first.wire.address, _words(batch))
        return None

    async def _write_and_read(
        self, link: ModbusLink, device: LinkDevice, batch: Sequence[_Output], asked_ns: int
    ) -> list[int] | None:
        """Function 23. With it comes back what was written, where that is to be compared, else the next poll."""
        unit_id, first, words = device.plan.unit_id, batch[0], _words(batch)
        poll = None if first.point.read_back else self._answers.read_along(device)
        try:
            if poll is None:
                return await link.write_and_read(unit_id, first.wire.address, words, read_of(first.wire))
            came = await link.write_and_read_block(unit_id, first.wire.address, words, poll.read)
        except Refusal as fault:
            if fault.code == ExceptionCode.ILLEGAL_FUNCTION:
                device.read_write = False
                device.note("has no function 23: it is written to with 6 and 16")
            await link.write(unit_id, first.wire.table, first.wire.address, words)
            return None
        self._answers.took(device, poll, came, asked_ns)
        return None

    async def _write_part(self, link: ModbusLink, device: LinkDevice, wire: ModbusWire, raw: float) -> None:
        """Write the bits of registers that a point is."""
        unit_id = device.plan.unit_id
        if wire.words > 1 or not device.mask_write:
            return await link.write_among(unit_id, wire, raw)
        try:
            await link.write_masked(unit_id, wire, raw)
        except Refusal as fault:
            if fault.code != ExceptionCode.ILLEGAL_FUNCTION:
                raise
            device.mask_write = False
            device.note("has no function 22: bits of a register are read, changed and written back")
            await link.write_among(unit_id, wire, raw)

    async def _look_for_others(self, link: ModbusLink, device: LinkDevice, output: _Output) -> None:
        """Before a value is written again: does the device still hold it? Else somebody else has written there, as a
        former leader of a pair may have, once. Raises Silence or Refusal."""
        held = await link.read(device.plan.unit_id, read_of(output.wire))
        if _holds(output, held):
            device.told.discard(_others_at(output))
        else:
            _tell_of_others(device, output, held)

    async def _write_over(self, link: ModbusLink, device: LinkDevice, output: _Output, held: list[int]) -> list[int]:
        """Once more at once what the device does not hold right after it was written: a former leader's last write may
        have come between, and must not stand until this one is tried again. What it holds then. Raises Silence or
        Refusal."""
        asked_ns = self._context.clock()
        if self._value(device, output.point, asked_ns) is None:
            return held
        await self._send(link, device, [output], asked_ns)
        again = await link.read(device.plan.unit_id, read_of(output.wire))
        if _holds(output, again):
            _tell_of_others(device, output, held)
        return again

    async def _beat(self, link: ModbusLink, device: LinkDevice, beat: HeartbeatCounter, now_ns: int) -> None:
        what, wire, raw = f"writing {beat.rule.point}", modbus(beat.rule.wire), beat.beat(now_ns)
        try:
            if wire.is_part:
                await self._write_part(link, device, wire, raw)
            else:
                await link.write(device.plan.unit_id, wire.table, wire.address, words_of_raw(wire, raw))
        except (Silence, Refusal) as fault:
            self._answers.failed(device, fault, now_ns, what)
            return
        self._answers.answered(device, now_ns, what)


def _words(batch: Sequence[_Output]) -> list[int]:
    return [word for output in batch for word in output.words]


def _others_at(output: _Output) -> str:
    return f"others at {output.point.name}"


def _tell_of_others(device: LinkDevice, output: _Output, held: list[int]) -> None:
    told = f"{output.point.name} was {_shown(output, held)} instead of {output.value}"
    device.once(_others_at(output), f"was written to by somebody else: {told}")


def _holds(output: _Output, held: list[int]) -> bool:
    return held == words_of_raw(output.wire, output.number.encode(output.value), held)


def _shown(output: _Output, held: list[int]) -> Value | None:
    """What the device holds, as a person reads it."""
    return output.number.decode(raw_of_words(output.wire, held), elementary(output.point.type_name).kind)


def _compare(output: _Output, held: list[int]) -> None:
    """Raises Refusal when the device does not hold what it was given."""
    if not _holds(output, held):
        raise Refusal(f"it holds {_shown(output, held)} instead of {output.value}")
