"""Options of devices become initial values of the program's variables; charge_sign turns the commands of a device."""

import shutil
from dataclasses import replace
from pathlib import Path

import demo_tags
import pytest

from runtime.core.elementary import REAL, UINT
from runtime.core.tag import TagTable
from runtime.iomap.checks.check import check
from runtime.iomap.sites.load import load_site_map
from runtime.iomap.sites.loaded import LoadedSite
from runtime.iomap.sites.options import option_values

IO_MAPS = Path(__file__).parents[2] / "io_maps"
SITE = """site = "small"

[links.pcs]
kind = "modbus_tcp"

[devices.inverter_1]
profile = "rhombus_res125"
link = "pcs"

[devices.inverter_1.registers]
max_power_command = { register = 42, type = "i16", scale = 0.1 }
heartbeat = { register = 43, type = "u16" }

[devices.inverter_1.points]
max_power_command = { fail_safe = 0.0 }
"""
OPTIONS = "\n[devices.inverter_1.options]\n"
DEFAULTS = {
    "inverter_heartbeat_check_interval": 50.0,
    "inverter_heartbeat_warning_time": 60.0,
    "initial_inverter_heartbeat_count": 931,
    "inverter_heartbeat_count_limit": 750,
    "security_code_value": 125,
    "max_inverter_command": 125.0,
    "inverter_command_mode": "POWER",
}


def loaded(folder: Path, text: str) -> LoadedSite:
    shutil.copytree(IO_MAPS / "profiles", folder / "profiles", dirs_exist_ok=True)
    (folder / "sites").mkdir(exist_ok=True)
    (folder / "sites" / "small.toml").write_text(text)
    site, found = load_site_map(folder / "sites" / "small.toml")
    assert found == []
    assert site is not None
    return site


def tags(*options: str, hidden: bool = True) -> TagTable:
    found = _tags(*options)
    return TagTable([replace(tag, secret=hidden and "security" in tag.name) for tag in found.tags])


def _tags(*options: str) -> TagTable:
    return demo_tags.table(
        {
            "inverter_1": demo_tags.plain("max_power_command"),
            "inverter_1_options": [(name, UINT if "count" in name else REAL, "", ()) for name in options],
        }
    )


def test_options_when_the_site_is_silent_then_the_program_gets_the_defaults(tmp_path: Path) -> None:
    site = loaded(tmp_path, SITE)
    values, found = option_values(site, tags(*DEFAULTS))
    assert found == []
    assert {v.variable.removeprefix("inverter_1_options."): v.told for v in values} == DEFAULTS
    assert option_values(site, tags()) == ([], [])


def test_options_when_the_site_sets_them_then_its_values_and_secrets_from_their_file(tmp_path: Path) -> None:
    text = f'{OPTIONS}max_inverter_command = 90.0\nsecurity_code_value = {{ file = "code" }}\n'
    site = loaded(tmp_path, SITE + text)
    (tmp_path / "sites" / "code").write_text("4711\n")
    values, found = option_values(site, tags("max_inverter_command", "security_code_value"))
    assert found == []
    assert [v.told for v in values] == [4711, 90.0]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("max_inverter_comand = 90.0", "unknown option `max_inverter_comand`"),
        ("max_inverter_command = 90.0", "nothing takes the option `max_inverter_command`"),
        ('security_code_value = { file = "code" }', "cannot read the secret code"),
        ("security_code_value = 4711", "the secret `security_code_value` stands in the map"),
    ],
)
def test_option_when_it_goes_nowhere_then_told(line: str, told: str, tmp_path: Path) -> None:
    _, found = option_values(loaded(tmp_path, SITE + OPTIONS + line), tags("security_code_value"))
    assert [d.message for d in found] == [told]


def test_secret_when_its_variable_is_open_to_everybody_then_told(tmp_path: Path) -> None:
    values, found = option_values(loaded(tmp_path, SITE), tags("security_code_value", hidden=False))
    assert [(d.message, d.help) for d in found] == [
        (
            "the secret `security_code_value` can be read by anybody",
            "declare security_code_value in the program with {secret}",
        )
    ]
    assert [value.told for value in values] == [125]


@pytest.mark.parametrize(("line", "raw"), [("", -125), ("charge_sign = -1\n", -125), ("charge_sign = 1\n", 125)])
def test_command_when_the_device_charges_on_positive_then_its_sign_is_turned(
    line: str, raw: int, tmp_path: Path
) -> None:
    site = loaded(tmp_path, SITE.replace('link = "pcs"\n', f'link = "pcs"\n{line}'))
    checked = check(site, tags())
    assert checked.plan is not None, checked.diagnostics
    device = checked.plan.device("inverter_1")
    assert device is not None
    charging = device.outputs[0].wire.number.encode(-12.5)
    assert charging == raw


def test_command_when_its_word_has_no_sign_then_charge_sign_is_refused(tmp_path: Path) -> None:
    text = SITE.replace('type = "i16"', 'type = "u16"').replace('link = "pcs"\n', 'link = "pcs"\ncharge_sign = 1\n')
    checked = check(loaded(tmp_path, text), tags())
    assert [(d.code, d.help) for d in checked.diagnostics] == [("M3003", "take charge_sign out")]
