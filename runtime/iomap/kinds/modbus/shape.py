"""What the registers of a Modbus point hold: type, bits, characters, and the power of ten that the device may give."""

from collections.abc import Iterator

from runtime.core.diagnostic import Diagnostic, Label, error
from runtime.iomap.kinds.modbus.keys import ModbusPoint, ModbusProfile
from runtime.iomap.kinds.polled import number_of
from runtime.iomap.reading.read import did_you_mean
from runtime.iomap.sites.loaded import LoadedProfile
from runtime.iomap.wire import WORDS, Numeric, RawType, Table

_WHOLE = (RawType.U16, RawType.I16, RawType.U32, RawType.I32, RawType.U64, RawType.I64)
_DIGITS = {RawType.BCD16: 4, RawType.BCD32: 8}


def number_of_point(point: ModbusPoint) -> Numeric:
    """The raw number of a point whose shape is sound. `not_implemented` may be given as the document's bit pattern."""
    absent = point.not_implemented
    if point.type is RawType.STRING:
        bits = 8 * (point.chars or 1)
        return Numeric(bits=bits, signed=False, floating=False, padding=point.padding or "nul", not_implemented=absent)
    if point.type in _DIGITS:
        return Numeric(
            bits=16 * WORDS[point.type],
            signed=False,
            floating=False,
            digits=_DIGITS[point.type],
            scale=point.scale,
            offset=point.offset,
            not_implemented=absent,
        )
    number = number_of(point.type, point, on=point.on, off=point.off)
    bits = point.bits[1] - point.bits[0] + 1 if point.bits else number.bits
    if absent is not None and number.signed and absent >= 1 << (bits - 1):
        absent -= 1 << bits
    return Numeric(
        bits=bits,
        signed=number.signed,
        floating=number.floating,
        boolean=number.boolean,
        on=number.on,
        off=number.off,
        scale=number.scale,
        offset=number.offset,
        not_implemented=absent,
    )


def shape_mistakes(loaded: LoadedProfile, name: str, point: ModbusPoint, table: Table) -> list[Diagnostic]:
    """Keys of one point that contradict each other."""
    return [*_bit_mistakes(loaded, name, point, table), *_key_mistakes(loaded, name, point, table)]


def _bit_mistakes(loaded: LoadedProfile, name: str, point: ModbusPoint, table: Table) -> Iterator[Diagnostic]:
    places = loaded.document.places
    if table.is_bits:
        if point.type is not RawType.BIT:
            at = Label(places.value("points", name, "type"), f"a {table} is one bit")
            yield error("M2005", f"`{name}` is in a bit table", at, help='write type = "bit"')
    elif (point.type is RawType.BIT) != (point.bit is not None):
        at = Label(places.key("points", name), "type bit and key bit go together")
        yield error("M2005", f"`{name}` does not say which bit it is", at, help='write type = "bit", bit = 0…15')
    if point.bits is None:
        return
    low, high = point.bits
    top = 16 * WORDS[point.type] - 1 if point.type in _WHOLE else -1
    at = Label(places.value("points", name, "bits"), f"bit {low} to bit {high} of type {point.type}")
    if top < 0:
        yield error(
            "M2005", f"`{name}` cannot be a field of bits", at, help="a field lies in a whole number: u16 … i64"
        )
    elif not low <= high <= top:
        yield error("M2005", f"the field `{name}` is none", at, help=f"lowest bit first, within 0 to {top}")


def _key_mistakes(loaded: LoadedProfile, name: str, point: ModbusPoint, table: Table) -> Iterator[Diagnostic]:
    places = loaded.document.places
    is_text = point.type is RawType.STRING and not table.is_bits
    if is_text and point.chars is None:
        at = Label(places.key("points", name), "`chars` belongs here")
        yield error("M2005", f"the text `{name}` has no length", at, help="chars = 2 × the number of its registers")
    if point.played is not None and isinstance(point.played, str) != is_text:
        at = Label(places.value("points", name, "played"), f"its type is {point.type}")
        yield error(
            "M2005", f"a played `{name}` cannot hold this", at, help="write the raw number, or of a text the text"
        )
    for key in ("chars", "padding"):
        if key in point.model_fields_set and not is_text:
            at = Label(places.key("points", name, key), f"its type is {point.type}")
            yield error("M2005", f"`{name}` is no text", at, help=f'take {key} out, or write type = "string"')


def exponent_mistakes(
    loaded: LoadedProfile, profile: ModbusProfile, name: str, point: ModbusPoint
) -> Iterator[Diagnostic]:
    """What is wrong with the point that gives the power of ten of this one's scale."""
    if point.scale_point is None:
        return
    at = loaded.document.places.value("points", name, "scale_point")
    source = profile.points.get(point.scale_point)
    if source is None:
        mend = did_you_mean(point.scale_point, profile.points, what="points")
        yield error("M2009", f"`{name}` is scaled by an unknown point", Label(at, "no such point"), help=mend)
        return
    if point.type in (RawType.BIT, RawType.FLAG, RawType.STRING):
        what = f"`{name}` has no scale"
        yield error("M2009", what, Label(at, f"its type is {point.type}"), help="take scale_point out")
    plain = source.scale == 1.0 and source.offset == 0.0 and source.scale_point is None
    if source.type not in _WHOLE or not plain or source.access == "w":
        label = Label(at, f"{point.scale_point} is not a whole number as it comes from the device")
        mend = "name a readable point of type i16 (SunSpec: sunssf) without scale, offset and scale_point"
        yield error("M2009", f"`{name}` cannot be scaled by this point", label, help=mend)
