"""`voltscan bench`: what it measures is imported only when it is asked for."""

import json
from pathlib import Path
from typing import Any, Protocol


class Report(Protocol):
    """Figures."""

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        ...

    def table(self) -> str:
        """For people."""
        ...


def bench(subject: str, seconds: float, out: Path | None, *, as_json: bool) -> None:
    """Measure the subject (`scan` or `io`), `seconds` for each measurement in time, and print the figures."""
    report = _measured(subject, seconds)
    if out is not None:
        out.write_text(json.dumps(report.to_json(), indent=1) + "\n")
    print(json.dumps(report.to_json()) if as_json else report.table())


def _measured(subject: str, seconds: float) -> Report:
    if subject == "io":
        from runtime.drivers.bench.measure import run_io_bench

        return run_io_bench(seconds)
    from runtime.image.nativecode import native_cache
    from runtime.node.statedir import cache_dir
    from runtime.scan.bench.measure import run_bench

    return run_bench(seconds, cache=native_cache(cache_dir()))
