"""Files that are there whole or not at all, after a power cut too."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Replace the file; when this returns, content and name survive a power cut. Raises OSError."""
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
