"""The cache above the compiler: an application from it is the application."""

import subprocess
import sys

import pytest

from runtime.core.diagnostic import Source
from runtime.core.objectcache import ObjectCache
from runtime.lang.cache import sourcecache
from runtime.lang.cache.objectcode import object_code_for
from runtime.lang.cache.sourcecache import compile_cached
from runtime.lang.compile import compile_sources
from runtime.lang.syntax import lalr

PROGRAM = """
TYPE MODE : (IDLE, RUN := 5); END_TYPE
VAR_GLOBAL
    mode  : MODE := RUN;            (* what it does *)
    power : REAL := 1.5;            {unit := 'kW'} {min := -10} {max := 10}
    cells : ARRAY[1..3] OF INT := [1, 2, 3];
END_VAR
PROGRAM MAIN
VAR
    t : TON;
    n : DINT;
END_VAR
t(IN := TRUE, PT := T#1s);
n := n / 2;
power := n;     // a warning: DINT to REAL
END_PROGRAM
CONFIGURATION C
    TASK fast(INTERVAL := T#20ms, PRIORITY := 3);
    PROGRAM main_1 WITH fast : MAIN;
END_CONFIGURATION
"""
SOURCES = [Source("a.st", PROGRAM)]


@pytest.fixture
def cache(tmp_path):
    return ObjectCache(tmp_path / "cache")


@pytest.fixture
def no_compiler(monkeypatch):
    def refuse(*_):
        raise AssertionError("compiled again")

    return lambda: monkeypatch.setattr(sourcecache, "_compile", refuse)


def test_application_when_it_comes_from_the_cache_then_it_equals_the_compiled_one(cache, no_compiler):
    plain = compile_sources(SOURCES)
    compile_cached(SOURCES, cache)
    no_compiler()
    kept = compile_cached(SOURCES, cache)
    a, b = plain.application, kept.application
    assert (a.tasks, a.initial, a.sites, a.layout_hash) == (b.tasks, b.initial, b.sites, b.layout_hash)
    assert (a.quality_offset, a.stamp_offset) == (b.quality_offset, b.stamp_offset)
    assert a.tags.tags == b.tags.tags
    assert a.tags.variables == b.tags.variables
    assert b.tags.find("MAIN_1.T.ET") == a.tags.find("main_1.t.et")
    assert kept.diagnostics == plain.diagnostics
    assert [d.code for d in kept.diagnostics] == ["L9001"]


def test_bodies_when_asked_of_a_cached_application_then_they_are_those_of_the_sources(cache):
    compile_cached(SOURCES, cache)
    assert dict(compile_cached(SOURCES, cache).application.bodies) == compile_sources(SOURCES).application.bodies


@pytest.mark.parametrize("other", [Source("a.st", PROGRAM + " "), Source("b.st", PROGRAM)])
def test_sources_when_text_or_name_differ_then_they_are_compiled(cache, no_compiler, other):
    compile_cached(SOURCES, cache)
    no_compiler()
    with pytest.raises(AssertionError, match="compiled again"):
        compile_cached([other], cache)


def test_compiler_when_its_files_differ_then_the_key_does_too(monkeypatch):
    before = sourcecache.source_key(SOURCES)
    monkeypatch.setattr(sourcecache, "compiler_version", lambda: "another")
    assert sourcecache.source_key(SOURCES) != before


def test_entry_when_damaged_then_the_sources_are_compiled(cache, tmp_path):
    compile_cached(SOURCES, cache)
    for entry in (tmp_path / "cache").glob("*.o"):
        entry.write_bytes(entry.read_bytes()[:-3])
    assert compile_cached(SOURCES, cache).application.initial == compile_sources(SOURCES).application.initial


def test_wrong_sources_when_compiled_twice_then_their_mistakes_are_told_twice(cache, tmp_path):
    wrong = [Source("w.st", "PROGRAM P\nx := 1;\nEND_PROGRAM\n")]
    for _ in range(2):
        result = compile_cached(wrong, cache)
        assert result.application is None
        assert [d.code for d in result.diagnostics] == ["L3001"]


def test_object_code_when_the_sources_are_known_then_nothing_is_compiled(cache, no_compiler):
    first = object_code_for(compile_cached(SOURCES, cache).application, cache)
    no_compiler()
    assert object_code_for(compile_cached(SOURCES, cache).application, cache) == first
    assert object_code_for(compile_sources(SOURCES).application, cache) == first


def test_start_when_everything_is_cached_then_the_compiler_is_not_even_imported(tmp_path):
    (tmp_path / "a.st").write_text(PROGRAM)
    script = f"""
import sys
from pathlib import Path
from runtime.core.objectcache import ObjectCache
from runtime.lang.cache.objectcode import object_code_for
from runtime.lang.syntax.source import load_sources
from runtime.lang.cache.sourcecache import compile_cached
cache = ObjectCache(Path({str(tmp_path / "cache")!r}))
object_code_for(compile_cached(load_sources([Path({str(tmp_path / "a.st")!r})]), cache).application, cache)
print(any(name in sys.modules for name in ("lark", "runtime.lang.compile")))
"""
    told = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert told == ["True\n", "False\n"]


def test_table_of_the_grammar_when_it_comes_from_the_cache_then_it_is_the_same(cache, monkeypatch):
    monkeypatch.setattr(lalr, "_kept_in", [cache])
    fresh = lalr.table.__wrapped__()
    monkeypatch.setattr(lalr.Table, "of_grammar", lambda *_: pytest.fail("built again"))
    kept = lalr.table.__wrapped__()
    assert vars(kept) == vars(fresh)
