"""The witness file: which member of which group this is, its key, and where it keeps what it must not forget."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from runtime.cluster.group import Name, load_group
from runtime.cluster.keys import read_keys
from runtime.cluster.memberplan import MemberPlan
from runtime.core.diagnostic import Diagnostic
from runtime.core.fault import ConfigFault
from runtime.iomap.reading.read import read_document

_Path = Annotated[str, Field(min_length=1)]


class WitnessTable(BaseModel):
    """The whole file. Paths are relative to it."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    member: Name
    group: _Path
    key: _Path
    state_dir: _Path


def load_witness(path: Path) -> tuple[MemberPlan | None, list[Diagnostic]]:
    """The plan of a witness file, or what is wrong with it and with the group file that it names.

    Raises ConfigFault where the two, or the key, do not belong together.
    """
    document, found = read_document(path, WitnessTable)
    if document is None:
        return None, found
    table = document.content
    group, found = load_group(_beside(path, table.group))
    if group is None:
        return None, found
    witness = group.configuration.witnesses[0]
    if table.member != witness:
        raise ConfigFault(
            f"{table.member} is no witness of group {group.table.name}",
            where=str(path),
            mend=f"its witness is {witness}; a controller is run by `voltscan run`",
        )
    plan = group.plan(table.member, key_file=_beside(path, table.key), state_dir=_beside(path, table.state_dir))
    group.check_key(table.member, read_keys(plan.key_file))
    return plan, []


def _beside(path: Path, relative: str) -> Path:
    return (path.parent / Path(relative).expanduser()).resolve()
