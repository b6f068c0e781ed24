"""Temporary variables at a fault: what a statement names of its call's frame, behind application memory in a capture.

    u64 how many, then FAULT_LOCALS_MAX entries of: name (NAME_SIZE bytes, UTF-8, filled with 0), name of its elementary
    type (TYPE_SIZE bytes), value (8 bytes, the first of them in the type's own form)

Compiled code tells them right before it records a fault (lang/llvm/bodies.py), the scan copies them (scan/phases).
"""

import struct

from runtime.core.elementary import Elementary, Value, elementary

FAULT_LOCALS_MAX = 8
NAME_SIZE, TYPE_SIZE = 32, 16
TEXT_SIZE = NAME_SIZE + TYPE_SIZE
"""Name and type, as compiled code holds them."""
ENTRY_SIZE = TEXT_SIZE + 8
FAULT_LOCALS_SIZE = 8 + FAULT_LOCALS_MAX * ENTRY_SIZE
_COUNT = struct.Struct("<Q")


def local_text(name: str, of: Elementary) -> bytes:
    """Name and type of a variable, as an entry begins."""
    cut = name.encode()[: NAME_SIZE - 1].decode(errors="ignore").encode()
    return cut.ljust(NAME_SIZE, b"\0") + of.name.encode()[:TYPE_SIZE].ljust(TYPE_SIZE, b"\0")


def locals_behind(memory: bytes, app_size: int) -> dict[str, tuple[Elementary, Value]]:
    """The variables by name, with their values; none where nothing lies behind application memory."""
    if len(memory) < app_size + FAULT_LOCALS_SIZE:
        return {}
    count: int = _COUNT.unpack_from(memory, app_size)[0]
    found: dict[str, tuple[Elementary, Value]] = {}
    for number in range(min(count, FAULT_LOCALS_MAX)):
        at = app_size + _COUNT.size + number * ENTRY_SIZE
        name, of = (
            memory[start : start + size].split(b"\0", 1)[0].decode(errors="replace")
            for start, size in ((at, NAME_SIZE), (at + NAME_SIZE, TYPE_SIZE))
        )
        kind = elementary(of)
        found[name] = (kind, kind.unpack(memory, at + TEXT_SIZE))
    return found
