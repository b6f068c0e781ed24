"""The compiled primitives by which every process publishes and reads shared memory (protocol: layout.py).

Python has no memory fences, so no process touches a channel or a shared word in any other way. All functions take
addresses; they never wait, allocate or fail, whatever bytes the shared memory holds.
"""

import ctypes
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime.core.objectcache import ObjectCache
from runtime.image.nativecode import NativeCode, cached_object_code, native_cache

_SOURCES = tuple(
    Path(__file__).with_name(f"{name}.py") for name in ("channelcode", "deltacode", "emit", "layout", "words")
)
_cache: ObjectCache | None = None

_ADDRESS, _SIZE = ctypes.c_uint64, ctypes.c_uint64


def use_cache(cache_dir: Path) -> None:
    """Keep the primitives' machine code below `cache_dir` from now on. Call it before the first use in this process."""
    global _cache
    _cache = native_cache(cache_dir)


class Primitives:
    """The primitives, bound."""

    def __init__(self, cache: ObjectCache | None) -> None:
        self._native = NativeCode(cached_object_code(cache, _SOURCES, _write))
        channel = (_ADDRESS, _SIZE, _SIZE, _SIZE, _ADDRESS)
        self.publish: Callable[[int, int, int, int, int], int] = self._bind("vs_publish", ctypes.c_uint64, *channel)
        """(channel address, slots, slot stride, payload size, source address) -> number of the payload."""
        self.read: Callable[[int, int, int, int, int], int] = self._bind("vs_read", ctypes.c_uint64, *channel)
        """(channel address, slots, slot stride, payload size, target address) -> its number; 0: none yet, or lapped
        by the writer (then the target holds garbage)."""
        self.load_u32: Callable[[int], int] = self._bind("vs_load_u32", ctypes.c_uint32, _ADDRESS)
        self.load_u64: Callable[[int], int] = self._bind("vs_load_u64", ctypes.c_uint64, _ADDRESS)
        self.load_i64: Callable[[int], int] = self._bind("vs_load_u64", ctypes.c_int64, _ADDRESS)
        """Loads acquire: whoever sees the word sees all that was written before it."""
        self.store_u8: Callable[[int, int], None] = self._bind("vs_store_u8", None, _ADDRESS, ctypes.c_uint8)
        self.store_u32: Callable[[int, int], None] = self._bind("vs_store_u32", None, _ADDRESS, ctypes.c_uint32)
        self.store_u64: Callable[[int, int], None] = self._bind("vs_store_u64", None, _ADDRESS, ctypes.c_uint64)
        self.store_i64: Callable[[int, int], None] = self._bind("vs_store_u64", None, _ADDRESS, ctypes.c_int64)
        """Stores release."""
        self.add_u64: Callable[[int, int], int] = self._bind("vs_add_u64", ctypes.c_uint64, _ADDRESS, ctypes.c_uint64)
        """Adds in one step, acquire and release; the value before."""
        content = ctypes.c_char_p
        self.delta: Callable[[bytes, bytes, int, int, int, int], int] = self._bind(
            "vs_delta", ctypes.c_uint64, content, content, _SIZE, _ADDRESS, _ADDRESS, _ADDRESS
        )
        """(before, after, blocks, address for places, for contents, for the check sum of `after`) -> how many blocks
        differ; each has its place, as 32 bit, and its content after, one behind the other (deltacode.py)."""
        self.patch: Callable[[int, int, int, int, int], int] = self._bind(
            "vs_patch", ctypes.c_uint64, _ADDRESS, _SIZE, _ADDRESS, _ADDRESS, _SIZE
        )
        """(address of memory, its blocks, address of places, of contents, their count) -> 1; 0 where a place is none of
        the memory's."""
        self.sum: Callable[[bytes, int], int] = self._bind("vs_sum", ctypes.c_uint64, content, _SIZE)
        """(memory, blocks) -> its check sum."""

    def _bind(self, symbol: str, result: Any, *parameters: Any) -> Callable[..., Any]:
        return self._native.function(symbol, result, *parameters)


@functools.cache
def primitives() -> Primitives:
    """The primitives of this process, compiled or taken from the cache at the first call."""
    return Primitives(_cache)


def _write() -> str:
    from runtime.image.channelcode import write_primitives

    return write_primitives()
