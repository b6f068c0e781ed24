"""Registers that are one command together: its value, and other fields of its request structure.

A register with a `command` that shows a field of that command's request (`command_local_1.q_kvar`) is part of the
command: a write has all registers of the group or none of them. The fields are written first and the command last, so
a program that acts on `seq` sees all of them or does nothing. Hence they lie side by side, within one write.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from runtime.core.binding import CommandBinding
from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.gateway.scada.map import ScadaRegister
from runtime.iomap.reading.locate import Locator
from runtime.iomap.wire import WRITE_WORDS_MAX


def is_request_field(tag: str, binding: CommandBinding) -> bool:
    """True for the fields of a command's request structure beside `value` and `seq`."""
    request, name = f"{binding.request}.".lower(), tag.lower()
    return name.startswith(request) and name.removeprefix(request) not in ("value", "seq")


def group_of(registers: Sequence[ScadaRegister], command: str) -> list[ScadaRegister]:
    """All registers that must be written for this command, in order of address; empty when it takes a value alone."""
    own = [register for register in registers if register.command == command]
    return own if any(register.is_field for register in own) else []


def group_mistakes(registers: Sequence[ScadaRegister], places: Locator) -> Iterator[Diagnostic]:
    """Groups that no single write could carry."""
    for command in dict.fromkeys(register.command for register in registers if register.is_field):
        assert command is not None, "a field belongs to a command"
        group = group_of(registers, command)
        first = group[0]
        told = f"the registers of `{command}` cannot be written in one request"
        here = Label(places.key("registers", first.name), f"{first.name}: the first of them")
        values = [register for register in group if not register.is_field]
        gap = next((after for before, after in pairwise(group) if after.address != before.end), None)
        if len(values) != 1:
            why = f"{len(values)} of them hold the command's value"
            mend = f'one register beside the fields has command = "{command}" and shows the command\'s value'
            yield error("M7004", told, Label(places.key("registers", first.name), why), help=mend)
        elif gap is not None:
            there = Label(places.value("registers", gap.name, "address"), f"{gap.name} does not follow")
            yield error("M7004", told, there, here, help="give them addresses one after the other, without a gap")
        elif group[-1].end - first.address > WRITE_WORDS_MAX:
            yield error(
                "M7004", told, here, help=f"one write has {WRITE_WORDS_MAX} registers at most: take shorter types"
            )
