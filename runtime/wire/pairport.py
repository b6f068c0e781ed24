"""What gateway and redundancy process of a controller say to each other: one JSON object a packet.

gateway     {"do": "propose", "client", "seq", "body"}          have a write agreed on, then delivered
            {"do": "ask", "id", "what", "name"}                  swap, detach, attach, claim: `ASKS`
            {"do": "force", "name", "body", "keep"}              hold a variable on both; no body: let go
            {"do": "relay", "id", "content"}, {"do": "relay_answer", "id", "content"}    for the other's gateway
redundancy  {"do": "deliver", "index", "client", "seq", "body"}  agreed on: into the mailbox, in this order
            {"do": "known", "index", "client", "seq", "body"}    it was agreed on before, and ran or runs as `body` says
            {"do": "refused", "client", "seq", "why"}
            {"do": "answer", "id", "why_not"}
            {"do": "relayed", "id", "content"}, {"do": "relay_answer", "id", "content"}  from the other's gateway
            {"do": "forces", "forces": {name: body}}             all that both controllers hold
            {"do": "status", "status": PairStatus}               some times a second, and when the leader changes

The socket lies in the run directory, is of the redundancy process, and open to the owner alone.
"""

import json
import socket
from pathlib import Path
from typing import Any, Final, TypedDict

PAIR_SOCKET: Final = "pair.sock"
PACKET_MAX: Final = 131_072
"""Bytes. A write of the longest string takes a few kilobytes, the status a few more."""
ASKED_OF_LEADER: Final = ("swap", "detach", "attach")
"""Whoever is asked passes these on to who leads."""
ASKS: Final = (*ASKED_OF_LEADER, "claim")


class PairMemberStatus(TypedDict):
    """One of the three, as this controller sees it. `heard_ms` -1: never since it started."""

    name: str
    kind: str
    votes: bool
    heard_ms: int


class TakeOverStatus(TypedDict):
    """One take-over; `gap_ms` from the last state that came to the election, 0 where none had come."""

    leader: str
    term: int
    cause: str
    scan_no: int
    gap_ms: float
    t_wall_ns: int


class PairAlarm(TypedDict):
    """Something degraded. (`id`, `source`) stays the same while it lasts; `source`: the member that it is about;
    `severity`: "error" where the outputs are not driven, or this controller cannot drive them, else "warning".

    `id`: no_leader, not_in_sync, out_of_service, not_heard, no_vote, no_way_to_witness, version_refused, devices_lost,
    disk_slow, clock_jumped, other_times.
    """

    id: str
    source: str
    severity: str
    text: str


class ExchangeStatus(TypedDict):
    """What a redundancy process has done natively since it began, while it led. `scans`: whose state it sent;
    `native_us` of the processor for them; `returns`: how often it came back to Python, by reason (`End`)."""

    scans: int
    native_us: int
    returns: dict[str, int]


class PairStatus(TypedDict):
    """The pair as one of its controllers sees it.

    `role`: leader, standby, candidate. `drives`: its programs run. `lease_ms`: what is left of its right to drive.
    `lag_scans`: the standby's, at the leader; `ack_p50_ms`, `ack_p99_ms`: from the sending of a state
    to the standby's answer, of the last thousand. `alarms`: what is degraded.
    """

    name: str
    role: str
    leader: str
    term: int
    drives: bool
    lease_ms: float
    in_sync: list[str]
    solo: bool
    lag_scans: int
    ack_p50_ms: float
    ack_p99_ms: float
    state_scan: int
    members: list[PairMemberStatus]
    detached: list[str]
    takeovers: list[TakeOverStatus]
    commit: int
    alarms: list[PairAlarm]
    exchange: ExchangeStatus


def pair_socket(run_dir: Path) -> Path:
    """Where the redundancy process of that controller listens."""
    return run_dir / PAIR_SOCKET


def send_packet(end: socket.socket, packet: dict[str, Any]) -> bool:
    """Say it; False when the other side takes nothing now, or is gone."""
    raw = json.dumps(packet, separators=(",", ":")).encode()
    try:
        end.send(raw, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
    except OSError:
        return False
    return True


def receive_packets(end: socket.socket) -> list[dict[str, Any]] | None:
    """What waits to be read; None once the other side is gone. A packet that is no object is passed over."""
    packets: list[dict[str, Any]] = []
    while True:
        try:
            raw = end.recv(PACKET_MAX, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return packets
        except OSError:
            return None
        if not raw:
            return packets or None
        try:
            packet = json.loads(raw)
        except ValueError:
            continue
        if isinstance(packet, dict):
            packets.append(packet)
