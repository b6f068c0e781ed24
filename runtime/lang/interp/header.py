"""The header of application memory as the interpreter writes it: faults and the budget."""

import struct
from collections.abc import Callable

from runtime.core import appmemory
from runtime.lang.interp.activation import TaskCut
from runtime.lang.ir import Asked
from runtime.lang.machine import Buffer
from runtime.lang.testing.advance import OnAdvance

_I64 = struct.Struct("<q")
_U64 = struct.Struct("<Q")
_ENTRY = struct.Struct("<IIQ")
_COUNT_MASK = (1 << 64) - 1


class Header:
    """Records faults and charges the budget in one application memory."""

    def __init__(self, memory: Buffer) -> None:
        self._memory = memory
        self.advance: OnAdvance | None = None
        self.on_fault: Callable[[int], None] | None = None
        self.instance = 0
        """Where the instance lies whose body runs; 0 when it has none in application memory."""

    def record_fault(self, site: int) -> None:
        """Enter a fault into the ring and count it; inside a call with ENO, count it as caught."""
        if any(self._memory[appmemory.CATCHING : appmemory.CATCHING + 4]):
            caught: int = _U64.unpack_from(self._memory, appmemory.CAUGHT)[0]
            _U64.pack_into(self._memory, appmemory.CAUGHT, (caught + 1) & _COUNT_MASK)
        else:
            self._enter(site)

    def start_task(self) -> None:
        """No call is under way: a cut may have left some behind."""
        self.instance = 0
        self._memory[appmemory.CATCHING : appmemory.CATCHING + 4] = bytes(4)

    def _enter(self, site: int) -> None:
        memory = self._memory
        count: int = _U64.unpack_from(memory, appmemory.FAULT_COUNT)[0]
        scan_no: int = _U64.unpack_from(memory, appmemory.SCAN_NO)[0]
        entry = appmemory.FAULT_RING + count % appmemory.FAULT_RING_LEN * appmemory.FAULT_ENTRY_SIZE
        _ENTRY.pack_into(memory, entry, site, self.instance, scan_no)
        _U64.pack_into(memory, appmemory.FAULT_COUNT, (count + 1) & _COUNT_MASK)
        if self.on_fault is not None:
            self.on_fault(site)

    def ask(self, amount: int, asked: Asked) -> None:
        """Call back who runs the test; raise TaskCut when the test must end."""
        assert self.advance is not None, "a TEST runs, and nobody answers it"
        instance = self.instance
        self.advance(amount, asked)
        self.instance = instance
        if self._memory[appmemory.CUT]:
            raise TaskCut

    def charge(self, cost: int, site: int) -> None:
        """Take `cost` from the budget; with less left, record the fault, set CUT and raise TaskCut."""
        left: int = _I64.unpack_from(self._memory, appmemory.BUDGET)[0]
        if left < cost:
            self._enter(site)
            self._memory[appmemory.CUT] = 1
            raise TaskCut
        _I64.pack_into(self._memory, appmemory.BUDGET, left - cost)
