import pytest

from runtime import config
from runtime.config import find_site_file, load_site

MINIMAL = 'name = "x"\nprograms = ["p.st"]\n'


@pytest.fixture
def site(tmp_path):
    (tmp_path / "p.st").write_text("PROGRAM p END_PROGRAM\n")

    def load(text):
        file = tmp_path / "site.toml"
        file.write_text(text)
        return load_site(file)

    return load


def test_site_file_when_keys_are_left_out_then_the_documented_defaults_hold(site):
    found, diagnostics = site(MINIMAL)
    assert not diagnostics
    assert (found.cycle_ns, found.frame_valid_ns) == (10_000_000, 50_000_000)
    assert (found.table.on_fault, found.table.task_budget, found.table.realtime.priority) == ("stop", 1_000_000, 80)


def test_site_file_when_the_cycle_is_long_then_frames_are_valid_for_three_cycles(site):
    found, _ = site(MINIMAL + 'cycle = "100ms"\n')
    assert found.frame_valid_ns == 300_000_000


@pytest.mark.parametrize("cycle", ["500us", "2s"])
def test_site_file_when_the_cycle_is_out_of_range_then_the_range_is_told(site, cycle):
    found, diagnostics = site(MINIMAL + f'cycle = "{cycle}"\n')
    assert found is None
    assert "1 ms to 1 s" in diagnostics[0].labels[0].text
    assert diagnostics[0].place.line == 3


def test_site_file_when_it_is_not_in_the_folder_then_the_shipped_one_is_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "SHIPPED", tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "s.toml").write_text(MINIMAL)
    monkeypatch.chdir(tmp_path / "configs")
    assert find_site_file(tmp_path.joinpath("configs/s.toml").relative_to(tmp_path)) == tmp_path / "configs/s.toml"
