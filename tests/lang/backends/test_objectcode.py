"""Object code through the cache: hits, damage, bounds."""

import importlib
import os

import pytest
from handbuilt import ProgramBuilder, constant
from scanbench import ScanBench

from runtime.core import objectcache
from runtime.core.elementary import DINT
from runtime.core.objectcache import ObjectCache
from runtime.lang.cache.objectcode import object_code_for
from runtime.lang.native import Native


def _application(value=1):
    program = ProgramBuilder()
    program.assign("x", DINT, constant(DINT, value))
    return program.application()


@pytest.fixture
def compiled(monkeypatch):
    """Counts what is compiled."""
    texts = []
    compiler = importlib.import_module("runtime.lang.llvm.compile")
    compile_text = compiler.compile_text

    def counting(text, **target):
        texts.append(text)
        return compile_text(text, **target)

    monkeypatch.setattr(compiler, "compile_text", counting)
    return texts


def test_cache_when_asked_again_then_the_object_is_not_compiled_again(tmp_path, compiled):
    first = object_code_for(_application(), ObjectCache(tmp_path / "objects"))
    assert object_code_for(_application(), ObjectCache(tmp_path / "objects")) == first
    assert len(compiled) == 1
    assert ScanBench(Native(_application(), first)).scan().get("x") == 1


def test_cache_when_the_code_or_the_target_differs_then_it_is_another_object(tmp_path, compiled):
    cache = ObjectCache(tmp_path / "objects")
    objects = {
        object_code_for(_application(1), cache),
        object_code_for(_application(2), cache),
        object_code_for(_application(1), cache, triple="aarch64-unknown-linux-gnu"),
    }
    assert (len(objects), len(compiled)) == (3, 3)


@pytest.mark.parametrize("damage", [b"", b"short", bytes(5000)], ids=["empty", "short", "zeros"])
def test_cache_when_an_entry_is_damaged_then_it_is_compiled_anew_and_mended(tmp_path, compiled, damage):
    cache = ObjectCache(tmp_path / "objects")
    good = object_code_for(_application(), cache)
    (entry,) = (tmp_path / "objects").iterdir()
    entry.write_bytes(damage)
    assert object_code_for(_application(), cache) == good
    assert object_code_for(_application(), cache) == good
    assert len(compiled) == 2


def test_cache_when_full_then_the_entry_unused_for_longest_goes(tmp_path, compiled, monkeypatch):
    monkeypatch.setattr(objectcache, "ENTRIES_MAX", 2)
    cache = ObjectCache(tmp_path / "objects")
    for value in (1, 2):
        object_code_for(_application(value), cache)
    for entry in (tmp_path / "objects").iterdir():
        os.utime(entry, ns=(1, 1))
    object_code_for(_application(1), cache)
    object_code_for(_application(3), cache)
    assert len(list((tmp_path / "objects").iterdir())) == 2
    object_code_for(_application(1), cache)
    assert len(compiled) == 3
    object_code_for(_application(2), cache)
    assert len(compiled) == 4
