"""What `voltscan bench` measures: each subject is imported only when it is asked for."""

from typing import Any, Protocol


class Report(Protocol):
    """Figures."""

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        ...

    def table(self) -> str:
        """For people."""
        ...


def measured(subject: str, seconds: float) -> Report:
    """The figures of a subject (`scan` or `io`); `seconds` for each measurement in time."""
    if subject == "io":
        from runtime.drivers.bench.measure import run_io_bench

        return run_io_bench(seconds)
    from runtime.image.nativecode import native_cache
    from runtime.node.statedir import cache_dir
    from runtime.scan.bench.measure import run_bench

    return run_bench(seconds, cache=native_cache(cache_dir()))
