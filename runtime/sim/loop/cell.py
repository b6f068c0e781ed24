"""One variable in a machine's memory, found once: what the simulated wires and the recorder of a closed loop touch."""

import struct

from runtime.core.elementary import Value
from runtime.core.fault import ProgramFault
from runtime.core.quality import Quality
from runtime.core.tag import Tag, Variable
from runtime.lang.machine import Machine


class Cell:
    """One tag or variable in a machine's memory: fast reading and writing by name, found once."""

    def __init__(self, machine: Machine, name: str) -> None:
        found = machine.app.tags.find(name)
        if found is None:
            nearest = machine.app.tags.nearest(name)
            mend = f"did you mean `{nearest}`?" if nearest else "`voltscan tags` lists the names"
            raise ProgramFault(f"the programs have no variable `{name}`", mend=mend)
        self.variable: Variable = found
        self._memory = machine.memory
        self._codec = found.type.codec
        self._offset = found.offset
        self._quality_at = self._stamp_at = -1
        if isinstance(found, Tag):
            self._quality_at = machine.app.quality_offset + found.index
            self._stamp_at = machine.app.stamp_offset + 8 * found.index

    def read(self) -> Value:
        """The value now."""
        value: Value = self._codec.unpack_from(self._memory, self._offset)[0]
        return value

    def write(self, value: Value | str) -> None:
        """Set the value alone. An enumeration's value may be given by its label."""
        if isinstance(value, str):
            value = self._labelled(value)
        self._codec.pack_into(self._memory, self._offset, value)

    def latch(self, value: Value, quality: Quality, stamp_ns: int) -> None:
        """Set the value of an input with its quality and time stamp."""
        self._codec.pack_into(self._memory, self._offset, value)
        self._memory[self._quality_at] = int(quality)
        struct.pack_into("<q", self._memory, self._stamp_at, stamp_ns)

    def spoil(self) -> None:
        """Turn an input BAD; value and time stamp stay."""
        self._memory[self._quality_at] = int(Quality.BAD)

    def _labelled(self, label: str) -> int:
        for name, value in self.variable.labels:
            if name.lower() == label.lower():
                return value
        known = ", ".join(name for name, _ in self.variable.labels) or "none: it is no enumeration"
        raise ProgramFault(f"`{self.variable.name}` has no label `{label}`", mend=f"its labels: {known}")
