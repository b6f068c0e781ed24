"""What a simulated run recorded: one column a name, one row a sample."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from runtime.sim.loop.cell import Cell

Column = npt.NDArray[np.float64]
"""Shape (samples,). BOOL as 0 and 1, enumerations as their numbers, TIME in ns."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Samples of a run. `t_s`: seconds since the loop's first scan, shape (samples,)."""

    t_s: Column
    columns: dict[str, Column]

    def __getitem__(self, name: str) -> Column:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def between(self, start_s: float, end_s: float) -> "Trace":
        """The samples with start_s <= t < end_s."""
        chosen = (self.t_s >= start_s) & (self.t_s < end_s)
        return Trace(self.t_s[chosen], {name: column[chosen] for name, column in self.columns.items()})


class Recorder:
    """Takes a sample of all observed cells each time it is told to."""

    def __init__(self, cells: dict[str, Cell]) -> None:
        self._names = tuple(cells)
        self._cells = tuple(cells.values())
        self._times: list[float] = []
        self._rows: list[Sequence[float]] = []

    def take(self, t_s: float) -> None:
        """One sample."""
        self._times.append(t_s)
        self._rows.append([float(cell.read()) for cell in self._cells])

    def trace(self) -> Trace:
        """All samples so far."""
        table = np.array(self._rows, dtype=np.float64).reshape(len(self._rows), len(self._names))
        return Trace(np.array(self._times), {name: table[:, n] for n, name in enumerate(self._names)})
