"""A member's key pair: who has the secret one is the member.

CURVE keys of ZeroMQ, as text in Z85 (40 characters). The secret key lies in a file that only its owner can read; the
public ones of all members stand in the group file, the same on every box.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

import zmq
from zmq.utils import z85

from runtime.core.fault import ConfigFault

KEY_LENGTH = 40
"""Characters: 32 bytes in Z85."""
_SECRET_MODE, _PUBLIC_MODE = 0o600, 0o644


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Both keys, in Z85."""

    public: str
    secret: str = field(repr=False)


def new_keys() -> KeyPair:
    """A pair that nobody else has."""
    public, secret = zmq.curve_keypair()
    return KeyPair(public.decode(), secret.decode())


def why_no_key(text: str) -> str:
    """Why this is no key; empty when it is one."""
    if len(text) != KEY_LENGTH:
        return f"a key has {KEY_LENGTH} characters, this has {len(text)}"
    try:
        z85.decode(text.encode())
    except (KeyError, ValueError):
        return "a key is text in Z85, as `voltscan keys` prints it"
    return ""


def secret_file(folder: Path, member: str) -> Path:
    """Where `write_keys` puts the secret key."""
    return folder / f"{member}.key"


def public_file(folder: Path, member: str) -> Path:
    """Where `write_keys` puts the public key."""
    return folder / f"{member}.pub"


def write_keys(folder: Path, member: str) -> KeyPair:
    """Make a pair in two new files. Raises ConfigFault when one of them is there already, or cannot be written."""
    secret, public = secret_file(folder, member), public_file(folder, member)
    for path in (secret, public):
        if path.exists():
            raise ConfigFault(
                f"member {member} has a key already",
                where=str(path),
                mend="use it; or move both files away, and give the new public key to every member of the group",
            )
    keys = new_keys()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(secret, keys.secret, _SECRET_MODE)
        _write(public, keys.public, _PUBLIC_MODE)
    except OSError as fault:
        raise ConfigFault(
            f"the key cannot be written: {fault.strerror}", where=str(folder), mend="choose another folder: --out"
        ) from fault
    return keys


def read_keys(path: Path) -> KeyPair:
    """The pair whose secret key is in this file. Raises ConfigFault when it cannot be used, or others can read it."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is no text"
        raise ConfigFault(
            f"the secret key cannot be read: {reason}", where=str(path), mend="make one: voltscan keys NAME"
        ) from fault
    if mode & 0o077:
        raise ConfigFault(
            f"others can read the secret key (mode {mode & 0o777:04o})",
            where=str(path),
            mend=f"chmod 600 {path}; make a new key if somebody else may have read it",
        )
    why = why_no_key(text)
    if why:
        raise ConfigFault(f"there is no secret key in it: {why}", where=str(path), mend="make one: voltscan keys NAME")
    return KeyPair(zmq.curve_public(text.encode()).decode(), text)


def _write(path: Path, key: str, mode: int) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(fd, "w") as file:
        os.fchmod(fd, mode)  # whatever the umask leaves of it
        file.write(key + "\n")
        file.flush()
        os.fsync(fd)
