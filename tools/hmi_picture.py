"""Draws hmi/overview.svg, the picture of the console in the documents.

python tools/hmi_picture.py                   from a made-up site: the same picture every time
python tools/hmi_picture.py --site demo       from the controller that runs here, after --seconds of listening
python tools/hmi_picture.py --site pair-a --page 7 --seconds 5 --out pair.svg
"""

import argparse
import asyncio
import os
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "hmi"))

from stage import Stage  # noqa: E402 (path set above)

from hmi.app import Console  # noqa: E402
from hmi.main import link_to  # noqa: E402
from runtime.cli.pair.ends import find_pair, with_other  # noqa: E402

SIZE = (120, 45)
_FONT_FROM_AFAR = re.compile(r',\s*url\("https?://[^"]*"\) format\("[^"]*"\)')
"""A picture in a repository must not load anything: the reader's own fixed-width font will do."""
PICTURE = ROOT / "hmi" / "overview.svg"


async def made_up() -> str:
    """The overview of the made-up site, in the middle of a load step's wake."""
    stage = Stage()
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.heard(pilot)
        return stage.app.export_screenshot(title="voltscan hmi")


async def live(site: str, *, seconds: float, page: str) -> str:
    """A page of a running controller; trends fill while it listens."""
    ends = with_other(*find_pair(site))
    client = f"picture-{os.getpid()}-{time.time_ns() // 1_000_000}"
    app = Console(link_to(site, ends), endpoint=site, client=client)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(seconds)
        await pilot.press(page)
        await pilot.pause(1.0)
        app.redraw()
        await pilot.pause()
        return app.export_screenshot(title="voltscan hmi")


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", help="name or run directory of a running controller")
    parser.add_argument("--page", default="1", help="its key")
    parser.add_argument("--seconds", type=float, default=600.0, help="how long to listen first")
    parser.add_argument("--out", type=Path, default=PICTURE)
    told = parser.parse_args()
    svg = asyncio.run(made_up() if told.site is None else live(told.site, seconds=told.seconds, page=told.page))
    svg = _FONT_FROM_AFAR.sub("", svg)
    told.out.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n")
    print(f"{told.out}: {len(svg) // 1024} kB")


if __name__ == "__main__":
    main()
