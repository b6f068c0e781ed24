"""Samples of a run as a file: CSV always, Parquet where pyarrow is installed."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runtime.core.elementary import Kind
from runtime.core.fault import ConfigFault
from runtime.core.tag import Variable
from runtime.sim.coupling import Samples

TIME_COLUMN = "t_s"


def save_samples(path: Path, samples: Samples, names: Sequence[str], variables: Sequence[Variable]) -> None:
    """Write a row a sample: seconds since the first scan, then the variables; enumerations as numbers, BOOL as 0 and 1.

    The same samples give the same bytes. Raises ConfigFault for another kind of file than .csv and .parquet, or when it
    cannot be written.
    """
    writers = {".csv": _save_csv, ".parquet": _save_parquet}
    writer = writers.get(path.suffix)
    if writer is None:
        raise ConfigFault("not a kind of table that can be written", where=str(path), mend="name it .csv or .parquet")
    try:
        writer(path, samples, names, variables)
    except OSError as fault:
        raise ConfigFault(
            f"cannot be written: {fault.strerror}", where=str(path), mend="check the folder, its rights and the disk"
        ) from fault


def _save_csv(path: Path, samples: Samples, names: Sequence[str], variables: Sequence[Variable]) -> None:
    row = ",".join(["%.9g", *map(_form, variables)]) + "\n"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join([TIME_COLUMN, *names]) + "\n")
        file.writelines(row % tuple(sample) for sample in samples.tolist())


def _form(variable: Variable) -> str:
    """Digits that tell every two values of the type apart; a float holds integers up to 2^53 exactly."""
    if variable.type.kind is not Kind.REAL:
        return "%d"
    return "%.9g" if variable.type.size == 4 else "%.17g"


def _save_parquet(path: Path, samples: Samples, names: Sequence[str], variables: Sequence[Variable]) -> None:
    try:
        arrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ModuleNotFoundError as missing:
        raise ConfigFault(
            "Parquet needs pyarrow, which is not installed",
            where=str(path),
            mend="pip install 'voltscan[parquet]', or name the file .csv",
        ) from missing
    columns = {TIME_COLUMN: samples[:, 0]}
    for number, (name, variable) in enumerate(zip(names, variables, strict=True), 1):
        column = samples[:, number]
        real = variable.type.kind is Kind.REAL
        columns[name] = column.astype("f4" if variable.type.size == 4 else "f8") if real else column.astype("i8")
    parquet.write_table(arrow.table(columns), path)
