"""Faults of the link between a client and a controller's gateway."""

from runtime.core.fault import PlcFault


class WireFault(PlcFault):
    """The link failed: no controller, no answer, or a message that cannot be understood."""


class NoAnswerFault(WireFault):
    """Nothing answered in time."""


class RefusedFault(WireFault):
    """The gateway answered, and the answer is no: what, where and mend are the gateway's words."""


class ValueFault(PlcFault):
    """A value that the variable cannot take."""
