"""Object code kept on disk by what it was made from, so that an unchanged site starts at once.

The key covers everything that decides the object: the text that LLVM is given (which holds the whole IR), the layout
of application memory, LLVM, and the target. An entry is its content's SHA-256 followed by the content.
"""

import hashlib
import os
import tempfile
from pathlib import Path

import llvmlite
from llvmlite import binding

from runtime.lang.application import Application
from runtime.lang.llvm import target
from runtime.lang.llvm.compile import SPEED_LEVEL, compile_text
from runtime.lang.llvm.module import emit_module

ENTRIES_MAX = 32
"""Objects kept; the ones unused for longest go first. A site's object is at most a few MB."""

ABI_VERSION = 1
"""Raised when the meaning of application memory or of a task's function changes without a trace in the IR."""

_DIGEST_SIZE = hashlib.sha256().digest_size
_SUFFIX = ".object"


class ObjectCache:
    """Compiled objects in a directory of their own; several processes may use it at once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def object_for(self, app: Application, *, triple: str | None = None, cpu: str = target.GENERIC_CPU) -> bytes:
        """The application's object code: from the cache, or compiled (and kept) when it has none or a damaged one.

        Raises ProgramFault as compile_object does, OSError when the directory cannot be written.
        """
        text, triple = emit_module(app), triple or target.host_triple()
        entry = self._directory / (_key(text, triple, cpu) + _SUFFIX)
        found = _read(entry)
        if found is not None:
            return found
        compiled = compile_text(text, triple=triple, cpu=cpu)
        self._keep(entry, compiled)
        return compiled

    def _keep(self, entry: Path, compiled: bytes) -> None:
        """Write an entry whole or not at all, then drop the oldest ones past the bound."""
        handle, name = tempfile.mkstemp(dir=self._directory, suffix=".new")
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(compiled).digest() + compiled)
        Path(name).replace(entry)
        entries = sorted(self._directory.glob("*" + _SUFFIX), key=_last_use, reverse=True)
        for old in entries[ENTRIES_MAX:]:
            old.unlink(missing_ok=True)


def _key(text: str, triple: str, cpu: str) -> str:
    llvm = ".".join(str(part) for part in binding.llvm_version_info)
    made_with = f"{ABI_VERSION} {llvmlite.__version__} {llvm} {triple} {cpu} {SPEED_LEVEL}\n"
    return hashlib.sha256((made_with + text).encode()).hexdigest()


def _read(entry: Path) -> bytes | None:
    """An entry's content, marked as just used; None when there is none or it is damaged."""
    try:
        content = entry.read_bytes()
        os.utime(entry)
    except FileNotFoundError:
        return None
    digest, compiled = content[:_DIGEST_SIZE], content[_DIGEST_SIZE:]
    return compiled if hashlib.sha256(compiled).digest() == digest else None


def _last_use(entry: Path) -> int:
    try:
        return entry.stat().st_mtime_ns
    except FileNotFoundError:  # another process dropped it
        return 0
