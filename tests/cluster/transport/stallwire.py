"""A wire between two sockets that can go dead without closing anything, as a pulled cable does."""

import select
import socket
import threading


class StallWire:
    """Listens on a port of its own and passes every connection on to `to`, unless it is `stalled`.

    `pause_s`: after each 64 KB, so that it has the pace of a slow line.
    """

    def __init__(self, to: int, *, pause_s: float = 0.0) -> None:
        self._to = to
        self._pause_s = pause_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.stalled = threading.Event()
        self._ending = threading.Event()
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        self._thread.join()
        for end in (self._listener, *self._pairs):
            end.close()

    def _run(self) -> None:
        while not self._ending.is_set():
            if self.stalled.is_set():
                self._ending.wait(0.005)
                continue
            ready, _, _ = select.select([self._listener, *self._pairs], [], [], 0.005)
            for end in ready:
                if end is self._listener:
                    self._accept()
                elif end in self._pairs:
                    self._pass(end)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection(("127.0.0.1", self._to))
        except ConnectionRefusedError:
            near.close()
            return
        self._pairs[near], self._pairs[far] = far, near

    def _pass(self, end: socket.socket) -> None:
        other = self._pairs[end]
        try:
            content = end.recv(65536)
            if content:
                other.sendall(content)
                self._ending.wait(self._pause_s * len(content) / 65536)
                return
        except OSError:
            pass  # one side has given up: so does the other
        for gone in (end, other):
            del self._pairs[gone]
            gone.close()
