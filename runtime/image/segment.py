"""The two shared segments of a controller: memfds of fixed size, checked by everyone who maps them.

The supervisor creates them and hands their file descriptors to its children. The size is sealed, so that no process
can pull memory from under another. Addresses are valid until `close`.
"""

import ctypes
import errno
import fcntl
import mmap
import os

from runtime.core.fault import ConfigFault
from runtime.image.control import CONTROL_MAGIC, CONTROL_SIZE, Control
from runtime.image.layout import ABI_VERSION, IMAGE_MAGIC, ImageLayout

_RESTART = "stop every process of this controller and start it again, all from one installation"
_MADV_POPULATE_WRITE = 23
"""madvise(2), since Linux 5.14; Python has no name for it."""
_MAGIC_OFFSET, _ABI_OFFSET, _HASH_OFFSET, _HASH_SIZE = 0, 8, 16, 32


class SharedSegment:
    """A mapped memfd: `fd`, `size`, the `address` of its first byte."""

    def __init__(self, fd: int, *, size: int, name: str) -> None:
        there = os.fstat(fd).st_size
        if there != size:
            raise ConfigFault(f"the segment has {there} bytes, {size} expected", where=name, mend=_RESTART)
        self.fd = fd
        self.size = size
        self._map = mmap.mmap(fd, size)
        self._anchor: ctypes.c_char | None = ctypes.c_char.from_buffer(self._map)
        self.address = ctypes.addressof(self._anchor)

    def populate(self) -> None:
        """Have every byte in memory and mapped here, unchanged, so that no scan is the first to meet it."""
        try:
            self._map.madvise(_MADV_POPULATE_WRITE)
        except OSError as refused:
            if refused.errno != errno.EINVAL:
                raise
            for at in range(0, self.size, mmap.PAGESIZE):  # a kernel before 5.14: reading fetches a page, too
                ctypes.c_uint8.from_address(self.address + at).value  # noqa: B018 - the read is the point

    def close(self) -> None:
        """Unmap, and close the file descriptor. Nothing may use an address of it any more."""
        self._anchor = None
        self._map.close()
        os.close(self.fd)

    def _word(self, offset: int) -> ctypes.c_uint64:
        return ctypes.c_uint64.from_address(self.address + offset)

    def _check_word(self, offset: int, expected: int, what: str) -> None:
        there = self._word(offset).value
        if there != expected:
            raise ConfigFault(f"{what} is {there:#x}, {expected:#x} expected", where="shared memory", mend=_RESTART)


def _make(name: str, size: int) -> int:
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, size)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return fd


class ImageSegment(SharedSegment):
    """The image segment, laid out by `layout`."""

    def __init__(self, fd: int, layout: ImageLayout) -> None:
        super().__init__(fd, size=layout.size, name="image segment")
        self.layout = layout

    @classmethod
    def create(cls, layout: ImageLayout) -> "ImageSegment":
        """A new segment, zero but for its header. Supervisor only."""
        made = cls(_make("voltscan-image", layout.size), layout)
        ctypes.memmove(made.address + _HASH_OFFSET, layout.hash, _HASH_SIZE)
        made._word(_ABI_OFFSET).value = ABI_VERSION
        made._word(_MAGIC_OFFSET).value = IMAGE_MAGIC
        return made

    @classmethod
    def attach(cls, fd: int, layout: ImageLayout) -> "ImageSegment":
        """The segment behind `fd`. Raises ConfigFault when it was laid out for other programs or another map."""
        found = cls(fd, layout)
        found._check_word(_MAGIC_OFFSET, IMAGE_MAGIC, "image magic")
        found._check_word(_ABI_OFFSET, ABI_VERSION, "image ABI version")
        there = ctypes.string_at(found.address + _HASH_OFFSET, _HASH_SIZE)
        if there != layout.hash:
            raise ConfigFault(
                f"the image is laid out for {there.hex()[:12]}, this process expects {layout.hash.hex()[:12]}",
                where="image segment",
                mend=f"programs or map changed: {_RESTART}",
            )
        return found


class ControlSegment(SharedSegment):
    """The control segment; `control` is its content."""

    def __init__(self, fd: int) -> None:
        super().__init__(fd, size=CONTROL_SIZE, name="control segment")
        self.control = Control.from_address(self.address)

    @classmethod
    def create(cls) -> "ControlSegment":
        """A new segment, zero but for magic and ABI version. Supervisor only."""
        made = cls(_make("voltscan-control", CONTROL_SIZE))
        made.control.abi_version = ABI_VERSION
        made.control.magic = CONTROL_MAGIC
        return made

    @classmethod
    def attach(cls, fd: int) -> "ControlSegment":
        """The segment behind `fd`. Raises ConfigFault when another version of Voltscan made it."""
        found = cls(fd)
        found._check_word(Control.magic.offset, CONTROL_MAGIC, "control magic")
        found._check_word(Control.abi_version.offset, ABI_VERSION, "control ABI version")
        return found

    def word_address(self, name: str) -> int:
        """Address of a word of `Control`, for the atomic primitives."""
        offset: int = getattr(Control, name).offset
        return self.address + offset
