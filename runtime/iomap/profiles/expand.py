"""Short ways of writing a profile, written out before its schema is checked: another profile's map, runs of points.

`base = "abb_pqstori"` takes everything that this file does not say itself from the profile of that name; tables are
joined key by key, points whole. A point named `cell_u_mv[{n}]` with `count = 48` stands for `cell_u_mv[1]` to
`cell_u_mv[48]`, each `stride` registers (default: the width of its type) after the one before.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.iomap.profiles.pointtable import read_points
from runtime.iomap.profiles.profilefiles import profile_files, read_profile, twice
from runtime.iomap.reading.locate import Locator, Place
from runtime.iomap.reading.read import did_you_mean
from runtime.iomap.wire import WORDS, RawType

NUMBER = "{n}"
COUNT_MAX = 4096
"""Most points that one line may stand for."""
_JOINED = ("modbus", "can", "i2c", "groups", "messages", "options", "lacks", "points", "unplaced")


def expand(raw: dict[str, Any], places: Locator, path: Path) -> tuple[dict[str, Any], list[Diagnostic]]:
    """The profile of `path` written out; `places` then knows where each written-out key came from."""
    found: list[Diagnostic] = []
    if isinstance(raw.get("base"), str):
        raw, found = _on_base(raw, places, path)
    if isinstance(raw.get("points"), str):
        points, mistakes = read_points(raw["points"], path.parent, places, ("points",))
        raw, found = raw | {"points": points}, found + mistakes
    if isinstance(raw.get("points"), dict):
        raw = raw | {"points": _runs(raw["points"], places)}
    return raw, found


def _on_base(raw: dict[str, Any], places: Locator, path: Path) -> tuple[dict[str, Any], list[Diagnostic]]:
    name = raw["base"]
    known = {name: file for name, file in profile_files(path.parent).items() if name != path.stem}
    if name not in known:
        at = Label(places.value("base"), f"there is no {name}.toml beside this file")
        return raw, [error("M1006", f"unknown profile `{name}`", at, help=did_you_mean(name, known, what="profiles"))]
    if twice(known[name]):
        at = Label(places.value("base"), f"{name}.toml and {name}.json")
        return raw, [error("M1006", f"the profile `{name}` is there twice", at, help="keep one of them")]
    told, mistakes = read_profile(known[name])
    if told is None:
        line, wrong = mistakes[0].place.line, mistakes[0].labels[0].text or mistakes[0].message
        at = Label(places.value("base"), f"line {line} of {known[name].name}: {wrong}")
        return raw, [error("M1006", f"the profile `{name}` cannot be read", at, help="mend that file first")]
    base = told.raw
    if "base" in base:
        at = Label(places.value("base"), f"{name} stands on {base['base']} itself")
        return raw, [error("M1006", f"`{name}` is no profile to stand on", at, help=f'write base = "{base["base"]}"')]
    here = places.places[("base",)]
    joined = base | raw
    for table in _JOINED:
        if isinstance(base.get(table), dict):
            own = raw.get(table, {})
            joined[table] = base[table] | own if isinstance(own, dict) else own
            _say_where(places, (table,), base[table], here)
    return joined, []


def _say_where(places: Locator, path: tuple[str, ...], table: dict[str, Any], here: Place) -> None:
    """What comes from the base is shown at the line that names the base."""
    for key in table:
        places.places.setdefault((*path, key), here)


def _runs(points: dict[str, Any], places: Locator) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for name, point in points.items():
        count = point.get("count") if isinstance(point, dict) else None
        if NUMBER not in name or type(count) is not int or not 1 <= count <= COUNT_MAX:
            # A count without {n}, or {n} without a right count, is for the schema to refuse.
            whole[name] = {"count": 0} | point if NUMBER in name and isinstance(point, dict) else point
            continue
        stride = point.get("stride", _width(point))
        rest = {key: value for key, value in point.items() if key not in ("count", "stride")}
        for number in range(1, count + 1):
            one = name.replace(NUMBER, str(number))
            first = point.get("register")
            moved = {"register": first + (number - 1) * stride} if type(first) is type(stride) is int else {}
            whole[one] = rest | moved
            _alias(places, ("points", name), ("points", one))
    return whole


def _width(point: dict[str, Any]) -> int:
    kind, chars = point.get("type"), point.get("chars")
    if kind == RawType.STRING:
        return (chars + 1) // 2 if type(chars) is int else 1
    return WORDS[RawType(kind)] if isinstance(kind, str) and kind in list(RawType) else 1


def _alias(places: Locator, old: tuple[str, ...], new: tuple[str, ...]) -> None:
    for path in [p for p in places.places if p[: len(old)] == old]:
        place = places.places[path]
        places.places.setdefault((*new, *path[len(old) :]), replace(place))
