"""Forces of a pair: what is held here is held by the other controller too, and by whichever comes back.

A force acts here at once and is agreed on beside it. What both have agreed on is the truth: a controller that was away,
or was asked for something that never came to be agreed on, goes by that.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from runtime.core.fault import PlcFault
from runtime.gateway.events.audit import Audit
from runtime.gateway.forces.forcing import Forcing, Wanted
from runtime.gateway.forces.keptforces import KeptForces
from runtime.gateway.view.observation import Observer
from runtime.gateway.writes.agreement import Agreement
from runtime.wire.values import parse, to_json

AGREED_WITHIN_S = 2.0


class PairForcing(Forcing):
    """See the head of this file. `clock`: monotonic, in s."""

    def __init__(
        self,
        observer: Observer,
        kept: KeptForces,
        audit: Audit,
        agreement: Agreement,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(observer, kept, audit)
        self._agreement = agreement
        self._clock = clock
        self._agreed: dict[str, str] = {}
        self._asked: dict[str, tuple[str, float]] = {}
        agreement.on_forces = self.hold
        agreement.on_status = self.look

    def hold(self, forces: Mapping[str, str]) -> None:
        """Go by what both have agreed on: bodies by name."""
        self._agreed = dict(forces)
        self.look()

    def look(self) -> None:
        """Give up what was not agreed on in time, and let memory follow what was."""
        now_s = self._clock()
        for name, (body, until_s) in list(self._asked.items()):
            if self._agreed.get(name, "") == body:
                del self._asked[name]
            elif now_s >= until_s:
                del self._asked[name]
                self._audit("error", f"the force of {name} could not be agreed on by the pair: it is as it was before")
        held = self._observer.forces.list()
        for name in {*held, *self._agreed} - set(self._asked):
            self._follow(name, held)

    def _follow(self, name: str, held: Mapping[str, Any]) -> None:
        variable = self._observer.manifest.tags.find(name)
        body = self._agreed.get(name, "")
        if variable is None or not body:
            if name in held:
                self._observer.forces.clear(name)
            return
        told = json.loads(body)
        try:
            value = parse(told["value"], variable)
            if name not in held or held[name] != value:
                self._observer.forces.set(name, value)
                self._note(Wanted(variable, value, told["client"], told["t_wall_ns"], told["keep"]))
        except PlcFault as fault:
            self._audit("error", f"a force that the pair has agreed on cannot be held here: {fault}")
            del self._agreed[name]

    def _changed(self, set_: list[Wanted], dropped: list[str]) -> None:
        for one in set_:
            told = {
                "value": to_json(one.value, one.variable),
                "client": one.client,
                "t_wall_ns": one.t_wall_ns,
                "keep": one.keep,
            }
            self._share(one.variable.name, json.dumps(told), keep=one.keep)
        for name in dropped:
            self._share(name, "", keep=False)

    def _share(self, name: str, body: str, *, keep: bool) -> None:
        self._asked[name] = (body, self._clock() + AGREED_WITHIN_S)
        self._agreement.force(name, body, keep=keep)
