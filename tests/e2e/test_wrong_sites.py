"""Twelve mistakes that engineers make: each is reported at its line with how to mend it, and nothing starts."""

from dataclasses import dataclass

import pytest

SITE = "configs/demo.toml"
IO_MAP = "io_maps/sites/demo.toml"
PROFILE = "io_maps/profiles/carlo_gavazzi_em340.toml"
SCADA = "io_maps/scada/demo.toml"
MODE = "programs/modes/self_consumption.st"
GUARD = "programs/lib/soc_guard.st"
PROGRAM = "programs/sites/demo.st"


@dataclass(frozen=True)
class Mistake:
    """In `file`, `old` is written as `new`; the diagnostic stands at the line of `at` and says `says`."""

    file: str
    old: str
    new: str
    at: str
    says: tuple[str, ...]


MISTAKES = {
    "site: misspelt key": Mistake(SITE, "on_fault ", "on_falt ", "on_falt", ("on_fault",)),
    "site: cycle without unit": Mistake(SITE, '"10ms"', '"10"', 'cycle    = "10"', ("number and a unit",)),
    "site: missing program file": Mistake(SITE, "sites/demo.st", "sites/dem.st", "sites/dem.st", ("does not exist",)),
    "site: unknown parameter": Mistake(
        SITE, "parameters_1.rated_kw", "parameters_1.rated_kv", "rated_kv", ("parameters_1.rated_kw",)
    ),
    "map: unknown profile": Mistake(IO_MAP, '"abb_pqstori"', '"abb_pqstory"', "abb_pqstory", ("abb_pqstori",)),
    "map: output without fail-safe": Mistake(
        IO_MAP, "start_cmd  = { fail_safe = false }", "start_cmd  = { }", "start_cmd  = { }", ("fail_safe",)
    ),
    "map: two devices at one address": Mistake(
        IO_MAP, "unit = 2", "unit = 1  # taken", "unit = 1  # taken", ("pv_meter_1",)
    ),
    "profile: unknown type": Mistake(PROFILE, '"i32"', '"i33"', '"i33"', ("i32",)),
    "scada: unknown tag": Mistake(SCADA, '"plant_1.state"', '"plant_1.stat"', '"plant_1.stat"', ("plant_1.state",)),
    "program: unknown name": Mistake(
        GUARD, "discharge_blocked := TRUE;\n", "discharge_bloked := TRUE;\n", "bloked", ()
    ),
    "program: missing END_IF": Mistake(GUARD, "END_IF", "", "", ("END_IF",)),
    "program: text where a number belongs": Mistake(
        PROGRAM, "END_PROGRAM", "plant_1.p_set_kw := TRUE;\nEND_PROGRAM", "plant_1.p_set_kw := TRUE", ("REAL", "BOOL")
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_site_when_it_has_a_mistake_then_line_and_mend_are_told_and_nothing_starts(stopped_demo, name):
    mistake = MISTAKES[name]
    file = stopped_demo.folder / mistake.file
    text = file.read_text()
    assert mistake.old in text, f"the case is out of date: {mistake.old!r} is not in {mistake.file}"
    wrong = text.replace(mistake.old, mistake.new, 1)
    file.write_text(wrong)
    done = stopped_demo.voltscan("run", str(stopped_demo.site_file), "--no-hmi", "--duration", "1s")
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    if mistake.at:
        line = next(n for n, content in enumerate(wrong.splitlines(), 1) if mistake.at in content)
        assert f"{mistake.file}:{line}:" in said
    assert mistake.file in said
    assert "Traceback" not in said
    for words in mistake.says:
        assert words in said
    assert not stopped_demo.pids()
