"""Each profile of a Modbus device against a table written from the facts, not from the profile: where every point lies,
and registers against engineering values, both ways.

A line of a table: bit or register table, PDU address of the first point, points that follow one another, then samples:
`words = value` (decoded to it, and encoded from it), `words <- value` (encoded only: the value saturates).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from runtime.core.elementary import Kind
from runtime.drivers.codec import raw_of_words, words_of_raw
from runtime.iomap.profiles.loading import LoadedProfile, load_profile
from runtime.iomap.wire import ModbusWire

IO_MAPS = Path(__file__).parents[2] / "io_maps"
TABLES = Path(__file__).parent / "profile_tables"
RUN = re.compile(r"(\w+)\[1\.\.(\d+)\]")
SAMPLE = re.compile(r"([0-9A-F ]+?)\s*(=|<-)\s*(\S+)")


@dataclass(frozen=True)
class Row:
    table: str
    address: int
    name: str
    words: tuple[int, ...]
    value: float | bool | str
    both_ways: bool


def rows(text: str) -> Iterator[Row]:
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        head, _, samples = line.partition(" : ")
        table, start, *names = head.split()
        found = [SAMPLE.fullmatch(sample.strip()) for sample in samples.split(";")]
        for name, number in _run(names):
            for sample in found:
                assert sample is not None, line
                words = tuple(int(word, 16) for word in sample[1].split())
                value = sample[3] == "TRUE" if sample[3] in ("TRUE", "FALSE") else _number(sample[3])
                yield Row(table, int(start, 0) + number * len(words), name, words, value, sample[2] == "=")


def _number(told: str) -> float | str:
    try:
        return float(told)
    except ValueError:
        return told


def _run(names: list[str]) -> Iterator[tuple[str, int]]:
    place = 0
    for name in names:
        run = RUN.fullmatch(name)
        for one in [name] if run is None else [f"{run[1]}[{n}]" for n in range(1, int(run[2]) + 1)]:
            yield one, place
            place += 1


def modbus_profiles() -> dict[str, LoadedProfile]:
    loaded = {f.stem: load_profile(f, IO_MAPS / "dbc") for f in sorted((IO_MAPS / "profiles").glob("*.toml"))}
    return {
        n: p
        for n, (p, _) in loaded.items()
        if p is not None and any(isinstance(w, ModbusWire) for w in p.wires.values())
    }


PROFILES = modbus_profiles()


def test_profiles_when_listed_then_each_modbus_device_has_a_table_and_each_table_a_device():
    assert sorted(PROFILES) == sorted(file.stem for file in TABLES.glob("*.txt"))


@pytest.mark.parametrize("name", PROFILES)
def test_profile_when_held_against_its_table_then_every_point_lies_and_reads_and_writes_as_told(name):
    wires = PROFILES[name].wires
    told = list(rows((TABLES / f"{name}.txt").read_text()))
    assert {row.name for row in told} == set(wires)
    for row in told:
        wire = wires[row.name]
        assert isinstance(wire, ModbusWire)
        assert (wire.table, wire.address, wire.words) == (row.table, row.address, len(row.words)), row
        kind = Kind.BOOL if wire.number.boolean else Kind.TEXT if wire.number.padding else Kind.REAL
        if row.both_ways:
            decoded = wire.number.decode(raw_of_words(wire, row.words), kind)
            assert decoded == (row.value if kind is Kind.TEXT else pytest.approx(row.value, rel=1e-9, abs=1e-9)), row
            assert words_of_raw(wire, wire.number.encode(decoded)) == list(row.words), row
        assert words_of_raw(wire, wire.number.encode(row.value)) == list(row.words), row
