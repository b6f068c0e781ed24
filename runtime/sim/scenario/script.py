"""A scenario resolved against a site: names found, values parsed, times in ns. Every mistake is a diagnostic.

code   means
S2001  no variable of that name
S2002  the value does not fit the variable
S2003  no device, or no command, of that name
S2004  the variable is of a kind that the event or the expectation cannot take
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from runtime.core.diagnostic import Diagnostic, Label, error, has_errors
from runtime.core.duration import duration_ns
from runtime.core.elementary import Kind, Value
from runtime.core.tag import TagTable, Variable
from runtime.image.manifest import Manifest
from runtime.iomap.reading.read import Document, did_you_mean
from runtime.sim.coupled.coupling import PLANT_PREFIX, Condition
from runtime.sim.coupled.plan import Mode
from runtime.sim.scenario.file import EventTable, ExpectTable, ScenarioTable
from runtime.wire.fault import ValueFault
from runtime.wire.values import parse

NEVER_NS = 1 << 61
"""Beyond the end of every run (73 years)."""
_MODES = {
    "silent": Mode.SILENT,
    "frozen": Mode.FROZEN,
    "garbage": Mode.GARBAGE,
    "nan": Mode.NAN,
    "absurd": Mode.ABSURD,
}


@dataclass(frozen=True, slots=True)
class Target:
    """A variable of one of the two sides; `name` with `plant/` where it is the plant's."""

    name: str
    variable: Variable


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `value` is what `to` says; `seq` leads to a command's number; `duration_ns` 0: for good."""

    at_ns: int
    action: str
    name: str
    target: Target | None = None
    seq: Target | None = None
    value: Value = 0
    mode: Mode = Mode.ALIVE
    duration_ns: int = 0


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected, in words, of which variable, and the condition that the native code judges."""

    text: str
    when: str
    condition: Condition
    variable: Variable


@dataclass(frozen=True, slots=True)
class Script:
    """A scenario that fits the site. `watched` are numbers, `texts` the strings that are recorded beside them."""

    name: str
    seeds: tuple[Target, ...]
    parameters: tuple[tuple[Target, Value], ...]
    events: tuple[Event, ...]
    expectations: tuple[Expectation, ...]
    watched: tuple[str, ...]
    texts: tuple[str, ...]
    every_ns: int
    record_from_ns: int
    plotted: tuple[str, ...]
    length_ns: int
    """How long it plays; 0: it does not say."""


def resolve(
    document: Document[ScenarioTable], controller: Manifest, plant: Manifest, *, watched: Sequence[str]
) -> tuple[Script | None, list[Diagnostic]]:
    """The script of a scenario, or what is wrong with it. `watched`: names to record where the file names none."""
    return _Resolver(document, controller, plant).script(watched)


def matching(pattern: str, controller: TagTable, plant: TagTable, *, texts: bool = False) -> list[str]:
    """Names of the numbers that a pattern stands for, or of the strings: those cannot be drawn or averaged."""
    of_plant = pattern.startswith(PLANT_PREFIX)
    tags, bare = (plant if of_plant else controller), pattern.removeprefix(PLANT_PREFIX).lower()
    exact = tags.find(bare)
    leaves: Sequence[Variable] = [exact] if exact else [t for t in tags.tags if fnmatchcase(t.name.lower(), bare)]
    return [(PLANT_PREFIX if of_plant else "") + leaf.name for leaf in leaves if (leaf.type.kind is Kind.TEXT) is texts]


class _Resolver:
    def __init__(self, document: Document[ScenarioTable], controller: Manifest, plant: Manifest) -> None:
        self._document, self._controller, self._plant = document, controller, plant
        self._found: list[Diagnostic] = []

    def script(self, watched: Sequence[str]) -> tuple[Script | None, list[Diagnostic]]:
        table = self._document.content
        seeds = [self._number(name, "seeds", n) for n, name in enumerate(table.seeds)]
        parameters = [
            (target, value)
            for name, told in table.parameters.items()
            if (target := self._target(name, "parameters", name)) is not None
            and (value := self._value(target, told, "parameters", name)) is not None
        ]
        events = [self._event(event, n) for n, event in enumerate(table.events)]
        expectations = [self._expectation(expect, n) for n, expect in enumerate(table.expect)]
        recorded = table.record.tags or watched
        names, texts = self._names(recorded, "tags" if table.record.tags else "")
        plotted, _ = self._names(table.record.plot, "plot")
        names += [name for name in plotted if name not in names]
        if has_errors(self._found):
            return None, self._found
        made = Script(
            name=table.name or self._document.path.stem,
            seeds=tuple(seed for seed in seeds if seed is not None),
            parameters=tuple(parameters),
            events=tuple(event for event in events if event is not None),
            expectations=tuple(expectation for expectation in expectations if expectation is not None),
            watched=tuple(names),
            texts=tuple(texts),
            every_ns=duration_ns(table.record.every),
            record_from_ns=duration_ns(table.record.after),
            plotted=tuple(plotted),
            length_ns=duration_ns(table.length) if table.length else 0,
        )
        return made, self._found

    def _refuse(self, code: str, message: str, *path: Any, there: str, mend: str) -> None:
        at = Label(self._document.places.value(*path), there)
        self._found.append(error(code, message, at, help=mend))

    def _tags(self, name: str) -> tuple[TagTable, str]:
        if name.startswith(PLANT_PREFIX):
            return self._plant.tags, name.removeprefix(PLANT_PREFIX)
        return self._controller.tags, name

    def _target(self, name: str, *path: Any) -> Target | None:
        tags, bare = self._tags(name)
        variable = tags.find(bare)
        if variable is None:
            near = tags.nearest(bare)
            prefix = PLANT_PREFIX if name.startswith(PLANT_PREFIX) else ""
            mend = f"did you mean {prefix}{near}?" if near else "names of the plant begin with plant/"
            self._refuse("S2001", f"unknown variable `{name}`", *path, there="no variable of that name", mend=mend)
            return None
        return Target(name, variable)

    def _number(self, name: str, *path: Any) -> Target | None:
        """A target that is no string."""
        target = self._target(name, *path)
        if target is None or target.variable.type.kind is not Kind.TEXT:
            return target
        mend = "strings can be set, forced and recorded; seeds, expectations and curves take numbers"
        self._refuse("S2004", f"`{name}` is a string", *path, there="a string", mend=mend)
        return None

    def _value(self, target: Target, told: Any, *path: Any) -> Value | None:
        try:
            return parse(told, target.variable)
        except ValueFault as misfit:
            self._refuse("S2002", f"wrong value for `{target.name}`", *path, there=misfit.what, mend=misfit.mend)
            return None

    def _names(self, patterns: Sequence[str], key: str) -> tuple[list[str], list[str]]:
        """Numbers and strings; a pattern under `key` that stands for none of what the key takes is refused."""
        names: list[str] = []
        texts: list[str] = []
        for number, pattern in enumerate(patterns):
            found = matching(pattern, self._controller.tags, self._plant.tags)
            told = matching(pattern, self._controller.tags, self._plant.tags, texts=True)
            if key and not found and (key == "plot" or not told):
                self._number(pattern, "record", key, number)
            names += [name for name in found if name not in names]
            texts += [name for name in told if name not in texts]
        return names, texts

    def _event(self, event: EventTable, number: int) -> Event | None:
        action, at_ns = event.action, duration_ns(event.at)
        name = str(getattr(event, action))
        path = ("events", number, action)
        if action == "acknowledge":
            return Event(at_ns, action, "")
        if action == "fault":
            return self._fault(event, at_ns, name, path)
        if action == "command":
            return self._command(event, at_ns, name, number)
        target = self._target(name, *path)
        if target is None:
            return None
        if action in ("force", "unforce") and not self._forceable(target, path):
            return None
        if action == "unforce":
            return Event(at_ns, action, name, target)
        if action == "ramp" and target.variable.type.kind not in (Kind.REAL, Kind.SIGNED, Kind.UNSIGNED):
            there, mend = target.variable.type_name, "ramp a number, or use set"
            self._refuse("S2004", f"`{name}` cannot be ramped", *path, there=there, mend=mend)
            return None
        value = self._value(target, event.to, "events", number, "to")
        lasts_ns = duration_ns(event.over) if event.over else 0
        return None if value is None else Event(at_ns, action, name, target, value=value, duration_ns=lasts_ns)

    def _forceable(self, target: Target, path: tuple[Any, ...]) -> bool:
        side = self._plant if target.name.startswith(PLANT_PREFIX) else self._controller
        layout = side.layout()
        bound = {slot.tag.name for slot in layout.inputs} | {slot.tag.name for slot in layout.outputs}
        if target.variable.name in bound:
            return True
        there, mend = "neither input nor output", "only what the map binds can be forced: use set"
        self._refuse("S2004", f"`{target.name}` cannot be forced", *path, there=there, mend=mend)
        return False

    def _fault(self, event: EventTable, at_ns: int, name: str, path: tuple[Any, ...]) -> Event | None:
        devices = {*self._controller.bindings.inputs, *(o.device for o in self._controller.bindings.outputs)}
        if name not in devices:
            mend = did_you_mean(name, devices, what="devices")
            self._refuse("S2003", f"there is no device `{name}`", *path, there="no device of the site map", mend=mend)
            return None
        lasts_ns = duration_ns(event.duration) if event.duration else 0
        return Event(at_ns, "fault", name, mode=_MODES[event.kind], duration_ns=lasts_ns)

    def _command(self, event: EventTable, at_ns: int, name: str, number: int) -> Event | None:
        commands = {command.name: command for command in self._controller.bindings.commands}
        command = commands.get(name)
        if command is None:
            mend = did_you_mean(name, commands, what="commands")
            where = ("events", number, "command")
            self._refuse("S2003", f"there is no command `{name}`", *where, there="not in the site map", mend=mend)
            return None
        value_tag = self._target(f"{command.request}.value", "events", number, "command")
        seq = self._target(f"{command.request}.seq", "events", number, "command")
        if value_tag is None:
            return None
        value = self._value(value_tag, event.to, "events", number, "to")
        return None if value is None else Event(at_ns, "command", name, value_tag, seq, value)

    def _expectation(self, expect: ExpectTable, number: int) -> Expectation | None:
        target = self._number(expect.tag, "expect", number, "tag")
        if target is None:
            return None
        bounds = self._bounds(expect, target, number)
        if bounds is None:
            return None
        low, high, inside, words = bounds
        from_ns, until_ns, when = _window(expect)
        condition = Condition(target.name, low, high, inside, from_ns, until_ns)
        return Expectation(f"{expect.tag} {words} {when}", expect.when, condition, target.variable)

    def _bounds(self, expect: ExpectTable, target: Target, number: int) -> tuple[float, float, bool, str] | None:
        judged = expect.judged
        if judged in ("is", "is_not"):
            told = expect.is_ if judged == "is" else expect.is_not
            value = self._value(target, told, "expect", number, judged)
            if value is None:
                return None
            assert not isinstance(value, str), "an expectation judges numbers"
            exact = _as_held(float(value), target.variable)
            return exact, exact, judged == "is", f"{'is' if judged == 'is' else 'is not'} {told}"
        if expect.between is not None:
            low, high = (_as_held(float(bound), target.variable) for bound in expect.between)
            return low, high, True, f"between {expect.between[0]} and {expect.between[1]}"
        if expect.above is not None:
            low = math.nextafter(_as_held(float(expect.above), target.variable), math.inf)
            return low, math.inf, True, f"above {expect.above}"
        assert expect.below is not None, "one of JUDGED is given"
        high = math.nextafter(_as_held(float(expect.below), target.variable), -math.inf)
        return -math.inf, high, True, f"below {expect.below}"


def _window(expect: ExpectTable) -> tuple[int, int, str]:
    """First and last time of judgement, and both in words."""
    after_ns = duration_ns(expect.after)
    if expect.at is not None:
        return duration_ns(expect.at), duration_ns(expect.at), f"at {expect.at}"
    if expect.within is not None:
        since = f" after {expect.after}" if after_ns else ""
        return after_ns, after_ns + duration_ns(expect.within), f"within {expect.within}{since}"
    since = f" from {expect.after}" if after_ns else ""
    if expect.until is None:
        return after_ns, NEVER_NS, f"always{since}"
    return after_ns, duration_ns(expect.until), f"always{since} until {expect.until}"


def _as_held(value: float, variable: Variable) -> float:
    """As the variable holds it: 0.1 in a REAL is not the 0.1 of 64 bits."""
    if variable.type.kind is Kind.REAL and variable.type.size == 4 and abs(value) < 3.4e38:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    return value
