"""Points of I2C profiles: the keys that their chip needs and knows, resolved to wires."""

from pathlib import Path

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.iomap.i2citem import AdcChannel, ChipName, ChipRegister, ExpanderPin, I2cItem, SensorQuantity
from runtime.iomap.kinds.i2c.keys import I2cPoint, I2cProfile
from runtime.iomap.kinds.polled import group_mistakes
from runtime.iomap.profiles.profile import Point
from runtime.iomap.sites.loaded import LoadedProfile
from runtime.iomap.wire import I2cWire, Numeric

NEEDED: dict[ChipName, tuple[str, ...]] = {
    "bme680": ("quantity",),
    "ads1115": ("channel",),
    "registers": ("register", "width"),
    "pcf8574": ("pin",),
    "mcp23017": ("pin",),
}
OPTIONAL: dict[ChipName, tuple[str, ...]] = {
    "bme680": (),
    "ads1115": ("range_v", "rate_hz", "ntc"),
    "registers": ("byte_order",),
    "pcf8574": ("active_low",),
    "mcp23017": ("active_low", "pull_up"),
}
PINS: dict[ChipName, int] = {"pcf8574": 8, "mcp23017": 16}
WRITABLE: tuple[ChipName, ...] = ("registers", "pcf8574", "mcp23017")


def resolve(loaded: LoadedProfile, _dbc_folder: Path) -> list[Diagnostic]:
    """See `DeviceProtocol.resolve`."""
    profile = loaded.profile
    assert isinstance(profile, I2cProfile), "the schema of this protocol"
    found: list[Diagnostic] = []
    first_by_item: dict[object, str] = {}
    for name, point in profile.points.items():
        mistakes = [*_key_mistakes(loaded, profile.i2c.chip, name, point), *group_mistakes(loaded, name, point)]
        found += mistakes
        if mistakes:
            continue
        item = _item(profile.i2c.chip, point)
        loaded.wires[name] = I2cWire(item=item, is_output=point.access != "r", number=_number(item, point))
        first = first_by_item.setdefault(item, name)
        if first != name:
            here, there = (
                Label(loaded.document.places.key("points", n), "the same place in the chip") for n in (name, first)
            )
            found.append(error("M2001", f"`{name}` and `{first}` are one value", here, there, help="keep one of them"))
    return found


def _key_mistakes(loaded: LoadedProfile, chip: ChipName, name: str, point: I2cPoint) -> list[Diagnostic]:
    places = loaded.document.places
    of_chips = {
        "register" if key == "register_" else key for key in I2cPoint.model_fields.keys() - Point.model_fields.keys()
    }
    told = {"register" if key == "register_" else key for key in point.model_fields_set} & of_chips
    known = {*NEEDED[chip], *OPTIONAL[chip]}
    found = []
    for key in NEEDED[chip]:
        if key not in told:
            at = Label(places.key("points", name), f"`{key}` belongs here")
            found.append(error("M1004", f"the key `{key}` is missing in `points.{name}`", at, help=f"add {key} = …"))
    for key in sorted(told - known):
        at = Label(places.key("points", name, key), f"no key of a point of {chip}")
        found.append(error("M1003", f"unknown key `{key}`", at, help=f"keys here: {', '.join(sorted(known))}"))
    if point.pin is not None and point.pin >= PINS.get(chip, 16):
        at = Label(places.value("points", name, "pin"), f"{chip} has {PINS[chip]} pins")
        found.append(error("M2002", f"the pin of `{name}` is not there", at, help=f"it must be 0 to {PINS[chip] - 1}"))
    if point.access != "r" and chip not in WRITABLE:
        at = Label(places.value("points", name, "access"), f"{chip} measures")
        found.append(error("M2005", f"`{name}` cannot be written", at, help='write access = "r"'))
    return found


def _item(chip: ChipName, point: I2cPoint) -> I2cItem:
    if point.quantity is not None:
        return SensorQuantity(quantity=point.quantity)
    if point.channel is not None:
        ntc = None if point.ntc is None else point.ntc.ntc()
        return AdcChannel(channel=point.channel, range_v=point.range_v, rate_hz=point.rate_hz, ntc=ntc)
    if point.pin is not None:
        return ExpanderPin(pin=point.pin, active_low=point.active_low, pull_up=point.pull_up)
    assert chip == "registers", "each chip needs one of the keys above"
    assert point.register_ is not None, "needed"
    assert point.width is not None, "needed"
    return ChipRegister(register=point.register_, width=point.width, byte_order=point.byte_order)


def _number(item: I2cItem, point: I2cPoint) -> Numeric:
    """Sensors and converters give engineering values already, as floats."""
    if isinstance(item, ExpanderPin):
        return Numeric(bits=1, signed=False, floating=False, boolean=True)
    whole = isinstance(item, ChipRegister)
    return Numeric(
        bits=int(item.width[1:]) if isinstance(item, ChipRegister) else 64,
        signed=not whole or (isinstance(item, ChipRegister) and item.width[0] == "i"),
        floating=not whole,
        scale=point.scale,
        offset=point.offset,
        not_implemented=point.not_implemented,
    )
