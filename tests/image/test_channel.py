"""Channels under fire: a writer that never pauses, and bytes that nobody of ours wrote."""

import ctypes
import multiprocessing
import os
import random
import re
import threading

import pytest
from llvmlite import binding

from runtime.image.channel import ChannelEnd
from runtime.image.channelcode import write_primitives
from runtime.image.layout import Channel
from runtime.image.primitives import primitives
from runtime.image.segment import SharedSegment, _make

PAYLOAD = 4096
PUBLISHES_A_LOOK = 256
READS = 5_000


def _hammer(fd, channel, stop):
    """Publishes payloads whose 8-byte words are all one number, as fast as it can."""
    end = ChannelEnd(SharedSegment(fd, size=channel.size, name="hammered"), channel)
    words = memoryview(end.buffer).cast("Q")
    number = 0
    while not stop.is_set():
        for _ in range(PUBLISHES_A_LOOK):
            number += 1
            words[:] = _WORDS[number % 256]
            end.publish()


_WORDS = [memoryview(bytes([value]) * PAYLOAD).cast("Q") for value in range(256)]


@pytest.mark.parametrize("slots", [2, 4])
def test_channel_when_a_writer_process_never_pauses_then_no_reader_sees_a_torn_payload(slots):
    channel = Channel(0, slots, PAYLOAD)
    fd = _make("tested", channel.size)
    segment = SharedSegment(fd, size=channel.size, name="tested")
    end = ChannelEnd(segment, channel)
    context = multiprocessing.get_context("fork")
    stop = context.Event()
    writer = context.Process(target=_hammer, args=(os.dup(fd), channel, stop))
    primitives()
    writer.start()
    whole = newest = 0
    while writer.is_alive() and whole < READS:
        number = end.read()
        if number:
            assert end.buffer.count(end.buffer[0]) == PAYLOAD, f"payload {number} is torn"
            assert end.buffer[0] == number % 256
            assert number >= newest
            newest, whole = number, whole + 1
    stop.set()
    writer.join(30)
    assert writer.exitcode == 0
    assert whole == READS
    segment.close()


def test_channel_when_its_words_are_hostile_then_reading_and_publishing_stay_inside():
    channel = Channel(64, 2, 100)
    fd = _make("tested", channel.offset + channel.size + 64)
    segment = SharedSegment(fd, size=channel.offset + channel.size + 64, name="tested")
    end = ChannelEnd(segment, channel)
    chance = random.Random(7)
    for _ in range(2_000):
        for at in (0, channel.slot_offset(0) - 64, channel.slot_offset(1) - 64):
            word = ctypes.c_uint64.from_address(segment.address + channel.offset + at)
            word.value = chance.choice((0, 1, 2**63, 2**64 - 1, chance.getrandbits(64)))
        end.read()
        end.publish()
    assert ctypes.string_at(segment.address, 64) == bytes(64)
    assert ctypes.string_at(segment.address + channel.offset + channel.size, 64) == bytes(64)
    segment.close()


def test_channel_when_writer_died_amid_a_payload_then_readers_keep_the_last_and_the_next_writer_goes_on():
    channel = Channel(0, 2, 16)
    fd = _make("tested", channel.size)
    segment = SharedSegment(fd, size=channel.size, name="tested")
    writer, reader = ChannelEnd(segment, channel), ChannelEnd(segment, channel)
    writer.buffer[:] = b"a" * 16
    assert writer.publish() == 1
    seq = ctypes.c_uint64.from_address(segment.address + channel.slot_offset(0))
    seq.value = 3  # payload 2 begun, never finished
    assert (reader.read(), bytes(reader.buffer)) == (1, b"a" * 16)
    successor = ChannelEnd(segment, channel)
    successor.buffer[:] = b"b" * 16
    assert successor.publish() == 2
    assert (reader.read(), bytes(reader.buffer)) == (2, b"b" * 16)
    segment.close()


def test_counter_when_threads_add_at_once_then_nothing_is_lost():
    word = ctypes.c_uint64()
    add = primitives().add_u64
    threads = [
        threading.Thread(target=lambda: [add(ctypes.addressof(word), 1) for _ in range(5_000)]) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert word.value == 15_000


def test_channel_when_compiled_for_aarch64_then_the_payload_lies_between_its_marks_by_barriers():
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    machine = binding.Target.from_triple("aarch64-unknown-linux-gnu").create_target_machine(opt=2)
    module = binding.parse_assembly(write_primitives())
    options = binding.create_pipeline_tuning_options(speed_level=2)
    passes = binding.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    assembly = machine.emit_assembly(module)
    for name, order in (
        ("vs_publish", r"str.*dmb\tish\n.*memcpy.*stlr.*stlr"),
        ("vs_read", r"ldar.*ldar.*memcpy.*dmb\tishld.*ldr"),
    ):
        body = assembly.partition(f"\n{name}:")[2].partition(".Lfunc_end")[0]
        assert re.search(order, body, re.DOTALL), f"{name}:\n{body}"
