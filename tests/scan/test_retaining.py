"""Retained values from one run to the next: warm start, parameters, changed programs."""

import struct
from dataclasses import replace

import pytest

from runtime.core.appmemory import SCAN_NO
from runtime.core.binding import Bindings
from runtime.image.manifest import Manifest, ManifestTask
from runtime.image.snapshot import Snapshot
from runtime.lang.compile import compile_sources
from runtime.lang.syntax.source import Source
from runtime.scan.retain.retainfile import FILES, Folder, RetainStore
from runtime.scan.retain.retaining import Retainer, keep_saving, retained_variables, warm_start, warm_start_from

PROGRAM = """
VAR_GLOBAL site : SITE_PARAMETERS; END_VAR
VAR_GLOBAL RETAIN energy_kwh : LREAL; END_VAR
TYPE SITE_PARAMETERS : STRUCT rated_kw : REAL := 10.0; reserve_pct : REAL := 5.0; END_STRUCT; END_TYPE
PROGRAM main
VAR RETAIN starts : DINT := 1; mode : (IDLE, RUN); END_VAR
VAR passing : DINT; END_VAR
starts := starts + passing;
END_PROGRAM
"""
Values = dict[str, float]


class Site:
    """Programs and parameters; what is written to their memory and what a start reads from it."""

    def __init__(self, text: str = PROGRAM, parameters: Values | None = None) -> None:
        app = compile_sources([Source("main.st", text)]).application
        assert app is not None
        given = {"site.rated_kw": 100.0} if parameters is None else parameters
        self.initial = self.with_values(app.initial, given, app)
        self.manifest = Manifest(
            site="s",
            cycle_ns=10_000_000,
            budget=1000,
            on_fault="stop",
            frame_valid_ns=50_000_000,
            tags=app.tags,
            tasks=tuple(ManifestTask(t.name, t.interval_ns, t.priority) for t in app.tasks),
            sites=app.sites,
            app_size=len(app.initial),
            quality_offset=app.quality_offset,
            stamp_offset=app.stamp_offset,
            app_hash=app.layout_hash,
            bindings=Bindings({}, ()),
            parameters=tuple(given),
        )

    @staticmethod
    def with_values(memory: bytes, values: Values, app: object) -> bytes:
        raw = bytearray(memory)
        for name, value in values.items():
            leaf = app.tags.find(name)  # type: ignore[attr-defined]
            leaf.type.pack_into(raw, leaf.offset, value)
        return bytes(raw)

    def snapshot(self, values: Values, scan_no: int = 1) -> Snapshot:
        memory = bytearray(self.with_values(self.initial, values, self.manifest))
        struct.pack_into("<Q", memory, SCAN_NO, scan_no)
        quality, stamp = self.manifest.quality_offset, self.manifest.stamp_offset
        return Snapshot(bytes(memory), quality_offset=quality, stamp_offset=stamp)

    def save(self, store: RetainStore, values: Values) -> bool:
        return Retainer(self.manifest, self.initial, store).save_if_changed(self.snapshot(values))

    def start(self, store: RetainStore, *names: str) -> list[object]:
        memory = warm_start(self.manifest, self.initial, store).initial
        leaves = [self.manifest.tags.find(name) for name in names]
        return [leaf.type.unpack(memory, leaf.offset) for leaf in leaves if leaf is not None]

    def told(self, store: RetainStore) -> list[tuple[str, str]]:
        return list(warm_start(self.manifest, self.initial, store).told)


@pytest.fixture
def store(tmp_path) -> RetainStore:
    return RetainStore(Folder(tmp_path))


def test_retained_when_asked_then_retain_sections_and_the_site_files_parameters():
    names = [leaf.name.lower() for leaf in retained_variables(Site().manifest)]
    assert names == ["site.rated_kw", "energy_kwh", "main.starts", "main.mode"]


def test_start_when_warm_then_retained_values_come_back_and_no_others(store):
    site = Site()
    site.save(store, {"energy_kwh": 7.5, "main.starts": 4, "main.mode": 1, "main.passing": 9, "site.reserve_pct": 1.0})
    names = ("energy_kwh", "main.starts", "main.mode", "main.passing", "site.reserve_pct", "site.rated_kw")
    assert site.start(store, *names) == [7.5, 4, 1, 0, 5.0, 100.0]
    (severity, text), *_ = site.told(store)
    assert severity == "info"
    assert text.startswith("warm start: 4 retained values of 20")


def test_start_when_nothing_was_saved_then_all_is_initial(store):
    assert Site().start(store, "main.starts", "site.rated_kw") == [1, 100.0]
    assert Site().told(store) == []


def test_parameter_when_an_operator_wrote_it_then_it_outlives_the_start(store):
    Site().save(store, {"site.rated_kw": 80.0})
    assert Site().start(store, "site.rated_kw") == [80.0]


def test_parameter_when_the_site_file_was_edited_since_then_the_file_is_right(store):
    Site().save(store, {"site.rated_kw": 80.0})
    edited = Site(parameters={"site.rated_kw": 120.0})
    assert edited.start(store, "site.rated_kw") == [120.0]
    assert "1 were edited in the site file" in edited.told(store)[0][1]


def test_start_when_the_program_changed_then_values_go_by_name_and_type(store):
    Site().save(store, {"energy_kwh": 7.5, "main.starts": 70_000, "main.mode": 1})
    changed = Site(
        PROGRAM.replace("starts : DINT := 1;", "first : BOOL; starts : LREAL := 1.0;").replace(
            "(IDLE, RUN)", "(REPAIR, IDLE, RUN)"
        ).replace("starts := starts + passing;", "").replace("energy_kwh : LREAL", "energy_mwh : LREAL")
    )  # fmt: skip
    assert changed.start(store, "main.starts", "main.mode", "energy_mwh", "main.first") == [70_000.0, 2, 0.0, False]
    assert changed.told(store)[0][1].endswith("; 2 are new; 1 are no longer there")


def test_values_when_unchanged_then_nothing_is_written(store, tmp_path):
    site = Site()
    retainer = Retainer(site.manifest, site.initial, store)
    assert retainer.save_if_changed(site.snapshot({"main.starts": 5}))
    before = {f.name: f.read_bytes() for f in tmp_path.iterdir()}
    assert not retainer.save_if_changed(site.snapshot({"main.starts": 5, "main.passing": 3}, scan_no=9))
    assert not site.save(store, {"main.starts": 5})  # nor by the process that comes after it
    assert {f.name: f.read_bytes() for f in tmp_path.iterdir()} == before


def test_files_when_both_are_damaged_then_it_is_said_what_is_done(store, tmp_path):
    site = Site()
    for count in (2, 3):
        site.save(store, {"main.starts": count})
    for name in FILES:
        (tmp_path / name).write_bytes(b"VRETAIN1 and then nothing of use for anybody who reads this, and so on and on")
    assert site.start(store, "main.starts") == [1]
    why = "retain.a: it is cut off, retain.b: it is cut off"
    assert site.told(store) == [
        (
            "error",
            f"no retained values can be read ({why}): every variable starts with its initial value",
        )
    ]


def test_file_when_the_newest_is_torn_then_the_one_before_is_used_with_a_warning(store, tmp_path):
    site = Site()
    for count in (2, 3):
        site.save(store, {"main.starts": count})
    newest = tmp_path / FILES[1]
    newest.write_bytes(newest.read_bytes()[:-40])
    assert site.start(store, "main.starts") == [2]
    assert site.told(store)[0][0] == "warning"


def test_scan_when_it_died_then_the_next_one_starts_from_its_last_snapshot(store):
    site = Site()
    memory = warm_start_from(site.snapshot({"main.starts": 6, "main.passing": 5}), site.manifest, site.initial)
    values = {leaf.name.lower(): leaf.type.unpack(memory, leaf.offset) for leaf in site.manifest.tags.variables}
    assert (values["main.starts"], values["main.passing"]) == (6, 0)


def test_saving_when_stopped_then_the_last_scans_values_are_saved(store):
    site = Site()
    retainer = Retainer(site.manifest, site.initial, store)
    looks = iter([site.snapshot({"main.starts": 2}), None, site.snapshot({"main.starts": 9})])
    waits = iter([True, True, False])
    keep_saving(retainer, lambda: next(looks), wait=lambda: next(waits), on_event=lambda *_: None)
    assert site.start(store, "main.starts") == [9]


def test_saving_when_the_disk_is_full_for_a_while_then_it_is_told_once_and_saved_later(tmp_path):
    class FullDisk(Folder):
        def sync(self, name: str) -> None:
            if next(full):
                raise OSError(28, "No space left on device")
            super().sync(name)

    full, waits = iter([True, True, False]), iter([True, True, False])
    store, site = RetainStore(FullDisk(tmp_path)), Site()
    events: list[tuple[str, str]] = []
    keep_saving(
        Retainer(site.manifest, site.initial, store),
        lambda: site.snapshot({"main.starts": 3}),
        wait=lambda: next(waits),
        on_event=lambda *told: events.append(told),
    )
    assert [severity for severity, _ in events] == ["error", "info"]
    assert "No space left on device" in events[0][1]
    assert site.start(store, "main.starts") == [3]


@pytest.mark.parametrize("stored", [None, (), ((384, 390), (400, 408))])
def test_manifest_when_written_and_read_back_then_parameters_and_what_is_stored_are_in_it(tmp_path, stored):
    manifest = replace(Site().manifest, parameters=("a.b", "c"), stored=stored)
    manifest.save(tmp_path / "manifest.json")
    read = Manifest.load(tmp_path / "manifest.json")
    assert (read.parameters, read.stored) == (("a.b", "c"), stored)
