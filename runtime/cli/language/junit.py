"""Results of ST tests in JUnit's XML, as CI servers read it."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from runtime.cli.language.timedresult import TimedResult


def junit_xml(results: Sequence[TimedResult]) -> str:
    """One suite for each file; a test's class is its file, with the back end behind it."""
    root = ET.Element("testsuites")
    for file in dict.fromkeys(r.result.case.file for r in results):
        mine = [r for r in results if r.result.case.file == file]
        suite = ET.SubElement(root, "testsuite", {"name": file} | _sums(mine))
        for timed in mine:
            _case(suite, timed)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _sums(results: Sequence[TimedResult]) -> dict[str, str]:
    failures = sum(not r.result.passed for r in results)
    seconds = sum(r.seconds for r in results)
    return {"tests": str(len(results)), "failures": str(failures), "errors": "0", "time": f"{seconds:.6f}"}


def _case(suite: ET.Element, timed: TimedResult) -> None:
    result = timed.result
    attributes = {"classname": f"{result.case.file} [{timed.backend}]", "name": result.case.name}
    attributes |= {"file": result.case.file, "line": str(result.case.line), "time": f"{timed.seconds:.6f}"}
    case = ET.SubElement(suite, "testcase", attributes)
    if not result.passed:
        failure = ET.SubElement(case, "failure", message=result.failure)
        failure.text = "\n".join(
            line for line in (f"{result.file}:{result.line}", result.failure, result.detail) if line
        )
