"""What an operator must not miss, as sentences: one banner a condition, the gravest first."""

from dataclasses import dataclass
from enum import IntEnum

from hmi import roles
from hmi.clock import Clock
from hmi.model import Model
from hmi.status import Status
from hmi.wording import cut
from hmi.wording import value as worded

VALUE_ROOM = 30
"""Characters of a forced string."""
NAMES_MAX = 4
"""Names spelled out in one banner; the rest is counted."""
SPELLED_OUT_MAX = 2
"""More BAD inputs of one device than this are counted, not named: all are on page Tags, filter is:bad."""


class Gravity(IntEnum):
    """How grave: ALARM stops or blinds control, WARNING changes what it does."""

    ALARM = 0
    WARNING = 1


@dataclass(frozen=True, slots=True)
class Banner:
    """One condition: a headline in capitals and what there is to know."""

    gravity: Gravity
    headline: str
    text: str


def banners(model: Model, clock: Clock) -> list[Banner]:
    """The banners of this moment. Without a connection only that is said: nothing else is known."""
    connection = model.connection
    if not connection.up or model.status is None:
        since = clock.time_of_day(connection.since_wall_ns)
        text = f"since {since} · values are those of then" if connection.ever else f"since {since} · {model.endpoint}"
        return [Banner(Gravity.ALARM, "NO CONNECTION", text)]
    status = model.status
    found = _of_scan(status) + _of_plant(model) + _of_inputs(status) + _of_forces(status)
    return sorted(found, key=lambda banner: banner.gravity)


def _of_scan(status: Status) -> list[Banner]:
    found = []
    if not status.scanning:
        found.append(Banner(Gravity.ALARM, "SCAN NOT ADVANCING", f"stands at scan {status.scan_no}"))
    if status.fault_stop:
        first = status.faults[-1] if status.faults else None
        where = f"{first.code} in {first.pou} ({first.file}:{first.line})" if first else "see page Scan"
        found.append(Banner(Gravity.ALARM, "FAULT STOP", f"{where} · acknowledge on page Scan"))
    if status.standby:
        found.append(Banner(Gravity.WARNING, "STANDBY", "the other controller of the pair drives; values are its"))
    elif not status.driving:
        found.append(Banner(Gravity.ALARM, "OUTPUTS AT FAIL-SAFE", "the controller does not drive the plant"))
    return found


def _of_plant(model: Model) -> list[Banner]:
    if model.text(roles.STATE) != "ERROR":
        return []
    bits = model.value(roles.ERROR_BITS)
    words = roles.errors_of(bits) if isinstance(bits, int) else []
    text = " · ".join([*words, "r resets once the cause is gone"])
    return [Banner(Gravity.ALARM, "PLANT IN ERROR", text)]


def _of_inputs(status: Status) -> list[Banner]:
    if not status.bad_inputs and not status.bad_devices:
        return []
    devices = set(status.bad_devices)
    names = [f"{device} (no answer)" for device in sorted(devices)]
    loose: dict[str, list[str]] = {}
    for name in sorted(status.bad_inputs):
        if name.partition(".")[0] not in devices:
            loose.setdefault(name.partition(".")[0], []).append(name)
    for owner, tags in loose.items():
        names += tags if len(tags) <= SPELLED_OUT_MAX else [f"{owner} ({len(tags)} inputs)"]
    return [Banner(Gravity.ALARM, "BAD INPUT", _listed(names))]


def _of_forces(status: Status) -> list[Banner]:
    if not status.forces:
        return []
    names = [f"{name} = {cut(worded(told, of), VALUE_ROOM)}" for name, told, of in status.forces]
    return [Banner(Gravity.WARNING, f"{len(names)} FORCED", _listed(names))]


def _listed(names: list[str]) -> str:
    more = len(names) - NAMES_MAX
    return ", ".join(names[:NAMES_MAX]) + (f" and {more} more" if more > 0 else "")
