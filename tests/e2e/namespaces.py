"""Network namespaces for a pair: each member and the device in one of its own, on one bridge, so that wires can be cut.

A cut is one way: the sender is told a hardware address that nobody has, so what it sends is dropped on the way without
a word, as by a broken wire. Nothing but `ip` (iproute2) is needed. Nothing of the machine's own network is touched.
"""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

HOSTS = {"a": "10.213.0.1", "b": "10.213.0.2", "w": "10.213.0.3", "device": "10.213.0.4"}
_NOBODY = "02:00:00:00:00:ff"
_CLONE_NEWNET = 0x40000000
_LINK = "wire"


def why_no_namespaces() -> str:
    """Why this machine cannot make any; empty when it can."""
    if shutil.which("ip") is None:
        return "`ip` is missing; on Debian: apt-get install iproute2"
    if os.geteuid() != 0:
        return "network namespaces need root"
    name = f"vs{os.getpid()}try"
    for words in (("netns", "add", name), ("-n", name, "link", "add", "bridge", "type", "bridge")):
        tried = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
        if tried.returncode:
            break
    subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return f"no namespaces here: {tried.stderr.strip()}" if tried.returncode else ""


class Namespaces:
    """Four of them and the bridge between, until `close`."""

    def __init__(self) -> None:
        self._names = {host: f"vs{os.getpid()}{host}" for host in (*HOSTS, "bridge")}
        self._cuts: set[tuple[str, str]] = set()
        bridge = self._names["bridge"]
        for name in self._names.values():
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", bridge, "link", "add", "bridge", "type", "bridge")
        _ip("-n", bridge, "link", "set", "bridge", "up")
        for host, address in HOSTS.items():
            name = self._names[host]
            other_end = ("peer", "name", f"to_{host}", "netns", bridge)
            _ip("-n", name, "link", "add", _LINK, "type", "veth", *other_end)
            _ip("-n", bridge, "link", "set", "dev", f"to_{host}", "master", "bridge", "up")
            _ip("-n", name, "address", "add", f"{address}/24", "dev", _LINK)
            _ip("-n", name, "link", "set", _LINK, "up")

    def command(self, host: str) -> tuple[str, ...]:
        """What goes in front of a command that is to run there; the process is the command's own."""
        return ("ip", "netns", "exec", self._names[host])

    def enter(self, host: str) -> None:
        """Sockets that the calling thread makes from now on are there."""
        libc = ctypes.CDLL(None, use_errno=True)
        with Path("/run/netns", self._names[host]).open() as space:
            if libc.setns(space.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns", str(space.name))

    def cut(self, ways: Iterable[tuple[str, str]]) -> None:
        """From the first of each to the second nothing arrives any more."""
        for source, target in ways:
            to_nobody = (HOSTS[target], "lladdr", _NOBODY, "nud", "permanent", "dev", _LINK)
            _ip("-n", self._names[source], "neighbour", "replace", *to_nobody)
            self._cuts.add((source, target))

    def heal(self) -> None:
        """All that was cut."""
        for source, target in self._cuts:
            _ip("-n", self._names[source], "neighbour", "delete", HOSTS[target], "dev", _LINK)
        self._cuts.clear()

    def close(self) -> None:
        """Remove them; whatever still runs in one keeps it until it ends."""
        for name in self._names.values():
            _ip("netns", "delete", name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
