"""`voltscan test`: the tests in ST files, on virtual time."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from operator import add
from pathlib import Path

from runtime.cli.language.check import print_diagnostics
from runtime.cli.language.coverage import merged, table
from runtime.cli.language.junit import junit_xml
from runtime.cli.language.timedresult import TimedResult
from runtime.core.diagnostic import Diagnostic, has_errors
from runtime.core.fault import ConfigFault
from runtime.core.objectcache import ObjectCache
from runtime.lang.application import Application
from runtime.lang.interp import Interpreter
from runtime.lang.testing.coverage import Covered, counting
from runtime.lang.testing.testcase import TestCase
from runtime.lang.testing.testsources import TestUnit, find_tests
from runtime.lang.tree import Test
from runtime.node.statedir import cache_dir
from runtime.scan.testrun import AdvancingMachine, run_test

BACKENDS = {"llvm": ("llvm",), "interp": ("interp",), "both": ("interp", "llvm")}


@dataclass(frozen=True, slots=True)
class TestOrder:
    """What to run: back ends, a part of the name (or a pattern with * and ?), where to write JUnit's XML.

    `coverage` counts statements and branches.
    """

    __test__ = False  # pytest takes every class that is called Test… for its own

    backend: str = "llvm"
    name_filter: str = ""
    coverage: bool = False
    junit: Path | None = None


def run_tests(paths: list[Path], order: TestOrder, *, as_json: bool) -> int:
    """Run the tests; 1 when one fails, when the programs are wrong, or when there are none."""
    if order.backend not in BACKENDS:
        raise ConfigFault(f"no back end '{order.backend}'", where="--backend", mend="choose llvm, interp or both")
    results: list[TimedResult] = []
    wrong: list[Diagnostic] = []
    covered: list[list[Covered]] = []
    for unit in find_tests(paths):
        tests = [t for t in unit.tests if _chosen(t, order.name_filter)]
        if unit.tests and not tests:
            continue
        compiled = unit.compile(tests)
        if compiled.application is None:
            wrong += [d for d in compiled.diagnostics if has_errors([d])]
            continue
        done, ran = _run(compiled.application, compiled.tests, order)
        covered.append(ran)
        results += done
        if not as_json:
            _print_unit(unit, done)
    if order.junit is not None:
        order.junit.write_text(junit_xml(results), encoding="utf-8")
    if as_json:
        told = {"tests": [r.to_json() for r in results], "diagnostics": [d.to_json() for d in wrong]}
        if order.coverage:
            told["coverage"] = [pou.to_json() for pou in merged(covered)]
        print(json.dumps(told, indent=1))
    else:
        print_diagnostics(wrong, as_json=False)
        if order.coverage:
            print("\n".join(table(merged(covered))))
        _print_sum(results)
    return 0 if results and not wrong and all(r.result.passed for r in results) else 1


def list_tests(paths: list[Path], name_filter: str, *, as_json: bool) -> int:
    """Print where each test stands and its name; 1 when there is none."""
    units = find_tests(paths)
    found = [(unit.file, t.span.line, t.name.text) for unit in units for t in unit.tests if _chosen(t, name_filter)]
    if as_json:
        print(json.dumps([{"file": file, "line": line, "name": name} for file, line, name in found], indent=1))
    else:
        print("\n".join(f"{file}:{line}: {name}" for file, line, name in found) or "no tests found")
    return 0 if found else 1


def _chosen(test: Test, wanted: str) -> bool:
    name, pattern = test.name.text.lower(), wanted.lower()
    return pattern in name or fnmatchcase(name, pattern)


def _run(app: Application, cases: Iterable[TestCase], order: TestOrder) -> tuple[list[TimedResult], list[Covered]]:
    """The results of the tests, and what they covered, if that is asked for."""
    counted = counting(app) if order.coverage else None
    app = counted.application if counted is not None else app
    listed = list(cases)
    machines = [(name, _machine(app, name)) for name in BACKENDS[order.backend]]
    results: list[TimedResult] = []
    counts = [0] * (len(counted.counted) if counted is not None else 0)
    for case in listed:
        for name, machine in machines:
            began = time.perf_counter()
            result = run_test(machine, case, application_tasks=len(app.tasks) - len(listed))
            results.append(TimedResult(result, name, time.perf_counter() - began))
            if counted is not None:
                counts = list(map(add, counts, counted.counts(machine.memory)))
    return results, list(counted.covered(counts)) if counted is not None else []


def _machine(app: Application, backend: str) -> AdvancingMachine:
    if backend == "interp":
        return Interpreter(app)
    from runtime.lang.cache.objectcode import object_code_for
    from runtime.lang.native import Native

    return Native(app, object_code_for(app, ObjectCache(cache_dir() / "tests")))


def _print_unit(unit: TestUnit, results: list[TimedResult]) -> None:
    print(unit.file)
    several = len({r.backend for r in results}) > 1
    for timed in results:
        result = timed.result
        told = f"{result.case.name} [{timed.backend}]" if several else result.case.name
        print(f"  {'ok  ' if result.passed else 'FAIL'}  {told}")
        if not result.passed:
            print(f"        {result.file}:{result.line}: {result.failure}")
            if result.detail:
                print(f"        {result.detail}")


def _print_sum(results: list[TimedResult]) -> None:
    failed = sum(not r.result.passed for r in results)
    scans = sum(r.result.scans for r in results)
    if not results:
        print("no tests found (they stand between TEST 'name' and END_TEST in .st files)")
        return
    print(f"{len(results)} tests, {failed} failed; {scans} scans in {sum(r.seconds for r in results):.2f} s")
