"""`voltscan io sniff`: the frames of a CAN link, decoded by the databases of its devices.

It listens beside whatever else is on the bus and sends nothing.
"""

import contextlib
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import can

from runtime.cli.io.fieldmap import read_field_map
from runtime.core.duration import duration_ns
from runtime.core.fault import ConfigFault
from runtime.drivers.can.link import open_bus
from runtime.drivers.can.sniff import Sniffed, Sniffer
from runtime.iomap.plan.settings import CanSettings

RECEIVE_S = 0.2
"""How long one wait for a frame lasts, so that the end of the time is not missed."""


@dataclass(frozen=True, slots=True)
class SniffOrder:
    """What to listen to and for how long (an empty `length`: until interrupted; `count` 0: any number of frames)."""

    link: str
    length: str = ""
    count: int = 0
    unknown_only: bool = False
    log: Path | None = None
    as_json: bool = False


def sniff(path: Path, order: SniffOrder) -> int:
    """Print frames until the order is done; 1 when no frame came at all."""
    link, devices = read_field_map(path).link(order.link)
    if not isinstance(link.settings, CanSettings):
        raise ConfigFault(f"the link {order.link} is {link.kind}", mend="only CAN buses can be listened to")
    end_ns = time.monotonic_ns() + (duration_ns(order.length) if order.length else 1 << 62)
    sniffer, seen = Sniffer(devices), 0
    with contextlib.ExitStack() as stack:
        bus = stack.enter_context(contextlib.closing(_Bus(open_bus(link, None))))
        log = stack.enter_context(order.log.open("w")) if order.log is not None else None
        with contextlib.suppress(KeyboardInterrupt):
            while time.monotonic_ns() < end_ns and (not order.count or seen < order.count):
                frame = bus.receive()
                if frame is None:
                    continue
                seen += 1
                if log is not None:
                    print(candump_line(frame, link.name), file=log)
                found = sniffer.take(frame)
                if not (order.unknown_only and found.name):
                    _print(found, as_json=order.as_json, out=sys.stdout)
    if not seen:
        print("no frame came: does anybody send, and is the bit rate right?", file=sys.stderr)
    return 0 if seen else 1


class _Bus:
    """A bus that drops what is no CAN frame."""

    def __init__(self, bus: can.BusABC) -> None:
        self._bus = bus

    def receive(self) -> can.Message | None:
        try:
            return self._bus.recv(timeout=RECEIVE_S)
        except can.CanOperationError as fault:
            if isinstance(fault.__cause__, OSError):
                raise ConfigFault(f"the bus is gone: {fault}", mend="bring it up and try again") from fault
            return None

    def close(self) -> None:
        self._bus.shutdown()


def _print(found: Sniffed, *, as_json: bool, out: TextIO) -> None:
    print(json.dumps(_as_json(found)) if as_json else sniffed_line(found), file=out, flush=True)


def sniffed_line(found: Sniffed) -> str:
    """A frame for people: time, id, bytes, how often, whose it is, and its signals with units."""
    frame = found.frame
    signals = " ".join(f"{s.name}={_number(s.value)}{' ' + s.unit if s.unit else ''}" for s in found.signals)
    rate = f"{found.rate_hz:7.1f}/s" if found.rate_hz else " " * 9
    name = found.name or ("ERROR" if frame.is_error_frame else "unknown")
    told = f"{frame.timestamp:.6f} {_id(frame):>8} {bytes(frame.data).hex(' ').upper():<23} {rate}  {name}"
    return "  ".join(part for part in (told, signals, found.problem and f"! {found.problem}") if part)


def candump_line(frame: can.Message, channel: str) -> str:
    """The frame as `candump -l` writes it, for can-utils and cantools.

    Source: can-utils, lib.c (sprint_canframe): `##` and a digit of flags before the data of a CAN FD frame.
    """
    identifier = frame.arbitration_id | (0x2000_0000 if frame.is_error_frame else 0)
    wide = frame.is_extended_id or frame.is_error_frame
    payload = "R" if frame.is_remote_frame else bytes(frame.data).hex().upper()
    mark = f"##{int(frame.bitrate_switch)}" if frame.is_fd else "#"
    return f"({frame.timestamp:.6f}) {channel} {identifier:0{8 if wide else 3}X}{mark}{payload}"


def _as_json(found: Sniffed) -> dict[str, object]:
    frame = found.frame
    return {
        "time": frame.timestamp,
        "id": frame.arbitration_id,
        "extended": frame.is_extended_id,
        "data": bytes(frame.data).hex(),
        "name": found.name or None,
        "signals": {s.name: {"value": s.value, "unit": s.unit} for s in found.signals},
        "rate_hz": round(found.rate_hz, 3),
        "problem": found.problem,
    }


def _id(frame: can.Message) -> str:
    return f"{frame.arbitration_id:08X}" if frame.is_extended_id else f"{frame.arbitration_id:03X}"


def _number(value: float | str) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
