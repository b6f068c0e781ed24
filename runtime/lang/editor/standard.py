"""The standard's functions and a test's own statements, as an editor shows them.

Names and parameters are those that calls are checked against (lower/signatures.py); what is said of them is here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from runtime.core.elementary import ELEMENTARY, Elementary, Kind
from runtime.lang.lower.signatures import FORMS, FROM_BCD, MADE, PARAMETERS, TEST_STATEMENTS, TO_BCD, VARIADIC

_SHOWN = 3
"""Of parameters that go on."""
_REAL, _NUMBER, _BITS, _TEXT = "ANY_REAL", "ANY_NUM", "ANY_BIT", "ANY_STRING"
_TOLD = {
    "ABS": (_NUMBER, "the value without its sign"),
    "SQRT": (_REAL, "square root; NaN of a negative number"),
    "LN": (_REAL, "natural logarithm"),
    "LOG": (_REAL, "logarithm to the base 10"),
    "EXP": (_REAL, "e to the power of IN"),
    "SIN": (_REAL, "sine of an angle in radians"),
    "COS": (_REAL, "cosine of an angle in radians"),
    "TAN": (_REAL, "tangent of an angle in radians"),
    "ASIN": (_REAL, "arc sine, in radians"),
    "ACOS": (_REAL, "arc cosine, in radians"),
    "ATAN": (_REAL, "arc tangent, in radians"),
    "ATAN2": (_REAL, "angle of the point (X, Y), in radians"),
    "FLOOR": (_REAL, "the nearest whole number that is not greater"),
    "CEIL": (_REAL, "the nearest whole number that is not less"),
    "TRUNC": ("ANY_INT", "the whole part, towards 0; of NaN 0 and a fault"),
    "EXPT": (_REAL, "IN1 to the power of IN2"),
    "MOVE": ("ANY", "the value itself"),
    "SHL": (_BITS, "IN shifted left by N bits, zeros come in"),
    "SHR": (_BITS, "IN shifted right by N bits, zeros come in"),
    "ROL": (_BITS, "IN rotated left by N bits"),
    "ROR": (_BITS, "IN rotated right by N bits"),
    "LIMIT": ("ANY_ELEMENTARY", "IN, but at least MN and at most MX"),
    "SEL": ("ANY", "IN0 while G is FALSE, IN1 while it is TRUE"),
    "MUX": ("ANY", "the one of the inputs that K counts to, from 0"),
    "MIN": ("ANY_ELEMENTARY", "the least of its inputs"),
    "MAX": ("ANY_ELEMENTARY", "the greatest of its inputs"),
    "TIME": ("TIME", "the scan clock: constant within a scan, never set back"),
    "SCAN_DT": ("TIME", "time since this task ran last"),
    "FIRST_SCAN": ("BOOL", "TRUE in the first scan after a start"),
    "SCAN_NO": ("ULINT", "number of the scan since the start"),
    "WALL_CLOCK": ("DT", "date and time (UTC), the same all through a scan; it may be stepped"),
    "LEN": ("INT", "how many characters a string has"),
    "LEFT": (_TEXT, "the first L characters"),
    "RIGHT": (_TEXT, "the last L characters"),
    "MID": (_TEXT, "L characters from position P on, counted from 1"),
    "CONCAT": (_TEXT, "its inputs one behind another"),
    "INSERT": (_TEXT, "IN1 with IN2 behind its character P"),
    "DELETE": (_TEXT, "IN without L characters from position P on"),
    "REPLACE": (_TEXT, "IN1 with IN2 instead of L characters from position P on"),
    "FIND": ("INT", "the position of IN2 in IN1, from 1; 0 when it is not there"),
    "QUALITY": ("BYTE", "how far a tag may be trusted: GOOD, UNCERTAIN or BAD"),
    "IS_GOOD": ("BOOL", "TRUE while the quality of a tag, or of all that a structure needs, is GOOD"),
    "AGE": ("TIME", "time since a tag was read from its device"),
    "LOWER_BOUND": ("ANY_INT", "the first index of a dimension of an array"),
    "UPPER_BOUND": ("ANY_INT", "the last index of a dimension of an array"),
    "TO_BIG_ENDIAN": ("ANY", "the value with its bytes in big-endian order"),
    "FROM_BIG_ENDIAN": ("ANY", "the value whose bytes are in big-endian order"),
    "TO_LITTLE_ENDIAN": ("ANY", "the value itself: controllers are little-endian"),
    "FROM_LITTLE_ENDIAN": ("ANY", "the value itself: controllers are little-endian"),
    "IS_VALID": ("BOOL", "FALSE for NaN and infinity"),
    "IS_VALID_BCD": ("BOOL", "FALSE when a digit is above 9"),
    "SIZEOF": ("ANY_INT", "bytes that a variable or type takes"),
    "CONCAT_DATE_TOD": ("DT", "date and time of day together"),
    "CONCAT_DATE": ("DATE", "the date of year, month and day"),
    "CONCAT_TOD": ("TOD", "the time of day of its parts"),
    "CONCAT_DT": ("DT", "the date and time of its parts"),
    "DAY_OF_WEEK": ("INT", "0 for Sunday to 6 for Saturday"),
    "ASSERT": ("", "ends the test as failed unless CONDITION holds"),
    "ASSERT_EQ": ("", "ends the test as failed unless both are equal"),
    "ASSERT_NEAR": ("", "ends the test as failed unless ACTUAL is within TOLERANCE of EXPECTED"),
    "ASSERT_FAULT": ("", "ends the test as failed unless such a fault was recorded; then it counts as wanted"),
    "ADVANCE": ("", "lets the programs run for a time, on virtual time"),
    "ADVANCE_SCANS": ("", "lets the programs run for so many scans"),
    "SET_QUALITY": ("", "gives a tag, or all of a structure, the quality GOOD, UNCERTAIN or BAD"),
}
_CONVERSION = re.compile(r"(?:(\w+?)_)?TO_(\w+)")
_KINDS = (Kind.SIGNED, Kind.UNSIGNED, Kind.REAL, Kind.BITS)


@dataclass(frozen=True, slots=True)
class Standard:
    """A function as it is shown: `LIMIT(MN, IN, MX) : ANY_ELEMENTARY`."""

    name: str
    parameters: tuple[str, ...]
    result: str
    about: str

    @property
    def signature(self) -> str:
        """The call with its parameters, and the result's type."""
        return f"{self.name}({', '.join(self.parameters)})" + (f" : {self.result}" if self.result else "")


def standard_function(name: str, *, in_test: bool = False) -> Standard | None:
    """The standard function of this name, or a test's own statement."""
    name = name.upper()
    parameters = PARAMETERS.get(name)
    if in_test and name.lower() in TEST_STATEMENTS:
        parameters = TEST_STATEMENTS[name.lower()]
    if parameters is None:
        return _conversion(name)
    result, about = _TOLD.get(name) or _made(name)
    goes_on = name in VARIADIC or len(parameters) > 2 * _SHOWN + 1
    return Standard(name, (*parameters[:_SHOWN], "…") if goes_on else parameters, result, about)


def standard_functions(*, in_test: bool) -> Iterator[Standard]:
    """All that have a name of their own; conversions, whose names are made of types, are left out."""
    for name in (*PARAMETERS, *(TEST_STATEMENTS if in_test else ())):
        if name not in FROM_BCD and name not in TO_BCD:
            found = standard_function(name, in_test=in_test)
            assert found is not None
            yield found


def conversions_from(source: str) -> Iterator[Standard]:
    """X_TO_Y of an elementary type X, for each Y that numbers and bits are converted to."""
    kind = ELEMENTARY.get(source.upper())
    for target in ELEMENTARY.values() if kind is not None else ():
        found = _conversion(f"{source.upper()}_TO_{target.name}") if target.kind in _KINDS else None
        if found is not None and target is not kind:
            yield found


def _made(name: str) -> tuple[str, str]:
    """Result and description of a function that is made by rule."""
    if name in FORMS:
        form = FORMS[name]
        more = f" {form.op} …" if form.most > 2 else ""
        if form.chain or form.op == "<>":
            return "BOOL", f"IN1 {form.op} IN2{more}, each compared with the next" if form.chain else "IN1 <> IN2"
        return "ANY", f"IN1 {form.op} IN2{more}"
    if name in MADE:
        return MADE[name][1].name, "made of its parts"
    source, target = FROM_BCD.get(name) or TO_BCD[name]
    return target.name, f"{source.name} to {target.name}, in binary coded decimals"


def _conversion(name: str) -> Standard | None:
    found = _CONVERSION.fullmatch(name)
    source: Elementary | None = ELEMENTARY.get(found[1]) if found is not None and found[1] else None
    target = ELEMENTARY.get(found[2]) if found is not None else None
    if found is None or target is None or (found[1] and source is None):
        return None
    about = f"{source.name if source else 'a value'} as {target.name}"
    if target.kind in (Kind.SIGNED, Kind.UNSIGNED) and (source is None or source.kind is Kind.REAL):
        about += "; rounds half to even and stops at the ends of the type"
    return Standard(name, ("IN",), target.name, about)
