"""Device profiles as JSON, for tools that speak that: the same keys as in TOML, there and back (requirement DEV-01)."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runtime.core.fault import ConfigFault

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def profile_as_json(path: Path) -> str:
    """The profile of a TOML file as it stands: a `base` or a point table is not written out. Raises ConfigFault."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ConfigFault(f"cannot read it: {fault.strerror}", where=str(path), mend="check path and rights") from fault
    except ValueError as fault:
        raise ConfigFault(
            f"this is not TOML: {fault}", where=str(path), mend="voltscan check names the line"
        ) from fault
    return json.dumps(told, indent=2, ensure_ascii=False)


def profile_of_json(path: Path) -> str:
    """The text of a TOML profile with what a JSON file says. Raises ConfigFault when that holds no profile."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ConfigFault(f"cannot read it: {fault.strerror}", where=str(path), mend="check path and rights") from fault
    except ValueError as fault:
        raise ConfigFault(f"this is not JSON: {fault}", where=str(path), mend="write an object of keys") from fault
    if not isinstance(told, dict):
        raise ConfigFault("this is no object", where=str(path), mend='write { "maker": …, "points": { … } }')
    return "\n".join(_lines(told)) + "\n"


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Plain keys first, then a table each, then tables of which there are several."""
    tables = {key: value for key, value in told.items() if isinstance(value, dict)}
    repeated = {key: value for key, value in told.items() if _is_repeated(value)}
    for key, value in told.items():
        if key not in tables and key not in repeated:
            yield f"{_key(key)} = {_value(value, key)}"
    for key, table in tables.items():
        yield from ("", f"[{_key(key)}]", *(f"{_key(name)} = {_value(one, name)}" for name, one in table.items()))
    for key, rows in repeated.items():
        for row in rows:
            yield from ("", f"[[{_key(key)}]]", *(f"{_key(name)} = {_value(one, name)}" for name, one in row.items()))


def _is_repeated(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _value(value: object, key: str) -> str:
    match value:
        case bool() | int() | float() | str():
            return json.dumps(value, ensure_ascii=False)  # what JSON writes of these is TOML
        case list():
            return f"[{', '.join(_value(one, key) for one in value)}]"
        case dict():
            return f"{{ {', '.join(f'{_key(name)} = {_value(one, name)}' for name, one in value.items())} }}"
    raise ConfigFault(f"`{key}` is null", where="profile", mend="leave the key out")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
