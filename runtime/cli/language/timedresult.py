"""The result of one ST test with what a report tells beside it."""

from dataclasses import dataclass
from typing import Any

from runtime.scan.testrun import TestResult


@dataclass(frozen=True, slots=True)
class TimedResult:
    """A result, the back end it is of, and how long the test took."""

    result: TestResult
    backend: str
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """As plain data for `--json`."""
        result, case = self.result, self.result.case
        told = {"file": case.file, "line": case.line, "name": case.name, "backend": self.backend}
        told |= {"passed": result.passed, "scans": result.scans, "seconds": round(self.seconds, 6)}
        if not result.passed:
            failed = {"message": result.failure, "detail": result.detail, "file": result.file, "line": result.line}
            told["failure"] = failed
        return told
