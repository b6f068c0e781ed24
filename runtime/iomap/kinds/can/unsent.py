"""Messages that would stay away for ever: a signal in them has no tag, and starts with a value that must not go out."""

from collections.abc import Iterable, Iterator

from runtime.core.diagnostic import Diagnostic, Label, warning
from runtime.iomap.kinds.can.keys import CanProfile
from runtime.iomap.sites.loaded import LoadedProfile, LoadedSite
from runtime.iomap.sites.use import Use


def check_unsent(site: LoadedSite, uses: Iterable[Use]) -> Iterator[Diagnostic]:
    """One warning a message of a profile, at the first device that it concerns."""
    bound: dict[str, set[str]] = {}
    for use in uses:
        bound.setdefault(use.device, set()).add(use.name)
    sender = "device" if site.map.serve else "controller"
    stuck: dict[tuple[str, str, str], list[str]] = {}
    for device, names in bound.items():
        profile = site.map.devices[device].profile
        for message, point in _stuck(site.profiles[profile], names, sender):
            stuck.setdefault((profile, message, point), []).append(device)
    for (_, message, point), devices in stuck.items():
        at = Label(site.document.places.key("devices", devices[0]), f"the program has no tag {devices[0]}.{point}")
        told = f"the message {message} of {', '.join(devices)} never goes out: {point} would have a value that must not"
        yield warning("M4009", told, at, help=f"declare {devices[0]}.{point} and give it a value")


def _stuck(loaded: LoadedProfile, bound: set[str], sender: str) -> Iterator[tuple[str, str]]:
    profile, database = loaded.profile, loaded.database
    if not isinstance(profile, CanProfile) or database is None:
        return
    used = {profile.points[name].message for name in bound if name in profile.points}
    for name, point in profile.points.items():
        frame = database.frames.get(point.message)
        sent = point.message in used and profile.messages[point.message].sent_by == sender
        if sent and name not in bound and frame is not None and frame.start.get(point.signal) == point.never_sent:
            yield point.message, name
