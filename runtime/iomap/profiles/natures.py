"""What devices of one nature have in common (natures.toml), and whether a profile keeps to it.

So a control mode works with any device of a nature: the same point has the same name, unit and sign everywhere.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

from pydantic import Field

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.iomap.profiles.profile import Nature, Positive, Profile, Strict
from runtime.iomap.reading.read import Document, did_you_mean
from runtime.iomap.wire import Wire


class CommonPoint(Strict):
    """A point that every device of a nature names alike. `mesa`: its names in MESA-Device and SunSpec models."""

    required: bool = False
    unit: str = ""
    signed: bool = False
    written: bool = False
    boolean: bool = False
    mesa: list[str] = Field(default_factory=list)
    mesa_values: list[int] = Field(default_factory=list)


class NatureRules(Strict):
    """The common points of a nature; positive values of the signed ones mean `positive`."""

    positive: Positive | None = None
    points_of: Nature | None = None
    points: dict[str, CommonPoint] = Field(default_factory=dict)


@cache
def natures() -> dict[str, NatureRules]:
    """All natures by name, each with its points."""
    text = resources.files("runtime.iomap.profiles").joinpath("natures.toml").read_text(encoding="utf-8")
    told = {name: NatureRules.model_validate(table) for name, table in tomllib.loads(text).items()}
    return {
        name: rules if rules.points_of is None else rules.model_copy(update={"points": told[rules.points_of].points})
        for name, rules in told.items()
    }


def check_natures(document: Document[Profile], wires: Mapping[str, Wire]) -> list[Diagnostic]:
    """Where a profile does not keep to the natures that it claims; each point is told once."""
    found: dict[str, Diagnostic] = {}
    profile, known = document.content, {name for n in document.content.natures for name in natures()[n].points}
    for nature in profile.natures:
        for name, common in natures()[nature].points.items():
            point = profile.points.get(name)
            told = _missing(document, nature, name) if point is None else _misfit(document, nature, name, common)
            if told is None and common.boolean and name in wires:
                told = _no_boolean(document, nature, name, wires[name])
            if told is not None and (point is not None or common.required):
                found.setdefault(name, told)
    return [*found.values(), *_needless(document, known)]


def _missing(document: Document[Profile], nature: str, name: str) -> Diagnostic | None:
    if name in document.content.lacks:
        return None
    at = Label(document.places.value("natures"), f"every {nature} has a point `{name}`")
    mend = f'add the point, or say why it has none: {name} = "…" under [lacks]'
    return error("M2007", f"this {nature} has no point `{name}`", at, help=mend)


def _misfit(document: Document[Profile], nature: str, name: str, common: CommonPoint) -> Diagnostic | None:
    point, places = document.content.points[name], document.places
    if point.unit != common.unit:
        wanted = f"in {common.unit}" if common.unit else "without a unit"
        at = Label(places.value("points", name, "unit"), f"of every {nature} it is {wanted}")
        mend = "scale it to that unit, or give the point another name"
        return error("M2008", f"`{name}` is {_in(point.unit)}", at, help=mend)
    if common.written and point.access == "r":
        at = Label(places.key("points", name), f"of every {nature} the controller writes it")
        mend = 'write access = "rw" or "w", or give the point another name'
        return error("M2008", f"`{name}` cannot be written", at, help=mend)
    return _wrong_sign(document, nature, name) if common.signed else None


def _no_boolean(document: Document[Profile], nature: str, name: str, wire: Wire) -> Diagnostic | None:
    if wire.number.boolean or wire.number.bits == 1:
        return None
    at = Label(document.places.key("points", name), f"of every {nature} it is TRUE or FALSE")
    mend = "tell its numbers for TRUE and FALSE (of a register: type flag, on, off), or give the point another name"
    return error("M2008", f"`{name}` is a number", at, help=mend)


def _wrong_sign(document: Document[Profile], nature: str, name: str) -> Diagnostic | None:
    """A sign that is not said is taken for right; `forward` and `unknown` are the site's to find out."""
    wanted, said = natures()[nature].positive, document.content.points[name].positive
    others = {natures()[n].positive for n in document.content.natures}
    if said in (None, "forward", "unknown", wanted) or said in others:
        return None
    at = Label(document.places.value("points", name, "positive"), f"of every {nature} positive means {wanted}")
    return error("M2008", f"`{name}` counts the other way", at, help="turn it: a negative scale (and offset)")


def _needless(document: Document[Profile], known: set[str]) -> Iterator[Diagnostic]:
    points = document.content.points
    for name in document.content.lacks:
        at = document.places.key("lacks", name)
        if name in points:
            mend = "take it out of [lacks]"
            yield error(
                "M2007", f"`{name}` is there and lacking", Label(at, "a point of that name is below"), help=mend
            )
        elif name not in known:
            mend = did_you_mean(name, known, what="common points")
            yield error("M2007", f"`{name}` need not be there", Label(at, "no common point of its natures"), help=mend)


def _in(unit: str) -> str:
    return f"in {unit}" if unit else "without a unit"
