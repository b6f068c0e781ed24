"""The pair's status as Prometheus reads it, for node_exporter's textfile collector.

Source: Prometheus exposition formats, text format 0.0.4.
"""

from runtime.wire.pairport import PairStatus


def exposition(told: PairStatus) -> str:
    """One sample a line, each with the controller that says so; one `pair_alarm` for each alarm that there is."""
    newest = told["takeovers"][0] if told["takeovers"] else None
    gauges: list[tuple[str, str, list[tuple[dict[str, str], float]]]] = [
        ("leads", "1: this controller leads and drives", [({}, told["drives"])]),
        ("term", "term that it knows", [({}, told["term"])]),
        ("in_sync", "controllers that may take over, the leader among them", [({}, len(told["in_sync"]))]),
        ("lease_seconds", "what is left of the right to drive", [({}, told["lease_ms"] / 1e3)]),
        ("lag_scans", "scans that the standby is behind", [({}, told["lag_scans"])]),
        ("ack_p50_seconds", "from a state's sending to the standby's answer, median", [({}, told["ack_p50_ms"] / 1e3)]),
        ("ack_p99_seconds", "the same, of 99 in 100", [({}, told["ack_p99_ms"] / 1e3)]),
        ("takeover_term", "term that the newest take-over began", [({}, newest["term"] if newest else 0)]),
        ("takeover_gap_seconds", "its time without a leader", [({}, newest["gap_ms"] / 1e3 if newest else 0.0)]),
        ("alarms", "how many alarms there are", [({}, len(told["alarms"]))]),
        ("alarm", "1: this is degraded; alarm: what, source: the member that it is about", _alarms(told)),
        ("member_votes", "1: it votes", [({"member": m["name"]}, m["votes"]) for m in told["members"]]),
        (
            "member_heard_seconds",
            "since heard; -1: never",
            [({"member": m["name"]}, _heard_s(m["heard_ms"])) for m in told["members"]],
        ),
    ]
    lines: list[str] = []
    for name, text, samples in gauges:
        metric = f"voltscan_pair_{name}"
        lines += [f"# HELP {metric} {text}", f"# TYPE {metric} gauge"]
        lines += [f"{metric}{_labels({'controller': told['name'], **labels})} {float(v):g}" for labels, v in samples]
    return "\n".join(lines) + "\n"


def _alarms(told: PairStatus) -> list[tuple[dict[str, str], float]]:
    return [({"alarm": a["id"], "source": a["source"], "severity": a["severity"]}, 1) for a in told["alarms"]]


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def _heard_s(heard_ms: int) -> float:
    return heard_ms / 1e3 if heard_ms >= 0 else -1.0
