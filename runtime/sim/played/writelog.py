"""Who wrote what into a played device, and when: one line of JSON a request, for proofs of who drove it.

    {"t_ns": …, "device": "pcs_1", "client": "127.0.0.1:40312", "table": "holding", "address": 40, "words": [0, 7, 12],
     "term": 7, "accepted": true}

`t_ns` is monotonic; `term` is null where the request carries none. A line is there once the request has been answered.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from runtime.core.fault import ConfigFault


class WriteLog:
    """A file that grows. Nothing is kept back: a line survives the end of this process."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as fault:
            raise ConfigFault(
                f"the log of writes cannot be opened: {fault.strerror}",
                where=str(path),
                mend="give write_log in the site map a file in a folder that is there",
            ) from fault

    def note(
        self,
        now_ns: int,
        device: str,
        *,
        client: str,
        table: str,
        address: int,
        words: Sequence[int],
        term: int | None,
        accepted: bool,
    ) -> None:
        """One request to write."""
        line = {"t_ns": now_ns, "device": device, "client": client, "table": table, "address": address}
        os.write(
            self._file, json.dumps(line | {"words": list(words), "term": term, "accepted": accepted}).encode() + b"\n"
        )

    def close(self) -> None:
        """No more comes."""
        os.close(self._file)
