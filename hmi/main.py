"""Opens the console on a controller, or on both of a pair."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from hmi.app import Console
from hmi.feed import OpenLink
from runtime.core.fault import ConfigFault
from runtime.wire.endpoints import Endpoints, endpoints
from runtime.wire.pairstream import PairStream
from runtime.wire.stream import StreamClient


def run_hmi(site: str, ends: Mapping[str, Endpoints]) -> int:
    """Show the console until the operator quits; the exit code. Raises ConfigFault without a terminal.

    `ends`: one controller, or both of a pair by member; of those the one that drives is followed. One that does not run
    is waited for.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigFault(
            "the console needs a terminal",
            where="voltscan hmi",
            mend="run it in one (ssh -t from afar), or use voltscan status",
        )
    app = Console(
        link_to(site, ends),
        endpoint=" or ".join(str(where.run or where.name) for where in ends.values()),
        client=f"hmi-{os.getpid()}-{time.time_ns() // 1_000_000}",
    )
    asyncio.run(_show(app))
    if app.return_code == 0:
        goes_on = "goes on" if app.model.connection.up else "was not heard at last"
        sys.stdout.write(f"console closed; controller {site!r} {goes_on}\n")
    return app.return_code or 0


def link_to(site: str, ends: Mapping[str, Endpoints]) -> OpenLink:
    """Opens a link to one controller, or to whichever of a pair drives."""
    if len(ends) > 1:
        return lambda: PairStream(ends)
    (where,) = ends.values()
    return lambda: StreamClient(where, site=site)


async def _show(app: Console) -> None:
    """Run the app; a SIGTERM (a supervisor that stops) ends it in order, so that the terminal is given back whole."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, app.exit)
    await app.run_async()


def at_directory(told: str) -> tuple[str, Endpoints]:
    """The site's name and its endpoints, of a run directory or one of its `ipc://` endpoints. Raises ConfigFault."""
    path = Path(told.removeprefix("ipc://"))
    run = path.parent if path.suffix == ".sock" else path
    return run.name, endpoints(run)
