"""`voltscan keys`: keys of members, and for a whole group the file that all its members share."""

from dataclasses import dataclass
from pathlib import Path

from runtime.cluster.keys import public_file, secret_file, write_keys
from runtime.core.fault import ConfigFault

GROUP_FILE = "group.toml"
_PORT = 7420
_ROLES = ("controller", "controller", "witness")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A member as the command line names it: NAME, NAME=HOST or NAME=HOST:PORT."""

    name: str
    host: str
    port: int

    @classmethod
    def of(cls, text: str, place: int) -> "Wanted":
        """`place`: which of the members it is; on one machine each has ports of its own. Raises ConfigFault."""
        name, _, address = text.partition("=")
        host, _, port = address.rpartition(":") if _has_port(address) else (address, "", "")
        if not name.replace("-", "").replace("_", "").isalnum():
            raise ConfigFault(f"{name!r} is no name of a member", mend="use letters, digits, `_` and `-`")
        return cls(name, host.strip("[]") or "127.0.0.1", int(port) if port else _PORT + (0 if host else 2 * place))


def make_keys(members: list[str], out: Path, *, cycle: str) -> int:
    """Make the keys; for three members the group file too. Nothing that is there is written over."""
    wanted = [Wanted.of(text, place) for place, text in enumerate(members)]
    if len(wanted) == len(_ROLES) - 1 and all("=" in text for text in members):
        raise ConfigFault(
            "a group of two has no witness, and they could not tell a dead partner from a cut link",
            mend=f"name a third machine too: voltscan keys {' '.join(members)} witness=ADDRESS",
        )
    group = out / GROUP_FILE
    is_group = len(wanted) == len(_ROLES)
    for path in (*([group] if is_group else []), *_key_files(out, wanted)):
        if path.exists():
            raise ConfigFault(
                "this file is there already, and nothing was made",
                where=str(path),
                mend="name only new members, or choose another folder: --out",
            )
    keys = {member.name: write_keys(out, member.name) for member in wanted}
    for name, pair in keys.items():
        print(f"{name}: public key {pair.public}, secret key in {secret_file(out, name)}")
    if is_group:
        group.write_text(_group_text(wanted, {n: pair.public for n, pair in keys.items()}, cycle), encoding="utf-8")
        print(f"{group}: the same file for all three; copy it to each box, with that box's own .key file alone")
    else:
        of_whom = "of [members.NAME], or of [operators.NAME] for a console"
        print(f"put each public key into {GROUP_FILE} on every box: public_key {of_whom}")
    return 0


def _key_files(out: Path, wanted: list[Wanted]) -> list[Path]:
    return [file(out, member.name) for member in wanted for file in (secret_file, public_file)]


def _group_text(wanted: list[Wanted], public: dict[str, str], cycle: str) -> str:
    consoles = [f"console_port = {port}    # and the next one, for consoles\n" for port in _console_ports(wanted)]
    tables = "".join(
        f"\n[members.{member.name}]\n"
        f'role = "{role}"\n'
        f'host = "{member.host}"\n'
        f"port = {member.port}            # and the next one\n"
        f"{console}"
        f'public_key = "{public[member.name]}"\n'
        for member, role, console in zip(wanted, _ROLES, (*consoles, ""), strict=True)
    )
    return (
        "# The members of a hot-standby pair: the same file on every box (configs/README.md).\n"
        f'name = "pair"\ncycle = "{cycle}"          # of both controllers; the times follow from it\n{tables}'
    )


def _console_ports(wanted: list[Wanted]) -> list[int]:
    """Of each controller, beside what its machine's members take already."""
    taken = {(member.host, port) for member in wanted for port in (member.port, member.port + 1)}
    found = []
    for member in wanted[: _ROLES.count("controller")]:
        port = member.port + 2
        while taken & {(member.host, port), (member.host, port + 1)}:
            port += 2
        taken |= {(member.host, port), (member.host, port + 1)}
        found.append(port)
    return found


def _has_port(address: str) -> bool:
    host, colon, port = address.rpartition(":")
    return bool(colon) and port.isdecimal() and (":" not in host or host.endswith("]"))
