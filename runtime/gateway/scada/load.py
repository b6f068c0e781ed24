"""Loads a SCADA map from TOML and checks it: which registers the Modbus TCP server of a controller shows.

    [registers.soc]
    address = 10                  # PDU address, from 0 (reference 40011)
    tag     = "plant_1.soc_pct"   # or status = "…", or quality = ["…"]
    type    = "u16"               # u16 i16 u32 i32 u64 i64 f32 f64, or string
    length  = 16                  # of a string: characters shown; all of the tag's when left out
    scale   = 0.1                 # tag = register * scale
    command = "mode"              # writes go to this command; of a field of its request, together with its value

Diagnostics: M1xxx the file and its schema, M7001 unknown tag, M7002 overlap, M7003 type misfit, M7004 unknown command
or a command that does not go with its tag, M7005 address, M7006 quality list.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from runtime.core.binding import Bindings
from runtime.core.diagnostic import Diagnostic, Label, error, has_errors
from runtime.core.elementary import STRING, Kind
from runtime.core.tag import Tag, TagTable
from runtime.gateway.scada.fit import misfit
from runtime.gateway.scada.groups import group_mistakes, is_request_field
from runtime.gateway.scada.map import ScadaMap, ScadaRegister
from runtime.gateway.scada.rules import MapRules, RegisterRules
from runtime.gateway.scada.text import TextWire
from runtime.gateway.view.names import is_pattern, matching
from runtime.iomap.reading.locate import Locator
from runtime.iomap.reading.read import did_you_mean, read_document
from runtime.iomap.wire import WORDS, ModbusWire, Numeric, RawType, Table


def load_scada_map(
    path: Path, *, tags: TagTable, bindings: Bindings, name: str = ""
) -> tuple[ScadaMap | None, list[Diagnostic]]:
    """The map, or every mistake in it. `name`: the path as the user gave it."""
    document, diagnostics = read_document(path, MapRules, name=name)
    if document is None:
        return None, diagnostics
    rules, places = document.content, document.places
    registers: list[ScadaRegister] = []
    for key, rule in rules.registers.items():
        resolver = _Resolver(key, rule, places, tags, bindings)
        diagnostics += resolver.mistakes()
        if not resolver.failed:
            registers.append(resolver.register())
    registers.sort(key=lambda r: (r.address, r.name))
    diagnostics += [*_overlaps(registers, places), *group_mistakes(registers, places)]
    if has_errors(diagnostics):
        return None, diagnostics
    found = ScadaMap(
        name=rules.name,
        version=rules.version,
        units=tuple(rules.units),
        write_ttl_ns=rules.write_ttl_ms * 1_000_000,
        registers=tuple(registers),
    )
    return found, diagnostics


class _Resolver:
    """Checks one register against programs and bindings, and resolves it."""

    def __init__(self, key: str, rule: RegisterRules, places: Locator, tags: TagTable, bindings: Bindings) -> None:
        self.failed = False
        self._key, self._rule, self._places, self._tags, self._bindings = key, rule, places, tags, bindings
        self._wire = self._text_wire() if rule.type == "string" else _number_wire(rule)

    def _text_wire(self) -> TextWire:
        tag = self._tags.tag(self._rule.tag or "")
        of = tag.type if tag is not None and tag.type.kind is Kind.TEXT else STRING
        return TextWire(address=self._rule.address, length=self._rule.length or of.capacity, width=of.width)

    def mistakes(self) -> list[Diagnostic]:
        found = [*self._address(), *self._tag(), *self._command(), *self._quality()]
        self.failed = bool(found)
        return found

    def register(self) -> ScadaRegister:
        rule = self._rule
        return ScadaRegister(
            name=self._key,
            wire=self._wire,
            text=rule.text,
            tag=self._tags.tag(rule.tag) if rule.tag is not None else None,
            status=rule.status,
            command=rule.command,
            is_field=self._is_field(),
            quality=tuple(rule.quality or ()),
            inputs=tuple(self._watched(entry) for entry in rule.quality or ()),
        )

    def _at(self, field: str, text: str, *more: int) -> Label:
        return Label(self._places.value("registers", self._key, field, *more), text)

    def _address(self) -> Iterator[Diagnostic]:
        last = self._wire.end - 1
        if self._rule.address < 0 or last > 65535:
            told = f"{self._key} would end at {last}" if last > 65535 else "below 0"
            yield error(
                "M7005",
                f"the register `{self._key}` lies outside the table",
                self._at("address", told),
                help="use PDU addresses, from 0 to 65535 (reference 40001 is address 0)",
            )

    def _tag(self) -> Iterator[Diagnostic]:
        if self._rule.tag is None:
            return
        tag = self._tags.tag(self._rule.tag)
        if tag is None:
            mend = did_you_mean(self._rule.tag, (t.name for t in self._tags), what="tags")
            yield error("M7001", f"unknown tag `{self._rule.tag}`", self._at("tag", "no such tag"), help=mend)
            return
        wrong = misfit(tag, self._wire, written=self._rule.command is not None)
        if wrong is not None:
            declared = f"{tag.name} is {tag.type_name} ({tag.file}:{tag.line})"
            what = f"{tag.type_name} does not fit into {self._rule.type}: {wrong.why}"
            keys = ("length", "type", "scale")
            told = next((f for f in keys if self._places.has("registers", self._key, f)), "tag")
            yield error("M7003", what, self._at(told, declared), help=wrong.mend)

    def _is_field(self) -> bool:
        binding = next((c for c in self._bindings.commands if c.name == self._rule.command), None)
        return binding is not None and is_request_field(self._rule.tag or "", binding)

    def _command(self) -> Iterator[Diagnostic]:
        name = self._rule.command
        tag = self._tags.tag(self._rule.tag) if self._rule.tag is not None else None
        if name is None or tag is None:
            return
        binding = next((c for c in self._bindings.commands if c.name == name), None)
        if binding is None:
            known = [c.name for c in self._bindings.commands]
            at = self._at("command", "only commands can be written, and this is none")
            yield error("M7004", f"unknown command `{name}`", at, help=did_you_mean(name, known, what="commands"))
            return
        value = self._tags.find(f"{binding.request}.value")
        if self._is_field():
            return
        if value is not None and (value.type.kind, value.enum_name) != (tag.type.kind, tag.enum_name):
            at = self._at("command", f"`{name}` takes {value.type_name}, {tag.name} shows {tag.type_name}")
            mend = "show a tag of the command's own type, so that a master reads what it may write"
            yield error("M7004", f"the command `{name}` does not go with its tag", at, help=mend)

    def _quality(self) -> Iterator[Diagnostic]:
        entries = self._rule.quality
        if entries is None:
            return
        bits = 16 * self._wire.words
        if len(entries) > bits:
            at = self._at("quality", f"{len(entries)} entries for {bits} bits")
            yield error("M7006", f"`{self._key}` has too few bits", at, help='use type = "u32" or a second register')
        for place, entry in enumerate(entries):
            if not self._watched(entry):
                at = self._at("quality", "no input fits", place)
                known = [p.tag for points in self._bindings.inputs.values() for p in points]
                mend = did_you_mean(entry, known, what="inputs")
                yield error("M7006", f"`{entry}` names no input", at, help=mend)

    def _watched(self, entry: str) -> tuple[Tag, ...]:
        inputs = (self._tags.tag(p.tag) for points in self._bindings.inputs.values() for p in points)
        leaves = [tag for tag in inputs if tag is not None]
        if is_pattern(entry):
            return tuple(matching(entry, leaves))
        return tuple(tag for tag in leaves if tag.name.lower() == entry.lower())


def _number_wire(rule: RegisterRules) -> ModbusWire:
    raw = RawType(rule.type)
    signed, floating = rule.type.startswith("i"), rule.type.startswith("f")
    number = Numeric(bits=16 * WORDS[raw], signed=signed, floating=floating, scale=rule.scale)
    return ModbusWire(table=Table.HOLDING, address=rule.address, type=raw, number=number, word_order=rule.word_order)


def _overlaps(registers: list[ScadaRegister], places: Locator) -> Iterator[Diagnostic]:
    for before, after in pairwise(registers):
        if after.address < before.end:
            here = Label(places.value("registers", after.name, "address"), f"{after.name}: {_extent(after)}")
            there = Label(places.value("registers", before.name, "address"), f"{before.name}: {_extent(before)}")
            mend = f"move {after.name} to {before.end} or beyond"
            yield error("M7002", f"`{after.name}` overlaps `{before.name}`", here, there, help=mend)


def _extent(register: ScadaRegister) -> str:
    return f"{register.address}" if register.wire.words == 1 else f"{register.address} to {register.end - 1}"
