"""A small layout with two input pages and a few outputs."""

import pytest

from runtime.core.appmemory import HEADER_SIZE
from runtime.core.binding import Bindings, InputBinding, OutputBinding
from runtime.core.elementary import BOOL, DINT, INT, LREAL, REAL, TIME, Elementary
from runtime.core.tag import Tag, TagTable
from runtime.image.layout import ImageLayout, lay_out
from runtime.image.segment import ControlSegment, ImageSegment

TYPES: dict[str, Elementary] = {
    "meter.power": REAL,
    "meter.energy": LREAL,
    "meter.online": BOOL,
    "rack.mode": INT,
    "rack.cycles": DINT,
    "rack.since": TIME,
    "pcs.setpoint": REAL,
    "pcs.enable": BOOL,
}


def _layout(app_hash: str) -> ImageLayout:
    numbered = enumerate(TYPES.items())
    tags = TagTable([Tag(name=name, type=of, offset=HEADER_SIZE + 8 * i, index=i) for i, (name, of) in numbered])
    quality_offset = HEADER_SIZE + 8 * len(TYPES)
    bindings = Bindings(
        inputs={
            device: tuple(InputBinding(name, 0) for name in TYPES if name.startswith(device))
            for device in ("meter", "rack")
        },
        outputs=(OutputBinding("pcs.setpoint", "pcs", 0.0), OutputBinding("pcs.enable", "pcs", None)),
    )
    stamp_offset = quality_offset + 8
    return lay_out(
        tags,
        bindings,
        app_size=stamp_offset + 8 * len(TYPES),
        quality_offset=quality_offset,
        stamp_offset=stamp_offset,
        app_hash=app_hash,
    )


@pytest.fixture
def make_layout():
    return _layout


@pytest.fixture
def layout():
    return _layout("tested")


@pytest.fixture
def segment(layout):
    made = ImageSegment.create(layout)
    yield made
    made.close()


@pytest.fixture
def control():
    made = ControlSegment.create()
    yield made
    made.close()
