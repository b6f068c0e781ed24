"""A cache of machine code on disk: bytes by key, whole or absent, never half a file and never somebody else's.

For every piece of native code in Voltscan (channel primitives, scan kernel, the compiled programs): the key is a hash
of all that decides the code (source or IR, code generator version, target), so an entry is never out of date. Back
ends in `runtime.lang` use this one too.
"""

import hashlib
import os
from pathlib import Path

from runtime.core.fault import ConfigFault

BYTES_MAX = 256 << 20
ENTRIES_MAX = 1000
"""Kept in one directory; entries unused for longest go first. A large site's object is a few MB."""

_DIGEST_SIZE = hashlib.sha256().digest_size


def content_key(*parts: str | bytes) -> str:
    """A file name made of everything that decides the content; order and borders of the parts count."""
    digest = hashlib.sha256()
    for part in parts:
        told = part.encode() if isinstance(part, str) else part
        digest.update(len(told).to_bytes(8, "little"))
        digest.update(told)
    return digest.hexdigest()


class ObjectCache:
    """Entries are files `<key>.o` in one directory: sha256 of the content, then the content.

    Raises ConfigFault when others could write into the directory: what lies there is executed.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = directory.stat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise ConfigFault(
                "others may write into the cache of machine code",
                where=str(directory),
                mend=f"chown it to uid {os.geteuid()} and `chmod 700 {directory}`, or name another directory",
            )

    def get(self, key: str) -> bytes | None:
        """The content stored under `key`; None when there is none or the file is damaged."""
        path = self._path(key)
        try:
            told = path.read_bytes()
            os.utime(path)
        except FileNotFoundError:
            return None
        digest, content = told[:_DIGEST_SIZE], told[_DIGEST_SIZE:]
        return content if hashlib.sha256(content).digest() == digest else None

    def put(self, key: str, content: bytes) -> None:
        """Store `content`; a reader at the same time sees all of it or nothing. Past the bounds, old entries go."""
        partial = self._directory / f"{key}.{os.getpid()}.partial"
        partial.write_bytes(hashlib.sha256(content).digest() + content)
        partial.replace(self._path(key))
        kept = 0
        for number, (_, size, path) in enumerate(sorted(map(_use, self._directory.glob("*.o")), reverse=True)):
            kept += size
            if number >= ENTRIES_MAX or kept > BYTES_MAX:
                path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._directory / f"{key}.o"


def _use(path: Path) -> tuple[int, int, Path]:
    """When it was used last (ns), and its bytes."""
    try:
        status = path.stat()
    except FileNotFoundError:  # another process dropped it
        return 0, 0, path
    return status.st_mtime_ns, status.st_size, path
