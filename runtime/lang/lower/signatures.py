"""The names of the standard's functions and of their parameters: what calls are checked against, and editors show."""

from dataclasses import dataclass

from runtime.core import appmemory
from runtime.core.elementary import (
    BOOL,
    BYTE,
    DATE,
    DT,
    DWORD,
    INT,
    LDT,
    LTOD,
    LWORD,
    TIME,
    TOD,
    UDINT,
    UINT,
    ULINT,
    USINT,
    WORD,
    Elementary,
)

REALS = frozenset({"SQRT", "LN", "LOG", "EXP", "SIN", "COS", "TAN", "ASIN", "ACOS", "ATAN", "FLOOR", "CEIL"})
SHIFTS = frozenset({"SHL", "SHR", "ROL", "ROR"})
CLOCK = {
    "TIME": (TIME, appmemory.NOW_NS),
    "SCAN_DT": (TIME, appmemory.DT_NS),
    "FIRST_SCAN": (BOOL, appmemory.FIRST_SCAN),
    "SCAN_NO": (ULINT, appmemory.SCAN_NO),
    "WALL_CLOCK": (DT, appmemory.WALL_NS),
}
FIXED = {
    **dict.fromkeys(REALS | {"ABS", "MOVE", "TRUNC"}, ("IN",)),
    **dict.fromkeys(SHIFTS, ("IN", "N")),
    "ATAN2": ("Y", "X"),
    "EXPT": ("IN1", "IN2"),
    "LIMIT": ("MN", "IN", "MX"),
    "SEL": ("G", "IN0", "IN1"),
    **dict.fromkeys(CLOCK, ()),
}
"""Functions that take exactly so much."""
MAX_OPERANDS = 64
"""Of MIN, MAX and MUX: far more than anybody writes, so that a signature can be listed."""
VARIADIC = {
    "MIN": tuple(f"IN{i}" for i in range(1, MAX_OPERANDS)),
    "MAX": tuple(f"IN{i}" for i in range(1, MAX_OPERANDS)),
    "MUX": ("K", *(f"IN{i}" for i in range(MAX_OPERANDS))),
}
"""Functions that take some of these, in order."""
STRINGS = {
    "LEN": ("IN",),
    "LEFT": ("IN", "L"),
    "RIGHT": ("IN", "L"),
    "MID": ("IN", "L", "P"),
    "INSERT": ("IN1", "IN2", "P"),
    "DELETE": ("IN", "L", "P"),
    "REPLACE": ("IN1", "IN2", "L", "P"),
    "FIND": ("IN1", "IN2"),
    "CONCAT": tuple(f"IN{i}" for i in range(1, 64)),
}


@dataclass(frozen=True, slots=True)
class Form:
    """The operator, how many operands, and whether each is compared with the next."""

    op: str
    most: int
    chain: bool = False


MANY = 64
FORMS = {
    **{n: Form(op, MANY) for n, op in (("ADD", "+"), ("MUL", "*"), ("AND", "AND"), ("OR", "OR"), ("XOR", "XOR"))},
    **{n: Form(op, 2) for n, op in (("SUB", "-"), ("DIV", "/"), ("MOD", "MOD"), ("NE", "<>"))},
    **{n: Form(op, MANY, chain=True) for n, op in (("GT", ">"), ("GE", ">="), ("EQ", "=")) },
    **{n: Form(op, MANY, chain=True) for n, op in (("LE", "<="), ("LT", "<"))},
    **{n: Form("+", 2) for n in ("ADD_TIME", "ADD_TOD_TIME", "ADD_DT_TIME")},
    **{n: Form("+", 2) for n in ("ADD_LTIME", "ADD_LTOD_LTIME", "ADD_LDT_LTIME")},
    **{
        n: Form("-", 2)
        for n in (
            "SUB_TIME", "SUB_LTIME", "SUB_DATE_DATE", "SUB_LDATE_LDATE", "SUB_TOD_TIME", "SUB_LTOD_LTIME",
            "SUB_TOD_TOD", "SUB_LTOD_LTOD", "SUB_DT_TIME", "SUB_LDT_LTIME", "SUB_DT_DT", "SUB_LDT_LDT",
        )
    },
    **{n: Form("*", 2) for n in ("MUL_TIME", "MUL_LTIME", "MULTIME")},
    **{n: Form("/", 2) for n in ("DIV_TIME", "DIV_LTIME", "DIVTIME")},
}  # fmt: skip
MADE = {
    "CONCAT_DATE_TOD": (("DATE", "TOD"), DT),
    "CONCAT_DATE_LTOD": (("DATE", "LTOD"), LDT),
    "CONCAT_DATE": (("YEAR", "MONTH", "DAY"), DATE),
    "CONCAT_TOD": (("HOUR", "MINUTE", "SECOND", "MILLISECOND"), TOD),
    "CONCAT_DT": (("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND"), DT),
    "CONCAT_LTOD": (("HOUR", "MINUTE", "SECOND", "MILLISECOND"), LTOD),
    "CONCAT_LDT": (("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND"), LDT),
    "DAY_OF_WEEK": (("IN",), INT),
}
_BITS = (BYTE, WORD, DWORD, LWORD)
_NUMBERS = (USINT, UINT, UDINT, ULINT)
FROM_BCD: dict[str, tuple[Elementary, Elementary]] = {
    **{f"{b.name}_BCD_TO_{n.name}": (b, n) for b in _BITS for n in _NUMBERS},
    **{f"BCD_TO_{n.name}": (b, n) for b, n in zip(_BITS, _NUMBERS, strict=True)},
}
TO_BCD: dict[str, tuple[Elementary, Elementary]] = {
    **{f"{n.name}_TO_BCD_{b.name}": (n, b) for b in _BITS for n in _NUMBERS},
    **{f"{n.name}_TO_BCD": (n, b) for b, n in zip(_BITS, _NUMBERS, strict=True)},
    **{f"TO_BCD_{b.name}": (ULINT, b) for b in _BITS},
}
ENDIAN = ("TO_BIG_ENDIAN", "TO_LITTLE_ENDIAN", "FROM_BIG_ENDIAN", "FROM_LITTLE_ENDIAN")
VALID = ("IS_VALID", "IS_VALID_BCD")
QUALITY = ("QUALITY", "IS_GOOD", "AGE")
SIZEOF = "SIZEOF"
BOUNDS = ("LOWER_BOUND", "UPPER_BOUND")
PARAMETERS: dict[str, tuple[str, ...]] = {
    **FIXED,
    **VARIADIC,
    **STRINGS,
    **{name: tuple(f"IN{i}" for i in range(1, form.most + 1)) for name, form in FORMS.items()},
    **{name: parameters for name, (parameters, _) in MADE.items()},
    **dict.fromkeys(QUALITY, ("TAG",)),
    **dict.fromkeys((*FROM_BCD, *TO_BCD, *ENDIAN, *VALID, SIZEOF), ("IN",)),
    **dict.fromkeys(BOUNDS, ("ARR", "DIM")),
}
"""Every standard function but the conversions X_TO_Y, whose names are made of types."""
TEST_STATEMENTS = {
    "assert": ("CONDITION",),
    "assert_eq": ("ACTUAL", "EXPECTED"),
    "assert_near": ("ACTUAL", "EXPECTED", "TOLERANCE"),
    "assert_fault": ("CODE",),
    "advance": ("DURATION",),
    "advance_scans": ("COUNT",),
    "set_quality": ("TAG", "LEVEL"),
}
"""What a test may say beside ST, and the names of the parameters."""
