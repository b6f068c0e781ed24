"""The registers of the SCADA map as a Modbus unit: reads come from one snapshot, writes become commands.

Holding and input registers show the same map. A gap between registers reads 0; an address before the first or after
the last is refused (exception 2), as is a write that is not exactly one or several whole writable registers, or that
has only a part of the registers of one command. A value that the command cannot take is exception 3; a command that
the program refuses, or does not answer in time, is 4.

Both controllers of a pair answer: the standby shows the leader's values, and answers a write once the leader has.
"""

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runtime.commands.submission import Ending
from runtime.core.elementary import Value
from runtime.core.quality import Quality
from runtime.core.tag import Variable
from runtime.drivers.modbus.pdu import ExceptionCode, ModbusRefusal, Table
from runtime.gateway.requests import command_audit
from runtime.gateway.scada.groups import group_of
from runtime.gateway.scada.map import PairRole, ScadaMap, ScadaRegister, Status
from runtime.gateway.scada.words import from_words, to_words
from runtime.gateway.view.observation import Look, Observer
from runtime.gateway.writes.submitter import SubmitFault, Submitter
from runtime.wire.fault import ValueFault
from runtime.wire.messages import Event, Severity
from runtime.wire.pairport import PairStatus
from runtime.wire.values import parse, show, to_json

CLIENT = "scada"
"""And a number by chance: what is asked for twice under one (client, seq) is done once, and the masters of the two
controllers of a pair, or of a gateway before this one, are not the same client."""


class ScadaUnit:
    """Answers as one unit (drivers/modbus/server.py)."""

    def __init__(
        self,
        scada_map: ScadaMap,
        observer: Observer,
        submitter: Submitter,
        audit: Callable[[Severity, str], Event],
        pair: Callable[[], PairStatus | None] | None = None,
    ) -> None:
        """`pair`: its status, None while its redundancy process does not run; left out for a controller alone."""
        self._pair = pair
        self._map = scada_map
        self._observer = observer
        self._submitter = submitter
        self._audit = audit
        self._one_at_a_time = asyncio.Lock()
        self._starts = {register.address: register for register in scada_map.registers}
        self._client, self._seqs = f"{CLIENT}-{secrets.token_hex(4)}", itertools.count(1)

    async def read_bits(self, table: Table, address: int, count: int) -> Sequence[bool]:
        """There are no bits."""
        raise ModbusRefusal(ExceptionCode.ILLEGAL_FUNCTION, f"no {table.value} at {address}, {count}")

    async def read_words(self, table: Table, address: int, count: int) -> Sequence[int]:  # noqa: ARG002 - one map for both tables
        """All from one look at the controller."""
        if address < self._map.start or address + count > self._map.end:
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
        look = self._observer.look()
        if look is None:
            raise ModbusRefusal(ExceptionCode.SERVER_DEVICE_FAILURE, "no scan has finished yet")
        words = [0] * count
        for register in self._map.registers:
            if register.address < address + count and register.end > address:
                for offset, word in enumerate(to_words(register, self._value(register, look))):
                    place = register.address + offset - address
                    if 0 <= place < count:
                        words[place] = word
        return words

    async def write_bits(self, address: int, bits: Sequence[bool]) -> None:
        """There are no bits."""
        raise ModbusRefusal(ExceptionCode.ILLEGAL_FUNCTION, f"no coils at {address}, {len(bits)}")

    async def write_words(self, address: int, words: Sequence[int]) -> None:
        """One command a register, in order of address, after all values have been checked.

        Registers that are one command together are one command, and go in one write or not at all: their fields are
        with the program before its request is.
        """
        orders: list[_Order] = []
        at = address
        while at < address + len(words):
            register = self._starts.get(at)
            if register is None or register.command is None or register.end > address + len(words):
                raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS)
            target = register.tag if register.is_field else self._target(register.command)
            assert target is not None, "a register that is written shows a tag"
            value = _checked(register, target, words[at - address : register.end - address])
            orders.append(_Order(register, register.command, target, value))
            at = register.end
        given = {order.register.name for order in orders}
        if any(r.name not in given for order in orders for r in group_of(self._map.registers, order.command)):
            raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_ADDRESS, "a part of a command")
        together = any(order.register.is_field for order in orders)
        async with self._one_at_a_time if together else contextlib.nullcontext():
            for order in sorted(orders, key=lambda order: not order.register.is_field):
                await self._submit(order)

    async def _submit(self, order: "_Order") -> None:
        ttl_ns, seq, name = self._map.write_ttl_ns, next(self._seqs), order.target.name
        try:
            if order.register.is_field:
                outcome = await self._submitter.write(
                    order.target, order.value, client=self._client, seq=seq, ttl_ns=ttl_ns
                )
            else:
                outcome = await self._submitter.command(
                    order.command, order.value, client=self._client, seq=seq, ttl_ns=ttl_ns
                )
        except SubmitFault as fault:
            self._audit("warning", f"SCADA: {fault}")
            raise ModbusRefusal(ExceptionCode.SERVER_DEVICE_FAILURE, str(fault)) from fault
        shown = show(to_json(order.value, order.target), order.target.type_name)
        what = f"{order.command} with {name}" if order.register.is_field else order.command
        self._audit(*command_audit("SCADA", what, shown, outcome))
        if outcome.ending not in (Ending.DONE, Ending.ACCEPTED):
            raise ModbusRefusal(ExceptionCode.SERVER_DEVICE_FAILURE, f"{order.register.name}: {outcome.reason}")

    def _target(self, command: str) -> Variable:
        return self._submitter.places[command].value

    def _value(self, register: ScadaRegister, look: Look) -> Value:
        if register.tag is not None:
            return look.snapshot.value(register.tag)
        if register.status is Status.HEARTBEAT:
            scan_no: int = self._observer.control.scan_no
            return scan_no & ((1 << 16 * register.wire.words) - 1)
        if register.status is Status.STATE_BITS:
            return self._state_bits(look)
        if register.status is Status.PAIR_ROLE:
            return pair_role(self._pair()) if self._pair is not None else PairRole.ALONE
        if register.status is Status.PAIR_TERM:
            told = self._pair() if self._pair is not None else None
            return told["term"] if told is not None else 0
        if register.status is Status.MAP_VERSION:
            return self._map.version
        bad = (any(look.quality(tag) is not Quality.GOOD for tag in tags) for tags in register.inputs)
        return sum(is_bad << bit for bit, is_bad in enumerate(bad))

    def _state_bits(self, look: Look) -> int:
        control = self._observer.control
        bits = (
            look.scanning,
            look.scanning and bool(control.driving),
            bool(control.fault_stop),
            bool(look.forces),
            bool(self._observer.bad_inputs(look)),
        )
        return sum(bit << place for place, bit in enumerate(bits))


def pair_role(told: PairStatus | None) -> PairRole:
    """The part of a pair's controller: a leader drives, a standby knows one."""
    if told is not None and told["drives"]:
        return PairRole.LEADER
    if told is None or told["leader"] in ("", told["name"]):
        return PairRole.NOBODY_LEADS
    return PairRole.STANDBY if told["name"] in told["in_sync"] else PairRole.STANDBY_NOT_IN_SYNC


@dataclass(frozen=True, slots=True)
class _Order:
    """A value that a master wrote, checked, and where it goes."""

    register: ScadaRegister
    command: str
    target: Variable
    value: Value


def _checked(register: ScadaRegister, target: Variable, words: Sequence[int]) -> Value:
    value = from_words(register, words)
    if value is None:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE)
    try:
        return parse(value, target)
    except ValueFault as fault:
        raise ModbusRefusal(ExceptionCode.ILLEGAL_DATA_VALUE, str(fault)) from fault
