"""The operations around forces: force, prepare, let go, list. Every one that changes something is an audit event.

A force acts from the next scan on. Prepared forces wait here until they are applied, all in the same scan. With
`keep` a force outlives the controller; without, it ends with it.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from runtime.core.elementary import Value
from runtime.core.fault import ConfigFault, PlcFault
from runtime.core.tag import Variable
from runtime.gateway import fields
from runtime.gateway.events.audit import Audit, shown_before, unit_of, who
from runtime.gateway.forces.keptforces import KeptForces
from runtime.gateway.view.names import known
from runtime.gateway.view.observation import Observer
from runtime.image.forces import refuse_veto
from runtime.wire.messages import ForceInfo
from runtime.wire.values import parse, show, to_json

_Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A force, by whom and since when; `keep`: over restarts."""

    variable: Variable
    value: Value
    client: str
    t_wall_ns: int
    keep: bool


class Forcing:
    """The forces of one controller, with what is known of each: by whom and when, as long as this gateway lives."""

    def __init__(self, observer: Observer, kept: KeptForces, audit: Audit) -> None:
        self._observer = observer
        self._kept = kept
        self._audit = audit
        self._prepared: dict[str, Wanted] = {}
        self._known: dict[str, Wanted] = {}
        observer.forces.announce()

    def force(self, message: _Message) -> dict[str, Any]:
        """Force one variable, or with `prepare` only note it."""
        variable = known(fields.text(message, "name"), self._observer.manifest.tags)
        refuse_veto(variable)
        value = parse(fields.json_value(message, "value"), variable)
        wanted = Wanted(variable, value, who(message), time.time_ns(), fields.flag(message, "keep"))
        if fields.flag(message, "prepare"):
            self._prepared[variable.name] = wanted
            self._audit("info", f"{wanted.client} prepared a force of {variable.name}: {_shown(wanted)}")
        else:
            self._apply([wanted])
        return {}

    def apply_prepared(self, message: _Message) -> dict[str, Any]:
        """Force all that is prepared, from the same scan on."""
        if not self._prepared:
            raise ConfigFault("no force is prepared", mend="prepare one: voltscan force NAME VALUE --prepare")
        client, now_ns = who(message), time.time_ns()
        self._apply([replace(wanted, client=client, t_wall_ns=now_ns) for wanted in self._prepared.values()])
        applied, self._prepared = list(self._prepared), {}
        return {"applied": applied}

    def unforce(self, message: _Message) -> dict[str, Any]:
        """Let one variable go, or with `all` every one; what is only prepared is forgotten."""
        forced = self._observer.forces.list()
        if fields.flag(message, "all"):
            names, self._prepared = list(forced), {}
        else:
            name = known(fields.text(message, "name"), self._observer.manifest.tags).name
            self._prepared.pop(name, None)
            names = [name] if name in forced else []
        for name in names:
            self._observer.forces.clear(name)
            self._known.pop(name, None)
            self._audit("info", f"{who(message)} let {name} go")
        self._changed([], names)
        self._save_kept(drop=names)
        return {"removed": names}

    def listed(self, _: _Message) -> dict[str, Any]:
        """What is forced and what is prepared."""
        kept = self._load_kept()
        tags = self._observer.manifest.tags
        forces = [
            self._info(variable, value, self._known.get(name), keep=name in kept)
            for name, value in self._observer.forces.list().items()
            if (variable := tags.find(name)) is not None
        ]
        prepared = [self._info(w.variable, w.value, w, keep=w.keep) for w in self._prepared.values()]
        return {"forces": forces, "prepared": prepared}

    def _apply(self, wanted: list[Wanted]) -> None:
        before = {w.variable.name: shown_before(self._observer, w.variable) for w in wanted}
        self._observer.forces.set_all({w.variable.name: w.value for w in wanted})
        for one in wanted:
            name = one.variable.name
            self._known[name] = one
            kept = ", kept over restarts" if one.keep else ""
            self._audit("warning", f"{one.client} forced {name}: {before[name]} -> {_shown(one)}{kept}")
        self._changed(wanted, [])
        self._save_kept(
            add={w.variable.name: w for w in wanted if w.keep}, drop=[w.variable.name for w in wanted if not w.keep]
        )

    def _changed(self, set_: list[Wanted], dropped: list[str]) -> None:
        """For whoever else is to know."""

    def _note(self, wanted: Wanted) -> None:
        """Know by whom and since when it is held."""
        self._known[wanted.variable.name] = wanted

    def _load_kept(self) -> dict[str, Any]:
        try:
            return dict(self._kept.load())
        except ValueError:
            return {}  # told at the start; the next save replaces it

    def _save_kept(self, *, add: Mapping[str, Wanted] | None = None, drop: Any = ()) -> None:
        before = self._load_kept()
        after = {name: value for name, value in before.items() if name not in set(drop)}
        after |= {name: to_json(w.value, w.variable) for name, w in (add or {}).items()}
        if after == before:
            return
        try:
            self._kept.save(after)
        except OSError as fault:
            raise PlcFault(
                f"the forces act, but what is kept over restarts cannot be saved: {fault.strerror}",
                where="state directory",
                mend="make room or give write access, then force again with --keep",
            ) from fault

    def _info(self, variable: Variable, value: Value, wanted: Wanted | None, *, keep: bool) -> ForceInfo:
        layout = self._observer.layout
        how = "variable"
        for kind, slots in (("input", layout.inputs), ("output", layout.outputs)):
            how = kind if any(slot.tag.name == variable.name for slot in slots) else how
        return ForceInfo(
            name=variable.name,
            value=to_json(value, variable),
            type=variable.type_name,
            how=how,
            keep=keep,
            client=wanted.client if wanted else "",
            t_wall_ns=wanted.t_wall_ns if wanted else 0,
        )


def _shown(wanted: Wanted) -> str:
    variable = wanted.variable
    return f"{show(to_json(wanted.value, variable), variable.type_name)}{unit_of(variable)}"
