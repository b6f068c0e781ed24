"""Sequential function charts, resolved: which steps, transitions and actions a POU has, and who names whom.

From a chart come variables of the instance: of each step its flag X and its time T, of each ACTION its outputs Q and A.
What the compiler needs beside them has a `#` in its name, which no program can write: `NAME#control` is the
ACTION_CONTROL block of an action, `sfc#` says whether the chart has started and when it was evaluated last, `NAME#sfc`
does so for the chart inside of an action.

All actions belong to the POU, whichever chart's steps name them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from runtime.lang import tree
from runtime.lang.semantics.variables import VarSymbol

QUALIFIERS = ("N", "R", "S", "L", "D", "P", "P0", "P1", "SD", "DS", "SL")
TIMED = frozenset({"L", "D", "SD", "DS", "SL"})
CONTROL = "action_control"
"""The library's block that every action has an instance of."""


@dataclass(slots=True, eq=False)
class Step:
    """A step, the variable that holds its flag and time, and the action whose chart it stands in (None: the POU's)."""

    tree: tree.Step
    symbol: VarSymbol
    inside: "Action | None" = None


@dataclass(frozen=True, slots=True)
class Use:
    """A step's association with an action."""

    step: Step
    qualifier: str
    time: tree.Expr | None
    indicators: tuple[tree.Expr, ...]


@dataclass(slots=True, eq=False)
class Action:
    """What steps control: an ACTION of the POU (`tree`, `flags`), or a BOOL variable by its name.

    `chart` is what an ACTION may hold instead of statements.
    """

    name: tree.Ident
    tree: tree.Action | None
    flags: VarSymbol | None
    uses: list[Use] = field(default_factory=list)
    control: VarSymbol | None = None
    chart: "Chart | None" = None


@dataclass(slots=True, eq=False)
class Transition:
    """A transition between known steps. Lower `priority` goes first, then earlier in the text."""

    tree: tree.Transition
    priority: int
    sources: tuple[Step, ...]
    targets: tuple[Step, ...]


@dataclass(slots=True, eq=False)
class Chart:
    """A POU's chart; `sound` while nothing in it was wrong, so that rules may look at the whole."""

    state: VarSymbol
    steps: dict[str, Step] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    actions: dict[str, Action] = field(default_factory=dict)
    sound: bool = True

    @property
    def decided(self) -> list[Transition]:
        """The transitions in the order in which they are decided."""
        return sorted(self.transitions, key=lambda t: t.priority)

    @property
    def variables(self) -> Iterator[VarSymbol]:
        """All variables of the instance that come from the chart."""
        yield from (step.symbol for step in self.steps.values())
        for action in self.actions.values():
            yield from (symbol for symbol in (action.flags, action.control) if symbol is not None)
            if action.chart is not None:
                yield from action.chart.variables
        yield self.state
