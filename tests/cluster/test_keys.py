"""Keys: who can read them, and what is said when they cannot be used."""

import os

import pytest

from runtime.cluster.keys import KeyPair, new_keys, public_file, read_keys, secret_file, write_keys
from runtime.core.fault import ConfigFault


def test_keys_when_written_then_only_the_owner_reads_the_secret_and_both_come_back(tmp_path):
    before = os.umask(0)
    try:
        keys = write_keys(tmp_path / "new", "a")
    finally:
        os.umask(before)
    secret, public = secret_file(tmp_path / "new", "a"), public_file(tmp_path / "new", "a")
    assert (secret.stat().st_mode & 0o777, public.stat().st_mode & 0o777) == (0o600, 0o644)
    assert public.read_text() == keys.public + "\n"
    assert read_keys(secret) == keys


def test_keys_when_printed_then_the_secret_one_is_not_shown():
    keys = new_keys()
    assert keys.secret not in repr(keys)
    assert keys != new_keys()


@pytest.mark.parametrize("there", ["a.key", "a.pub"])
def test_keys_when_one_is_there_then_nothing_is_written_over(tmp_path, there):
    (tmp_path / there).write_text("mine")
    with pytest.raises(ConfigFault, match="has a key already"):
        write_keys(tmp_path, "a")
    assert [f.name for f in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"


@pytest.mark.parametrize(
    ("content", "mode", "told"),
    [
        (new_keys().secret, 0o640, "others can read the secret key"),
        ("", 0o600, "a key has 40 characters, this has 0"),
        ("é" * 40, 0o600, "cannot be read: it is no text"),
        ("~" * 40, 0o600, "text in Z85"),
        (None, 0, "cannot be read: No such file"),
    ],
    ids=["others", "empty", "no text", "no Z85", "missing"],
)
def test_key_file_when_it_cannot_be_used_then_it_says_why(tmp_path, content, mode, told):
    path = tmp_path / "a.key"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    with pytest.raises(ConfigFault, match=told) as fault:
        read_keys(path)
    assert fault.value.mend
    assert isinstance(write_keys(tmp_path, "b"), KeyPair)
