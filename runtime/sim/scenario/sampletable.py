"""Samples of a run as a file: CSV always, Parquet where pyarrow is installed."""

import importlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.core.elementary import Kind
from runtime.core.fault import ConfigFault
from runtime.core.tag import Variable
from runtime.sim.coupled.coupling import Samples

TIME_COLUMN = "t_s"


@dataclass(frozen=True, slots=True)
class TextColumn:
    """What a string was, a value a sample."""

    name: str
    values: list[str]


def save_samples(
    path: Path,
    samples: Samples,
    names: Sequence[str],
    variables: Sequence[Variable],
    texts: Sequence[TextColumn] = (),
) -> None:
    """Write a row a sample: seconds since the first scan, then the variables; enumerations as numbers, BOOL as 0 and 1.
    Strings follow, in quotes where CSV wants them.

    The same samples give the same bytes. Raises ConfigFault for another kind of file than .csv and .parquet, or when it
    cannot be written.
    """
    writers = {".csv": _save_csv, ".parquet": _save_parquet}
    writer = writers.get(path.suffix)
    if writer is None:
        raise ConfigFault("not a kind of table that can be written", where=str(path), mend="name it .csv or .parquet")
    try:
        writer(path, samples, names, variables, texts)
    except OSError as fault:
        raise ConfigFault(
            f"cannot be written: {fault.strerror}", where=str(path), mend="check the folder, its rights and the disk"
        ) from fault


def _save_csv(
    path: Path,
    samples: Samples,
    names: Sequence[str],
    variables: Sequence[Variable],
    texts: Sequence[TextColumn],
) -> None:
    row = ",".join(["%.9g", *map(_form, variables)])
    told = zip(*(map(_quoted, column.values) for column in texts), strict=True) if texts else itertools.repeat(())
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join([TIME_COLUMN, *names, *(column.name for column in texts)]) + "\n")
        for sample, cells in zip(samples.tolist(), told, strict=bool(texts)):
            file.write(",".join([row % tuple(sample), *cells]) + "\n")


def _quoted(text: str) -> str:
    """As RFC 4180, 2.5 to 2.7 writes it."""
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\r\n') else text


def _form(variable: Variable) -> str:
    """Digits that tell every two values of the type apart; a float holds integers up to 2^53 exactly."""
    if variable.type.kind is not Kind.REAL:
        return "%d"
    return "%.9g" if variable.type.size == 4 else "%.17g"


def _save_parquet(
    path: Path,
    samples: Samples,
    names: Sequence[str],
    variables: Sequence[Variable],
    texts: Sequence[TextColumn],
) -> None:
    try:
        arrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ModuleNotFoundError as missing:
        raise ConfigFault(
            "Parquet needs pyarrow, which is not installed",
            where=str(path),
            mend="pip install 'voltscan[parquet]', or name the file .csv",
        ) from missing
    columns: dict[str, Any] = {TIME_COLUMN: samples[:, 0]}
    for number, (name, variable) in enumerate(zip(names, variables, strict=True), 1):
        column = samples[:, number]
        real = variable.type.kind is Kind.REAL
        columns[name] = column.astype("f4" if variable.type.size == 4 else "f8") if real else column.astype("i8")
    columns |= {column.name: column.values for column in texts}
    parquet.write_table(arrow.table(columns), path)
