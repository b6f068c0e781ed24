"""A scan that stands is started again; watchdogs hear of a controller only while it goes on."""

import os
import signal
import socket

import pytest

PROGRAM = "VAR_GLOBAL n : DINT; END_VAR\nPROGRAM main\nn := n + 1;\nEND_PROGRAM\n"


@pytest.fixture
def guarded(stopped_demo):
    """A controller without devices, heard by a service manager's socket, with a file in the place of its watchdog."""
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(stopped_demo.folder / "notify"))
    heard.setblocking(False)
    stopped_demo.env |= {"NOTIFY_SOCKET": str(stopped_demo.folder / "notify"), "WATCHDOG_USEC": "600000"}
    device = stopped_demo.folder / "watchdog"
    device.write_bytes(b"")
    (stopped_demo.folder / "main.st").write_text(PROGRAM)
    stopped_demo.site_file.write_text(
        f'name = "{stopped_demo.name}"\nprograms = ["../main.st"]\n'
        f'[watchdog]\nstuck_after = "1s"\ndevice = "{device}"\ntimeout_s = 2\n'
    )
    stopped_demo.start()
    yield stopped_demo, heard, device
    heard.close()


def messages(heard):
    found = []
    while True:
        try:
            found.append(heard.recv(4096).decode())
        except BlockingIOError:
            return found


def test_scan_when_it_stands_then_started_again_and_watchdogs_starve_meanwhile(guarded):
    site, heard, device = guarded
    site.wait_for("it scans", lambda: site.ask("status")["scanning"])
    site.wait_for("the watchdog is fed", lambda: device.read_bytes()[:1] == b"\0")
    site.wait_for("the service is ready and fed", lambda: {"WATCHDOG=1"} & set(messages(heard)))
    stopped = site.pid("scan")
    os.kill(stopped, signal.SIGSTOP)
    site.wait_for("it is another process", lambda: site.pid("scan") != stopped)
    site.wait_for("it scans again", lambda: site.ask("status")["scanning"])
    assert any("scan has stood for" in event["text"] for event in site.ask("events", since=0)["events"])
    site.wait_for("the service is fed again", lambda: {"WATCHDOG=1"} & set(messages(heard)))
    assert site.stop() == 0
    assert messages(heard)[-1] == "STOPPING=1"
    assert set(device.read_bytes()[:-1]) == {0}
    assert device.read_bytes()[-1:] == b"V"
