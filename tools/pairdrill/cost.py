"""What redundancy takes of a core, and how long a frame is on its way and answered.

Of the redundancy processes by thread, too: microseconds of a processor, and how often it is woken, for each scan. On a
busy machine a share of a core says little, and each wake-up costs by itself: 4 us where the processor is at hand, 40 us
in a busy virtual machine.

Of the leader's loop, too, what is native and what is Python, and how often the one returned to the other and why
(runtime/cluster/redundancy/exchangeplan.py): each return costs as much as several scans natively.

One way: both controllers are on one machine, so the standby's note of when it had a state, and the deadline of the scan
that made it, are of one clock. Between the two lie the scan itself, its way, and its decoding: the frame's own way is
shorter than that, and shorter than there and back, which the leader's clock alone tells.
"""

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from pairdrill.figures import percentile
from runtime.image.channel import ChannelEnd
from runtime.image.layout import MIRROR_HEADER
from runtime.image.manifest import Manifest
from runtime.image.segment import ImageSegment
from runtime.node.runplan import MANIFEST
from runtime.node.seat import Seat
from runtime.wire.pairport import ExchangeStatus
from tests.e2e.pairsite import PairSite

COST_S = 20.0
ONE_WAY_S, LOOK_EVERY_S = 5.0, 0.003
COST_STATE_BYTES = 64 * 1024
TRIES_MAX = 3


@dataclass(frozen=True, slots=True)
class ThreadCost:
    """Of one thread so far: processor time and how often it was woken. `kind`: `loop`, `network`, or the rest."""

    kind: str
    cpu_ns: int
    woken: int


def cost(*, cycle_ms: int) -> dict[str, object]:
    """Percent of a core that each process of leader and standby takes with 64 KB of state, and how long frames take.

    Where somebody takes over meanwhile, or just before, figures are neither a leader's nor a standby's: then it is
    measured anew, at most TRIES_MAX times in all, and what was told of it is told here.
    """
    with tempfile.TemporaryDirectory(prefix="vp") as folder:
        pair = PairSite(Path(folder), cycle_ms=cycle_ms, state_bytes=COST_STATE_BYTES)
        try:
            pair.start("w", "a", "b")
            told, found = [], dict[str, object]()
            while len(told) < TRIES_MAX and (found.get("new terms meanwhile", 1) or not found["leads still"]):
                found, lines = _measured(pair, pair.wait_in_sync(), cycle_ms)
                told.append(lines)
            tries = {"tries": len(told), "told meanwhile": "\n".join(filter(None, told)) or "nothing"}
            return {"what": f"cost {cycle_ms} ms", **found, **tries}
        finally:
            pair.close()


def _measured(pair: PairSite, leader: str, cycle_ms: int) -> tuple[dict[str, object], str]:
    """One try, and what was told during it."""
    time.sleep(COST_S / 4)
    told_before = pair.status(leader)
    whose = {"leader": leader, "standby": "b" if leader == "a" else "a"}
    pids = {f"{who} {name}": pid for who, member in whose.items() for name, pid in pair.named_pids(member).items()}
    watched = {name: pid for name, pid in pids.items() if name.endswith("redundancy")}
    before, began = {name: _cpu_s(pid) for name, pid in pids.items()}, time.monotonic()
    logs = {member: _log_of(pair, member).stat().st_size for member in "ab"}
    threads = {name: _threads(pid) for name, pid in watched.items()}
    time.sleep(COST_S)
    took_s = time.monotonic() - began
    scans = took_s * 1000.0 / cycle_ms
    shares = {name: round((_cpu_s(pid) - before[name]) / took_s * 100.0, 2) for name, pid in pids.items()}
    told = pair.status(leader)
    spent = {name: _spent(threads[name], _threads(pid)) for name, pid in watched.items()}
    one_way = _deadline_to_standby_ms(pids["standby redundancy"])
    return {
        **{f"{name} %": share for name, share in shares.items()},
        **{f"{name}, {what}": round(value / scans, 2) for name in watched for what, value in spent[name].items()},
        **_split(told_before["exchange"], told["exchange"], spent["leader redundancy"], took_s),
        "scan's deadline to state at the standby p50 ms": round(percentile(one_way, 0.5), 2),
        "scan's deadline to state at the standby p99 ms": round(percentile(one_way, 0.99), 2),
        "frame and answer p50 ms": round(told["ack_p50_ms"], 2),
        "frame and answer p99 ms": round(told["ack_p99_ms"], 2),
        "leads still": told["drives"],
        "new terms meanwhile": told["term"] - told_before["term"],
    }, _told_since(pair, logs)


def _told_since(pair: PairSite, sizes: dict[str, int]) -> str:
    """What the redundancy processes said since their logs were of that size, a line each: where a lease ended, why."""
    found = []
    for member, size in sizes.items():
        lines = _log_of(pair, member).read_bytes()[size:].decode(errors="replace").splitlines()
        found += [f"{member}: {line}" for line in lines]
    return "\n".join(found)


def _log_of(pair: PairSite, member: str) -> Path:
    return pair.folder / f"state_{member}" / "log" / "redundancy.log"


def _split(before: ExchangeStatus, after: ExchangeStatus, spent: dict[str, float], took_s: float) -> dict[str, float]:
    """Of the leader's loop: percent of a core natively and in Python, and its returns to Python."""
    native_us, scans = (after[of] - before[of] for of in ("native_us", "scans"))  # type: ignore[literal-required]
    returns = {why: count - before["returns"][why] for why, count in after["returns"].items()}
    python_us = spent["loop us a scan"] - native_us
    return {
        "leader loop native %": round(native_us / took_s / 1e4, 2),
        "leader loop Python %": round(python_us / took_s / 1e4, 2),
        "native us a native scan": round(native_us / max(1, scans), 1),
        "Python us a return": round(python_us / max(1, sum(returns.values())), 1),
        "returns to Python a second": round(sum(returns.values()) / took_s, 2),
        **{f"returns a second, {why}": round(count / took_s, 2) for why, count in returns.items() if count},
    }


def _cpu_s(pid: int) -> float:
    """User and system time of a process so far; proc(5), fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _deadline_to_standby_ms(pid: int) -> list[float]:
    """Of the states that a standby's redundancy process of this machine takes meanwhile, by what it notes with them."""
    words = Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
    seat = Seat.from_words(words[words.index("redundancy") + 1 : -1])  # the last is the supervisor's process
    held = os.open(f"/proc/{pid}/fd/{seat.image_fd}", os.O_RDWR | os.O_CLOEXEC)
    image = ImageSegment.attach(held, Manifest.load(seat.folder / MANIFEST).layout())
    try:
        end, found = ChannelEnd(image, image.layout.mirror), {}
        until = time.monotonic() + ONE_WAY_S
        while time.monotonic() < until:
            if end.read():
                _, scan_no, plc_now_ns, received_ns, _ = MIRROR_HEADER.unpack_from(end.buffer)
                found[scan_no] = (received_ns - plc_now_ns) / 1e6
            time.sleep(LOOK_EVERY_S)
        return list(found.values())
    finally:
        image.close()


def _threads(pid: int) -> dict[int, ThreadCost]:
    """Of a process, by thread id."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text()
        kind = "loop" if int(task.name) == pid else "network" if name.startswith("ZMQ") else "rest"
        cpu_ns = int((task / "schedstat").read_text().split()[0])
        status = (task / "status").read_text().splitlines()
        woken = next(int(line.split()[1]) for line in status if line.startswith("voluntary_ctxt_switches"))
        found[int(task.name)] = ThreadCost(kind, cpu_ns, woken)
    return found


def _spent(before: dict[int, ThreadCost], after: dict[int, ThreadCost]) -> dict[str, float]:
    """Between two looks, by kind of thread: microseconds, and wake-ups."""
    total: dict[str, float] = {}
    for task, now in after.items():
        then = before.get(task, ThreadCost(now.kind, 0, 0))
        for what, value in (("us", (now.cpu_ns - then.cpu_ns) / 1000.0), ("wake-ups", float(now.woken - then.woken))):
            name = f"{now.kind} {what} a scan"
            total[name] = total.get(name, 0.0) + value
    return total
