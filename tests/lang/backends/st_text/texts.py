"""STRING and WSTRING: the string functions, with positions and lengths in and out of range."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from st_text.expressions import Writer


def text(writer: "Writer", kind: str, depth: int) -> str:
    """A string made of strings."""
    chance = writer.chance
    one, other = writer.expression(kind, depth), writer.leaf(kind)
    match chance.randrange(7):
        case 0:
            return f"LEFT({one}, {_number(writer)})"
        case 1:
            return f"RIGHT({one}, {_number(writer)})"
        case 2:
            return f"MID({one}, {_number(writer)}, {_number(writer)})"
        case 3:
            return f"INSERT({one}, {other}, {_number(writer)})"
        case 4:
            return f"DELETE({one}, {_number(writer)}, {_number(writer)})"
        case 5:
            return f"REPLACE({one}, {other}, {_number(writer)}, {_number(writer)})"
    character = writer.leaf("WCHAR" if kind == "WSTRING" else "CHAR")
    return f"CONCAT({one}, {other}, {character})"


def _number(writer: "Writer") -> str:
    if writer.chance.random() < 0.6:
        return str(writer.chance.randint(-1, 12))
    return writer.leaf(writer.chance.choice(("INT", "DINT", "USINT")))
