"""What came of the rounds of one plan, by what the device noted; and whether what was promised of it was kept.

A promise holds on any machine. A goal is a time, and a machine that stands still itself may miss it: its own stalls
stand beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from pairdrill.rounds import ASKED, SUM, TIMED, Drill, Plan, Round
from tests.e2e.drive import term_of
from tests.e2e.pairsite import REFRESH_MS

Figures = dict[str, object]
BACK_S_MAX = 5.0
COST_PCT_MAX, FRAME_MS_MAX = 3.0, 1.0
GOALS_MS = {("kill", 50): {"p50": 120.0}, ("kill", 10): {"p50": 40.0, "p99": 100.0}}
"""From the kill to the standby's first output."""
ASSERTED_MS = 50
"""At this cycle a time is a promise. At shorter ones it is measured: how long a machine stands still decides there."""
SLOWEST = 5
"""Take-overs that are shown step by step."""
PERCENTILES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0))
STALLED_SHARE = 0.5
"""Of a cycle: a swap during which the machine itself stood still for longer shows nothing of the pair."""
ALLOWED_CYCLES = 2
"""What the writes around a take-over may be early or late by, in the cycle of each of the two controllers."""
WAIT_CYCLES = 3
"""Outputs wait so long for a standby that has died (`wait_for_standby`), once."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one row of what is asked. `kept` of a goal tells whether it was reached; a promise must be kept."""

    row: str
    told: str
    kept: bool
    is_goal: bool = False

    @property
    def word(self) -> str:
        """What became of it."""
        words = {(True, False): "kept", (False, False): "BROKEN", (True, True): "met", (False, True): "missed"}
        return words[self.kept, self.is_goal]

    def __str__(self) -> str:
        return f"{self.word:7} {self.row}: {self.told}"


def figures_of(drill: Drill, seconds: float) -> Figures:
    """All of it, for the table and for machines."""
    drive, plan, rounds = drill.pair.drive, drill.plan, drill.rounds
    good = [now for now in rounds if not now.failed]
    terms = drive.terms_written()
    late = [now for now in good if now.late_ms is not None]
    found: Figures = {
        "what": plan.name,
        "rounds": len(rounds),
        "failed": [now.failed for now in rounds if now.failed],
        "not taken over": sum(not now.is_taken_over for now in good),
        "writes": len(drive.writes),
        "terms": len(set(terms)),
        "older terms taken": sum(after < before for before, after in pairwise(terms)),
        "older terms refused": drive.refused,
        "terms of two writers": _terms_of_two(drill),
        "not in sync": sum(now.is_excused for now in good),
        "counters back": None if plan.what in ("all", "pause") else _scans_back(drill),
        "wrong integrals": sum(_is_wrong_integral(address, words) for _, address, words in drive.writes),
        "ramp beyond its limit ms": None if plan.what in ("all", "pause") else round(_beyond_ramp_ms(drill), 1),
        "commands": drill.commands,
        "commands unanswered": drill.unanswered,
        "commands lost": drill.lost,
        "commands doubled": drill.doubled,
        "late writes taken": len(late),
        "late writes found": sum(now.is_late_found for now in late),
    }
    beyond = [now.late_ms - now.late_stall_ms for now in late if now.late_ms is not None]
    gaps = [now.gap_ms for now in good if now.gap_ms is not None]
    for name, values in (
        ("gap ms", gaps),
        ("stall ms", [now.stall_ms for now in good if now.gap_ms is not None]),
        ("late ms", [now.late_ms for now in late if now.late_ms is not None]),
        ("late ms without stalls", beyond),
        ("back s", [now.back_s for now in good if now.back_s is not None]),
    ):
        for p, share in PERCENTILES:
            found[f"{name} {p}"] = round(percentile(values, share), 1) if values else None
    calm = [now.gap_ms for now in good if now.gap_ms and now.stall_ms < STALLED_SHARE * plan.cycle_ms]
    found["calm rounds"] = len(calm)
    found["missed scans max"] = max((round(gap / plan.cycle_ms) - 1 for gap in calm), default=None)
    slowest = sorted((now for now in good if now.phases), key=_slowness, reverse=True)[:SLOWEST]
    return found | {
        "seconds": round(seconds, 1),
        "gaps ms": [round(gap, 2) for gap in gaps],
        "slowest": [_told(now) for now in slowest],
    }


def _slowness(now: Round) -> float:
    return max(now.gap_ms or 0.0, now.late_ms or 0.0)


def _told(now: Round) -> str:
    if now.late_ms is None:
        return str(now.phases)
    late = f"a late write stood for {now.late_ms:.1f}, the machine for {now.late_stall_ms:.1f} of it"
    return f"{now.phases}; {late}"


def verdicts_on(plan: Plan, found: Figures) -> Iterator[Verdict]:
    """One a row that the plan shows something of."""
    failed = found["failed"]
    assert isinstance(failed, list)
    told = f"{found['rounds']} of {plan.times}, of which failed {len(failed)}"
    yield Verdict(f"{plan.name}, rounds", told, not failed and found["rounds"] == plan.times)
    writers = ("older terms taken", "terms of two writers")
    if not (plan.what == "pause" and plan.fence == "time"):
        yield _none(plan, "one writer", found, writers)
    if plan.what in ("kill", "pause"):
        left = f"{found['not taken over']}, in {found['not in sync']} of them the standby was not in sync just then"
        yield Verdict(f"{plan.name}, not taken over", left, found["not taken over"] == found["not in sync"])
    if plan.what in ("kill", "swap", "alone"):
        yield _none(plan, "counters, integrals, steps, timers go on", found, ("counters back", "wrong integrals"))
        yield _ramp(plan, found)
    if plan.what not in ("swap", "alone"):
        row = f"each of {found['commands']} commands counted once"
        if plan.what == "all":
            row = f"{found['commands']} acknowledged commands are kept, none runs again that was noted as taken"
        yield _none(plan, row, found, ("commands lost", "commands doubled"))
    if plan.what == "pause":
        yield from _late(plan, found)
    if plan.what == "swap":
        told = f"at most {found['missed scans max']} in {found['calm rounds']} swaps without a stall of the machine"
        kept = found["missed scans max"] is not None and _number(found, "missed scans max") <= 1
        yield Verdict(f"{plan.name}, missed scans", told, kept)
    if plan.what == "alone":
        yield _goes_on(plan, found)
    for p, goal_ms in GOALS_MS.get((plan.what, plan.cycle_ms), {}).items():
        value_ms = _number(found, f"gap ms {p}")
        told = f"{value_ms} ms, asked {goal_ms:g}; stall of the machine {found[f'stall ms {p}']} ms"
        kept = found[f"gap ms {p}"] is not None and value_ms <= goal_ms
        yield Verdict(f"{plan.name}, first output {p}", told, kept, is_goal=plan.cycle_ms < ASSERTED_MS)
    if found["back s max"] is not None and plan.what in ("kill", "alone"):
        told = f"p50 {found['back s p50']} s, max {found['back s max']} s from its start, asked {BACK_S_MAX:g}"
        kept, is_goal = _number(found, "back s max") <= BACK_S_MAX, plan.what == "kill"
        yield Verdict(f"{plan.name}, in sync again", told, kept, is_goal=is_goal)


def verdicts_on_cost(found: Figures) -> Iterator[Verdict]:
    """What redundancy takes of the leader, and a frame of time (0: it leads no more); both at the cycle measured."""
    share, frame_ms = _number(found, "leader redundancy %"), _number(found, "frame and answer p50 ms")
    steady = f"new terms meanwhile {found['new terms meanwhile']}"
    told = f"{share} % of a core, asked {COST_PCT_MAX:g}; {steady}"
    yield Verdict(f"{found['what']}, redundancy of the leader", told, share < COST_PCT_MAX)
    told = f"{frame_ms} ms there and back, asked {FRAME_MS_MAX:g}; {steady}"
    yield Verdict(f"{found['what']}, frame to the standby p50", told, 0 < frame_ms < FRAME_MS_MAX)


def _none(plan: Plan, row: str, found: Figures, names: tuple[str, ...]) -> Verdict:
    told = ", ".join(f"{name} {found[name]}" for name in names)
    return Verdict(f"{plan.name}, {row}", told, not any(found[name] for name in names))


def _ramp(plan: Plan, found: Figures) -> Verdict:
    beyond_ms, stall_ms = _number(found, "ramp beyond its limit ms"), _number(found, "stall ms max")
    allowed_ms = ALLOWED_CYCLES * plan.cycle_ms + stall_ms
    told = f"{beyond_ms} ms more of the ramp than passed, allowed {allowed_ms:g} (two cycles and the longest stall)"
    return Verdict(f"{plan.name}, no step", told, beyond_ms <= allowed_ms)


def _goes_on(plan: Plan, found: Figures) -> Verdict:
    gap_ms, stall_ms = _number(found, "gap ms max"), _number(found, "stall ms max")
    allowed_ms = (WAIT_CYCLES + ALLOWED_CYCLES) * plan.cycle_ms + stall_ms
    told = (
        f"at most {gap_ms} ms between two writes, allowed {allowed_ms:g} (the wait for the standby, two cycles, stalls)"
    )
    return Verdict(f"{plan.name}, outputs go on", told, found["gap ms max"] is not None and gap_ms <= allowed_ms)


def _late(plan: Plan, found: Figures) -> Iterator[Verdict]:
    rounds = _number(found, "rounds") - _number(found, "not taken over")
    if plan.fence == "term":
        told = f"{found['older terms refused']} refused in {rounds:g} rounds with one each"
        yield Verdict(f"{plan.name}, late writes", told, _number(found, "older terms refused") >= rounds > 0)
        return
    taken, known = found["late writes taken"], found["late writes found"]
    told = f"{taken} taken in {rounds:g} rounds with one each, {known} told of"
    yield Verdict(f"{plan.name}, late writes are told of", told, taken == known == rounds > 0)
    allowed_ms = REFRESH_MS + plan.cycle_ms
    beyond = found["late ms without stalls max"]
    told = f"after p50 {found['late ms p50']} ms, max {found['late ms max']}; without stalls of the machine at most"
    told += f" {beyond}, allowed {allowed_ms} (the refresh, and one scan until there is a lease again)"
    kept = beyond is not None and _number(found, "late ms without stalls max") <= allowed_ms
    yield Verdict(f"{plan.name}, each written over by the refresh of {REFRESH_MS} ms", told, kept)


def _number(found: Figures, name: str) -> float:
    value = found[name]
    return float(value) if isinstance(value, int | float) else 0.0


def _terms_of_two(drill: Drill) -> int:
    """Terms in which a connection wrote again after another one had: two controllers, turn by turn."""
    closed: dict[int, set[str]] = {}
    newest: dict[int, str] = {}
    wrong: set[int] = set()
    for (_, address, words), client in zip(drill.pair.drive.writes, drill.pair.drive.clients, strict=False):
        term = term_of(address, words)
        if term and client in closed.setdefault(term, set()):
            wrong.add(term)
        if term and newest.setdefault(term, client) != client:
            closed[term].add(newest[term])
            newest[term] = client
    return len(wrong)


def _scans_back(drill: Drill) -> int:
    """How often the count of scans was less than it had been, in one memory."""
    scans = [(at_ns, _value(words, 0)) for at_ns, address, words in drill.pair.drive.writes if address == 0]
    lost_at = _lost_at(drill)
    return sum(
        after < before and not _is_new_memory(since_ns, at_ns, lost_at)
        for (since_ns, before), (at_ns, after) in pairwise(scans)
    )


def _beyond_ramp_ms(drill: Drill) -> float:
    """The timer's output rises by one a ms, so it is a ramp: the largest jump between two writes of different terms,
    beyond the time between the two."""
    worst_ms, before = 0.0, None
    lost_at = _lost_at(drill)
    for at_ns, address, words in drill.pair.drive.writes:
        if address == 0 and len(words) >= 2 * TIMED + 2:
            now = (at_ns, _value(words, TIMED), term_of(address, words))
            if before is not None and before[2] != now[2] and not _is_new_memory(before[0], at_ns, lost_at):
                worst_ms = max(worst_ms, abs(now[1] - before[1]) - (now[0] - before[0]) / 1e6)
            before = now
    return worst_ms


def _lost_at(drill: Drill) -> list[int]:
    return [drill.pair.drive.writes[number][0] for number in drill.losses]


def _is_new_memory(since_ns: int, at_ns: int, lost_at: list[int]) -> bool:
    return any(since_ns < lost_ns <= at_ns for lost_ns in lost_at)


def _is_wrong_integral(address: int, words: tuple[int, ...]) -> bool:
    return address == 0 and len(words) >= 2 * SUM + 2 and _value(words, SUM) != _value(words, 0)


def _value(words: tuple[int, ...], number: int) -> int:
    assert number <= ASKED
    return (words[2 * number] << 16) + words[2 * number + 1]


def percentile(values: list[float], share: float) -> float:
    """Of a list that is not empty."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
