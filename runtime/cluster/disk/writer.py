"""The thread that writes, so that heartbeats never wait for a disk.

It takes everything that waits in one go and syncs once for all of it (group commit). When nothing has come for a while
it seals what is written (batches.py).
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from runtime.cluster.disk.store import Store
from runtime.core.fault import ClusterFault
from runtime.raft.ready import Persist

WAITING_MAX = 4096
"""Writes that wait for a disk that hangs; each is a term, or entries that this member has not had before."""
SEAL_AFTER_S = 0.1
"""Rare entries come in bursts (an operator's command and what follows from it): no extra sync between them."""


class Writer:
    """Writes in order. `tell` is called in its thread after each sync: something is durable, or it has failed."""

    def __init__(self, store: Store, tell: Callable[[], None], *, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._store = store
        self._tell = tell
        self._clock = clock
        self._waiting: deque[Persist] = deque()
        self._given_ns: deque[int] = deque()
        """When each write that is not durable was given, those under way first."""
        self._longest_ns = 0
        self._changed = threading.Condition()
        self._ending = False
        self._durable = 0
        self._fault: ClusterFault | None = None
        self._thread = threading.Thread(target=self._run, name="disk", daemon=True)
        self._thread.start()

    def give(self, persist: Persist) -> None:
        """The next write. Raises ClusterFault when the disk has not taken what was given long before."""
        with self._changed:
            if len(self._waiting) >= WAITING_MAX:
                raise ClusterFault(
                    f"{WAITING_MAX} writes wait for the disk", mend="look at the disk's health (dmesg, iostat)"
                )
            self._waiting.append(persist)
            self._given_ns.append(self._clock())
            self._changed.notify()

    def durable(self) -> int:
        """The number of the newest write that is durable, 0 for none. Raises ClusterFault when writing has failed."""
        if self._fault is not None:
            raise self._fault
        return self._durable

    def longest_ns(self, now_ns: int) -> int:
        """The longest that a write took to become durable, or takes up to now, since this was last asked."""
        with self._changed:
            longest_ns, self._longest_ns = self._longest_ns, 0
            return max(longest_ns, now_ns - self._given_ns[0]) if self._given_ns else longest_ns

    def close(self) -> None:
        """Write what was given, and end. A disk that hangs keeps its thread, not the process."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        """A mistake in here ends the process as one anywhere else does: nobody must wait for what is never written."""
        fault: ClusterFault | None = ClusterFault(
            "the thread that writes the state of this member has ended by a mistake of its own",
            mend="report what its log says; the member starts again from what is durable",
        )
        try:
            while self._write_some():
                pass
            self._store.close()
            fault = None
        except ClusterFault as found:
            fault = found
        finally:
            self._fault = fault
            self._tell()

    def _write_some(self) -> bool:
        """Whether there will be more."""
        with self._changed:
            ready = self._changed.wait_for(
                lambda: bool(self._waiting) or self._ending, None if self._store.is_sealed else SEAL_AFTER_S
            )
            persists = list(self._waiting)
            self._waiting.clear()
        if not ready:
            self._store.seal()
        if persists:
            self._store.write(persists)
            with self._changed:
                self._longest_ns = max(self._longest_ns, self._clock() - self._given_ns[0])
                for _ in persists:
                    self._given_ns.popleft()
            self._durable = persists[-1].number
            self._tell()
        return bool(persists) or not self._ending
