"""What a gateway that died leaves to the next: who submitted what, and how it ended."""

from pathlib import Path

import pytest

from runtime.commands.dispatcher import Dispatcher
from runtime.commands.remembered import REMEMBERED_NS, Memory
from runtime.commands.submission import Accepted, Duplicate, Ending, Outcome, Rejected, Submit
from runtime.gateway.writes import commandjournal
from runtime.gateway.writes.commandjournal import CommandJournal

S = 1_000_000_000
DONE = Outcome(Ending.DONE, "DONE")


def submit(seq: int, value: float = 1) -> Submit:
    return Submit("anna", seq, "mode", value, 5 * S, is_command=True)


class Life:
    """One gateway's memory and journal."""

    def __init__(self, folder: Path, now_ns: int, *, are_agreed: bool = False) -> None:
        self.told: list[str] = []
        self.memory = Memory()
        self.path = folder / "commands.jsonl"
        self.journal = CommandJournal(self.path, self.memory, self.told.append)
        self.journal.restore(now_ns, are_agreed=are_agreed)

    def take(self, seq: int, now_ns: int, outcome: Outcome | None = None) -> None:
        self.journal.submitted(submit(seq), now_ns)
        entry = self.memory.add(submit(seq), 1, now_ns)
        if outcome is not None:
            entry.outcome, entry.ended_ns = outcome, now_ns
            self.journal.ended([entry])


def test_repeated_command_when_the_gateway_died_then_it_is_answered_and_not_carried_out(tmp_path):
    life = Life(tmp_path, 10 * S)
    life.take(1, 11 * S, DONE)
    life.take(2, 12 * S)
    life.journal.close()
    with life.path.open("a") as file:
        file.write('{"client": "anna", "se')  # cut off
    after = Life(tmp_path, 13 * S)
    dispatcher = Dispatcher(["mode"], memory=after.memory)
    assert dispatcher.submit(submit(1), 14 * S) == (Duplicate(0, DONE), [])
    verdict, effects = dispatcher.submit(submit(2), 14 * S)
    assert isinstance(verdict, Duplicate)
    assert verdict.outcome == Outcome(Ending.TIMED_OUT, "the gateway was started anew meanwhile: look whether it acted")
    assert effects == []
    assert isinstance(dispatcher.submit(submit(2, 5), 14 * S)[0], Rejected)
    after.journal.close()


def test_repeated_command_when_the_gateway_of_a_pair_died_then_the_log_is_asked_about_what_had_not_ended(tmp_path):
    life = Life(tmp_path, 10 * S)
    life.take(1, 11 * S, DONE)
    life.take(2, 12 * S)
    life.journal.close()
    dispatcher = Dispatcher(["mode"], memory=Life(tmp_path, 13 * S, are_agreed=True).memory)
    assert dispatcher.submit(submit(1), 14 * S) == (Duplicate(0, DONE), [])
    verdict, effects = dispatcher.submit(submit(2), 14 * S)
    assert isinstance(verdict, Accepted)
    assert len(effects) == 1
    again = Life(tmp_path, 15 * S)
    assert [entry.submit.seq for entry in again.memory.known()] == [1]


def test_journal_when_its_time_is_over_or_of_another_boot_then_it_is_empty(tmp_path):
    life = Life(tmp_path, 10 * S)
    life.take(1, 11 * S, DONE)
    life.journal.close()
    assert len(Life(tmp_path, 12 * S).memory) == 1
    assert len(Life(tmp_path, 5 * S).memory) == 0
    life.take(1, 11 * S, DONE)
    life.journal.close()
    assert len(Life(tmp_path, 11 * S + REMEMBERED_NS).memory) == 0
    assert life.path.read_text() == ""


def test_journal_when_it_grows_then_it_is_written_anew_with_what_is_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr(commandjournal, "_LINES_MAX", 20)
    life = Life(tmp_path, 0)
    for seq in range(100):
        now_ns = seq * REMEMBERED_NS // 4
        life.memory.has_room(now_ns)
        life.take(seq, now_ns, DONE)
    life.journal.close()
    assert len(life.path.read_text().splitlines()) <= 20
    assert len(Life(tmp_path, now_ns).memory) == 4


def test_journal_when_it_cannot_be_written_then_that_is_told_once_and_commands_go_on(tmp_path):
    life = Life(tmp_path / "gone", 0)
    life.take(1, 1, DONE)
    assert len(life.told) == 1
    assert "runs again" in life.told[0]


@pytest.mark.parametrize("value", [True, 3, -2.5, "text"])
def test_value_when_it_is_journalled_then_it_comes_back_as_it_was(tmp_path, value):
    life = Life(tmp_path, 0)
    life.journal.submitted(submit(1, value), 1)
    life.journal.close()
    (entry,) = Life(tmp_path, 2).memory.known()
    assert (entry.submit.value, type(entry.submit.value)) == (value, type(value))
