"""Forces that shall outlive the controller: a file in the state directory. The gateway writes it, a start reads it."""

import json
from collections.abc import Mapping
from pathlib import Path

from runtime.core.fault import PlcFault
from runtime.core.tag import TagTable
from runtime.image.forces import ForceTable
from runtime.wire.messages import JsonValue, Severity
from runtime.wire.values import parse, show

KEPT_FORCES = "forces.json"


class KeptForces:
    """The file. Values as messages carry them, by name."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[str, JsonValue]:
        """What is kept. Raises ValueError when the file is no JSON object of values."""
        try:
            told = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        if not isinstance(told, dict) or not all(isinstance(v, bool | int | float | str) for v in told.values()):
            raise ValueError("no JSON object of names and values")
        return told

    def save(self, values: Mapping[str, JsonValue]) -> None:
        """Write it whole or not at all. Raises OSError."""
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(dict(values), indent=1))
        partial.replace(self._path)


def restore_forces(kept: KeptForces, table: ForceTable, tags: TagTable) -> list[tuple[Severity, str]]:
    """Force again what was kept, before the first scan; one text a force, and one a force that fits no more."""
    try:
        wanted = kept.load()
    except ValueError as wrong:
        return [("error", f"kept forces cannot be read ({wrong}): nothing is forced; force anew with --keep")]
    told: list[tuple[Severity, str]] = []
    for name, value in wanted.items():
        variable = tags.find(name)
        if variable is None:
            told.append(("error", f"the kept force of {name} is dropped: there is no variable of this name any more"))
            continue
        try:
            table.set(variable.name, parse(value, variable))
        except PlcFault as fault:
            told.append(("error", f"the kept force of {name} is dropped: {fault.what}"))
        else:
            told.append(("warning", f"{variable.name} is forced to {show(value, variable.type_name)}, as kept"))
    return told
