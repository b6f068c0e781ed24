"""Each fault of a played device through a whole controller: what its program sees, what it drives, how it recovers."""

import os
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.core.quality import Quality
from runtime.iomap.plan.playedfaults import FaultKind
from tests.e2e.faultysite import DRIVEN, KINDS, SAFE, FaultySite

UNSEEN: dict[str, tuple[FaultKind, ...]] = {"meter_1": (), "rack_1": ("delay", "exception")}
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


def suffer(site: FaultySite, device: str, kind: FaultKind) -> None:
    """The fault comes: the sound device gets the safe value. It goes: all is well again, without a hand."""
    site.wait_for(f"{device} is sound before {kind}", lambda: site.sink.words == [DRIVEN])
    before = len(site.sink.history)
    site.field.break_(device, kind)
    site.wait_for(f"the program meets {kind} of {device}", lambda: SAFE in site.sink.history[before:])
    if kind != "flapping":
        tag = {"meter_1": "meter_1.p_kw", "rack_1": "rack_1.tenths"}[device]
        quality = Quality(site.ask("read", names=[tag])["values"][0]["quality"])
        assert quality is not Quality.GOOD, f"{tag} is {quality} while {device} is {kind}"
    site.field.mend()
    site.wait_for(f"{device} is back after {kind}", lambda: site.sink.words == [DRIVEN])


def check_books(site: FaultySite, began_s: float) -> None:
    """Nothing stale was ever GOOD, and no cause was told more than once a minute."""
    assert (site.value("main.meter_wrong"), site.value("main.rack_wrong")) == (0, 0)
    minutes = 1 + int((time.monotonic() - began_s) / 60)
    told = Counter(re.sub(r"\d+", "#", event["text"]) for event in site.ask("events")["events"])
    assert {text: count for text, count in told.items() if count > minutes} == {}


def test_controller_when_its_devices_go_silent_then_safe_values_and_back_by_itself(faulty_site: FaultySite) -> None:
    faulty_site.start()
    began_s = time.monotonic()
    for device in UNSEEN:
        suffer(faulty_site, device, "silent")
    check_books(faulty_site, began_s)


@pytest.mark.slow
@pytest.mark.parametrize("device", UNSEEN)
def test_controller_when_a_device_has_each_fault_then_safe_values_and_back_by_itself(
    faulty_site: FaultySite, device: str
) -> None:
    faulty_site.start()
    began_s = time.monotonic()
    for kind in KINDS:
        if kind not in UNSEEN[device]:
            suffer(faulty_site, device, kind)
    check_books(faulty_site, began_s)
