"""Device options: what a profile lets a site set, handed to the program as initial values of its variables.

What an option does is the program's affair (all control logic is ST): the option `check_s` of the device `inverter_1`
is the initial value of the variable `inverter_1_options.check_s`. Where the program has no such variable, an option
that only has its default is nobody's affair; one that the site sets is a mistake.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from runtime.core.diagnostic import Diagnostic, Label, Span, error, warning
from runtime.core.tag import TagTable
from runtime.iomap.profiles.profile import Option
from runtime.iomap.reading.read import did_you_mean
from runtime.iomap.sites.loaded import LoadedSite
from runtime.iomap.sites.sitemap import SecretFile


@dataclass(frozen=True, slots=True)
class OptionValue:
    """The initial value of a variable, and where the map tells it."""

    variable: str
    told: Any
    place: Span


def option_values(site: LoadedSite, tags: TagTable) -> tuple[list[OptionValue], list[Diagnostic]]:
    """The options of all devices that the program has a variable for, and what is wrong with the others."""
    values: list[OptionValue] = []
    found: list[Diagnostic] = []
    for name, device in site.map.devices.items():
        known: dict[str, Option] = site.placed[name].profile.options if name in site.placed else {}
        found += _unknown(site, name, known)
        for option, rules in known.items():
            told = device.options.get(option, rules.default)
            place = site.document.places.value("devices", name, "options", option)
            variable = f"{name}_options.{option}"
            if isinstance(told, SecretFile):
                told, mistakes = _secret(site, told, place)
                found += mistakes
            elif rules.secret and told != rules.default:
                label = Label(place, "whoever reads the map, or a copy of it, knows it")
                mend = f'write {option} = {{ file = "…" }}, with the path of a file that only its user may read'
                found.append(warning("M3018", f"the secret `{option}` stands in the map", label, help=mend))
            holder = tags.find(variable)
            if rules.secret and holder is not None and not holder.secret:
                label = Label(place, f"every console shows {variable}")
                mend = f"declare {option} in the program with {{secret}}"
                found.append(warning("M3018", f"the secret `{option}` can be read by anybody", label, help=mend))
            if holder is not None and told is not None:
                values.append(OptionValue(variable, told, place))
            elif option in device.options and told is not None:
                mend = f"declare {name}_options in a VAR_GLOBAL with a field {option}, or take the option out"
                label = Label(place, f"the program has no variable {variable}")
                found.append(error("M3018", f"nothing takes the option `{option}`", label, help=mend))
    return values, found


def _unknown(site: LoadedSite, name: str, known: dict[str, Option]) -> Iterator[Diagnostic]:
    device = site.map.devices[name]
    for option in device.options:
        if option not in known and name in site.placed:
            at = Label(
                site.document.places.key("devices", name, "options", option), f"not an option of {device.profile}"
            )
            yield error("M3018", f"unknown option `{option}`", at, help=did_you_mean(option, known, what="options"))


def _secret(site: LoadedSite, told: SecretFile, place: Span) -> tuple[Any, list[Diagnostic]]:
    """The first line of the file; a number if it is one."""
    path = site.document.path.parent / told.file
    try:
        text = path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is not UTF-8 text"
        mend = "check path and rights; the path is relative to this file"
        return None, [error("M1001", f"cannot read the secret {told.file}", Label(place, str(reason)), help=mend)]
    return (int(text) if text.removeprefix("-").isdecimal() else text), []
