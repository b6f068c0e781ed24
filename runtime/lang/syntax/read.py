"""What reading a literal gives."""

from dataclasses import dataclass

from runtime.core.elementary import Elementary, Value
from runtime.lang.semantics.types import Flexible


@dataclass(frozen=True, slots=True)
class Read:
    """What a literal is. `type` None with `label`: `NAME#label`, an enumeration's value. `problem` when it is wrong."""

    type: Elementary | Flexible | None = None
    value: Value = 0
    prefix: str = ""
    label: str = ""
    problem: str = ""
