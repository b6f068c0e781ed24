"""The pair's status as Prometheus reads it, for node_exporter's textfile collector.

Source: Prometheus exposition formats, text format 0.0.4.
"""

from runtime.wire.pairport import PairStatus


def exposition(told: PairStatus) -> str:
    """One sample a line, each with the member that says so; `pair_alarms` counts what is degraded."""
    newest = told["takeovers"][0] if told["takeovers"] else None
    samples: list[tuple[str, str, str, float]] = [
        ("leads", "1: this controller leads and drives", "", told["drives"]),
        ("term", "term that it knows", "", told["term"]),
        ("in_sync", "controllers that may take over, the leader among them", "", len(told["in_sync"])),
        ("lease_seconds", "what is left of the right to drive", "", told["lease_ms"] / 1e3),
        ("lag_scans", "scans that the standby is behind", "", told["lag_scans"]),
        ("ack_p50_seconds", "from a state's sending to the standby's answer, median", "", told["ack_p50_ms"] / 1e3),
        ("ack_p99_seconds", "the same, of 99 in 100", "", told["ack_p99_ms"] / 1e3),
        ("takeover_term", "term that the newest take-over began", "", newest["term"] if newest else 0),
        ("takeover_gap_seconds", "its time without a leader", "", newest["gap_ms"] / 1e3 if newest else 0.0),
        ("alarms", "what is degraded", "", len(told["alarms"])),
    ]
    members = told["members"]
    samples += [("member_votes", "1: it votes", m["name"], m["votes"]) for m in members]
    samples += [("member_heard_seconds", "since heard; -1: never", m["name"], _heard_s(m["heard_ms"])) for m in members]
    lines: list[str] = []
    for name, text, member, value in samples:
        metric = f"voltscan_pair_{name}"
        if f"# TYPE {metric} gauge" not in lines:
            lines += [f"# HELP {metric} {text}", f"# TYPE {metric} gauge"]
        labels = f'controller="{told["name"]}"' + (f',member="{member}"' if member else "")
        lines.append(f"{metric}{{{labels}}} {float(value):g}")
    return "\n".join(lines) + "\n"


def _heard_s(heard_ms: int) -> float:
    return heard_ms / 1e3 if heard_ms >= 0 else -1.0
