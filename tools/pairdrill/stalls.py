"""How long this machine itself stands still, measured beside everything else."""

import threading
import time


class Stalls:
    """How long a thread that asks to be woken every millisecond was kept waiting at most."""

    def __init__(self) -> None:
        self.worst_ms = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ending.is_set():
            before = time.monotonic()
            time.sleep(0.001)
            self.worst_ms = max(self.worst_ms, (time.monotonic() - before) * 1000.0 - 1.0)

    def take(self) -> float:
        """The longest since the last look, in ms."""
        worst, self.worst_ms = self.worst_ms, 0.0
        return worst

    def close(self) -> None:
        """Measure no more."""
        self._ending.set()
        self._thread.join()
