import os

import pytest

from runtime.core import objectcache
from runtime.core.fault import ConfigFault
from runtime.core.objectcache import ObjectCache, content_key


def test_cache_when_stored_then_found_by_another_process_s_cache(tmp_path):
    directory = tmp_path / "below" / "cache"
    ObjectCache(directory).put("key", b"machine code")
    assert ObjectCache(directory).get("key") == b"machine code"
    assert ObjectCache(directory).get("other") is None
    assert directory.stat().st_mode & 0o077 == 0


def test_cache_when_an_entry_is_damaged_then_as_if_it_were_not_there(tmp_path):
    cache = ObjectCache(tmp_path / "cache")
    cache.put("key", b"machine code")
    [entry] = (tmp_path / "cache").iterdir()
    for damaged in (entry.read_bytes()[:-1], entry.read_bytes()[:10], b""):
        entry.write_bytes(damaged)
        assert cache.get("key") is None


def test_cache_when_others_may_write_into_it_then_config_fault_names_the_command_that_mends_it(tmp_path):
    tmp_path.chmod(0o777)
    with pytest.raises(ConfigFault, match="others may write") as caught:
        ObjectCache(tmp_path)
    assert f"chmod 700 {tmp_path}" in caught.value.mend


@pytest.mark.parametrize(("entries", "bytes_"), [(4, 1000), (1000, 4 * (32 + 1) + 1)])
def test_cache_when_more_is_stored_than_kept_then_the_newest_stays(tmp_path, monkeypatch, entries, bytes_):
    monkeypatch.setattr(objectcache, "ENTRIES_MAX", entries)
    monkeypatch.setattr(objectcache, "BYTES_MAX", bytes_)
    cache = ObjectCache(tmp_path / "cache")
    for n in range(7):
        cache.put(f"{n}", b"x")
        os.utime(tmp_path / "cache" / f"{n}.o", (n, n))
    assert sorted(file.stem for file in (tmp_path / "cache").iterdir()) == ["3", "4", "5", "6"]


def test_content_key_when_parts_are_cut_differently_then_another_key():
    assert len({content_key("ab", "c"), content_key("a", "bc"), content_key("abc"), content_key("c", "ab")}) == 4
    assert content_key("a", b"b") == content_key("a", "b")
