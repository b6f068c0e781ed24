"""How `voltscan record` asks a running recorder for a file: two small files in the run directory, no socket.

The asking process writes `record-TOKEN.request`; the recorder answers with `record-TOKEN.answer` when the recording is
on disk and synced. Each is written whole or not at all; whoever has read one removes it.
"""

import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runtime.core.fault import ConfigFault

_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """What became of a request: where the recording is and how many scans it holds, or why there is none."""

    path: str
    scans: int
    fault: str = ""


def ask_for_recording(run_dir: Path, reason: str, *, within_s: float) -> RecordAnswer:
    """Have the recorder of a running controller save what it remembers; its answer.

    Raises ConfigFault when none comes in time.
    """
    token = secrets.token_hex(8)
    request, answer = run_dir / f"record-{token}.request", run_dir / f"record-{token}.answer"
    _write(request, {"reason": reason})
    give_up = time.monotonic() + within_s
    while time.monotonic() < give_up:
        if answer.exists():
            told: dict[str, Any] = json.loads(answer.read_text())
            answer.unlink()
            return RecordAnswer(**told)
        time.sleep(_LOOK_EVERY_S)
    request.unlink(missing_ok=True)
    raise ConfigFault(
        f"the recorder has not answered within {within_s:g} s",
        where=str(run_dir),
        mend='see `voltscan status` whether it runs, and its log; [recorder] keep = "0s" switches it off',
    )


def requests(run_dir: Path) -> Iterator[tuple[str, str]]:
    """Token and reason of each request that waits; it is taken by reading it."""
    for request in sorted(run_dir.glob("record-*.request")):
        try:
            told = json.loads(request.read_text())
            request.unlink()
        except FileNotFoundError:
            continue  # given up meanwhile
        yield request.name.removeprefix("record-").removesuffix(".request"), str(told["reason"])


def answer_request(run_dir: Path, token: str, answer: RecordAnswer) -> None:
    """Tell the asking process."""
    _write(run_dir / f"record-{token}.answer", asdict(answer))


def _write(path: Path, told: dict[str, Any]) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(told))
    partial.replace(path)
