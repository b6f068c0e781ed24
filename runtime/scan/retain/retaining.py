"""What is retained of a controller, and how it comes back.

Retained are the variables of RETAIN sections and the parameters that the site file sets: an operator may change them
while the controller runs. A warm start gives each its last value back, by name and type (core/migration.py). A
parameter whose value in the site file was edited since takes the edited value: whoever spoke last is right.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from runtime.core.elementary import Kind
from runtime.core.migration import Memory, plan_migration
from runtime.core.tag import TagTable, Variable
from runtime.image.manifest import Manifest
from runtime.image.snapshot import Snapshot
from runtime.scan.retain.retainfile import RetainedState, RetainLayout, RetainStore
from runtime.wire.messages import Severity

EDITED = "the site file gives it another value now"
_NS_PER_S = 1_000_000_000


def retained_variables(manifest: Manifest) -> list[Variable]:
    """RETAIN variables and parameters; what is constant or a reference cannot be retained."""
    parameters = {name.lower() for name in manifest.parameters}
    leaves = (*manifest.tags.tags, *manifest.tags.variables)
    wanted = [leaf for leaf in leaves if leaf.retain or leaf.name.lower() in parameters]
    return [leaf for leaf in wanted if not leaf.constant and not leaf.reference]


class Retainer:
    """Saves the retained values of one version of the programs whenever they have changed."""

    def __init__(self, manifest: Manifest, initial: bytes, store: RetainStore) -> None:
        wanted = retained_variables(manifest)
        packed, size = _packed(wanted)
        self._store = store
        self._moves = plan_migration(Memory(_plain(wanted)), Memory(packed))
        self._layout = RetainLayout(packed, given_values(manifest, initial)).packed()
        self._size = size
        newest, _ = store.newest()
        same = newest is not None and newest.layout == self._layout
        self._saved: bytes | None = newest.values if newest is not None and same else None

    def save_if_changed(self, snapshot: Snapshot) -> bool:
        """True when something had changed and is saved now. Raises OSError when it cannot be."""
        values = bytearray(self._size)
        self._moves.apply(snapshot.memory, values)
        if self._saved is not None and values == self._saved:
            return False
        self._store.save(layout=self._layout, values=bytes(values), wall_ns=time.time_ns())
        self._saved = bytes(values)
        return True


@dataclass(frozen=True, slots=True)
class WarmStart:
    """Application memory to start with, and what there is to say about it."""

    initial: bytes
    told: tuple[tuple[Severity, str], ...] = ()


def warm_start(manifest: Manifest, initial: bytes, store: RetainStore) -> WarmStart:
    """Retained values in their places. Without a whole state on disk everything has its initial value."""
    wanted = retained_variables(manifest)
    newest, problems = store.newest()
    told = _problems_told(newest, problems)
    if newest is None or not wanted:
        return WarmStart(initial, told)
    was = RetainLayout.unpacked(newest.layout)
    given = given_values(manifest, initial).items()
    edited = {n: EDITED for n, now in given if was.variables.find(n) is not None and was.given.get(n) != now}
    memory = bytearray(initial)
    plan = plan_migration(Memory(was.variables), Memory(_plain(wanted)), reset=edited)
    misfits = plan.apply(newest.values, memory)
    text = f"warm start: {plan.kept + len(plan.retyped) - len(misfits)} retained values of {_date(newest)}"
    for count, what in (
        (len(plan.initialised) - len(edited), "are new"),
        (len(edited), "were edited in the site file"),
        (len(misfits), "do not fit their new type"),
        (len(plan.dropped), "are no longer there"),
    ):
        text += f"; {count} {what}" if count > 0 else ""
    return WarmStart(bytes(memory), (*told, ("info", text)))


def warm_start_from(snapshot: Snapshot, manifest: Manifest, initial: bytes) -> bytes:
    """Retained values out of the last snapshot of a scan process that died: none of them is older than its end."""
    wanted = _plain(retained_variables(manifest))
    memory = bytearray(initial)
    plan_migration(Memory(wanted), Memory(wanted)).apply(snapshot.memory, memory)
    return bytes(memory)


def given_values(manifest: Manifest, initial: bytes) -> dict[str, str]:
    """The site file's values of its parameters, in hex, by names in lower case; of a string the text alone, so that it
    is the same one in a string of another length."""
    leaves = [leaf for leaf in map(manifest.tags.find, manifest.parameters) if leaf is not None]
    return {leaf.name.lower(): _given(leaf, initial).hex() for leaf in leaves}


def _given(leaf: Variable, initial: bytes) -> bytes:
    raw = initial[leaf.offset : leaf.offset + leaf.type.size]
    return raw.rstrip(b"\0") if leaf.type.kind is Kind.TEXT else raw


def keep_saving(
    retainer: Retainer,
    latest: Callable[[], Snapshot | None],
    *,
    wait: Callable[[], bool],
    on_event: Callable[[Severity, str], None],
) -> None:
    """Save after each `wait` until that says to stop, and once more then. What fails is told once and tried again."""
    failing = False
    while True:
        going_on = wait()
        snapshot = latest()
        try:
            if snapshot is not None and retainer.save_if_changed(snapshot) and failing:
                failing = False
                on_event("info", "retained values are saved again")
        except OSError as fault:
            if not failing:
                on_event("error", f"retained values cannot be saved ({fault.strerror}); the last save stands")
            failing = True
        if not going_on:
            return


def _plain(leaves: list[Variable]) -> TagTable:
    return TagTable((), leaves)


def _packed(leaves: list[Variable]) -> tuple[TagTable, int]:
    """The variables one after the other, and how many bytes they take together."""
    placed: list[Variable] = []
    offset = 0
    for leaf in sorted(leaves, key=lambda v: v.offset):
        placed.append(_bare(leaf, offset))
        offset += leaf.type.size
    return TagTable((), placed), offset


def _bare(leaf: Variable, offset: int) -> Variable:
    """Only what decides about carrying the value on: comments and places in files may change."""
    return Variable(
        name=leaf.name,
        type=leaf.type,
        offset=offset,
        labels=leaf.labels,
        enum_name=leaf.enum_name,
        block=leaf.block,
        subrange=leaf.subrange,
    )


def _problems_told(newest: RetainedState | None, problems: Mapping[str, str]) -> tuple[tuple[Severity, str], ...]:
    if not problems:
        return ()
    damage = ", ".join(f"{name}: {why}" for name, why in problems.items())
    if newest is None:
        return (("error", f"no retained values can be read ({damage}): every variable starts with its initial value"),)
    return (("warning", f"the last save of retained values was cut off ({damage}): those of {_date(newest)} are used"),)


def _date(state: RetainedState) -> str:
    return datetime.fromtimestamp(state.saved_wall_ns / _NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
