"""What an operator types, turned into a value of a tag's type, or a sentence that says what is wrong and what fits."""

from dataclasses import dataclass

from hmi.model import TagInfo
from hmi.status import Scalar
from runtime.core.elementary import Kind, elementary
from runtime.core.tag import Variable
from runtime.core.textliteral import unquoted
from runtime.wire.fault import ValueFault
from runtime.wire.values import parse, to_json, type_text


@dataclass(frozen=True, slots=True)
class Entry:
    """A value for the wire, or why there is none."""

    value: Scalar | None
    problem: str = ""


def entry_of(text: str, info: TagInfo) -> Entry:
    """Read `text` as a value of the tag; its type and limits decide."""
    text = text.strip()
    if not text:
        return Entry(None, f"type a value: {expected(info)}")
    if info.labels:
        label = next((label for label in info.labels if label.lower() == text.lower()), None)
        return Entry(label) if label else Entry(None, f"{text!r} is not {expected(info)}")
    variable = _variable(info)
    if variable is None:
        return Entry(text)  # a type the console does not know: the controller judges it
    try:
        return Entry(to_json(parse(_typed(text, variable), variable), variable))
    except ValueFault as fault:
        return Entry(None, f"{fault.what}: {fault.mend}")


def expected(info: TagInfo) -> str:
    """What fits the tag, for a prompt."""
    if info.labels:
        return "one of " + ", ".join(info.labels)
    variable = _variable(info)
    return info.type if variable is None else type_text(variable)


def _typed(text: str, variable: Variable) -> str:
    """A string may be typed as it stands, or as a literal in quotes: `''` is the empty one."""
    if variable.type.kind not in (Kind.TEXT, Kind.CHAR):
        return text
    literal = unquoted(text)
    return text if literal is None else literal


def _variable(info: TagInfo) -> Variable | None:
    try:
        of = elementary(info.type.upper())
    except KeyError:
        return None
    return Variable(name=info.name, type=of, offset=0, unit=info.unit, minimum=info.minimum, maximum=info.maximum)
