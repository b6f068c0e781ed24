"""Opens the console on a controller."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from hmi.app import Console
from runtime.core.fault import ConfigFault, PlcFault
from runtime.wire.endpoints import Endpoints, endpoints
from runtime.wire.rundir import find_site
from runtime.wire.stream import StreamClient


def run_hmi(endpoint_or_site: str | None = None) -> int:
    """Show the console until the operator quits; the exit code (0 fine, 1 no such controller or no terminal).

    `endpoint_or_site` is a site's name, a run directory or one of its `ipc://` endpoints; None takes the only
    controller that runs. A run directory without a running controller is waited for.
    """
    try:
        site, where = find_controller(endpoint_or_site)
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise ConfigFault(
                "the console needs a terminal",
                where="voltscan hmi",
                mend="run it in one (ssh -t from afar), or use voltscan status",
            )
    except PlcFault as fault:
        sys.stderr.write(f"error: {fault}\n")
        return 1
    app = Console(
        lambda: StreamClient(where, site=site),
        endpoint=str(where.run),
        client=f"hmi-{os.getpid()}-{time.time_ns() // 1_000_000}",
    )
    asyncio.run(_show(app))
    if app.return_code == 0:
        goes_on = "goes on" if app.model.connection.up else "was not heard at last"
        sys.stdout.write(f"console closed; controller {site!r} {goes_on}\n")
    return app.return_code or 0


async def _show(app: Console) -> None:
    """Run the app; a SIGTERM (a supervisor that stops) ends it in order, so that the terminal is given back whole."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, app.exit)
    await app.run_async()


def find_controller(endpoint_or_site: str | None) -> tuple[str, Endpoints]:
    """The site's name and its endpoints. Raises ConfigFault."""
    if endpoint_or_site is None or "/" not in endpoint_or_site:
        site, run = find_site(endpoint_or_site)
        return site, endpoints(run)
    path = Path(endpoint_or_site.removeprefix("ipc://"))
    run = path.parent if path.suffix == ".sock" else path
    return run.name, endpoints(run)
