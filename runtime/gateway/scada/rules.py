"""What the file of a SCADA map may say: the schema behind load.py."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from runtime.gateway.scada.map import Status

WRITE_TTL_MS_MAX = 10_000


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, str_strip_whitespace=True)


class RegisterRules(_Table):
    """One `[registers.NAME]`."""

    address: int
    tag: str | None = None
    status: Annotated[Status, Field(strict=False)] | None = None
    quality: list[str] | None = None
    type: Literal["u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "string"] = "u16"
    length: Annotated[int, Field(gt=0)] | None = None
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False, strict=False)] = 1.0
    word_order: Literal["big", "little"] = "big"
    command: str | None = None
    text: str = ""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(source is not None for source in (self.tag, self.status, self.quality)) != 1:
            raise ValueError("a register shows exactly one of `tag`, `status` or `quality`")
        if self.tag is None and (self.command is not None or self.scale != 1.0):
            raise ValueError("`command` and `scale` go with `tag` only")
        if self.tag is None and self.type not in ("u16", "u32"):
            raise ValueError("bits and counters are u16 or u32")
        if self.length is not None and self.type != "string":
            raise ValueError('`length` goes with type = "string" only')
        if self.type == "string" and (self.scale != 1.0 or self.word_order != "big"):
            raise ValueError("a string has neither `scale` nor `word_order`")
        return self


class MapRules(_Table):
    """The whole file. `units`: the unit identifiers it answers under (255 and 0: the server itself)."""

    name: str
    version: Annotated[int, Field(ge=0, le=65535)] = 1
    units: list[Annotated[int, Field(ge=0, le=255)]] = [1, 255]
    write_ttl_ms: Annotated[int, Field(gt=0, le=WRITE_TTL_MS_MAX)] = 800
    registers: dict[str, RegisterRules]
