"""Checks a loaded site map against the program's tags. What passes needs no further check at run time."""

from collections.abc import Iterator
from dataclasses import dataclass

from runtime.core.binding import Bindings
from runtime.core.diagnostic import Diagnostic, Label, error, has_errors, warning
from runtime.core.tag import TagTable
from runtime.iomap.checks.busload import check_load
from runtime.iomap.checks.conflicts import check_conflicts
from runtime.iomap.checks.fences import check_fences
from runtime.iomap.checks.fit import check_use
from runtime.iomap.kinds.can.unsent import check_unsent
from runtime.iomap.kinds.playedat import PlayedAtLink
from runtime.iomap.plan.build import build
from runtime.iomap.plan.plan import IoPlan
from runtime.iomap.reading.read import did_you_mean
from runtime.iomap.sites.loaded import LoadedSite
from runtime.iomap.sites.use import Use
from runtime.iomap.sites.uses import find_uses

_NEEDED_RESULTS = ("ACCEPTED", "DONE", "REFUSED")


@dataclass(frozen=True, slots=True)
class CheckedSite:
    """The outcome: `bindings` and `plan` are there exactly when no diagnostic is an error."""

    diagnostics: tuple[Diagnostic, ...]
    bindings: Bindings | None = None
    plan: IoPlan | None = None


def check(site: LoadedSite, tags: TagTable) -> CheckedSite:
    """All mistakes of the map at once, or bindings and plan.

    A site whose loading gave errors is checked too, so that all is told at once, but never gets a plan.
    """
    uses, found = find_uses(site, tags)
    found += _check_links(site)
    for use in uses:
        found += check_use(site, use)
    found += check_conflicts(site, uses)
    found += _unplaced_points(site, tags)
    found += _check_heartbeats(site, uses)
    found += _check_commands(site, tags)
    found += _check_faults(site)
    found += check_unsent(site, uses)
    found += check_fences(site, uses)
    found += _unused_devices(site, uses)
    if not site.sound or has_errors(found):
        return CheckedSite(tuple(found))
    bindings, plan = build(site, uses)
    found += check_load(site, plan.devices)
    if has_errors(found):
        return CheckedSite(tuple(found))
    return CheckedSite(tuple(found), bindings, plan)


def _check_links(site: LoadedSite) -> Iterator[Diagnostic]:
    places = site.document.places
    for name, link in site.map.links.items():
        if site.map.serve and isinstance(link, PlayedAtLink) and not link.played_at:
            at = Label(places.key("links", name), "a controller has to find what plays its devices")
            mend = 'add played_at = "127.0.0.1:15240", here and in the map of the controller'
            yield error("M1004", f"the key `played_at` is missing in `links.{name}`", at, help=mend)
    for name, device in site.map.devices.items():
        kind, loaded = site.kinds.get(device.link), site.profiles.get(device.profile)
        if kind is not None and site.map.serve and not kind.playable:
            at = Label(places.value("devices", name, "link"), f"a link of kind {kind.name}")
            mend = "leave this one out here: its tags keep their initial values"
            yield error("M4008", f"`{name}` cannot be played", at, help=mend)
        if loaded is None:
            continue
        if kind is not None and loaded.protocol is not kind.protocol:
            at = Label(
                places.value("devices", name, "link"),
                f"a link of kind {kind.name}; {device.profile} speaks {loaded.profile.protocol}",
            )
            yield error("M4004", f"`{name}` cannot speak over this link", at, help="choose a link of its protocol")
        if device.nature is not None and device.nature not in loaded.profile.natures:
            at = Label(
                places.value("devices", name, "nature"), f"the profile is for {', '.join(loaded.profile.natures)}"
            )
            yield error("M4006", f"`{name}` is no {device.nature}", at, help="choose one of the profile's natures")


def _check_heartbeats(site: LoadedSite, uses: list[Use]) -> Iterator[Diagnostic]:
    for use in uses:
        loaded = site.placed[use.device]
        for rule in loaded.profile.heartbeats:
            if rule.point == use.name and use.is_output and use.rule.min_interval_ms * 2 > rule.timeout_ms:
                at = Label(
                    site.document.places.value(*use.path, "min_interval_ms"),
                    f"the device stops after {rule.timeout_ms} ms",
                )
                mend = f"at most {rule.timeout_ms // 2} ms, so that one lost write does no harm"
                yield error("M4005", f"the heartbeat `{use.name}` is written too seldom", at, help=mend)


def _unplaced_points(site: LoadedSite, tags: TagTable) -> Iterator[Diagnostic]:
    """Points that the program has tags for and that nobody has given an address."""
    for name, loaded in site.placed.items():
        rules = site.map.devices[name].points
        asked = {p: (rules[p].tag if p in rules else None) or f"{name}.{p}" for p in sorted(loaded.unplaced)}
        missing = [point for point, tag in asked.items() if tags.tag(tag) is not None]
        if missing:
            at = Label(site.document.places.key("devices", name), f"the program has tags for {', '.join(missing)}")
            entry = f'{missing[0]} = {{ register = …, type = "u16" }}'
            mend = f"ask the maker, and write {entry} and so on under [devices.{name}.registers]"
            told = f"`{name}` has points without a register: no public document of {loaded.profile.model} gives them"
            yield error("M3016", told, at, help=mend)


def _check_faults(site: LoadedSite) -> Iterator[Diagnostic]:
    places = site.document.places
    for number, fault in enumerate(site.map.faults):
        at = places.value("faults", number, "device")
        if not site.map.serve:
            mend = "faults belong to the map with serve = true, which plays the devices"
            yield error("M3017", f"`{fault.device}` is not played here", Label(at, "a device that is there"), help=mend)
        elif fault.device not in site.map.devices:
            mend = did_you_mean(fault.device, site.map.devices, what="devices")
            yield error(
                "M3017", f"unknown device `{fault.device}`", Label(at, "not a table under [devices]"), help=mend
            )


def _unused_devices(site: LoadedSite, uses: list[Use]) -> Iterator[Diagnostic]:
    used = {use.device for use in uses}
    for name, device in site.map.devices.items():
        if name not in used and site.sound and site.speaks(name):
            at = Label(site.document.places.key("devices", name), f"the program has no tag {name}.…")
            mend = f"declare {name} in a VAR_GLOBAL with fields named as the points of {device.profile}"
            yield warning("M3013", f"nothing uses the device `{name}`", at, help=mend)


def _check_commands(site: LoadedSite, tags: TagTable) -> Iterator[Diagnostic]:
    for name, command in site.map.commands.items():
        needed = (
            ("request", f"{command.request}.value"),
            ("request", f"{command.request}.seq"),
            ("ack", f"{command.ack}.seq"),
            ("ack", f"{command.ack}.result"),
        )
        for key, wanted in needed:
            yield from _check_command_tag(site, tags, name, key, wanted)


def _check_command_tag(site: LoadedSite, tags: TagTable, name: str, key: str, wanted: str) -> Iterator[Diagnostic]:
    at = site.document.places.value("commands", name, key)
    tag = tags.tag(wanted)
    if tag is None:
        close = tags.nearest(wanted)
        mend = (
            f"did you mean {close}?"
            if close
            else f"declare it with a field {wanted.rpartition('.')[2]} in a VAR_GLOBAL"
        )
        yield error(
            "M3010", f"the command `{name}` needs the tag {wanted}", Label(at, "the program has no such tag"), help=mend
        )
        return
    if wanted.endswith(".seq") and tag.type.name != "UDINT":
        label = Label(at, f"{wanted} is {tag.type_name} ({tag.file}:{tag.line})")
        yield error(
            "M3010", f"the command `{name}` numbers its requests with a UDINT", label, help="declare seq : UDINT"
        )
    if wanted.endswith(".result"):
        labels = [label.upper() for label, _ in tag.labels]
        missing = [n for n in _NEEDED_RESULTS if not any(label.startswith(n) for label in labels)]
        if missing:
            label = Label(at, f"{wanted} is {tag.type_name} ({tag.file}:{tag.line})")
            mend = "an enumeration with labels that start with ACCEPTED, DONE and REFUSED"
            yield error("M3010", f"the result of the command `{name}` lacks {', '.join(missing)}", label, help=mend)
