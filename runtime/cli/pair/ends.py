"""Where the controllers of a pair are reached from here: one in its run directory, the other, or both, over TCP."""

import sys
from pathlib import Path

from runtime.cluster.group import load_group
from runtime.cluster.keys import KeyPair, read_keys
from runtime.core.diagnostic import render
from runtime.core.fault import ConfigFault
from runtime.wire.client import Client, connect
from runtime.wire.consoles import ConsolePlace, Consoles, load_consoles
from runtime.wire.endpoints import Curve, Endpoints, endpoints, far_endpoints
from runtime.wire.rundir import find_site, run_dir


def ends_of_group(group_file: Path, key_file: Path) -> dict[str, Endpoints]:
    """Of both controllers of a group file, by member, for who has this secret key. Raises ConfigFault."""
    group, mistakes = load_group(group_file)
    if group is None:
        raise ConfigFault("\n".join(render(mistake) for mistake in mistakes), mend="see configs/README.md")
    consoles, keys = group.consoles(key_file=key_file), read_keys(key_file)
    if not consoles.places:
        raise ConfigFault(
            "no controller of this group serves consoles on other machines",
            where=str(group_file),
            mend="give each controller a console_port, in the group file on every box",
        )
    if keys.public not in consoles.admitted.values():
        raise ConfigFault(
            "the group file does not name this key",
            where=str(key_file),
            mend=f'on every box add to the group file: [operators.NAME] public_key = "{keys.public}"',
        )
    return {name: _far(place, keys) for name, place in consoles.places.items()}


def with_other(site: str, where: Endpoints) -> dict[str, Endpoints]:
    """A controller of this machine, and the other of its pair, by member; alone, by site, where there is none that
    could be reached."""
    consoles = load_consoles(where.run) if where.run is not None else None
    others = _others(consoles)
    return {site: where} if consoles is None or not others else {consoles.member: where, **others}


def connect_to(site: str | None) -> Client:
    """A client of the named controller; where that does not run, of the other one of its pair, which is said.

    Raises ConfigFault when neither can be had.
    """
    try:
        return connect(site)
    except ConfigFault:
        others = _others(load_consoles(run_dir(site))) if site is not None else {}
        if not others:
            raise
    name, where = next(iter(others.items()))
    print(f"{site} does not run: {name} of its pair is asked, at {where.name}", file=sys.stderr)
    return Client(where, site=name)


def find_pair(site: str | None) -> tuple[str, Endpoints]:
    """The named controller, or the only one that runs; of a pair's also one that does not. Raises ConfigFault."""
    try:
        name, run = find_site(site)
    except ConfigFault:
        if site is None or load_consoles(run_dir(site)) is None:
            raise
        name, run = site, run_dir(site)
    return name, endpoints(run)


def _others(consoles: Consoles | None) -> dict[str, Endpoints]:
    others = {n: p for n, p in consoles.places.items() if n != consoles.member} if consoles is not None else {}
    if consoles is None or not others:
        return {}
    keys = read_keys(Path(consoles.key_file))
    return {name: _far(place, keys) for name, place in others.items()}


def _far(place: ConsolePlace, keys: KeyPair) -> Endpoints:
    return far_endpoints(place.host, place.port, Curve(place.public_key, keys.public, keys.secret))
