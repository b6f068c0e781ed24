"""`voltscan pair`: the hot-standby pair as one of its controllers sees it, and what an operator may ask of it."""

import json
from datetime import UTC, datetime

from runtime.cli.controller.remote import reports
from runtime.cli.pair.exposition import exposition
from runtime.cli.textable import table
from runtime.wire.client import Client
from runtime.wire.pairport import PairMemberStatus, PairStatus, TakeOverStatus

DONE = {
    "swap": "hands over, the other controller drives soon; see `voltscan pair status`",
    "detach": "takes its standby out of service: that neither votes nor takes over until `voltscan pair attach`",
    "attach": "takes its standby back in service: that takes over by itself once it is in sync",
    "claim": "takes over if a majority can be had",
}


@reports
def pair_status(client: Client, *, as_json: bool = False, as_metrics: bool = False) -> int:
    """Print it; 1 when something is degraded. As metrics (cli/pair/exposition.py) it is 0 even then."""
    told: PairStatus = client.request("pair")  # type: ignore[assignment]  # checked by the gateway's process
    if as_metrics:
        print(exposition(told), end="")
        return 0
    if as_json:
        print(json.dumps(told))
        return 1 if told["alarms"] else 0
    print(f"{told['name']}: {_part(told)}, term {told['term']}")
    rows = [
        ("leader", told["leader"] or "nobody"),
        ("in sync", ", ".join(told["in_sync"]) or "nobody has led yet"),
        ("outputs", _outputs(told)),
        ("state", f"after scan {told['state_scan']}{_lag(told)}"),
        ("log", f"agreed on up to entry {told['commit']}"),
    ]
    print(table(rows))
    print()
    print(table(map(_member, told["members"]), head=("member", "kind", "votes", "heard")))
    if told["takeovers"]:
        print()
        print(table(map(_takeover, told["takeovers"]), head=("taken over", "by", "term", "from scan", "gap", "cause")))
    for alarm in told["alarms"]:
        print(f"! {alarm['text']}")
    return 1 if told["alarms"] else 0


@reports
def pair_ask(client: Client, what: str, name: str = "") -> int:
    """Swap, detach, attach or claim; 1 when it is refused. A standby passes on what is the leader's to do."""
    asked = client.request("pair_ask", what=what, name=name)["asked"]
    print(f"{asked}: {DONE[what]}")
    return 0


def _part(told: PairStatus) -> str:
    if told["drives"]:
        return "leads and drives"
    return {"leader": "leads, but does not drive", "standby": "standby, mirrors"}.get(told["role"], told["role"])


def _outputs(told: PairStatus) -> str:
    if not told["drives"]:
        return "written by the leader"
    waits = "without waiting for a standby" if told["solo"] else "once the standby has the state"
    return f"lease for {told['lease_ms']:.0f} ms more, written {waits}"


def _lag(told: PairStatus) -> str:
    if not told["drives"]:
        return ""
    answers = f"answers in {told['ack_p50_ms']:.2f} ms (p50), {told['ack_p99_ms']:.2f} ms (p99)"
    return f", standby {told['lag_scans']} scans behind, {answers}"


def _member(member: PairMemberStatus) -> tuple[str, str, str, str]:
    heard = "never" if member["heard_ms"] < 0 else f"{member['heard_ms']} ms ago" if member["heard_ms"] else "now"
    return member["name"], member["kind"], "yes" if member["votes"] else "NO", heard


def _takeover(one: TakeOverStatus) -> tuple[str, str, str, str, str, str]:
    at = datetime.fromtimestamp(one["t_wall_ns"] / 1e9, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    gap = f"{one['gap_ms']:.0f} ms" if one["gap_ms"] else "-"
    return at, one["leader"], str(one["term"]), str(one["scan_no"]), gap, one["cause"]
