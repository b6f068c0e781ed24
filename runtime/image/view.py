"""A ctypes structure seen from emitted code: fields by name, one source for their offsets and widths."""

import ctypes
from typing import Any

from runtime.image.emit import F64, I8, I32, I64, PTR, Order, Real, Routine, Word

_WIDTHS = {
    ctypes.c_uint8: I8,
    ctypes.c_uint32: I32,
    ctypes.c_int64: I64,
    ctypes.c_uint64: I64,
    ctypes.c_double: F64,
    ctypes.c_void_p: PTR,
}


class View:
    """A structure at an address: `view["field"]` loads, `view["field"] = word` stores."""

    def __init__(self, r: Routine, of: type[ctypes.Structure], pointer: Word) -> None:
        self._r = r
        self._types: dict[str, Any] = {field[0]: field[1] for field in of._fields_}
        self._of = of
        self.pointer = pointer

    def __getitem__(self, field: str) -> Word:
        return self.address(field).load(_WIDTHS[self._types[field]])

    def __setitem__(self, field: str, value: Word) -> None:
        assert value.ir.type == _WIDTHS[self._types[field]], f"{self._of.__name__}.{field} has another width"
        self.address(field).store(value)

    def real(self, field: str) -> Real:
        """Load a 64-bit real number."""
        return self[field].as_real()

    def atomic(self, field: str, order: Order) -> Word:
        """Load a word that another process writes."""
        return self.address(field).load(_WIDTHS[self._types[field]], order)

    def set_atomic(self, field: str, value: Word, order: Order) -> None:
        """Store a word that other processes watch."""
        assert value.ir.type == _WIDTHS[self._types[field]], f"{self._of.__name__}.{field} has another width"
        self.address(field).store(value, order)

    def add(self, field: str, amount: "Word | int") -> None:
        """Count up a word that only this thread writes; others may look at it at any time."""
        self.set_atomic(field, self.atomic(field, "monotonic") + amount, "monotonic")

    def address(self, field: str) -> Word:
        """Where the field is."""
        return self.pointer.at(getattr(self._of, field).offset)

    def inner(self, field: str) -> "View":
        """A structure within this one."""
        return View(self._r, self._types[field], self.address(field))

    def element(self, field: str, of: type[ctypes.Structure], index: Word) -> "View":
        """Element `index` of the table that the pointer in `field` points at."""
        return View(self._r, of, self[field].at(index * ctypes.sizeof(of)))

    def element_at(self, start: Word, of: type[ctypes.Structure], index: Word) -> "View":
        """Element `index` of a table at an address that was loaded before, outside a loop over it."""
        return View(self._r, of, start.at(index * ctypes.sizeof(of)))
