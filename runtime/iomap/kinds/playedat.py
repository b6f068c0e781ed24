"""Links to what has no address on a network (lines, chips, the host), and where a program plays it instead."""

from typing import Annotated

from pydantic import AfterValidator

from runtime.iomap.sites.sitemap import Link

PORTS = range(1, 65_536)


def _address(told: str) -> str:
    host, _, port = told.rpartition(":")
    if told and not (host and port.isdecimal() and int(port) in PORTS):
        raise ValueError('write host and port, such as "127.0.0.1:15240"')
    return told


class PlayedAtLink(Link):
    """`played_at` = "127.0.0.1:15240": the devices are played there, and nothing of this machine is touched.

    The map that plays them (`serve = true`) says the same; points are then told apart by their names.
    """

    played_at: Annotated[str, AfterValidator(_address)] = ""
