"""Faults of lines, of I2C chips and of the machine itself through a whole controller with its real drivers."""

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
from tests.e2e.boardsite import BoardSite
from tests.e2e.faultysite import DRIVEN, SAFE

FAULTS = {
    "chip gone": "panel_1.pressed",  # the board was unplugged
    "ENXIO": "air_1.t_c",  # nobody acknowledges: silence
    "ETIMEDOUT": "air_1.t_c",  # something holds the clock
    "EIO": "air_1.t_c",
    "frozen": "air_1.t_c",
    "disk gone": "machine_1.disk_pct",
}


@pytest.fixture
def board() -> Iterator[BoardSite]:
    folder = Path(tempfile.mkdtemp(prefix="vs-"))
    site = BoardSite(folder, f"e2e{os.getpid()}b").prepare()
    try:
        yield site
    finally:
        site.kill_everything()
        shutil.rmtree(folder)


def is_well(site: BoardSite) -> bool:
    return site.sink.words == [DRIVEN] and site.is_lit()


@pytest.mark.slow
def test_controller_when_its_board_has_each_fault_then_safe_values_and_back_by_itself(board: BoardSite) -> None:
    board.start()
    began_s = time.monotonic()
    for fault, tag in FAULTS.items():
        board.wait_for(f"all is well before {fault}", lambda: is_well(board))
        board.break_(fault)
        board.wait_for(f"the program meets {fault}", lambda: board.sink.words == [SAFE])
        if fault != "chip gone":  # then nobody can switch the lamp either
            board.wait_for(f"no light with {fault}", lambda: not board.is_lit())
        quality = Quality(board.ask("read", names=[tag])["values"][0]["quality"])
        assert quality is (Quality.UNCERTAIN if fault == "frozen" else Quality.BAD), f"{tag} is {quality} with {fault}"
        board.mend()
    board.wait_for("all is well at the end", lambda: is_well(board))
    assert board.value("main.wrong") == 0
    minutes = 1 + int((time.monotonic() - began_s) / 60)
    told = Counter(re.sub(r"\d+", "#", event["text"]) for event in board.ask("events")["events"])
    assert {text: count for text, count in told.items() if count > minutes} == {}
