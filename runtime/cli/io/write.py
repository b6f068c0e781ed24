"""`voltscan io write`: one value to one point of a device, while no controller drives it."""

import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from runtime.cli.io.fieldmap import FieldMap, read_field_map
from runtime.cli.io.session import Session
from runtime.core.duration import duration_ns
from runtime.core.fault import ConfigFault
from runtime.core.tag import Tag
from runtime.drivers.engine import IoEngine
from runtime.iomap.plan.plan import IoPlan
from runtime.iomap.sites.everypoint import plan_to_write
from runtime.iomap.wire import CanWire
from runtime.wire.values import parse, show


@dataclass(frozen=True, slots=True)
class WriteOrder:
    """What to write. `length`: how long a cyclic message is kept up, and how long any write may take."""

    point: str
    value: str
    length: str = "5s"
    confirmed: bool = False


def write_point(path: Path, order: WriteOrder) -> int:
    """Write the value once (on CAN: for the whole time), after a question; 1 when the device did not take it."""
    field = read_field_map(path)
    tag = field.tags.tag(order.point)
    if tag is None:
        close = field.tags.nearest(order.point)
        mend = f"did you mean {close}?" if close else "name it <device>.<point>"
        raise ConfigFault(f"the map has no point {order.point}", mend=mend)
    plan = _plan(field, tag)
    value = parse(order.value, tag)
    shown = f"{tag.name} = {show(value, tag.type.name)}{' ' + tag.unit if tag.unit else ''}"
    if not order.confirmed and not _agreed(f"Write {shown} to the device?{_warning(plan)}"):
        print("nothing was written")
        return 1
    session = Session(plan, values=[value])
    taken = _write(session, duration_ns(order.length) / 1e9)
    if taken:
        print(f"{shown}: written")
        return 0
    print(f"{shown}: not written: {session.events[-1] if session.events else 'no answer'}", file=sys.stderr)
    return 1


def _plan(field: FieldMap, tag: Tag) -> IoPlan:
    """Raises ConfigFault when the point cannot be written now."""
    if field.loaded.map.serve:
        raise ConfigFault("this map plays its devices", mend="name the map of the controller that drives them")
    if field.runs:
        mend = f"force its tag (voltscan force {tag.name} …), or stop the controller first"
        raise ConfigFault(f"the controller {field.site} runs and would write its own value at once", mend=mend)
    plan = plan_to_write(field.loaded, tag.name)
    if plan is None:
        raise ConfigFault(f"{tag.name} cannot be written", mend='its profile says access = "r"')
    return plan


def _warning(plan: IoPlan) -> str:
    (device,) = (device for devices in plan.devices.values() for device in devices)
    wire = device.outputs[0].wire
    if not isinstance(wire, CanWire):
        return ""
    return f" The whole message {wire.message} goes out: its other signals have the start values of the database."


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise ConfigFault("a value is written only when somebody agrees", mend="add --yes")
    return typer.confirm(question)


def _write(session: Session, seconds: float) -> bool:
    """True when the device has taken the value; a cyclic message is kept up for the whole time."""
    (device,) = (device for devices in session.plan.devices.values() for device in devices)
    cyclic = isinstance(device.outputs[0].wire, CanWire)
    sent = False

    def done(engine: IoEngine) -> bool:
        nonlocal sent
        statistics = engine.statistics[device.name]
        sent = statistics.requests > statistics.errors
        return sent and not cyclic

    session.run(seconds=seconds, done=done)
    return sent
