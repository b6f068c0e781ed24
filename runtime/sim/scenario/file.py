"""What a scenario file may say: one TOML of events at times, expectations, and what to write down.

All times are site time from the first scan, as durations: "90s", "2h30m". Names are the controller's; with `plant/` in
front the plant's. configs/scenarios/README.md is the manual.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from runtime.core.duration import duration_ns
from runtime.iomap.profiles.profile import Strict


def _duration(text: str) -> str:
    duration_ns(text)
    return text


Duration = Annotated[str, AfterValidator(_duration)]
Scalar = bool | int | float | str
FaultKind = Literal["silent", "frozen", "garbage", "nan", "absurd"]

ACTIONS = ("set", "ramp", "fault", "command", "force", "unforce", "acknowledge")
JUDGED = ("is", "is_not", "above", "below", "between")
WHEN = ("at", "within", "always")


class RecordTable(Strict):
    """What is written down: names with * and ?, a row every so often from `after` on, and what is drawn."""

    tags: list[str] = Field(default_factory=list)
    every: Duration = "1s"
    after: Duration = "0s"
    plot: list[str] = Field(default_factory=list)


class EventTable(Strict):
    """Something that happens `at` a time: exactly one of ACTIONS."""

    at: Duration
    set: str | None = None
    ramp: str | None = None
    fault: str | None = None
    command: str | None = None
    force: str | None = None
    unforce: str | None = None
    acknowledge: bool | None = None
    to: Scalar | None = None
    over: Duration | None = None
    kind: FaultKind = "silent"
    duration: Annotated[Duration | None, Field(alias="for")] = None

    @model_validator(mode="after")
    def _one_action(self) -> Self:
        chosen = self.action
        needs = {"set": "to", "ramp": "to", "command": "to", "force": "to"}.get(chosen)
        if needs is not None and self.to is None:
            raise ValueError(f"`{chosen}` needs the value: to = …")
        if chosen == "ramp" and self.over is None:
            raise ValueError("`ramp` needs the time it takes: over = …")
        return self

    @property
    def action(self) -> str:
        """Which one of ACTIONS it is. Raises ValueError when it is none or several."""
        return _only_one(self, ACTIONS, "an event does exactly one thing")


class ExpectTable(Strict):
    """What is expected of a tag: one of JUDGED, at one of WHEN."""

    tag: str
    is_: Annotated[Scalar | None, Field(alias="is")] = None
    is_not: Scalar | None = None
    above: float | int | None = None
    below: float | int | None = None
    between: Annotated[list[float | int], Field(min_length=2, max_length=2)] | None = None
    at: Duration | None = None
    within: Duration | None = None
    after: Duration = "0s"
    always: bool | None = None
    until: Duration | None = None

    @model_validator(mode="after")
    def _one_judgement(self) -> Self:
        if self.when == "always" and self.always is False:
            raise ValueError("write always = true, or leave the expectation out")
        _ = self.judged
        return self

    @property
    def judged(self) -> str:
        """Which one of JUDGED it is."""
        return _only_one(self, JUDGED, "an expectation judges one thing")

    @property
    def when(self) -> str:
        """Which one of WHEN it is."""
        return _only_one(self, WHEN, "an expectation has one time")


class ScenarioTable(Strict):
    """The whole file. `seeds`: variables that get the seed before the first scan. `length`: how long it plays."""

    name: str = ""
    length: Duration | None = None
    seeds: list[str] = Field(default_factory=list)
    parameters: dict[str, Any] = Field(default_factory=dict)
    record: RecordTable = RecordTable()
    events: list[EventTable] = Field(default_factory=list)
    expect: list[ExpectTable] = Field(default_factory=list)


def _only_one(table: Strict, names: tuple[str, ...], rule: str) -> str:
    fields = {"is": "is_"}
    chosen = [name for name in names if getattr(table, fields.get(name, name)) is not None]
    if len(chosen) != 1:
        found = f"here are {' and '.join(chosen)}" if chosen else "there is none here"
        raise ValueError(f"{rule}, one of {', '.join(names)}: {found}")
    return chosen[0]
