"""Faults: something outside the code failed. What, where, and how to mend it.

Two kinds live here and are not mixed. `PlcFault` is a Python exception for start-up, drivers and processes.
`FaultCode` names what can go wrong *inside a program while it runs*: defined behaviour, recorded by the compiled
code as data (see core/appmemory.py), never an exception.
"""

from dataclasses import dataclass
from enum import IntEnum


class PlcFault(Exception):
    """Something outside failed. `what` happened, `where`, and how to mend it (`mend`)."""

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what = what
        self.where = where
        self.mend = mend
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  = help: {self.mend}" if self.mend else text


class ConfigFault(PlcFault):
    """The site cannot start as configured or installed."""


class DriverFault(PlcFault):
    """A device or bus failed. Inside a driver only: to the scan it is BAD quality."""


class ProgramFault(PlcFault):
    """A program cannot be loaded or run."""


class ClusterFault(PlcFault):
    """A peer, or the link to it, failed."""


class FaultCode(IntEnum):
    """What a running program did wrong. The behaviour after each is decided in spec rules 2, 4, 9, 11, 19, 21."""

    DIVISION_BY_ZERO = 1
    """Integer `/` or MOD by 0; the result is 0."""
    INDEX_OUT_OF_RANGE = 2
    """Array index outside its bounds; a read gives the default, a write or call does nothing."""
    NAN_TO_INTEGER = 3
    """REAL to integer conversion of NaN; the result is 0."""
    FOR_STEP_ZERO = 4
    """FOR with BY 0; the loop is not entered."""
    BUDGET_EXCEEDED = 5
    """More loop iterations and calls than the task may use in one scan; the task is cut there."""
    OUTPUT_NOT_FINITE = 6
    """NaN or infinity on an output tag; the output takes its fail-safe value."""
    VALUE_OUT_OF_RANGE = 7
    """A value outside the subrange of the variable it is assigned to; the variable keeps its value."""
    BAD_REFERENCE = 8
    """An interface or reference that is unset, or leads nowhere; a read gives the default, a write or call does
    nothing."""
    TASK_OVERRUN = 16
    """A task whose turn ended after its next release, where the site file calls that a fault; recorded a scan later."""


FAULT_TEXT: dict[FaultCode, str] = {
    FaultCode.DIVISION_BY_ZERO: "integer division by zero, the result is 0",
    FaultCode.INDEX_OUT_OF_RANGE: "array index outside its bounds, the access is dropped",
    FaultCode.NAN_TO_INTEGER: "NaN converted to an integer, the result is 0",
    FaultCode.FOR_STEP_ZERO: "FOR with a step of 0, the loop is not entered",
    FaultCode.BUDGET_EXCEEDED: "the task used up its budget of loop iterations and calls, it is cut here",
    FaultCode.OUTPUT_NOT_FINITE: "NaN or infinity on an output, the output takes its fail-safe value",
    FaultCode.VALUE_OUT_OF_RANGE: "value outside the subrange of the variable, the assignment is dropped",
    FaultCode.BAD_REFERENCE: "an interface or reference that is unset or leads nowhere, the access is dropped",
    FaultCode.TASK_OVERRUN: "the task ended after its next release",
}
"""One line for people, by code."""


@dataclass(frozen=True, slots=True)
class FaultSite:
    """A place in the source where a fault can arise."""

    code: FaultCode
    pou: str
    file: str
    line: int
    column: int
