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


def bench(subject: str, site_file: Path, seconds: float, out: Path | None, *, as_json: bool) -> int:
    """Measure the subject (`scan`, `io` or `site`), `seconds` for each measurement in time, and print the figures.

    1 when the site cannot be built.
    """
    report = _site_cost(site_file, seconds) if subject == "site" else _measured(subject, seconds)
    if report is None:
        return 1
    if out is not None:
        out.write_text(json.dumps(report.to_json(), indent=1) + "\n")
    print(json.dumps(report.to_json()) if as_json else report.table())
    return 0


def _site_cost(site_file: Path, seconds: float) -> Report | None:
    from runtime.cli.bothsides import build_both
    from runtime.sim.programcost import program_cost

    site = build_both(site_file)
    return None if site is None else program_cost(site.coupled_run(1), seconds)


def _measured(subject: str, seconds: float) -> Report:
    if subject == "io":
        from runtime.cli.benchsite import pass_on
        from runtime.drivers.bench.measure import run_io_bench

        return run_io_bench(seconds, pass_on)
    from runtime.image.nativecode import native_cache
    from runtime.node.statedir import cache_dir
    from runtime.scan.bench.measure import run_bench

    return run_bench(seconds, cache=native_cache(cache_dir()))
