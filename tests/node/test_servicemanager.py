"""sd_notify(3) against a real datagram socket in the place of the service manager's."""

import socket

import pytest

from runtime.node.host.servicemanager import ServiceManager

S = 1_000_000_000


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    """The service manager's socket and the value of NOTIFY_SOCKET."""
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = str(tmp_path / "notify")
    heard.bind(path if request.param == "path" else "\0" + path)
    heard.setblocking(False)
    yield heard, path if request.param == "path" else "@" + path
    heard.close()


def messages(heard):
    found = []
    while True:
        try:
            found.append(heard.recv(4096).decode())
        except BlockingIOError:
            return found


def test_service_when_it_goes_on_then_ready_once_and_the_watchdog_fed_in_thirds(manager):
    heard, address = manager
    environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "6000000", "WATCHDOG_PID": "77"}
    service = ServiceManager(environment, pid=77)
    assert environment == {}
    for second in range(7):
        service.tick((100 + second) * S, goes_on=second > 1, status="scan 1")
    assert messages(heard) == ["READY=1\nSTATUS=scan 1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]
    service.status("scan 2")
    service.stopping()
    assert messages(heard) == ["STATUS=scan 2", "STOPPING=1"]
    service.close()


def test_service_when_it_stands_then_the_watchdog_starves(manager):
    heard, address = manager
    service = ServiceManager({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "3000000"}, pid=77)
    service.tick(100 * S, goes_on=True, status="")
    messages(heard)
    for second in range(101, 120):
        service.tick(second * S, goes_on=False, status="")
    assert messages(heard) == []
    service.close()


@pytest.mark.parametrize("extra", [{}, {"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "78"}, {"WATCHDOG_USEC": "soon"}])
def test_service_when_no_watchdog_is_meant_for_it_then_none_is_fed(manager, extra):
    heard, address = manager
    service = ServiceManager({"NOTIFY_SOCKET": address, **extra}, pid=77)
    service.tick(100 * S, goes_on=True, status="x")
    assert messages(heard) == ["READY=1\nSTATUS=x"]
    service.close()


def test_service_when_its_manager_is_gone_or_never_was_then_it_runs_on(tmp_path):
    for environment in ({}, {"NOTIFY_SOCKET": str(tmp_path / "none")}):
        service = ServiceManager(environment, pid=77)
        service.tick(100 * S, goes_on=True, status="x")
        service.stopping()
        service.close()
