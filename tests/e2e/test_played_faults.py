"""Each fault of a played device through a whole controller: what its program sees, what it drives, how it recovers."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.iomap.plan.playedfaults import FaultKind
from tests.e2e.faulttable import Fault, FaultTable
from tests.e2e.faultysite import INPUTS, KINDS, FaultySite

UNSEEN: dict[str, tuple[FaultKind, ...]] = {"rack_1": ("delay", "exception")}
"""CAN has no refusal, and frames that are all late by as much come as often as ever."""


@pytest.fixture
def faulty_site() -> Iterator[FaultySite]:
    folder = Path(tempfile.mkdtemp(prefix="vs-"))
    site = FaultySite(folder, f"e2e{os.getpid()}f").prepare()
    try:
        yield site
    finally:
        site.kill_everything()
        shutil.rmtree(folder)


def suffer_all(site: FaultySite, faults: list[tuple[str, FaultKind]]) -> FaultTable:
    site.start()
    table = FaultTable(site, site.sink)
    for device, kind in faults:
        tag = f"{device}.{INPUTS[device]}"
        table.suffer(Fault(device, kind, tag, lambda d=device, k=kind: site.field.break_(d, k), site.field.mend))  # type: ignore[misc]
    for device in INPUTS:
        table.check_trust(f"{device}_trust")
    table.check_log()
    return table


def test_controller_when_its_devices_go_silent_then_safe_values_and_back_by_itself(faulty_site: FaultySite) -> None:
    suffer_all(faulty_site, [("tcp_1", "silent"), ("rack_1", "silent")])


@pytest.mark.slow
def test_controller_when_each_device_has_each_fault_then_safe_values_and_back_by_itself(
    faulty_site: FaultySite,
) -> None:
    faults = [(device, kind) for device in INPUTS for kind in KINDS if kind not in UNSEEN.get(device, ())]
    suffer_all(faulty_site, faults).print()
