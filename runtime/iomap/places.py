"""One name for each place that a link can lead to: hosts, serial devices and GPIO chips have several.

A host is told by its address or by a name of this machine's own table (/etc/hosts); a name that only a name server
knows stays as it is written, for a check asks nobody. A serial device may be told by a link to it (/dev/serial/by-id),
a GPIO chip by its path, name or label; a label is known on the machine that has the chip.
"""

import fcntl
import functools
import ipaddress
import os
from pathlib import Path

HOSTS = Path("/etc/hosts")
CHIPS = Path("/dev")
_CHIP_INFO, _CHIP_INFO_BYTES = 0x8044B401, 68
"""GPIO_GET_CHIPINFO_IOCTL: name and label, 32 bytes each, then the number of lines (linux/gpio.h)."""
_THIS_MACHINE = "127.0.0.1"
_ANYWHERE_HERE = ("localhost", "0.0.0.0", "::", "::1")  # noqa: S104 - who connects to these meets this machine


def host_place(host: str, port: int) -> tuple[object, ...]:
    """Where a TCP connection to that host and port leads."""
    name = host.strip().lower().rstrip(".")
    return "tcp", _address(name) or _address(_table().get(name, "")) or name, port


def serial_place(device: str) -> tuple[object, ...]:
    """Which serial device a path is."""
    return "serial", os.path.realpath(device)


def chip_place(told: str) -> tuple[object, ...]:
    """Which GPIO chip a path, name or label is; one that this machine does not have stays as it is written."""
    path = told if told.startswith("/") else _path_of_chip(told)
    return "gpio", os.path.realpath(path) if path else told


def _path_of_chip(told: str) -> str:
    if told.startswith("gpiochip"):
        return str(CHIPS / told)
    return next((str(path) for path in sorted(CHIPS.glob("gpiochip*")) if _label(path) == told), "")


def _label(chip: Path) -> str:
    """The label of a chip; empty for what is none, or may not be opened."""
    try:
        with chip.open("rb", buffering=0) as opened:
            told = fcntl.ioctl(opened, _CHIP_INFO, bytes(_CHIP_INFO_BYTES))
    except OSError:
        return ""
    return told[32:64].partition(b"\0")[0].decode("utf-8", "replace")


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
