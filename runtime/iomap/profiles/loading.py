"""Loads device profiles and checks what concerns no site; what a protocol makes of its points stands under `kinds`."""

from pathlib import Path

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.iomap.kinds.builtin import BUILT_IN
from runtime.iomap.kinds.kind import DeviceProtocol, Kinds, Unusable
from runtime.iomap.profiles.expand import expand
from runtime.iomap.profiles.natures import check_natures
from runtime.iomap.profiles.profile import Profile
from runtime.iomap.profiles.profilefiles import read_profile
from runtime.iomap.reading.locate import Locator
from runtime.iomap.reading.read import Document, did_you_mean, fit
from runtime.iomap.sites.loaded import LoadedProfile


def load_profile(
    path: Path, dbc_folder: Path, *, shown: str = "", kinds: Kinds = BUILT_IN
) -> tuple[LoadedProfile | None, list[Diagnostic]]:
    """One profile and everything wrong with it; None when it does not even fit its schema."""
    told, diagnostics = read_profile(path, name=shown)
    if told is None:
        return None, diagnostics
    raw, diagnostics = expand(told.raw, told.places, path)
    if diagnostics:
        return None, diagnostics
    protocol, diagnostics = _protocol(raw.get("protocol"), told.places, kinds)
    profile, misfits = fit(raw, protocol.profile if protocol else _AnyProfile, told.places)
    diagnostics += misfits
    if profile is None or protocol is None:
        return None, diagnostics
    loaded = LoadedProfile(path.stem, Document(profile, told.places, path), protocol)
    found = protocol.resolve(loaded, dbc_folder) + _check_heartbeats(loaded)
    return loaded, found or check_natures(loaded.document, loaded.wires)  # a point with a mistake is not judged twice


class _AnyProfile(Profile, extra="ignore"):
    """A profile of an unknown protocol: only the keys that all have can be checked."""

    points: dict[str, dict[str, object]]  # type: ignore[assignment]


def _protocol(name: object, places: Locator, kinds: Kinds) -> tuple[DeviceProtocol | None, list[Diagnostic]]:
    if not isinstance(name, str):
        return None, []  # the schema says so
    found = kinds.protocol(name)
    if isinstance(found, DeviceProtocol):
        return found, []
    at = places.value("protocol")
    if isinstance(found, Unusable):
        message = f"the plug-in for the protocol `{name}` cannot be used"
        return None, [error("M4008", message, Label(at, found.why), help=found.mend)]
    mend = did_you_mean(name, kinds.protocols(), what="protocols")
    return None, [error("M4008", f"unknown protocol `{name}`", Label(at, "neither built in nor a plug-in"), help=mend)]


def _check_heartbeats(loaded: LoadedProfile) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for number, rule in enumerate(loaded.profile.heartbeats):
        point = loaded.profile.points.get(rule.point)
        if point is None or point.access == "r":
            mend = did_you_mean(
                rule.point, [n for n, p in loaded.profile.points.items() if p.access != "r"], what="points"
            )
            at = Label(loaded.document.places.value("heartbeats", number, "point"), "not a point that can be written")
            found.append(error("M2006", f"the heartbeat names `{rule.point}`", at, help=mend))
        if rule.period_ms * 2 > rule.timeout_ms:
            at = Label(
                loaded.document.places.value("heartbeats", number, "period_ms"), f"time-out {rule.timeout_ms} ms"
            )
            mend = "change at least twice within the time-out, so that one lost write does no harm"
            found.append(error("M2006", "the heartbeat is too slow for its own time-out", at, help=mend))
    return found
