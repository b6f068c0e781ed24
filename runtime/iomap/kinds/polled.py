"""What protocols share whose values are asked for, group by group: poll groups and raw numbers."""

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.iomap.profiles.profile import Point
from runtime.iomap.reading.read import did_you_mean
from runtime.iomap.sites.loaded import LoadedProfile
from runtime.iomap.wire import Numeric, RawType


def group_mistakes(loaded: LoadedProfile, name: str, point: Point) -> list[Diagnostic]:
    """What is wrong with the poll group of a point."""
    group = loaded.profile.group_of(point)
    if point.access == "w" or group in loaded.profile.groups:
        return []
    path = ("points", name, "group") if point.group else (loaded.profile.protocol, "group")
    places = loaded.document.places
    at = Label(places.value(*path) if places.has(*path) else places.key("points", name), "no such group")
    mend = did_you_mean(group, loaded.profile.groups, what="groups")
    return [
        error("M2003", f"`{name}` is in no poll group" if not group else f"unknown poll group `{group}`", at, help=mend)
    ]


def number_of(kind: RawType, point: Point, *, on: int | None = None, off: int = 0) -> Numeric:
    """The raw number of a point whose words are of that type. `on`: what a flag takes as TRUE, `off`: as FALSE."""
    if kind in (RawType.BIT, RawType.FLAG):
        bits = 1 if kind is RawType.BIT else 16
        return Numeric(
            bits=bits,
            signed=False,
            floating=False,
            boolean=True,
            on=on,
            off=off,
            not_implemented=point.not_implemented,
        )
    return Numeric(
        bits=int(kind[1:]),
        signed=kind.startswith("i"),
        floating=kind.startswith("f"),
        scale=point.scale,
        offset=point.offset,
        not_implemented=point.not_implemented,
    )
