"""One name for each place that a link can lead to: hosts and serial devices have several.

A host is told by its address or by a name of this machine's own table (/etc/hosts); a name that only a name server
knows stays as it is written, for a check asks nobody. A serial device may be told by a link to it (/dev/serial/by-id).
"""

import functools
import ipaddress
import os
from pathlib import Path

HOSTS = Path("/etc/hosts")
_THIS_MACHINE = "127.0.0.1"
_ANYWHERE_HERE = ("localhost", "0.0.0.0", "::", "::1")  # noqa: S104 - who connects to these meets this machine


def host_place(host: str, port: int) -> tuple[object, ...]:
    """Where a TCP connection to that host and port leads."""
    name = host.strip().lower().rstrip(".")
    return "tcp", _address(name) or _address(_table().get(name, "")) or name, port


def serial_place(device: str) -> tuple[object, ...]:
    """Which serial device a path is."""
    return "serial", os.path.realpath(device)


def _address(name: str) -> str:
    """The one way to write an address; empty for what is none."""
    if name in _ANYWHERE_HERE:
        return _THIS_MACHINE
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


@functools.cache
def _table() -> dict[str, str]:
    """Addresses by name; of several for one name the first counts. Empty where the machine has no table."""
    found: dict[str, str] = {}
    try:
        lines = HOSTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    for line in lines:
        address, *names = line.partition("#")[0].split() or [""]
        for name in names:
            found.setdefault(name.lower(), address)
    return found
