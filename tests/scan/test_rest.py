"""What rests is not copied again: a page without a newer one, qualities and stamps that have not changed.

Counted, not timed: bytes that were changed behind the scan's back show what it has looked at.
"""

import ctypes
import random

import pytest
from scanrig import HEADER_SIZE, MS, STALE_NS, START_NS, WALL_NS, layout, offset

from runtime.core.binding import Bindings, InputBinding
from runtime.core.elementary import BOOL, INT, LREAL, REAL
from runtime.core.quality import Quality
from runtime.core.tag import Tag, TagTable
from runtime.image.emit import I16, I64
from runtime.image.forces import ForceTable
from runtime.image.layout import SLOT_HEADER_SIZE, SNAPSHOT_SLOTS, PinEntry, lay_out
from runtime.image.mailbox import MailboxWriter
from runtime.image.pages import PageWriter
from runtime.image.pins import PinTable
from runtime.image.segment import ControlSegment, ImageSegment
from runtime.image.snapshot import SnapshotReader
from runtime.scan.plan import PagePlan
from runtime.scan.planning import Addresses, ScanPlan, Timing

GOOD, BAD = Quality.GOOD, Quality.BAD


def test_latch_when_a_page_changed_without_a_new_number_then_it_is_not_copied(make_rig):
    rig = make_rig()
    rig.pages["meter"].write([(7.0, GOOD, START_NS), (True, GOOD, START_NS)])
    rig.scan()
    channel, place = rig.image.layout.pages["meter"], place_of("in_real")
    for slot in range(channel.slots):
        value = rig.image.address + channel.slot_offset(slot) + SLOT_HEADER_SIZE + place
        ctypes.c_float.from_address(value).value = 666.0
    rig.scan(20, period_ns=STALE_NS // 10)  # past the time at which the page becomes stale, too
    assert (rig.get("in_real"), rig.quality("in_real")) == (7.0, BAD)


def place_of(name):
    """Where an input's value lies in its page."""
    return next(slot.places.value for slot in layout().inputs if slot.tag.name == name)


def test_latch_when_nothing_changed_then_no_point_is_moved_until_one_becomes_stale(make_rig):
    rig = make_rig()
    rig.pages["meter"].write([(7.0, GOOD, START_NS), (True, GOOD, START_NS)])
    rig.scan()
    page = PagePlan.from_address(rig.plan.plan.pages)
    ctypes.c_float.from_address(
        page.current + place_of("in_real")
    ).value = 8.0  # seen by the next move of this page, and only by a move
    seen = []
    for age_ms in (10, STALE_NS // MS, STALE_NS // MS + 1):
        rig.now_ns = START_NS + age_ms * MS
        rig.scan()
        seen.append((rig.get("in_real"), rig.quality("in_real")))
    assert seen == [(7.0, GOOD), (7.0, GOOD), (8.0, BAD)]


def test_latch_when_a_force_is_taken_back_then_all_pages_are_moved_once(make_rig):
    rig = make_rig()
    rig.pages["meter"].write([(7.0, GOOD, START_NS), (True, GOOD, START_NS)])
    rig.scan()
    rig.forces.set("in_real", 1.0)
    rig.scan(3)
    rig.forces.clear_all()
    snapshot = rig.scan(2)
    assert (rig.get("in_real"), snapshot.stamp_ns(rig.tag("in_real"))) == (7.0, START_NS)


def test_snapshot_when_no_tag_changed_then_qualities_are_copied_only_in_turn_and_foreign_bytes_go(make_rig):
    rig = make_rig()
    rig.scan(2 * SNAPSHOT_SLOTS)
    laid = rig.image.layout
    qualities = [
        rig.image.address + laid.snapshots.slot_offset(slot) + SLOT_HEADER_SIZE + laid.quality_offset
        for slot in range(SNAPSHOT_SLOTS)
    ]
    for at in qualities:
        ctypes.c_uint8.from_address(at).value = 99
    healed = []
    for _ in range(2 * SNAPSHOT_SLOTS):  # there is one block, so its turn comes once in SNAPSHOT_SLOTS scans
        rig.scan()
        healed.append(sum(ctypes.c_uint8.from_address(at).value != 99 for at in qualities))
    assert healed[-1] == SNAPSHOT_SLOTS
    assert healed[0] < SNAPSHOT_SLOTS


class Crowd:
    """A controller of 600 tags of all sizes, most of them inputs of three devices, without programs."""

    def __init__(self, kernel, *, chance, share, alone, stored_share):
        types = [chance.choice((REAL, REAL, REAL, INT, BOOL, LREAL)) for _ in range(600)]
        tags, at = [], HEADER_SIZE
        for index, of in enumerate(types):
            at = (at + of.size - 1) // of.size * of.size
            tags.append(Tag(name=f"t{index}", type=of, offset=at, index=index))
            at += of.size
        self.tags = tags
        self.inputs = [tag for tag in tags if chance.random() < share]
        self.stored = [tag for tag in tags if chance.random() < stored_share]
        devices = {f"d{n}": self.inputs[n::3] for n in range(3)}
        stamps = (at + len(tags) + 7) // 8 * 8
        self.layout = lay_out(
            TagTable(tags),
            Bindings(
                inputs={
                    name: tuple(InputBinding(t.name, chance.choice((0, STALE_NS))) for t in points)
                    for name, points in devices.items()
                },
                outputs=(),
            ),
            app_size=stamps + 8 * len(tags),
            quality_offset=at,
            stamp_offset=stamps,
            app_hash="crowd",
        )
        self.image, self.control = ImageSegment.create(self.layout), ControlSegment.create()
        self.app = self.image.address + self.layout.app_offset
        self.kernel = kernel
        self.plan = ScanPlan(
            self.layout,
            timing=Timing(MS, frame_valid_ns=MS, stop_on_fault=True),
            tasks=(),
            at=Addresses(self.control.address, self.app, self.image.address),
            initial=bytes(self.layout.app_size),
            first_output_site=0,
            alone=alone,
            stored=[(tag.offset, tag.offset + tag.type.size) for tag in self.stored],
        )
        self.mailbox = MailboxWriter(self.control)
        self.forces = ForceTable(self.image, TagTable(tags))
        self.pins = PinTable(self.image, TagTable(tags))
        self.pages = {name: PageWriter(self.image, name) for name in devices}
        self.snapshots = SnapshotReader(self.image)

    def close(self):
        self.image.close()
        self.control.close()

    def overwrite(self, tag, raw):
        ctypes.memmove(self.app + tag.offset, raw[: tag.type.size], tag.type.size)

    def scan(self, now_ns):
        self.kernel.step(self.plan.address, now_ns, WALL_NS)
        memory = ctypes.string_at(self.app, self.layout.app_size)
        assert self.snapshots.latest().memory == memory, "a snapshot is application memory"
        return memory


def value_of(tag, flag):
    return tag.type.unpack(bytes((flag, *bytes(7))), 0)


@pytest.mark.parametrize("seed", range(12))
def test_scan_when_what_rests_is_left_alone_then_memory_is_as_if_all_were_copied(kernel, seed):
    """Random readings, never-read points, steps of the clock, past STALE_NS too; inputs overwritten by programs, where
    they may store, and by commands, forces and pins, anywhere."""
    share, stored_share = (1.0, 0.9, 0.5, 0.05)[seed % 4], (0.0, 0.1, 0.5, 0.95, 1.0)[seed % 5]
    how = {"share": share, "stored_share": stored_share}
    crowds = [Crowd(kernel, chance=random.Random(seed), alone=alone, **how) for alone in (False, True)]
    chance, now_ns = random.Random(seed), START_NS
    for _ in range(120):
        device, value = chance.choice(("d0", "d1", "d2")), chance.randrange(2)
        stamps = [chance.choice((0, now_ns, now_ns, now_ns - STALE_NS // 2, now_ns - 2 * STALE_NS)) for _ in range(600)]
        raw, deed, flag = chance.randbytes(8), chance.randrange(8), chance.randrange(2)
        stored, hit = chance.choice(crowds[0].stored or [None]), chance.choice(crowds[0].inputs)
        anyone = chance.choice(crowds[0].tags)
        now_ns += chance.choice((MS, 10 * MS, STALE_NS - MS, STALE_NS * 2))
        memories = []
        for crowd in crowds:
            page = crowd.pages[device]
            if deed == 0:
                page.write([(value, GOOD, stamp) for _, stamp in zip(page.points, stamps, strict=False)])
            elif deed == 1 and stored is not None:
                crowd.overwrite(stored, raw)
            elif deed == 2:
                crowd.mailbox.put(hit, flag)
            elif deed == 3:
                crowd.mailbox.put(anyone, flag)
            elif deed == 4:
                crowd.forces.set(hit.name, value_of(hit, flag))
            elif deed == 5:
                crowd.forces.clear_all()
            elif deed == 6 and anyone not in crowd.inputs:
                crowd.pins.put(anyone, value_of(anyone, flag))
                crowd.forces.announce()
            elif deed == 7:
                crowd.pins.clear_all()
                crowd.forces.announce()
            memories.append(crowd.scan(now_ns))
        assert memories[0] == memories[1], f"seed {seed}"
    assert crowds[1].plan.plan.tag_block_count > 1, "there are several blocks"
    assert stored_share < 0.5 or crowds[1].plan.plan.mixed_span_count > 0
    assert share * stored_share < 1.0 or crowds[1].plan.plan.whole_span_count > 0
    for crowd in crowds:
        crowd.close()


def test_snapshot_when_nobody_stores_into_values_then_they_are_copied_only_in_turn_and_foreign_bytes_go(kernel):
    crowd = Crowd(kernel, chance=random.Random(1), share=0.5, stored_share=0.0, alone=True)
    now_ns, rounds = START_NS, SNAPSHOT_SLOTS * crowd.plan.plan.value_block_count
    crowd.pages["d0"].write([(1, GOOD, now_ns) for _ in crowd.pages["d0"].points])
    for _ in range(SNAPSHOT_SLOTS):
        crowd.scan(now_ns)
    channel = crowd.layout.snapshots
    place = SLOT_HEADER_SIZE + crowd.inputs[-1].offset
    slots = [crowd.image.address + channel.slot_offset(slot) + place for slot in range(SNAPSHOT_SLOTS)]
    for at in slots:
        ctypes.c_uint8.from_address(at).value = 99
    healed = []
    for _ in range(2 * rounds):
        crowd.kernel.step(crowd.plan.address, now_ns, WALL_NS)
        healed.append(sum(ctypes.c_uint8.from_address(at).value != 99 for at in slots))
    crowd.close()
    assert (healed[0], healed[-1]) == (0, SNAPSHOT_SLOTS)


def test_latch_when_points_that_no_program_stores_into_were_never_read_then_they_cost_a_scan_nothing(kernel):
    crowd = Crowd(kernel, chance=random.Random(1), share=1.0, stored_share=0.0, alone=True)
    crowd.scan(START_NS)
    pages = (PagePlan * crowd.plan.plan.page_count).from_address(crowd.plan.plan.pages)
    unknown = [page.unknown_count for page in pages]
    crowd.close()
    assert unknown == [0, 0, 0]


def test_latch_when_a_pin_lies_on_an_input_then_it_is_over_with_the_pin(make_rig):
    """No pin is set there, but the table is shared memory."""
    seen = []

    def look(r, app):
        seen_at = app.at(offset("runs"))
        seen_at.store(app.at(offset("in_int")).load(I16).widened(I64))

    rig = make_rig([(look, 0)], stored=[(offset("runs"), offset("runs") + 8)])
    rig.pages["pcs"].write([(7, GOOD, START_NS), (1.0, GOOD, START_NS)])
    rig.scan()
    entry = PinEntry.from_address(rig.image.address + rig.image.layout.pins_offset)
    entry.offset, entry.size, entry.value, entry.active = offset("in_int"), 2, 99, 1
    rig.forces.announce()
    for _ in range(3):
        rig.scan()
        seen.append(rig.get("runs"))
    entry.active = 0
    rig.forces.announce()
    rig.scan()
    seen.append(rig.get("runs"))
    assert seen == [99, 99, 99, 7]
