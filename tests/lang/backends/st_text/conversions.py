"""Said conversions between all types."""

from typing import TYPE_CHECKING

from st_text.kinds import ELEMENTARY, ENUMS, INTEGERS, TEXTS

if TYPE_CHECKING:
    from st_text.expressions import Writer


def conversion(writer: "Writer", kind: str, depth: int) -> str:
    """`X_TO_Y(…)`, from any type."""
    chance = writer.chance
    if kind in ENUMS:
        source = chance.choice(INTEGERS)
    elif chance.random() < 0.1:
        source = chance.choice(tuple(ENUMS)) if kind in (*INTEGERS, *TEXTS) else chance.choice(INTEGERS)
    else:
        source = chance.choice(ELEMENTARY)
    if source == kind:
        return writer.leaf(kind)
    return f"{source}_TO_{kind}({writer.expression(source, depth)})"
