"""All that a member starts from, read from its files and checked: what its process is given, without what checks."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runtime.cluster.transport.post import Endpoints, Peer
from runtime.raft.configuration import Configuration
from runtime.raft.state import Settings
from runtime.raft.times import Times
from runtime.wire.consoles import Consoles


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPlan:
    """Of one member. `configuration`: the members as the group begins. `key_file` holds the secret key. `consoles`:
    where those of other machines reach the controllers, and whose are served."""

    group: str
    settings: Settings
    configuration: Configuration
    endpoints: Endpoints
    peers: Mapping[str, Peer]
    key_file: Path
    state_dir: Path
    consoles: Consoles

    @property
    def name(self) -> str:
        """The member's."""
        return self.settings.name

    @property
    def state_folder(self) -> Path:
        """Where its state lies: a folder for each name, so that a new name begins with nothing."""
        return self.state_dir / self.name

    @property
    def pact(self) -> bytes:
        """What its messages end with: a digest of the times, which all members must have in common (raft/times.py)."""
        times = json.dumps(asdict(self.settings.times), sort_keys=True)
        return hashlib.blake2b(times.encode(), digest_size=8, person=b"voltscan times").digest()

    def to_json(self) -> str:
        """As text for another process."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def of_json(cls, text: str) -> "MemberPlan":
        """The plan again."""
        told: dict[str, Any] = json.loads(text)
        settings, configuration = told.pop("settings"), told.pop("configuration")
        return cls(
            group=told["group"],
            settings=Settings(**{**settings, "times": Times(**settings["times"])}),
            configuration=Configuration(**{role: tuple(names) for role, names in configuration.items()}),
            endpoints=Endpoints(**told["endpoints"]),
            peers={n: Peer(Endpoints(**p["endpoints"]), p["public_key"]) for n, p in told["peers"].items()},
            key_file=Path(told["key_file"]),
            state_dir=Path(told["state_dir"]),
            consoles=Consoles.of_told(told["consoles"]),
        )
