import mmap
import os
import resource

import pytest

from runtime.core.fault import ConfigFault
from runtime.image.segment import ControlSegment, ImageSegment


def test_image_when_attached_with_the_same_layout_then_shares_memory(segment, layout, make_layout):
    other = ImageSegment.attach(os.dup(segment.fd), make_layout("tested"))
    segment._word(layout.app_offset).value = 42
    assert other._word(layout.app_offset).value == 42
    other.close()


def test_image_when_layout_hash_differs_then_config_fault_says_how_to_mend(segment, make_layout):
    with pytest.raises(ConfigFault, match="laid out for") as caught:
        ImageSegment.attach(segment.fd, make_layout("another program"))
    assert "start it again" in caught.value.mend


@pytest.mark.parametrize(("offset", "what"), [(0, "magic"), (8, "ABI version")])
def test_image_when_header_word_is_wrong_then_config_fault(segment, layout, offset, what):
    segment._word(offset).value ^= 1
    with pytest.raises(ConfigFault, match=what):
        ImageSegment.attach(segment.fd, layout)


def test_segment_when_someone_truncates_it_then_the_kernel_refuses(segment):
    with pytest.raises(PermissionError):
        os.ftruncate(segment.fd, 4096)


def test_control_when_attached_then_checked_and_shared(control):
    other = ControlSegment.attach(os.dup(control.fd))
    control.control.term = 7
    assert other.control.term == 7
    other.close()
    control.control.abi_version += 1
    with pytest.raises(ConfigFault, match="ABI version"):
        ControlSegment.attach(control.fd)


def test_control_when_size_is_wrong_then_config_fault(segment):
    with pytest.raises(ConfigFault, match="bytes"):
        ControlSegment.attach(segment.fd)


def test_segment_when_populated_then_writing_meets_no_page_for_the_first_time_and_content_stays(segment):
    other = ImageSegment.attach(os.dup(segment.fd), segment.layout)
    other._word(segment.layout.app_offset).value = 42
    other.populate()
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    for at in range(0, other.size, mmap.PAGESIZE):
        other._map[at] = other._map[at]
    met = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before
    assert other.size > 100 * mmap.PAGESIZE, "the record ring alone is a megabyte"
    assert met < 10
    assert segment._word(segment.layout.app_offset).value == 42
    other.close()
