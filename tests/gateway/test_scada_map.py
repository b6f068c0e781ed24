"""The SCADA map: what is refused, in which words, and where."""

from pathlib import Path

import pytest

from runtime.core.diagnostic import Diagnostic, render
from runtime.gateway.scada.document import export
from runtime.gateway.scada.load import load_scada_map
from runtime.gateway.scada.map import ScadaMap
from tests.gateway.standin import make_manifest

MANIFEST = make_manifest()
HEARTBEAT = "counts scans; a master takes a counter that stands for a dead controller"
MODE = "0 PASSIVE, 1 SELF_CONSUMPTION. writing gives the command `mode`"
GOOD = """name = "tested"
units = [1]
[registers.heartbeat]
address = 0
status = "heartbeat"
type = "u32"
[registers.soc]
address = 4
tag = "rack_1.soc_pct"
scale = 0.1
[registers.mode]
address = 5
tag = "plant_1.mode"
command = "mode"
[registers.quality]
address = 6
quality = ["meter_1.p_kw", "rack_1.*"]
[registers.note]
address = 7
tag = "plate_1.note"
type = "string"
command = "note"
[registers.letters]
address = 11
tag = "plate_1.wide"
type = "string"
"""


def load(tmp_path: Path, text: str) -> tuple[ScadaMap | None, list[Diagnostic]]:
    path = tmp_path / "scada.toml"
    path.write_text(text)
    return load_scada_map(path, tags=MANIFEST.tags, bindings=MANIFEST.bindings, name="scada.toml")


def register(fields: str) -> str:
    return f'name = "tested"\n[registers.x]\n{fields}\n'


def test_map_when_good_then_registers_by_address(tmp_path: Path) -> None:
    scada_map, diagnostics = load(tmp_path, GOOD)
    assert diagnostics == []
    assert scada_map is not None
    assert [(r.name, r.address, r.end) for r in scada_map.registers] == [
        ("heartbeat", 0, 2),
        ("soc", 4, 5),
        ("mode", 5, 6),
        ("quality", 6, 7),
        ("note", 7, 11),
        ("letters", 11, 14),
    ]
    assert [len(tags) for tags in scada_map.registers[3].inputs] == [1, 2]


@pytest.mark.parametrize(
    ("fields", "code", "line", "says"),
    [
        ('address = 1\ntag = "rack_1.soc"', "M7001", 4, "did you mean rack_1.soc_pct?"),
        ('address = 1\ntag = "main.x"', "M7001", 4, "no such tag"),
        ('address = 1\ntag = "plant_1.mode"\ntype = "f32"', "M7003", 5, "CONTROL_MODE"),
        ('address = 1\ntag = "plant_1.mode"\nscale = 0.1', "M7003", 5, "not a quantity"),
        ('address = 1\ntag = "plant_1.count"', "M7003", 4, "use a signed or wider type"),
        ('address = 1\ntag = "command_mode_1.seq"\ntype = "u16"', "M7003", 5, "use u32"),
        ('address = 1\ntag = "command_mode_1.seq"\ntype = "f32"', "M7003", 5, "exact only up to 2^24"),
        ('address = 1\ntag = "rack_1.soc_pct"\nscale = 0.001', "M7003", 5, "it can be 100, the register ends at 65.5"),
        ('address = 1\ntag = "plant_1.uptime"', "M7003", 4, "use i64, or scale = 1e6 for ms"),
        ('address = 1\ntag = "plate_1.code"\ntype = "i16"', "M7003", 5, "nobody outside may see it"),
        ('address = 1\ntag = "plate_1.note"', "M7003", 4, 'use type = "string"'),
        ('address = 1\ntag = "plant_1.mode"\ntype = "string"', "M7003", 5, "it is no string"),
        ('address = 1\ntag = "plate_1.note"\ntype = "string"\nlength = 8', "M7003", 6, "it holds 7 characters, not 8"),
        ('address = 65533\ntag = "plate_1.note"\ntype = "string"', "M7005", 3, "would end at 65536"),
        ('address = 1\ntag = "plate_1.note"\ntype = "string"\nscale = 2', "M1005", 2, "neither `scale` nor"),
        ('address = 1\ntag = "plant_1.mode"\nlength = 2', "M1005", 2, 'goes with type = "string" only'),
        ('address = 1\ntag = "plant_1.mode"\ncommand = "mood"', "M7004", 5, "did you mean mode?"),
        ('address = 1\ntag = "plant_1.mode"\ncommand = "target"', "M7004", 5, "takes REAL"),
        ('address = 65535\ntag = "plant_1.mode"\ntype = "u32"', "M7005", 3, "lies outside the table"),
        ('address = -1\ntag = "plant_1.mode"', "M7005", 3, "below 0"),
        ('address = 1\nquality = ["plant_1.*"]', "M7006", 4, "names no input"),
        (f"address = 1\nquality = {['meter_1.p_kw'] * 17}", "M7006", 4, "17 entries for 16 bits"),
        ('address = 1\ntag = "plant_1.mode"\ncolour = 1', "M1003", 5, "no such key"),
        ("address = 1", "M1005", 2, "exactly one of"),
        ('address = 1\nstatus = "heartbeat"\ncommand = "mode"', "M1005", 2, "go with `tag` only"),
        ('address = 1\ntag = "plant_1.mode"\nscale = 0', "M1005", 5, "greater than 0"),
        ('address = "one"\ntag = "plant_1.mode"', "M1005", 3, "whole number"),
        ("address = ", "M1002", 3, "not valid TOML"),
    ],
)
def test_map_when_a_register_is_wrong_then_diagnostic_at_its_line(
    tmp_path: Path, fields: str, code: str, line: int, says: str
) -> None:
    scada_map, diagnostics = load(tmp_path, register(fields))
    assert scada_map is None
    (found,) = diagnostics
    assert (found.code, found.place.source.name) == (code, "scada.toml")
    assert says in render(found)
    assert found.place.line == line


def test_map_when_registers_overlap_then_both_places_are_shown(tmp_path: Path) -> None:
    text = GOOD + '[registers.wide]\naddress = 3\ntag = "meter_1.p_kw"\ntype = "f32"\n'
    scada_map, (found,) = load(tmp_path, text)
    assert scada_map is None
    assert (found.code, found.place.line) == ("M7002", 8)
    assert [label.text for label in found.labels] == ["soc: 4", "wide: 3 to 4"]
    assert found.help == "move soc to 5 or beyond"


VALUE = '[registers.target]\naddress = 1\ntag = "plant_1.target_kw"\ntype = "f32"\ncommand = "target"\n'
FIELD = '[registers.ramp]\naddress = {}\ntag = "command_target_1.ramp_kw_s"\ntype = "f32"\ncommand = "target"\n'


@pytest.mark.parametrize(
    ("registers", "says"),
    [
        (FIELD.format(3), "0 of them hold the command's value"),
        (VALUE + VALUE.replace("target]", "again]").replace("= 1", "= 5") + FIELD.format(3), "2 of them hold"),
        (VALUE + FIELD.format(4), "ramp does not follow"),
    ],
)
def test_map_when_a_command_has_fields_that_no_single_write_carries_then_said(
    tmp_path: Path, registers: str, says: str
) -> None:
    scada_map, (found,) = load(tmp_path, f'name = "tested"\n{registers}')
    assert scada_map is None
    assert found.code == "M7004"
    assert "the registers of `target` cannot be written in one request" in render(found)
    assert says in render(found)


def test_map_when_a_command_has_fields_beside_its_value_then_they_are_part_of_it(tmp_path: Path) -> None:
    scada_map, diagnostics = load(tmp_path, f'name = "tested"\n{VALUE}{FIELD.format(3)}')
    assert diagnostics == []
    assert scada_map is not None
    assert [(r.name, r.is_field) for r in scada_map.registers] == [("target", False), ("ramp", True)]
    assert "written in one request with the command `target`" in export(scada_map, format="csv")


def test_document_when_exported_then_one_line_a_register_with_labels_and_bits(tmp_path: Path) -> None:
    scada_map, _ = load(tmp_path, GOOD)
    assert scada_map is not None
    assert export(scada_map, format="csv").splitlines() == [
        "address,reference,words,name,type,scale,unit,access,shows,meaning",
        f"0,40001,2,heartbeat,u32,1,,read,heartbeat,{HEARTBEAT}",
        "4,40005,1,soc,u16,0.1,%,read,rack_1.soc_pct,",
        f'5,40006,1,mode,u16,1,,"read, write",plant_1.mode,"{MODE}"',
        "6,40007,1,quality,u16,1,,read,quality bits,1 = not GOOD: bit 0: meter_1.p_kw; bit 1: rack_1.*",
        '7,40008,4,note,string of 7,,,"read, write",plate_1.note,writing gives the command `note`',
        "11,40012,3,letters,string of 3 (UCS-2),,,read,plate_1.wide,",
    ]
    document = export(scada_map, format="md")
    assert "| 5 | 40006 | 1 | mode | u16 | 1 |  | read, write | plant_1.mode |" in document
    assert "within 800 ms" in document
    assert "two characters a register, the first in the high byte" in document
    assert all(line == line.rstrip() for line in document.splitlines())
