"""SCADA polls on while the programs change under it."""

import socket
import struct
import threading
from itertools import pairwise

import pytest

from tests.e2e.changesite import ChangeSite

CHANGES = 20
MAP_CHANGES_AT = (7, 14)
"""These downloads change a register that the client knows; it is disconnected then, and only then."""


class Poller:
    """A client that reads without a pause on one connection, and opens another only when that is closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.polls = 0
        self.connections = 0
        self.errors: list[str] = []
        self.beats: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self.connections += 1
            with socket.create_connection(("127.0.0.1", self._port), 5) as peer:
                peer.settimeout(5)
                while not self._stop.is_set() and self._poll(peer):
                    self.polls += 1

    def _poll(self, peer: socket.socket) -> bool:
        peer.sendall(bytes.fromhex("0001 0000 0006 01 03 0000 0002"))
        reply = b""
        while len(reply) < 9 or len(reply) < 6 + struct.unpack(">H", reply[4:6])[0]:
            try:
                got = peer.recv(64)
            except ConnectionResetError:
                return False
            except OSError as fault:
                self.errors.append(str(fault))
                return False
            if not got:
                return False
            reply += got
        if reply[7] != 3:
            self.errors.append(reply.hex())
        self.beats.append(struct.unpack(">H", reply[9:11])[0])
        return True


@pytest.mark.slow
def test_scada_client_when_programs_change_twenty_times_then_it_is_disconnected_only_where_its_map_is_another(
    change_site,
):
    site: ChangeSite = change_site
    site.start()
    site.wait_until_running()
    site.wait_for("SCADA is served", lambda: site.scada_version_seen() == 0)
    poller = Poller(site.scada_port)
    try:
        for number in range(1, CHANGES + 1):
            if number in MAP_CHANGES_AT:
                site.scada_scale, site.scada_version = 1.0 / number, number
            told = site.download()
            assert told["done"], told
            assert told["scada_map_changed"] == (number in MAP_CHANGES_AT)
            site.wait_for("the gateway follows", lambda n=number: site.ask("status")["program"]["number"] == n + 1)
    finally:
        poller.stop()
    print(f"{poller.polls} polls over {CHANGES} changes on {poller.connections} connections")
    assert poller.errors == []
    assert poller.connections == 1 + len(MAP_CHANGES_AT)
    jumps = [(after - before) % 65536 for before, after in pairwise(poller.beats)]
    assert max(jumps) < 1000, "the heartbeat went back"
    events = [event["text"] for event in site.ask("events")["events"]]
    assert sum("the SCADA map has changed" in text for text in events) == len(MAP_CHANGES_AT)
