"""The object cache: hits, damage, bounds."""

import os

import pytest
from handbuilt import ProgramBuilder, constant
from scanbench import ScanBench

from runtime.core.elementary import DINT
from runtime.lang import objectcache
from runtime.lang.native import Native
from runtime.lang.objectcache import ObjectCache


def _application(value=1):
    program = ProgramBuilder()
    program.assign("x", DINT, constant(DINT, value))
    return program.application()


@pytest.fixture
def compiled(monkeypatch):
    """Counts what is compiled."""
    texts = []
    compile_text = objectcache.compile_text

    def counting(text, **target):
        texts.append(text)
        return compile_text(text, **target)

    monkeypatch.setattr(objectcache, "compile_text", counting)
    return texts


def test_cache_when_asked_again_then_the_object_is_not_compiled_again(tmp_path, compiled):
    first = ObjectCache(tmp_path / "objects").object_for(_application())
    assert ObjectCache(tmp_path / "objects").object_for(_application()) == first
    assert len(compiled) == 1
    assert ScanBench(Native(_application(), first)).scan().get("x") == 1


def test_cache_when_the_code_or_the_target_differs_then_it_is_another_object(tmp_path, compiled):
    cache = ObjectCache(tmp_path)
    objects = {
        cache.object_for(_application(1)),
        cache.object_for(_application(2)),
        cache.object_for(_application(1), triple="aarch64-unknown-linux-gnu"),
    }
    assert (len(objects), len(compiled)) == (3, 3)


@pytest.mark.parametrize("damage", [b"", b"short", bytes(5000)], ids=["empty", "short", "zeros"])
def test_cache_when_an_entry_is_damaged_then_it_is_compiled_anew_and_mended(tmp_path, compiled, damage):
    cache = ObjectCache(tmp_path)
    good = cache.object_for(_application())
    (entry,) = tmp_path.iterdir()
    entry.write_bytes(damage)
    assert cache.object_for(_application()) == good
    assert cache.object_for(_application()) == good
    assert len(compiled) == 2


def test_cache_when_full_then_the_entry_unused_for_longest_goes(tmp_path, compiled, monkeypatch):
    monkeypatch.setattr(objectcache, "ENTRIES_MAX", 2)
    cache = ObjectCache(tmp_path)
    for value in (1, 2):
        cache.object_for(_application(value))
    for entry in tmp_path.iterdir():
        os.utime(entry, ns=(1, 1))
    cache.object_for(_application(1))
    cache.object_for(_application(3))
    assert len(list(tmp_path.iterdir())) == 2
    cache.object_for(_application(1))
    assert len(compiled) == 3
    cache.object_for(_application(2))
    assert len(compiled) == 4
