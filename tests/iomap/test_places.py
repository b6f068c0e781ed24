"""Hosts, serial devices and GPIO chips by several names."""

import errno
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from runtime.iomap import places
from runtime.iomap.places import chip_place, host_place, serial_place

HOSTS = """127.0.0.1 localhost
192.168.1.20  Gateway.plant gateway   # behind the switch
192.168.1.21  gateway                 # not reached: the first counts
fe80::1 six
"""


@pytest.fixture(autouse=True)
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    file = tmp_path / "hosts"
    file.write_text(HOSTS)
    monkeypatch.setattr(places, "HOSTS", file)
    places._table.cache_clear()
    yield
    places._table.cache_clear()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("localhost", "127.0.0.1"),
        ("LOCALHOST.", "::1"),
        ("0.0.0.0", "localhost"),
        ("gateway", "192.168.1.20"),
        ("Gateway", "gateway.plant"),
        ("::ffff:192.168.1.20", "gateway"),
        ("fe80:0:0:0::1", "six"),
        ("meters.example", "METERS.example."),
    ],
)
def test_hosts_when_they_are_one_by_two_names_then_one_place(one: str, other: str) -> None:
    assert host_place(one, 502) == host_place(other, 502)
    assert host_place(one, 502) != host_place(other, 503)


@pytest.mark.parametrize(("one", "other"), [("127.0.0.1", "127.0.0.2"), ("gateway", "192.168.1.21"), ("a", "b")])
def test_hosts_when_they_are_two_then_two_places(one: str, other: str) -> None:
    assert host_place(one, 502) != host_place(other, 502)


def test_hosts_when_the_machine_has_no_table_then_as_they_are_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(places, "HOSTS", tmp_path / "none")
    assert host_place("gateway", 1) == ("tcp", "gateway", 1)


def test_serial_device_when_told_by_a_link_then_one_place(tmp_path: Path) -> None:
    device, link = tmp_path / "ttyUSB0", tmp_path / "by-id"
    device.touch()
    link.symlink_to(device)
    assert serial_place(str(link)) == serial_place(str(device)) != serial_place(str(tmp_path / "ttyUSB1"))


def test_chip_when_told_by_path_link_name_or_label_then_one_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, label in (("gpiochip0", b"pinctrl-bcm2711"), ("gpiochip1", b"raspberrypi-exp-gpio"), ("gpiochip2", b"")):
        (tmp_path / name).write_bytes(label)
    (tmp_path / "header").symlink_to(tmp_path / "gpiochip0")

    def told(chip: BinaryIO, request: int, _room: bytes) -> bytes:
        label = chip.read()
        if not label:
            raise OSError(errno.ENOTTY, "no such question here")
        return b"name".ljust(32, b"\0") + label.ljust(32, b"\0") + (54).to_bytes(4, "little")

    monkeypatch.setattr(places, "CHIPS", tmp_path)
    monkeypatch.setattr(fcntl, "ioctl", told)
    path = str(tmp_path / "gpiochip0")
    assert {chip_place(name) for name in (path, "gpiochip0", "pinctrl-bcm2711", str(tmp_path / "header"))} == {
        ("gpio", path)
    }
    assert chip_place("raspberrypi-exp-gpio") == chip_place("gpiochip1") != chip_place(path)
    assert chip_place("another board's") == ("gpio", "another board's")
