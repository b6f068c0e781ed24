"""The operations that clients may ask for (wire/messages.py), each a small function on one controller."""

import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from runtime.commands.submission import Ending, Outcome
from runtime.core.fault import ConfigFault
from runtime.core.tag import Variable
from runtime.gateway import fields
from runtime.gateway.events.audit import Audit, shown_before, unit_of, who
from runtime.gateway.forces.forcing import Forcing
from runtime.gateway.view.frames import Frames
from runtime.gateway.view.names import known, select
from runtime.gateway.view.observation import Look, Observer
from runtime.gateway.view.scanstats import stats_result
from runtime.gateway.view.tagtable import tags_result
from runtime.gateway.writes.agreement import Agreement
from runtime.gateway.writes.submitter import SubmitFault, Submitter
from runtime.gateway.writes.way import CommandPlace
from runtime.image.forces import refuse_veto
from runtime.image.primitives import primitives
from runtime.image.segment import ControlSegment
from runtime.wire.fault import WireFault
from runtime.wire.iofigures import load_figures
from runtime.wire.messages import CommandResult, Event, Hello, ReadValue, Severity, StatsResult
from runtime.wire.pairport import ASKS
from runtime.wire.values import parse, show, to_json

TTL_MS = 5_000
"""Of a command or write that names none."""
_Message = Mapping[str, Any]
_Answer = Mapping[str, Any]


_FORCING = frozenset({"force", "force_prepared", "unforce"})


class Requests:
    """Carries out requests. For one asyncio loop; only `command` and `write` ever wait."""

    def __init__(
        self,
        observer: Observer,
        *,
        control: ControlSegment,
        submitter: Submitter,
        forcing: Forcing,
        frames: Frames,
        run: Path,
        started_wall_ns: int,
        audit: Audit,
        events_since: Callable[[int], list[Event]],
        agreement: Agreement | None = None,
    ) -> None:
        self._observer = observer
        self._control = control
        self._submitter = submitter
        self._frames = frames
        self._run = run
        self._started_wall_ns = started_wall_ns
        self._audit = audit
        self._events_since = events_since
        self._agreement = agreement
        self.forces_wait = False
        """True while an online change carries the forces over."""
        self._at_once: dict[str, Callable[[_Message], _Answer]] = {
            "hello": self._hello,
            "status": lambda _: self._frames.status(),
            "tags": lambda m: tags_result(self._observer, with_variables=fields.flag(m, "variables")),
            "read": self._read,
            "force": forcing.force,
            "force_prepared": forcing.apply_prepared,
            "unforce": forcing.unforce,
            "forces": forcing.listed,
            "stats": self._stats,
            "stats_reset": self._stats_reset,
            "io": self._io,
            "events": lambda m: {"events": self._events_since(fields.whole(m, "since", 0))},
            "acknowledge": self._acknowledge,
            "faults": self._faults,
            "pair": self._pair,
        }
        self._waiting: dict[str, Callable[[_Message], Awaitable[_Answer]]] = {
            "command": self._command,
            "write": self._write,
            "pair_ask": self._pair_ask,
        }

    def at_once(self, message: _Message) -> _Answer | None:
        """The result of an operation that does not wait; None when `later` must be asked. Raises PlcFault."""
        op = message["op"]
        if op in self._waiting:
            return None
        if op not in self._at_once:
            names = ", ".join(sorted((*self._at_once, *self._waiting)))
            raise WireFault(f"there is no operation {op!r}", where="request", mend=f"use one of: {names}")
        if self.forces_wait and op in _FORCING:
            raise ConfigFault("an online change is under way", where="forces", mend="try again in a moment")
        return self._at_once[op](message)

    async def later(self, message: _Message) -> _Answer:
        """The result of a command or write, once it has ended. Raises PlcFault."""
        return await self._waiting[message["op"]](message)

    def _hello(self, _: _Message) -> Hello:
        manifest = self._observer.manifest
        return Hello(
            site=manifest.site,
            version=version("voltscan"),
            cycle_ns=manifest.cycle_ns,
            layout_hash=self._observer.layout.hash.hex(),
            run_dir=str(self._run),
            pid=os.getpid(),
            started_wall_ns=self._started_wall_ns,
        )

    def _agreed(self) -> Agreement:
        if self._agreement is None:
            raise ConfigFault(
                "this controller is alone",
                where=self._observer.manifest.site,
                mend="a pair has [pair] in its site file",
            )
        return self._agreement

    def _pair(self, _: _Message) -> _Answer:
        status = self._agreed().status
        if status is None:
            raise ConfigFault(
                "the redundancy process does not run", where="pair", mend="see its log; the supervisor starts it again"
            )
        return status

    async def _pair_ask(self, message: _Message) -> _Answer:
        what = fields.text(message, "what")
        if what not in ASKS:
            raise WireFault(
                f"a pair cannot be asked to {what!r}", where="request", mend=f"use one of: {', '.join(ASKS)}"
            )
        asked = await self._agreed().ask(what, str(message.get("name", "")))
        self._audit("warning", f"{who(message)} asked {asked} of the pair to {what}")
        return {"asked": asked}

    def _look(self) -> Look:
        look = self._observer.look()
        if look is None:
            raise ConfigFault(
                "no scan has finished yet, so there are no values",
                where=self._observer.manifest.site,
                mend="see whether the scan process starts: voltscan status, and the supervisor's log",
            )
        return look

    def _read(self, message: _Message) -> _Answer:
        leaves = select(fields.texts(message, "names"), self._observer.manifest.tags)
        look = self._look()
        return {"values": [self._read_one(leaf, look) for leaf in leaves]}

    def _read_one(self, leaf: Variable, look: Look) -> ReadValue:
        told = ReadValue(
            name=leaf.name,
            value=look.value(leaf),
            type=leaf.type_name,
            unit=leaf.unit,
            forced=look.is_forced(leaf),
        )
        tag = self._observer.inputs.get(leaf.name)
        if tag is not None:
            told["quality"] = int(look.quality(tag))
            told["age_ms"] = look.age_ms(tag)
        return told

    def _stats(self, _: _Message) -> StatsResult:
        return stats_result(self._observer.manifest, self._observer.control, self._observer.image)

    def _io(self, _: _Message) -> _Answer:
        figures = load_figures(self._run)
        if figures is None:
            raise ConfigFault(
                "io has counted nothing yet", where=str(self._run), mend="see whether io starts: voltscan status"
            )
        return {**figures, "age_ms": (time.monotonic_ns() - figures["t_ns"]) // 1_000_000}

    def _stats_reset(self, message: _Message) -> _Answer:
        primitives().add_u64(self._control.word_address("stats_reset"), 1)
        self._audit("info", f"{who(message)} reset the scan statistics")
        return {}

    def _faults(self, _: _Message) -> _Answer:
        control = self._observer.control
        self._observer.fault_log.look(self._observer.latest(), control.fault_ack)
        told = self._observer.fault_log.entries(control)
        stop = bool(control.fault_stop)
        return {"faults": told, "count": control.fault_count, "fault_stop": stop, "term": control.term}

    def _acknowledge(self, message: _Message) -> _Answer:
        count = self._observer.control.fault_count
        new = count - self._observer.control.fault_ack
        primitives().store_u64(self._control.word_address("fault_ack"), count)
        if new > 0:
            self._audit("info", f"{who(message)} acknowledged {new} program fault{'s' if new > 1 else ''}")
        return {"acknowledged": max(0, new)}

    async def _write(self, message: _Message) -> _Answer:
        leaf = known(fields.text(message, "name"), self._observer.manifest.tags)
        refuse_veto(leaf)
        value = parse(fields.json_value(message, "value"), leaf)
        before = shown_before(self._observer, leaf)
        outcome = await self._submitter.write(
            leaf,
            value,
            client=fields.text(message, "client"),
            seq=fields.whole(message, "seq"),
            ttl_ns=_ttl_ns(message),
        )
        if outcome.ending is not Ending.DONE:
            raise SubmitFault(
                f"the write was not made: {outcome.reason}", where=leaf.name, mend="see the scan: voltscan status"
            )
        shown = show(to_json(value, leaf), leaf.type_name)
        self._audit("info", f"{who(message)} wrote {leaf.name}: {before} -> {shown}{unit_of(leaf)}")
        result: dict[str, Any] = {"done": True, "scan": self._observer.control.scan_no}
        if leaf.name in self._observer.inputs:
            result["note"] = "this is an input: the next scan latches its device's value over it; force it to hold it"
        return result

    async def _command(self, message: _Message) -> _Answer:
        name = fields.text(message, "name")
        place = self._submitter.places.get(name)
        if place is None:
            raise ConfigFault(
                "there is no command of this name",
                where=name,
                mend=f"the commands of this site are: {', '.join(self._submitter.places) or 'none'}",
            )
        value = parse(fields.json_value(message, "value"), replace(place.value, name=name))
        shown = show(to_json(value, place.value), place.value.type_name)
        before = self._shown_command(place)
        seq, ttl_ns = fields.whole(message, "seq"), _ttl_ns(message)
        client = fields.text(message, "client")
        outcome = await self._submitter.command(name, value, client=client, seq=seq, ttl_ns=ttl_ns)
        self._audit(
            _severity(outcome),
            f"{who(message)} commanded {name}: {before} -> {shown}{unit_of(place.value)}: {_ended(outcome)}",
        )
        return _command_result(name, outcome)

    def _shown_command(self, place: CommandPlace) -> str:
        snapshot = self._observer.latest()
        given = snapshot is not None and bool(snapshot.value(place.request_seq))
        return shown_before(self._observer, place.value) if given else "no command"


def command_audit(who: str, name: str, value: str, outcome: Outcome) -> tuple[Severity, str]:
    """The event of a command that did not come as a request."""
    return _severity(outcome), f"{who} commanded {name}: {value}: {_ended(outcome)}"


def _severity(outcome: Outcome) -> Severity:
    return "info" if outcome.ending in (Ending.DONE, Ending.ACCEPTED) else "warning"


def _command_result(name: str, outcome: Outcome) -> CommandResult:
    if outcome.ending is Ending.TIMED_OUT:
        raise SubmitFault(
            f"the command timed out: {outcome.reason}",
            where=name,
            mend="see whether the scan runs and the program answers: voltscan status",
        )
    if outcome.ending is Ending.REFUSED:
        return CommandResult(state="refused", reason=outcome.reason)
    if outcome.ending is Ending.ACCEPTED:
        return CommandResult(state="accepted", reason=outcome.reason)
    return CommandResult(state="done")


def _ended(outcome: Outcome) -> str:
    return f"{outcome.ending.value} ({outcome.reason})" if outcome.reason else outcome.ending.value


def _ttl_ns(message: _Message) -> int:
    return fields.whole(message, "ttl_ms", TTL_MS) * 1_000_000
