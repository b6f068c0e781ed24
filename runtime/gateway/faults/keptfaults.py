"""The entries of the fault log, and the file in the state directory that keeps them over the death of any process.

A line of JSON when a place has faulted anew, at once: that outlives this process and the supervisor. What only counts
on, or gets its values later, waits for the next `settle`, and so does the disk: a power cut may cost SETTLE_PERIOD_S.
The newest line of an entry holds. Entries of a former start of the controller are history: their numbers and scans
count from that start, and nothing waits for their acknowledgement.
"""

import asyncio
import json
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime.scan.wholefile import write_whole
from runtime.wire.messages import FaultEntry

FAULT_FILE = "faults.jsonl"
FAULTS_KEPT = 256
SETTLE_PERIOD_S = 5.0
_LINES_MAX = 8 * FAULTS_KEPT
"""Then the file is written anew with what is still kept: it never grows far beyond a megabyte."""
_NUMBERS = ("number", "scan", "line", "column", "count", "last_number", "last_scan", "term", "t_wall_ns")
_TEXTS = ("code", "text", "pou", "file", "statement")


class KeptFaults:
    """The newest FAULTS_KEPT entries, oldest first. `path` None keeps them in memory alone.

    `tell` hears once that the file cannot be written; the log goes on without it then.
    """

    def __init__(self, path: Path | None = None, *, term: int = 0, tell: Callable[[str], None] | None = None) -> None:
        """`term`: the boot count of this start of the controller."""
        self.entries: deque[FaultEntry] = deque(maxlen=FAULTS_KEPT)
        self.term = term
        self._path = path
        self._tell = tell
        self._is_told = self._is_settling = self._is_unsynced = False
        self._counted: dict[tuple[int, int], FaultEntry] = {}
        self._lines = 0

    def restore(self) -> None:
        """Take what earlier processes have left; a line that is not whole, or not an entry, is passed over."""
        if self._path is None:
            return
        try:
            lines = self._path.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return
        except OSError as fault:
            self._failed(fault)
            return
        found: dict[tuple[int, int], FaultEntry] = {}
        for line in lines:
            entry = _entry_of(line)
            if entry is not None:
                found[_name(entry)] = entry
        self.entries.extend(found.values())
        self._lines = len(lines)
        if lines and self._is_cut():
            self._append([""])  # or the next line would go on where a dying process stopped

    @property
    def next_number(self) -> int:
        """The first fault of this start that no entry has."""
        return max((entry["last_number"] + 1 for entry in self.of_this_start()), default=0)

    def of_this_start(self) -> list[FaultEntry]:
        """Those that can be acknowledged and counted on."""
        return [entry for entry in self.entries if entry["term"] == self.term]

    def add(self, entry: FaultEntry) -> None:
        """A place has faulted anew: it is in the file when this returns."""
        self.entries.append(entry)
        self._append([json.dumps(entry)])

    def changed(self, entry: FaultEntry) -> None:
        """An entry counts on, or has got its values."""
        self._counted[_name(entry)] = entry

    async def settle(self) -> None:
        """Bring everything onto the disk, in another thread. Call it now and then, and at the end."""
        if self._path is None or self._is_settling:
            return
        if self._counted and self._append([json.dumps(entry) for entry in self._counted.values()]):
            self._counted.clear()
        if not self._is_unsynced:
            return
        self._is_settling, self._is_unsynced = True, False
        kept = "".join(f"{json.dumps(entry)}\n" for entry in self.entries).encode()
        anew = self._lines > _LINES_MAX
        try:
            await asyncio.to_thread(_sync, self._path, kept if anew else None)
        except OSError as fault:
            self._failed(fault)
        finally:
            self._is_settling = False
        if anew:
            self._lines = len(self.entries)

    def _append(self, lines: list[str]) -> bool:
        """False while the file is being written anew: these entries are told by the next `settle`."""
        if self._path is None:
            return True
        if self._is_settling:
            self._counted |= {_name(entry): entry for entry in map(_entry_of, lines) if entry is not None}
            return False
        try:
            with self._path.open("a") as file:
                file.write("".join(f"{line}\n" for line in lines))
        except OSError as fault:
            self._failed(fault)
        self._lines += len(lines)
        self._is_unsynced = True
        return True

    def _is_cut(self) -> bool:
        assert self._path is not None
        return not self._path.read_bytes().endswith(b"\n")

    def _failed(self, fault: OSError) -> None:
        if self._tell is not None and not self._is_told:
            self._is_told = True
            self._tell(f"{self._path} cannot be written ({fault.strerror}): the fault log ends with this process")


def _sync(path: Path, anew: bytes | None) -> None:
    if anew is not None:
        write_whole(path, anew)
        return
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _name(entry: FaultEntry) -> tuple[int, int]:
    return entry["term"], entry["number"]


def _entry_of(line: str) -> FaultEntry | None:
    try:
        told: Any = json.loads(line)
    except ValueError:
        return None
    if not isinstance(told, dict) or not all(type(told.get(name)) is int for name in _NUMBERS):
        return None
    if not all(isinstance(told.get(name), str) for name in _TEXTS) or not isinstance(told.get("values"), list):
        return None
    words = {name: told[name] for name in (*_NUMBERS, *_TEXTS, "values")}
    return FaultEntry(**words, acknowledged=False)  # type: ignore[typeddict-item,no-any-return]  # just checked
