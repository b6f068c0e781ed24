"""What clients have submitted within the last minute, in a file of the run directory: a gateway that is killed leaves
it to the next, so that a client that repeats itself is not carried out twice.

A line when a submission is accepted, before it is carried out, and a line when it has ended. Nothing is synced: what
the file guards against is the death of a process, and with the machine the controller's state is gone as well. Times
are monotonic ns of this boot.
"""

import json
from collections.abc import Callable, Iterable
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from runtime.commands.remembered import REMEMBERED_MAX, REMEMBERED_NS, Memory, Remembered
from runtime.commands.submission import Ending, Outcome, Submit

JOURNAL = "commands.jsonl"
_LINES_MAX = 8 * REMEMBERED_MAX
"""Then it is written anew with what is still remembered: two lines each."""
_INTERRUPTED = Outcome(Ending.TIMED_OUT, "the gateway was started anew meanwhile: look whether it acted")


class CommandJournal:
    """The file and what it tells. `tell` hears once that it cannot be written; commands go on without it then."""

    def __init__(self, path: Path, memory: Memory, tell: Callable[[str], None]) -> None:
        self._path = path
        self._memory = memory
        self._tell = tell
        self._file: TextIOWrapper | None = None
        self._lines = 0
        self._is_told = False

    def restore(self, now_ns: int, *, are_agreed: bool = False) -> None:
        """Fill the memory with what an earlier gateway has left, as far as it is not too old.

        `are_agreed`: the log of a pair knows what was agreed on, so what had not ended here may be asked for again.
        """
        found: dict[tuple[str, int], tuple[Submit, Outcome, int]] = {}
        for told in _told_lines(self._path):
            at_ns, name = told["at_ns"], (told["client"], told["seq"])
            if not 0 <= now_ns - at_ns < REMEMBERED_NS:
                found.pop(name, None)
            elif "ending" in told:
                if name in found:
                    found[name] = (found[name][0], Outcome(Ending(told["ending"]), told["reason"]), at_ns)
            else:
                words = ("target", "value", "ttl_ns", "is_command")
                found[name] = (Submit(*name, *(told[word] for word in words)), _INTERRUPTED, now_ns)
        for submit, outcome, ended_ns in sorted(found.values(), key=lambda entry: entry[2]):
            if outcome is not _INTERRUPTED or not are_agreed:
                self._memory.recall(submit, outcome, ended_ns)
        self._write_anew()

    def submitted(self, submit: Submit, now_ns: int) -> None:
        """Note it; call it before anything is done."""
        self._append([_submitted(submit, now_ns)])

    def ended(self, entries: Iterable[Remembered]) -> None:
        """Note how these have ended."""
        self._append([_ended(entry) for entry in entries if entry.outcome is not None])

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _append(self, lines: list[dict[str, Any]]) -> None:
        self._lines += len(lines)
        if self._lines > _LINES_MAX:
            self._write_anew()
            return
        try:
            if self._file is None:
                self._file = self._path.open("a")
            self._file.write("".join(json.dumps(line) + "\n" for line in lines))
            self._file.flush()
        except OSError as fault:
            self._failed(fault)

    def _write_anew(self) -> None:
        self.close()
        lines = [line for entry in self._memory.known() for line in _lines_of(entry)]
        self._lines = len(lines)
        partial = self._path.with_suffix(".partial")
        try:
            partial.write_text("".join(json.dumps(line) + "\n" for line in lines))
            partial.chmod(0o600)
            partial.replace(self._path)
        except OSError as fault:
            self._failed(fault)

    def _failed(self, fault: OSError) -> None:
        self.close()
        if not self._is_told:
            self._is_told = True
            self._tell(
                f"{self._path} cannot be written ({fault.strerror}): a command repeated after a restart runs again"
            )


def _lines_of(entry: Remembered) -> list[dict[str, Any]]:
    begun_ns = entry.ended_ns if entry.outcome is not None else entry.submitted_ns
    return [_submitted(entry.submit, begun_ns), *([_ended(entry)] if entry.outcome is not None else [])]


def _submitted(submit: Submit, now_ns: int) -> dict[str, Any]:
    told = {name: getattr(submit, name) for name in ("client", "seq", "target", "value", "ttl_ns", "is_command")}
    return told | {"at_ns": now_ns}


def _ended(entry: Remembered) -> dict[str, Any]:
    assert entry.outcome is not None
    submit, outcome = entry.submit, entry.outcome
    told = {"client": submit.client, "seq": submit.seq, "ending": str(outcome.ending), "reason": outcome.reason}
    return told | {"at_ns": entry.ended_ns}


def _told_lines(path: Path) -> Iterable[dict[str, Any]]:
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue  # cut off with the process that wrote it
        if isinstance(told, dict) and {"client", "seq", "at_ns"} <= told.keys():
            yield told
