"""What changed in a memory leads from the old one to the new one; other bytes lead nowhere, or to one of its size."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.image.delta import Differ, check_sum, patch


def delta(before, after):
    changes, total = Differ(len(before)).delta(before, after)
    assert total == check_sum(after)
    return changes


@given(st.binary(max_size=600), st.data())
def test_delta_when_applied_to_its_base_then_gives_the_new_memory(before, data):
    after = data.draw(st.binary(min_size=len(before), max_size=len(before)))
    assert patch(before, delta(before, after)) == after


def test_delta_when_little_changed_then_is_short():
    before = bytes(65536)
    after = bytearray(before)
    after[100] = after[40000] = 1
    assert len(delta(before, bytes(after))) == 4 + 2 * (4 + 64)
    assert delta(before, before) == bytes(4)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_patch_when_given_any_bytes_then_says_no_or_gives_memory_of_the_same_size(before, changes):
    patched = patch(before, changes)
    assert patched is None or len(patched) == len(before)


def test_patch_when_a_place_is_behind_the_memory_then_says_no():
    before, after = bytes(640), bytes(640 - 1) + b"x"
    changes = bytearray(delta(before, after))
    assert changes[4:8] == b"\x09\0\0\0"
    for place in (b"\x0a\0\0\0", b"\xff\xff\xff\xff"):
        changes[4:8] = place
        assert patch(before, bytes(changes)) is None


@given(st.binary(min_size=1, max_size=300), st.data())
def test_check_sum_when_one_byte_is_another_then_so_is_the_sum(memory, data):
    at = data.draw(st.integers(0, len(memory) - 1))
    other = bytearray(memory)
    other[at] ^= data.draw(st.integers(1, 255))
    assert check_sum(memory) != check_sum(bytes(other))
    assert check_sum(memory) == check_sum(bytes(bytearray(memory)))


def test_check_sum_when_two_blocks_change_places_then_it_is_another():
    memory = bytes(range(64)) + bytes(range(64, 128))
    assert check_sum(memory) != check_sum(memory[64:] + memory[:64])
