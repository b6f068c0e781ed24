"""Ports for what tests start: nobody else takes one between its choice and its use.

They lie below those that the kernel hands out by itself (32768 and up); each process of the tests has some of its own.
"""

import os
import socket
from contextlib import suppress
from itertools import count

_FIRST, _EACH = 10_240, 200
_PROCESSES = (32_768 - _FIRST) // _EACH
_numbers = count()


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port of the loopback that nobody has now."""
    for _ in range(_EACH):
        port = _FIRST + os.getpid() % _PROCESSES * _EACH + next(_numbers) % _EACH
        with socket.socket(socket.AF_INET, kind) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"all ports of this process are taken, {_EACH} of them")
