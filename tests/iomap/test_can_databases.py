"""One message written in each format of CAN databases is read alike; what is none of them is refused."""

from pathlib import Path

import pytest

from runtime.core.fault import ConfigFault
from runtime.iomap.dbc import read_dbc

DBC = """VERSION ""
BU_: A B
BO_ 291 LEVELS: 4 A
 SG_ Level : 0|16@1- (0.5,10) [0|0] "V" B
 SG_ Guard : 24|8@1+ (1,0) [0|255] "" B
"""
KCD = """<?xml version="1.0" encoding="UTF-8"?>
<NetworkDefinition xmlns="http://kayak.2codeornot2code.org/1.0"><Document name="d"/>
<Bus name="b"><Message id="0x123" name="LEVELS" length="4">
<Signal name="Level" offset="0" length="16"><Value type="signed" slope="0.5" intercept="10"/></Signal>
<Signal name="Guard" offset="24" length="8"/>
</Message></Bus></NetworkDefinition>
"""
SYM = """FormatVersion=6.0 // Do not edit this line!
Title="t"
{SIGNALS}
Sig=Level signed 16 /f:0.5 /o:10
Sig=Guard unsigned 8
{SEND}
[LEVELS]
ID=123h
Len=4
Sig=Level 0
Sig=Guard 24
"""


@pytest.mark.parametrize(("ending", "text"), [("dbc", DBC), ("kcd", KCD), ("sym", SYM)])
def test_database_when_in_another_format_then_the_facts_are_the_same(ending: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / f"levels.{ending}"
    path.write_text(text)
    database = read_dbc(path)
    frame = database.frames["LEVELS"]
    assert (database.format, frame.frame_id, frame.extended, frame.length) == (ending, 0x123, False, 4)
    level = frame.signals["Level"]
    assert (level.bits, level.signed, level.scale, level.offset) == (16, True, 0.5, 10.0)
    assert frame.byte_of == {"Guard": 3}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.dbc", "BO_ nonsense", "a.dbc is not a DBC file"),
        ("a.kcd", "<NetworkDefinition>", "a.kcd is not a KCD file"),
        ("a.sym", "{SIGNALS", "a.sym is not a SYM file"),
        ("a.arxml", "<AUTOSAR/>", "a.arxml is not a ARXML file"),
        ("a.cdd", "<CANDELA/>", "a.cdd is no CAN database"),
    ],
)
def test_database_when_it_is_none_then_refused_by_name(name: str, text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigFault, match=told):
        read_dbc(tmp_path / name)
