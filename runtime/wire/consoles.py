"""Where consoles reach the two controllers of a pair: told in the run directory, so that who finds one finds the other.

The file outlives the controller, for it is wanted most when that is dead.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

CONSOLES = "consoles.json"


@dataclass(frozen=True, slots=True)
class ConsolePlace:
    """Of one controller: TCP, requests at `port`, the stream at the next one. `public_key`: its own, in Z85.

    `listen`: the address of its own that it listens on.
    """

    host: str
    listen: str
    port: int
    public_key: str


@dataclass(frozen=True, slots=True)
class Consoles:
    """`member`: this controller. `places`: of those that consoles can reach, by member. `admitted`: public key by name
    of everybody whose consoles are served. `key_file`: with this controller's secret key."""

    member: str
    key_file: str
    places: Mapping[str, ConsolePlace] = field(default_factory=dict)
    admitted: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_told(cls, told: Mapping[str, Any]) -> "Consoles":
        """Of what `asdict` makes of it."""
        places = {name: ConsolePlace(**place) for name, place in told["places"].items()}
        return cls(told["member"], told["key_file"], places, told["admitted"])

    def save(self, run_dir: Path) -> None:
        """Write it whole or not at all."""
        partial = run_dir / (CONSOLES + ".partial")
        partial.write_text(json.dumps(asdict(self)))
        partial.replace(run_dir / CONSOLES)


def load_consoles(run_dir: Path) -> Consoles | None:
    """What a controller of that run directory told last; None when it is, or was, alone."""
    try:
        return Consoles.of_told(json.loads((run_dir / CONSOLES).read_text()))
    except FileNotFoundError:
        return None
