"""Ages out of a snapshot: what was never read is never fresh, whoever wrote `never` how."""

import struct

import pytest

from runtime.core import appmemory
from runtime.core.elementary import REAL
from runtime.core.tag import Tag
from runtime.image.snapshot import NEVER_NS, Snapshot

TAG = Tag(name="meter_1.p_kw", type=REAL, offset=appmemory.HEADER_SIZE, index=0)
NOW_NS = 5_000_000_000
QUALITY_OFFSET = appmemory.HEADER_SIZE + 8
STAMP_OFFSET = QUALITY_OFFSET + 8


@pytest.mark.parametrize(
    ("stamp_ns", "age_ns"),
    [(NOW_NS - 7, 7), (NOW_NS + 7, 0), (0, NEVER_NS), (appmemory.NEVER_NS, NEVER_NS)],
    ids=["read", "read after the scan's clock", "never, as a page says", "never, as the compiler says"],
)
def test_age_when_the_tag_was_read_or_never_then_it_is_told(stamp_ns, age_ns):
    memory = bytearray(STAMP_OFFSET + 8)
    struct.pack_into("<q", memory, appmemory.NOW_NS, NOW_NS)
    struct.pack_into("<q", memory, STAMP_OFFSET, stamp_ns)
    snapshot = Snapshot(bytes(memory), quality_offset=QUALITY_OFFSET, stamp_offset=STAMP_OFFSET)
    assert snapshot.age_ns(TAG) == age_ns
