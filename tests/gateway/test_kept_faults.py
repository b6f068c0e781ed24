"""The file of the fault log: what of it outlives a process, a start of the controller, and a line cut off."""

import asyncio
import json

import pytest

from runtime.gateway.faults.keptfaults import FAULT_FILE, FAULTS_KEPT, KeptFaults


def entry(number, *, term=1, **more):
    told = {"number": number, "scan": number + 1, "code": "DIVISION_BY_ZERO", "text": "division", "pou": "main"}
    told |= {"file": "main.st", "line": number, "column": 3, "statement": "a := b / c;", "count": 1, "values": []}
    return (
        told
        | {"last_number": number, "last_scan": number + 1, "term": term, "t_wall_ns": 7, "acknowledged": False}
        | more
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / FAULT_FILE


def restored(path, term=1):
    kept = KeptFaults(path, term=term)
    kept.restore()
    return kept


def test_faults_when_a_process_dies_then_the_next_has_the_places_and_goes_on_behind_them(path):
    first = KeptFaults(path, term=1)
    for number in range(40):
        first.add(entry(number))
    then = restored(path)  # nothing was settled
    assert list(then.entries) == list(first.entries)
    assert then.next_number == 40


def test_faults_when_a_place_counts_on_then_the_file_has_it_once_it_is_settled(path):
    first = KeptFaults(path, term=1)
    counted = entry(0)
    first.add(counted)
    counted["count"], counted["last_number"] = 9, 8
    first.changed(counted)
    before = restored(path).next_number
    asyncio.run(first.settle())
    then = restored(path)
    assert (before, then.next_number, then.entries[0]["count"]) == (1, 9, 9)


def test_faults_when_the_controller_was_started_anew_then_they_are_history(path):
    KeptFaults(path, term=1).add(entry(5))
    then = restored(path, term=2)
    assert [e["number"] for e in then.entries] == [5]
    assert (then.of_this_start(), then.next_number) == ([], 0)


def test_faults_when_a_line_was_cut_off_then_the_others_and_the_next_one_stand(path):
    KeptFaults(path, term=1).add(entry(0))
    with path.open("a") as file:
        file.write(json.dumps(entry(1))[:40])
    then = restored(path)
    then.add(entry(2))
    assert [e["number"] for e in restored(path).entries] == [0, 2]


@pytest.mark.parametrize("line", ["[]", "7", '{"number": 1}', "\xff\x00", json.dumps(entry(1, count="9"))])
def test_faults_when_a_line_is_no_entry_then_it_is_passed_over(path, line):
    path.write_text(line + "\n")
    assert list(restored(path).entries) == []


def test_faults_when_there_are_very_many_then_file_and_log_stay_bounded(path):
    kept = KeptFaults(path, term=1)
    for number in range(3000):
        kept.add(entry(number))
    asyncio.run(kept.settle())
    assert len(path.read_text().splitlines()) == len(kept.entries) == FAULTS_KEPT
    assert list(restored(path).entries) == list(kept.entries)


def test_faults_when_one_comes_while_the_file_is_written_anew_then_the_next_settling_has_it(path):
    kept = KeptFaults(path, term=1)
    for number in range(3000):
        kept.add(entry(number))

    async def settle():
        settling = asyncio.create_task(kept.settle())
        await asyncio.sleep(0)  # it is waiting for the other thread now
        kept.add(entry(3000))
        await settling
        await kept.settle()

    asyncio.run(settle())
    assert list(restored(path).entries) == list(kept.entries)


def test_faults_when_the_file_cannot_be_written_then_told_once_and_the_log_goes_on(tmp_path):
    told = []
    kept = KeptFaults(tmp_path / "missing" / FAULT_FILE, term=1, tell=told.append)
    for number in range(3):
        kept.add(entry(number))
    asyncio.run(kept.settle())
    assert len(kept.entries) == 3
    assert [text.split(": ")[1] for text in told] == ["the fault log ends with this process"]
