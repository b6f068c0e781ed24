"""`voltscan io scan` against SunSpec devices that pysunspec2 encodes and pymodbus serves: what it writes is sound, and
every value read by the written profile is the one that pysunspec2 reads."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sunspec_peer

from runtime.cli.io.scanning import scan_host
from runtime.core.diagnostic import render
from runtime.core.elementary import Kind
from runtime.core.fault import ConfigFault, DriverFault
from runtime.drivers.codec import raw_of_words
from runtime.iomap.sites.load import load_site_map
from runtime.iomap.sites.loaded import LoadedSite
from runtime.iomap.wire import ModbusWire

DEVICES = {
    "hybrid": (sunspec_peer.hybrid, 40_000),
    "pv": (sunspec_peer.pv, 0),
    "device_1547": (lambda: sunspec_peer.recorded("device_1547.json"), 0),
    "scheduled": (sunspec_peer.scheduled, 0),
    "inverter_123": (lambda: sunspec_peer.recorded("inverter_123.json"), 50_000),
}
_SPANS = ((101, 103), (111, 113), (120, 126), (160, 160), (201, 204), (701, 714), (802, 805))
DEFINED = [model_id for first, last in _SPANS for model_id in range(first, last + 1)]
"""The models that profiles of generic SunSpec devices are to read, each with every point it has."""
DEVICES |= {f"model_{n}": (lambda n=n: sunspec_peer.filled(n), 40_000) for n in DEFINED}
THOUSANDTHS = {
    "W": "kW", "VA": "kVA", "var": "kvar", "Var": "kvar", "Wh": "kWh", "WH": "kWh", "Varh": "kvarh", "varh": "kvarh",
    "VAh": "kVAh",
}  # fmt: skip


def scanned(folder: Path, name: str) -> tuple[LoadedSite, list[sunspec_peer.Model], list[int], int]:
    make, base = DEVICES[name]
    models = make()
    words = sunspec_peer.words_of(models)
    out = folder / "sites" / f"{name}.toml"
    with sunspec_peer.served(words, base=base, unit=3) as port:
        assert scan_host(f"127.0.0.1:{port}", units=[3], out=out, force=False) == 0
    site, found = load_site_map(out)
    assert [render(d) for d in found] == []
    assert site is not None
    return site, models, words, base


def values(group, address: int) -> Iterator[tuple[int, object, str]]:
    """What pysunspec2 reads: address, point, unit; what is not implemented left out."""
    for name, point in group.points.items():
        is_header = name in ("ID", "L") and group is group.model
        if not is_header and point.pdef["type"] != "pad" and point.value not in (None, ""):
            yield address + point.offset, point, str(point.pdef.get("units") or "").strip()
    for inner in group.groups.values():
        for one in inner if isinstance(inner, list) else [inner]:
            yield from values(one, address)


@pytest.mark.parametrize("name", DEVICES)
def test_device_when_scanned_then_every_value_is_the_one_that_pysunspec2_reads(name, tmp_path):
    site, models, words, base = scanned(tmp_path, name)
    wires = {}
    for loaded in site.profiles.values():
        for point, wire in loaded.wires.items():
            assert isinstance(wire, ModbusWire)
            wires[wire.address] = (point, wire, loaded.profile.points[point].unit)
    seen, address = set(), base + 2
    for model in models:
        for at, point, unit in values(model, address):
            told, wire, own_unit = wires[at]
            raw = raw_of_words(wire, words[at - base : at - base + wire.words])
            seen.add(at)
            if point.pdef["type"] == "string":
                assert wire.number.decode(raw, Kind.TEXT) == point.value.rstrip(), told
                continue
            factor = 1000.0 if own_unit == "mV" else 0.01 if (unit, own_unit) == ("Pct", "") else 1.0
            factor = 0.001 if THOUSANDTHS.get(unit) == own_unit else factor
            assert wire.number.decode(raw, Kind.REAL) == pytest.approx(point.cvalue * factor, rel=1e-9), told
        address += model.len
    assert seen == set(wires)


def test_hybrid_when_scanned_then_each_nature_has_its_common_points(tmp_path):
    site, *_ = scanned(tmp_path, "hybrid")
    assert {d: (table.profile, table.unit) for d, table in site.map.devices.items()} == {
        "inverter_1": ("sunspec_example_hybrid_5_inverter", 3),
        "grid_meter_1": ("sunspec_example_hybrid_5_grid_meter", 3),
        "battery_1": ("sunspec_example_hybrid_5_battery", 3),
    }
    points = {d: loaded.profile.points for d, loaded in site.placed.items()}
    assert {"p_kw", "q_kvar", "s_kva", "f_hz", "u_l1_v", "i_l3_a", "dc_u_v", "state"} <= set(points["inverter_1"])
    assert {"p_kw", "p_l1_kw", "e_import_kwh", "e_export_kwh"} <= set(points["grid_meter_1"])
    assert {"state", "connect_cmd", "reset_cmd", "u_v", "i_a", "soc_pct", "soh_pct"} <= set(points["battery_1"])
    assert {"charge_i_max_a", "discharge_i_max_a", "cell_u_max_mv", "keep_alive"} <= set(points["battery_1"])
    battery = site.placed["battery_1"].profile
    assert battery.lacks == {}
    assert [(rule.point, rule.frozen_after_ms) for rule in battery.counters] == [("life", 10_000)]
    start = site.placed["inverter_1"].wires["start_cmd"].number
    assert (start.boolean, start.encode(True), start.encode(False)) == (True, 1, 0)
    assert "m160_module_dcw_kw[2]" in points["inverter_1"]
    connect = site.placed["battery_1"].wires["connect_cmd"].number
    assert (connect.boolean, connect.encode(True), connect.encode(False)) == (True, 1, 2)


def test_inverter_when_its_nameplate_says_pv_then_it_has_the_points_of_that_nature(tmp_path):
    site, *_ = scanned(tmp_path, "pv")
    assert list(site.map.devices) == ["pv_inverter_1"]
    profile = site.placed["pv_inverter_1"].profile
    assert profile.natures == ["pv_inverter"]
    assert {"p_kw", "e_kwh", "u_l1_v", "i_l1_a", "dc_u_v", "f_hz", "state"} <= set(profile.points)
    assert profile.points["p_kw"].positive == "production"
    assert profile.lacks == {}


def test_scan_when_it_runs_then_it_tells_its_steps_and_what_it_found(tmp_path, capsys):
    scanned(tmp_path, "hybrid")
    told = capsys.readouterr()
    assert "unit 3: SunSpec mark at 40000" in told.err
    assert "unit 3: model 802 at" in told.err
    assert "unit 3: Example Hybrid 5, serial number SN-0001: inverter, grid_meter, battery" in told.out


def test_scan_when_files_are_there_then_none_is_written_without_force(tmp_path):
    words = sunspec_peer.words_of(sunspec_peer.hybrid())
    out = tmp_path / "sites" / "mine.toml"
    out.parent.mkdir()
    out.write_text("mine")
    with sunspec_peer.served(words, base=40_000) as port:
        with pytest.raises(ConfigFault, match="is there already"):
            scan_host(f"127.0.0.1:{port}", units=[1], out=out, force=False)
        assert out.read_text() == "mine"
        assert not (tmp_path / "profiles").exists()
        assert scan_host(f"127.0.0.1:{port}", units=[1], out=out, force=True) == 0


def test_host_when_it_is_no_sunspec_device_then_told_where_it_was_looked_for(capsys):
    with sunspec_peer.served([1, 2, 3, 4], base=40_000) as port:
        assert scan_host(f"127.0.0.1:{port}", units=[1], out=None, force=False) == 1
    told = capsys.readouterr().err
    assert "no SunSpec mark (40000: other registers; 0: " in told


def test_chain_when_it_breaks_off_then_told(capsys):
    with sunspec_peer.served([0x5375, 0x6E53, 1, 4000, 0, 0], base=0) as port:
        assert scan_host(f"127.0.0.1:{port}", units=[1], out=None, force=False) == 1
    assert "illegal data address" in capsys.readouterr().err


def test_address_when_nobody_listens_or_it_has_no_port_then_a_fault():
    with pytest.raises(ConfigFault, match="no port"):
        scan_host("127.0.0.1:mb", units=[1], out=None, force=False)
    with pytest.raises(DriverFault, match="nobody listens"):
        scan_host("127.0.0.1:1", units=[1], out=None, force=False)
