"""Faults of lines, of I2C chips and of the machine itself through a whole controller with its real drivers."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.boardsite import INPUTS, BoardSite
from tests.e2e.faulttable import Fault, FaultTable

FAULTS = {
    "panel_1": ("silent", "delay", "exception", "flapping"),
    "air_1": ("silent", "delay", "exception", "garbage", "wrong_length", "frozen", "bus_off", "flapping"),
    "machine_1": ("silent", "delay", "exception", "garbage", "frozen", "flapping"),
}
"""Of a line either level is a value, and it may rest: garbage and standing still are its program's to doubt."""


@pytest.fixture
def board() -> Iterator[BoardSite]:
    folder = Path(tempfile.mkdtemp(prefix="vs-"))
    site = BoardSite(folder, f"e2e{os.getpid()}b").prepare()
    try:
        yield site
    finally:
        site.kill_everything()
        shutil.rmtree(folder)


@pytest.mark.slow
def test_controller_when_its_board_has_each_fault_then_safe_values_and_back_by_itself(board: BoardSite) -> None:
    board.start()
    table = FaultTable(board, board.sink)
    for device, kinds in FAULTS.items():
        for kind in kinds:
            board.wait_for(f"light before {kind} of {device}", board.is_lit)
            table.suffer(Fault(device, kind, f"{device}.{INPUTS[device]}", break_of(board, device, kind), board.mend))
    board.wait_for("light at the end", board.is_lit)
    for device in INPUTS:
        table.check_trust(f"{device}_trust")
    table.check_log()
    table.print()


def break_of(board: BoardSite, device: str, kind: str) -> Callable[[], None]:
    """The fault comes; with the sensors untrusted the lamp goes out, if its line can be reached."""

    def break_() -> None:
        board.break_(device, kind)
        if device != "panel_1" and kind != "flapping":
            board.wait_for(f"no light with {kind} of {device}", lambda: not board.is_lit())

    return break_
