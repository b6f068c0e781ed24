"""The SCADA map as a document for those who configure a master: Markdown or CSV."""

import csv
import io
from dataclasses import astuple, dataclass, fields
from typing import Literal

from runtime.gateway.scada.map import STATE_BIT_TEXTS, PairRole, ScadaMap, ScadaRegister, Status
from runtime.gateway.scada.text import TextWire

_STATUS_TEXTS = {
    Status.HEARTBEAT: "counts scans; a master takes a counter that stands for a dead controller",
    Status.STATE_BITS: "; ".join(f"bit {bit}: {text}" for bit, text in enumerate(STATE_BIT_TEXTS)),
    Status.PAIR_ROLE: ", ".join(f"{role.value}: {role.name.lower().replace('_', ' ')}" for role in PairRole),
    Status.PAIR_TERM: "term of the pair; of two controllers that say they lead, the one with the newer term does",
    Status.MAP_VERSION: "version of this map; it changes when a register moves or changes its meaning",
}

_RULES = """
- Functions 03 and 04 read the same registers, at most 125 at once; 06, 16, 22 and 23 write.
- Addresses are PDU addresses, from 0; the reference is the 1-based number.
- Words are big-endian; the most significant word comes first unless said. value = register × scale.
- A string of n has two characters a register, the first in the high byte (ISO 8859-1); one of UCS-2 characters has one
  a register. It ends at the first 0 or after n; a longer text is cut.
- All registers of one read come from one scan. A gap between registers reads 0.
- A value that does not exist (NaN) is shown as NaN, as the highest number of an unsigned type or as the lowest of a
  signed one. Values beyond a register's range stay at its end.
- Exceptions: 01 unknown function; 02 address outside the map, or a write to something that is not one or more whole
  writable registers, or is not all of those that are one command; 03 wrong quantity, or a value the command cannot
  take; 04 the command was refused or not answered within {write_ttl_ms} ms, or no scan has finished yet;
  0B unknown unit.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the document. `reference` is the 1-based number that many masters ask for (4xxxx)."""

    address: int
    reference: int
    words: int
    name: str
    type: str
    scale: str
    unit: str
    access: str
    shows: str
    meaning: str


def rows(scada_map: ScadaMap) -> list[Row]:
    """The lines in order of address."""
    return [_row(register) for register in scada_map.registers]


def export(scada_map: ScadaMap, *, format: Literal["md", "csv"]) -> str:
    """The whole document, with a newline at its end."""
    return _csv(scada_map) if format == "csv" else _markdown(scada_map)


def _row(register: ScadaRegister) -> Row:
    tag, wire = register.tag, register.wire
    if isinstance(wire, TextWire):
        told, scale = f"string of {wire.length}" + (" (UCS-2)" if wire.width == 2 else ""), ""
    else:
        low_first = wire.words > 1 and wire.word_order == "little"
        told, scale = wire.type.value + (", low word first" if low_first else ""), f"{wire.number.scale:g}"
    return Row(
        address=register.address,
        reference=40001 + register.address,
        words=wire.words,
        name=register.name,
        type=told,
        scale=scale,
        unit=tag.unit if tag else "",
        access="read, write" if register.command else "read",
        shows=tag.name if tag else register.status.value if register.status else "quality bits",
        meaning=_meaning(register),
    )


def _meaning(register: ScadaRegister) -> str:
    parts = [register.text] if register.text else []
    tag = register.tag
    if tag is None:
        parts.append(_STATUS_TEXTS[register.status] if register.status else _quality(register))
    elif tag.labels:
        parts.append(", ".join(f"{value} {label}" for label, value in tag.labels))
    elif tag.comment and not register.text:
        parts.append(tag.comment)
    if register.is_field:
        parts.append(f"written in one request with the command `{register.command}`, or not at all")
    elif register.command:
        parts.append(f"writing gives the command `{register.command}`")
    return ". ".join(parts)


def _quality(register: ScadaRegister) -> str:
    return "1 = not GOOD: " + "; ".join(f"bit {bit}: {entry}" for bit, entry in enumerate(register.quality))


def _csv(scada_map: ScadaMap) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(field.name for field in fields(Row))
    writer.writerows(astuple(row) for row in rows(scada_map))
    return out.getvalue()


def _markdown(scada_map: ScadaMap) -> str:
    lines = [
        f"# Modbus registers: {scada_map.name}",
        "",
        f"Map version {scada_map.version}. Modbus TCP, unit identifier {', '.join(map(str, scada_map.units))}.",
        *_RULES.format(write_ttl_ms=scada_map.write_ttl_ns // 1_000_000).splitlines(),
        "",
        "| " + " | ".join(field.name for field in fields(Row)) + " |",
        "|---:|---:|---:|---|---|---:|---|---|---|---|",
    ]
    lines += [
        "| " + " | ".join(str(cell).replace("|", "\\|") for cell in astuple(row)) + " |" for row in rows(scada_map)
    ]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    cells = (str(cell).replace("|", "\\|") for cell in astuple(row))
    return f"| {' | '.join(cells)} |"
