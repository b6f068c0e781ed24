"""The systemd unit that comes along gives every right that a scan may report as missing."""

from pathlib import Path

from runtime.core.rights import RIGHTS, Right, rights_in

UNIT = Path(__file__).parents[2] / "configs" / "voltscan@.service"


def sections(text):
    found = {}
    for line in text.splitlines():
        if line.startswith("["):
            lines = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, line
            lines.append((key, value))
    return found


def test_unit_when_read_then_it_has_each_right_s_line_and_waits_for_the_first_scan():
    unit = sections(UNIT.read_text())
    assert list(unit) == ["Unit", "Service", "Install"]
    for right in Right:
        key, _, value = RIGHTS[right].unit_line.partition("=")
        assert (key, value) in unit["Service"], right
    service = dict(unit["Service"])
    assert (service["Type"], service["NotifyAccess"], service["KillMode"]) == ("notify", "main", "mixed")
    assert int(service["WatchdogSec"]) > 2, "longer than the time after which a scan that stands is started again"


def test_witness_unit_when_read_then_it_runs_the_witness_and_needs_no_right_but_priority():
    unit = sections((UNIT.parent / "voltscan-witness.service").read_text())
    assert list(unit) == ["Unit", "Service", "Install"]
    service = dict(unit["Service"])
    assert (service["Type"], service["NotifyAccess"], service["Restart"]) == ("notify", "main", "always")
    assert service["ExecStart"].split()[0].endswith("/bin/voltscan")
    assert service["ExecStart"].split()[1:] == ["witness", "/etc/voltscan/witness.toml"]
    assert [key for key in service if key.startswith("Limit")] == ["LimitRTPRIO"]


def test_rights_when_a_word_has_unknown_bits_then_only_known_ones_are_named():
    assert rights_in(0) == []
    assert rights_in(0xFF0 | Right.PRIORITY | Right.WAKEFULNESS) == [Right.PRIORITY, Right.WAKEFULNESS]
