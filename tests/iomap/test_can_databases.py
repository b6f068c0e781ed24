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


def _arxml_signal(name: str, start: int) -> str:
    """Where a signal lies in the frame."""
    return f"""<I-SIGNAL-TO-I-PDU-MAPPING><SHORT-NAME>{name}Place</SHORT-NAME>
<I-SIGNAL-REF DEST="I-SIGNAL">/p/{name}</I-SIGNAL-REF>
<PACKING-BYTE-ORDER>MOST-SIGNIFICANT-BYTE-LAST</PACKING-BYTE-ORDER><START-POSITION>{start}</START-POSITION>
</I-SIGNAL-TO-I-PDU-MAPPING>"""


def _arxml_type(name: str, length: int, encoding: str, method: str) -> str:
    """What a signal's bits mean."""
    return f"""<I-SIGNAL><SHORT-NAME>{name}</SHORT-NAME><LENGTH>{length}</LENGTH><NETWORK-REPRESENTATION-PROPS>
<SW-DATA-DEF-PROPS-VARIANTS><SW-DATA-DEF-PROPS-CONDITIONAL>
<BASE-TYPE-REF DEST="SW-BASE-TYPE">/p/{name}Base</BASE-TYPE-REF>
</SW-DATA-DEF-PROPS-CONDITIONAL></SW-DATA-DEF-PROPS-VARIANTS></NETWORK-REPRESENTATION-PROPS>
<SYSTEM-SIGNAL-REF DEST="SYSTEM-SIGNAL">/p/{name}System</SYSTEM-SIGNAL-REF></I-SIGNAL>
<SYSTEM-SIGNAL><SHORT-NAME>{name}System</SHORT-NAME><PHYSICAL-PROPS><SW-DATA-DEF-PROPS-VARIANTS>
<SW-DATA-DEF-PROPS-CONDITIONAL>{method}</SW-DATA-DEF-PROPS-CONDITIONAL></SW-DATA-DEF-PROPS-VARIANTS></PHYSICAL-PROPS>
</SYSTEM-SIGNAL>
<SW-BASE-TYPE><SHORT-NAME>{name}Base</SHORT-NAME><BASE-TYPE-SIZE>{length}</BASE-TYPE-SIZE>
<BASE-TYPE-ENCODING>{encoding}</BASE-TYPE-ENCODING></SW-BASE-TYPE>"""


ARXML = f"""<?xml version="1.0" encoding="UTF-8"?>
<AUTOSAR xmlns="http://autosar.org/schema/r4.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:schemaLocation="http://autosar.org/schema/r4.0 AUTOSAR_4-3-0.xsd">
<AR-PACKAGES><AR-PACKAGE><SHORT-NAME>p</SHORT-NAME><ELEMENTS>
<CAN-CLUSTER><SHORT-NAME>c</SHORT-NAME><CAN-CLUSTER-VARIANTS><CAN-CLUSTER-CONDITIONAL><PHYSICAL-CHANNELS>
<CAN-PHYSICAL-CHANNEL><SHORT-NAME>b</SHORT-NAME><FRAME-TRIGGERINGS><CAN-FRAME-TRIGGERING><SHORT-NAME>t</SHORT-NAME>
<FRAME-REF DEST="CAN-FRAME">/p/LEVELS</FRAME-REF><CAN-ADDRESSING-MODE>STANDARD</CAN-ADDRESSING-MODE>
<IDENTIFIER>291</IDENTIFIER></CAN-FRAME-TRIGGERING></FRAME-TRIGGERINGS></CAN-PHYSICAL-CHANNEL>
</PHYSICAL-CHANNELS></CAN-CLUSTER-CONDITIONAL></CAN-CLUSTER-VARIANTS></CAN-CLUSTER>
<CAN-FRAME><SHORT-NAME>LEVELS</SHORT-NAME><FRAME-LENGTH>4</FRAME-LENGTH><PDU-TO-FRAME-MAPPINGS>
<PDU-TO-FRAME-MAPPING><SHORT-NAME>m</SHORT-NAME><PDU-REF DEST="I-SIGNAL-I-PDU">/p/levels</PDU-REF>
</PDU-TO-FRAME-MAPPING></PDU-TO-FRAME-MAPPINGS></CAN-FRAME>
<I-SIGNAL-I-PDU><SHORT-NAME>levels</SHORT-NAME><LENGTH>4</LENGTH><I-SIGNAL-TO-PDU-MAPPINGS>
{_arxml_signal("Level", 0)}{_arxml_signal("Guard", 24)}
</I-SIGNAL-TO-PDU-MAPPINGS></I-SIGNAL-I-PDU>
{_arxml_type("Level", 16, "2C", '<COMPU-METHOD-REF DEST="COMPU-METHOD">/p/volts</COMPU-METHOD-REF>')}
{_arxml_type("Guard", 8, "NONE", "")}
<COMPU-METHOD><SHORT-NAME>volts</SHORT-NAME><CATEGORY>LINEAR</CATEGORY><COMPU-INTERNAL-TO-PHYS><COMPU-SCALES>
<COMPU-SCALE><COMPU-RATIONAL-COEFFS><COMPU-NUMERATOR><V>10</V><V>0.5</V></COMPU-NUMERATOR>
<COMPU-DENOMINATOR><V>1</V></COMPU-DENOMINATOR></COMPU-RATIONAL-COEFFS></COMPU-SCALE>
</COMPU-SCALES></COMPU-INTERNAL-TO-PHYS></COMPU-METHOD>
</ELEMENTS></AR-PACKAGE></AR-PACKAGES></AUTOSAR>
"""


@pytest.mark.parametrize(("ending", "text"), [("dbc", DBC), ("kcd", KCD), ("sym", SYM), ("arxml", ARXML)])
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
