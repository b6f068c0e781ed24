"""Whatever another process writes into mailbox and force table, the scan goes on and writes only variables.

A child process fills both with random bytes, 100,000 writes, while the real-time loop runs.
"""

import ctypes
import multiprocessing
import random
import threading
import time

from scanrig import APP_SIZE, MS, QUALITY_OFFSET, layout

from runtime.core.appmemory import HEADER_SIZE, SCAN_NO
from runtime.core.quality import Quality
from runtime.image.control import MAILBOX_IS_TEXT, MAILBOX_LEN, Control, Mailbox, MailboxEntry
from runtime.image.layout import PIN_IS_TEXT, PINS_MAX, PinEntry
from runtime.image.segment import ControlSegment, ImageSegment

WRITES = 100_000
TEXT = MAILBOX_IS_TEXT | 40


def _fuzz(control_fd, image_fd, go):
    chance = random.Random(20)
    control, image = ControlSegment.attach(control_fd), ImageSegment.attach(image_fd, layout(1))
    mailbox = control.address + Control.mailbox.offset
    forces, points = image.layout.force_changes_offset, len(image.layout.inputs) + len(image.layout.outputs)
    edges = (0, 1, 8, HEADER_SIZE, QUALITY_OFFSET - 4, QUALITY_OFFSET, APP_SIZE, 2**31, 2**32 - 1)
    go.wait()
    for n in range(WRITES):
        where = n % 4
        if where == 0:  # a word of an entry
            at = mailbox + Mailbox.entries.offset + chance.randrange(MAILBOX_LEN * ctypes.sizeof(MailboxEntry) // 4) * 4
            ctypes.c_uint32.from_address(at).value = chance.choice((*edges, TEXT, chance.getrandbits(32)))
        elif where == 1:  # the head, near and far
            word = ctypes.c_uint64.from_address(mailbox + Mailbox.head.offset)
            word.value = chance.choice((word.value + chance.randrange(70), chance.getrandbits(64))) % 2**64
        elif where == 2:  # a force entry
            at = image.address + image.layout.forces_offset + chance.randrange(points * 2) * 8
            ctypes.c_uint64.from_address(at).value = chance.getrandbits(64)
            pins = (PinEntry * PINS_MAX).from_address(image.address + image.layout.pins_offset)
            pin = pins[chance.randrange(PINS_MAX)]
            pin.offset = chance.choice((*edges, chance.randrange(APP_SIZE)))
            pin.size = chance.choice((0, 1, 2, 3, 4, 8, 9, 12 | PIN_IS_TEXT, chance.getrandbits(32)))
            pin.active, pin.value = chance.getrandbits(1), chance.getrandbits(64)
        else:
            ctypes.c_uint64.from_address(image.address + forces).value = n


def test_scan_when_mailbox_and_forces_are_fuzzed_then_it_goes_on_and_only_variables_change(make_rig):
    rig = make_rig([(lambda *_: None, 0)], cycle_ns=MS // 4)  # a turn, before and after which pins are applied
    rig.scan()
    with rig.memory as memory:
        untouched = bytes(memory[QUALITY_OFFSET + 4 : QUALITY_OFFSET + 13])  # qualities of tags that no input feeds
    context = multiprocessing.get_context("fork")
    go = context.Event()
    fuzzer = context.Process(target=_fuzz, args=(rig.control_segment.fd, rig.image.fd, go))
    fuzzer.start()  # before there is a thread: a process with threads cannot be forked safely
    loop = threading.Thread(target=rig.kernel.loop, args=(rig.plan.address,))
    loop.start()
    before = rig.control.scan_no
    go.set()
    fuzzer.join(60)
    assert fuzzer.exitcode == 0
    seen = rig.control.scan_no
    assert seen > before + 20
    give_up = time.monotonic() + 120
    while rig.control.scan_no == seen:
        assert time.monotonic() < give_up, "the scan stopped"
        time.sleep(0.001)
    rig.plan.plan.exit = 1
    loop.join(30)
    assert not loop.is_alive()
    with rig.memory as memory:
        assert memory[SCAN_NO : SCAN_NO + 8] == rig.control.scan_no.to_bytes(8, "little")
        assert bytes(memory[QUALITY_OFFSET + 4 : QUALITY_OFFSET + 13]) == untouched
        assert all(memory[QUALITY_OFFSET + i] <= Quality.GOOD for i in range(4))
