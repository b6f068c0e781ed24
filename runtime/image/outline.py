"""The outline of an image segment: as much of its layout as moving whole states in and out of it takes.

For a process that sends heartbeats while the programs change: the whole layout comes of the manifest, which for a large
site is megabytes of JSON.
"""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from runtime.image.layout import Channel, ImageLayout

_CHANNELS = ("frame", "snapshots", "fault_capture", "mirror")


def save_outline(layout: ImageLayout, path: Path) -> None:
    """Write it."""
    told = asdict(replace(layout, pages={}, inputs=(), outputs=())) | {"hash": layout.hash.hex()}
    path.write_text(json.dumps(told))


def load_outline(path: Path) -> ImageLayout:
    """A layout without pages, inputs and outputs; the rest, hash and all, is that which was saved."""
    told: dict[str, Any] = json.loads(path.read_text())
    channels = {name: Channel(**told[name]) for name in _CHANNELS}
    return ImageLayout(**(told | channels | {"inputs": (), "outputs": (), "hash": bytes.fromhex(told["hash"])}))
