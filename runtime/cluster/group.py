"""The group file: who the members are, where they are reached and by which key; the same file on every box.

It says how a group begins and how its members find each other. Who takes part at any moment is for the log to say.
"""

import socket
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from runtime.cluster.encoding import NAME_SIZE_MAX
from runtime.cluster.keys import KeyPair, why_no_key
from runtime.cluster.memberplan import MemberPlan
from runtime.cluster.pair.settings import election_ns_for, times_for
from runtime.cluster.transport.post import Endpoints, Peer
from runtime.core.diagnostic import Diagnostic
from runtime.core.duration import duration_ns, duration_text
from runtime.core.fault import ClusterFault, ConfigFault
from runtime.iomap.reading.read import read_document
from runtime.raft.configuration import Configuration
from runtime.raft.state import Settings
from runtime.raft.times import Times
from runtime.wire.consoles import ConsolePlace, Consoles
from runtime.wire.endpoints import tcp_address

PORT_MAX = 65534
"""The next one is used too."""
NO_WITNESS = (
    "there is no witness, and two alone cannot tell a dead partner from a cut link: both would drive. "
    'Add a third machine: voltscan keys NAME, and [members.NAME] with role = "witness"'
)
CYCLE_NS_MIN, CYCLE_NS_MAX = 1_000_000, 1_000_000_000


def _key(text: str) -> str:
    if why := why_no_key(text):
        raise ValueError(why)
    return text


def _duration(text: str, *, low: int = 1, high: int = CYCLE_NS_MAX) -> str:
    if not low <= duration_ns(text) <= high:
        raise ValueError(f"this lasts {duration_text(low)} to {duration_text(high)}")
    return text


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=NAME_SIZE_MAX)]
Duration = Annotated[str, AfterValidator(_duration)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class MemberTable(_Strict):
    """One member; `port` is for what is urgent, the next one for states and what else is large.

    `listen`: the address of its own that it listens on, where that is not `host`, as behind a translation of addresses.
    `console_port`: of a controller, with the next one, for consoles on other machines; without it there are none.
    """

    role: Literal["controller", "witness"]
    host: Annotated[str, Field(min_length=1)]
    listen: Annotated[str, Field(min_length=1)] | None = None
    port: Annotated[int, Field(ge=1, le=PORT_MAX)] = 7420
    console_port: Annotated[int, Field(ge=1, le=PORT_MAX)] | None = None
    public_key: Annotated[str, AfterValidator(_key)]

    @property
    def endpoints(self) -> Endpoints:
        """Where the others find it."""
        return _endpoints(self.host, self.port)

    @property
    def own_endpoints(self) -> Endpoints:
        """Where it listens itself: ZeroMQ wants a number there. Raises ConfigFault when the name has none."""
        return _endpoints(self.own_address, self.port)

    @property
    def own_address(self) -> str:
        """That of its own that it listens on, as a number. Raises ConfigFault when the name has none."""
        host = self.listen or self.host
        try:
            found = socket.getaddrinfo(host, self.port, type=socket.SOCK_STREAM)
        except OSError as fault:
            raise ConfigFault(
                f"the address of this member cannot be found: {fault.strerror}",
                where=host,
                mend="write a number into the group file, such as 10.0.0.1, or let this machine know the name",
            ) from fault
        return str(found[0][4][0])


def _endpoints(host: str, port: int) -> Endpoints:
    return Endpoints(tcp_address(host, port), tcp_address(host, port + 1))


class OperatorTable(_Strict):
    """Somebody whose consoles both controllers serve, on whatever machine: who has the secret key of it."""

    public_key: Annotated[str, AfterValidator(_key)]


class TimesTable(_Strict):
    """The protocol's times where those that suit the cycle do not suit the network (raft/times.py)."""

    heartbeat: Duration
    election_min: Duration
    lease: Duration
    effect: Duration

    @model_validator(mode="after")
    def _fit(self) -> Self:
        try:
            self.times()
        except ClusterFault as fault:
            raise ValueError(f"{fault.what}: {fault.mend}") from fault
        return self

    def times(self) -> Times:
        """As the core takes them."""
        return Times(
            heartbeat_ns=duration_ns(self.heartbeat),
            election_min_ns=duration_ns(self.election_min),
            lease_ns=duration_ns(self.lease),
            effect_ns=duration_ns(self.effect),
        )


def _is_local(host: str) -> bool:
    """Whether a host is this machine itself: a group to try things out."""
    return host == "localhost" or host.startswith("127.") or host == "::1"


def _members(members: dict[str, MemberTable]) -> dict[str, MemberTable]:
    roles = sorted(member.role for member in members.values())
    if roles == ["controller", "controller"]:
        raise ValueError(NO_WITNESS)
    if roles != ["controller", "controller", "witness"]:
        raise ValueError("a group has two controllers and one witness")
    if len({member.public_key for member in members.values()}) < len(roles):
        raise ValueError("two members have one public key: each needs a pair of its own, voltscan keys NAME")
    witness = next(member for member in members.values() if member.role == "witness")
    shared = [n for n, m in members.items() if m is not witness and m.host == witness.host and not _is_local(m.host)]
    if shared:
        raise ValueError(f"the witness is on the machine of {shared[0]}: with that machine two of three votes would go")
    if witness.console_port is not None:
        raise ValueError("the witness has no values to show: `console_port` is for controllers")
    firsts = [(m.host, port) for m in members.values() for port in (m.port, m.console_port) if port is not None]
    taken = [(host, port + more) for host, port in firsts for more in (0, 1)]
    if len(set(taken)) < len(taken):
        raise ValueError("one port is taken twice: members take `port` and the next one, and so with `console_port`")
    return members


class GroupTable(_Strict):
    """The whole file."""

    name: Name
    cycle: Annotated[str, AfterValidator(partial(_duration, low=CYCLE_NS_MIN))]
    times: TimesTable | None = None
    members: Annotated[dict[Name, MemberTable], AfterValidator(_members)]
    operators: dict[Name, OperatorTable] = {}


@dataclass(frozen=True, slots=True)
class Group:
    """What a group file says."""

    table: GroupTable
    path: Path

    @property
    def configuration(self) -> Configuration:
        """The members as the group begins: the same on each of them."""
        return Configuration(controllers=self._names("controller"), witnesses=self._names("witness"))

    @property
    def times(self) -> Times:
        """The protocol's."""
        return self.table.times.times() if self.table.times is not None else times_for(duration_ns(self.table.cycle))

    def plan(self, name: str, *, key_file: Path, state_dir: Path) -> MemberPlan:
        """What that member starts from. Raises ConfigFault when its own address cannot be found."""
        others = ((other, member) for other, member in self.table.members.items() if other != name)
        return MemberPlan(
            group=self.table.name,
            settings=self._settings(name),
            configuration=self.configuration,
            endpoints=self.table.members[name].own_endpoints,
            peers={other: Peer(member.endpoints, member.public_key) for other, member in others},
            key_file=key_file,
            state_dir=state_dir,
            consoles=self.consoles(name, key_file=key_file),
        )

    def consoles(self, name: str = "", *, key_file: Path) -> Consoles:
        """Where consoles reach the controllers, and whose are served; for the member of that name, or for nobody's."""
        places = {
            member: ConsolePlace(table.host, table.host, table.console_port, table.public_key)
            for member, table in self.table.members.items()
            if table.console_port is not None
        }
        if name in places:
            places[name] = replace(places[name], listen=self.table.members[name].own_address)
        controllers = {n: self.table.members[n].public_key for n in self._names("controller")}
        operators = {n: operator.public_key for n, operator in self.table.operators.items()}
        return Consoles(name, str(key_file), places, operators | controllers)

    def check_key(self, name: str, keys: KeyPair) -> None:
        """Raises ConfigFault when the others know that member by another key."""
        if keys.public != self.table.members[name].public_key:
            raise ConfigFault(
                f"the group file gives {name} another public key than its secret key has",
                where=str(self.path),
                mend=f'on every box write public_key = "{keys.public}" into [members.{name}], or give it its own key',
            )

    def _settings(self, name: str) -> Settings:
        """Controllers come first to elections, so that a witness seldom has to lead."""
        times, place = self.times, self.configuration.voters.index(name)
        return Settings(name=name, times=times, election_ns=election_ns_for(times, place=place))

    def _names(self, role: str) -> tuple[str, ...]:
        return tuple(sorted(name for name, member in self.table.members.items() if member.role == role))


def load_group(path: Path, *, name: str = "") -> tuple[Group | None, list[Diagnostic]]:
    """The group of a file, or what is wrong with it. `name`: the path as the user gave it.

    Raises ConfigFault when there is no such file.
    """
    if not path.exists():
        raise ConfigFault(
            "there is no such group file",
            where=name or str(path),
            mend="copy the one that the other members have; for a new group: voltscan keys a b witness --out FOLDER",
        )
    document, found = read_document(path, GroupTable, name=name)
    return (Group(document.content, path) if document is not None else None), found
