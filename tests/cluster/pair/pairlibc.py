"""The native exchange itself (redundancy/exchangecode.py) with another C library below it: one of virtual time.

It calls `ppoll`, `recv`, `send`, `read` and `write`, and seals and opens what it sends and gets. Here each of these
asks whoever runs the code, the newest last: one exchange may stand still in a call while another one runs.
"""

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

from llvmlite import binding

from runtime.cluster.redundancy import exchangecode
from runtime.image.nativecode import NativeCode, object_code

_CALLS = ("ppoll", "recv", "send", "read", "write")
_U32, _I64, _AT = ctypes.c_uint32, ctypes.c_int64, ctypes.c_void_p


class Calls(Protocol):
    """What a process makes of the calls of its exchange."""

    def poll(self, polled: int, timeout: int) -> int: ...

    def receive(self, fd: int, room: int) -> int: ...

    def send(self, fd: int) -> int: ...

    def read(self) -> int: ...

    def wake_io(self) -> int: ...

    def seal(self, content: int, size: int) -> int: ...

    def open(self, content: int, sealed: int, size: int) -> int: ...


class _Run:
    """One run of the native code. What a call raises passes through no native code: it is kept, and the run ends."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.raised: BaseException | None = None

    def __enter__(self) -> Calls:
        return self.calls

    def __exit__(self, _: object, raised: BaseException | None, *__: object) -> bool:
        self.raised = raised
        return True


_inside: list[_Run] = []


def run(calls: Calls, native: Callable[[int], int], plan: int) -> int:
    """Run the native code over these calls. What they raise is raised once it has returned, which it does then."""
    this = _Run(calls)
    _inside.append(this)
    end = native(plan)
    assert _inside.pop() is this
    if this.raised is not None:
        raise this.raised
    return end


def _asks(act: Callable[..., int]) -> Callable[..., int]:
    def ask(*arguments: Any) -> int:
        this = _inside[-1]
        if this.raised is None:
            with this as calls:
                return act(calls, *arguments)
        return -1

    return ask


_PROTOTYPES: dict[str, tuple[tuple[Any, ...], Callable[..., int]]] = {
    "ppoll": ((ctypes.c_int32, _AT, _I64, _AT, _AT), lambda c, polled, _n, time, _mask: c.poll(polled, time)),
    "recv": ((_I64, _U32, _AT, _I64, _U32), lambda c, fd, room, _size, _flags: c.receive(fd, room)),
    "send": ((_I64, _U32, _AT, _I64, _U32), lambda c, fd, _at, _size, _flags: c.send(fd)),
    "read": ((_I64, _U32, _AT, _I64), lambda c, *_: c.read()),
    "write": ((_I64, _U32, _AT, _I64), lambda c, *_: c.wake_io()),
    "seal": (
        (ctypes.c_int32, _AT, _AT, _AT, _I64, _AT, _I64, _AT, _AT, _AT),
        lambda c, _to, _none, content, size, *_: c.seal(content, size),
    ),
    "open": (
        (ctypes.c_int32, _AT, _AT, _AT, _AT, _I64, _AT, _I64, _AT, _AT),
        lambda c, to, _size, _none, sealed, size, *_: c.open(to, sealed, size),
    ),
}
_KEPT = {name: ctypes.PYFUNCTYPE(*types)(_asks(act)) for name, (types, act) in _PROTOTYPES.items()}


def address(name: str) -> int:
    """Of the function that stands for that one."""
    found = ctypes.cast(_KEPT[name], ctypes.c_void_p).value
    assert found is not None
    return found


@cache
def native_code() -> NativeCode:
    """The exchange, bound to the calls of this file. Its text is that of the real one but for their names."""
    text = exchangecode.write_exchange()
    for name in _CALLS:
        assert text.count(f'declare i64 @"{name}"') + text.count(f'declare i32 @"{name}"') == 1
        text = text.replace(f'@"{name}"', f'@"virtual_{name}"')
        binding.add_symbol(f"virtual_{name}", address(name))
    return NativeCode(object_code(text))
