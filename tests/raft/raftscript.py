"""What scripts of a group are made of: one verb a line, `----`, and what was to be seen.

nodes a b witness=w    a group; its members' clocks stand at 0
wait 30ms              time passes; messages arrive within the millisecond they are sent in
propose a TEXT         a command for a
change a controllers=a,b witnesses=w learners=c
transfer a b           a hands the leadership to b
release a              a's outputs have ended, it leads no more
stand a no             a must not stand for election (yes: it may again)
cut a>b | cut a b | cut a | heal
hold a | flush a       a's disk takes nothing / everything it was given
crash a | start a | add c | compact a
status | log a | applied a
"""

from collections.abc import Callable
from pathlib import Path

from raftgroup import MS, Group

from runtime.raft.configuration import Configuration
from runtime.raft.log import Entry

SCRIPTS = Path(__file__).parent / "scripts"


class Script:
    """One script's group, and the verbs."""

    def __init__(self) -> None:
        self.group = Group(Configuration())

    def run(self, line: str) -> list[str]:
        verb, *words = line.split()
        told = getattr(self, f"_{verb}")(*words)
        return told if told is not None else []

    def _nodes(self, *words: str) -> None:
        batch = next((int(w.removeprefix("batch=")) for w in words if w.startswith("batch=")), 64)
        controllers = "controllers=" + ",".join(w for w in words if "=" not in w)
        self.group = Group(_configuration([controllers, *words]), entries_max=batch)

    def _wait(self, duration: str) -> None:
        end_ns = self.group.now_ns + int(duration.removesuffix("ms")) * MS
        while self.group.now_ns < end_ns:
            self.group.now_ns += MS
            self.group.tick()
            while self.group.wire:
                self.group.deliver()

    def _propose(self, name: str, *text: str) -> list[str]:
        told: list[str] = []

        def act(raft, now_ns):
            index, ready = raft.propose(" ".join(text).encode(), now_ns)
            told.append(f"{name} took it as {index}" if index else f"{name} refused: {raft.why_not_propose()}")
            return ready

        self.group.call(name, act)
        return told

    def _change(self, name: str, *words: str) -> list[str]:
        return self._asked(name, lambda raft, now_ns: raft.change(_configuration(words), now_ns))

    def _transfer(self, name: str, target: str) -> list[str]:
        return self._asked(name, lambda raft, now_ns: raft.transfer(target, now_ns))

    def _asked(self, name: str, ask: Callable) -> list[str]:
        told: list[str] = []

        def act(raft, now_ns):
            why_not, ready = ask(raft, now_ns)
            told.append(f"{name} refused: {why_not}" if why_not else f"{name} does")
            return ready

        self.group.call(name, act)
        return told

    def _release(self, name: str) -> None:
        self.group.call(name, lambda raft, now_ns: raft.release(now_ns))

    def _stand(self, name: str, allowed: str) -> None:
        raft = self.group.members[name].raft
        assert raft is not None
        raft.allow_campaign(allowed=allowed == "yes")

    def _cut(self, first: str, second: str = "") -> None:
        one_way = first.split(">")
        if len(one_way) == 2:
            self.group.cut.add((one_way[0], one_way[1]))
            return
        for other in [second] if second else self.group.members:
            self.group.cut |= {(first, other), (other, first)}

    def _heal(self) -> None:
        self.group.cut.clear()

    def _hold(self, name: str) -> None:
        self.group.members[name].disk.held = True

    def _flush(self, name: str) -> None:
        self.group.members[name].disk.held = False
        self.group.flush(name)

    def _crash(self, name: str) -> None:
        self.group.crash(name)

    def _start(self, name: str) -> None:
        self.group.start(name)

    def _add(self, name: str) -> None:
        self.group.add(name, Configuration())

    def _compact(self, name: str) -> None:
        self.group.compact(name)

    def _status(self) -> list[str]:
        lines = []
        for name, member in self.group.members.items():
            raft = member.raft
            if raft is None:
                lines.append(f"{name} down")
                continue
            lease_ms = max(0, raft.lease_until_ns - self.group.now_ns) // MS
            lease = f" lease={lease_ms}ms" if raft.role == "leader" else ""
            follows = f" of {raft.leader}" if raft.role == "follower" and raft.leader else ""
            last = f"commit={raft.commit} last={raft.log.last_index}"
            lines.append(f"{name} {raft.role}{follows} term={raft.term} {last}{lease}")
        return lines

    def _log(self, name: str) -> list[str]:
        raft = self.group.members[name].raft
        assert raft is not None
        begin = raft.log.snapshot
        lines = [f"snapshot to {begin.index} term={begin.term}"] if begin.index else []
        return [*lines, *(_shown(e) for e in raft.log.entries)]

    def _applied(self, name: str) -> list[str]:
        return [f"{index} {content.decode()}" for index, content in self.group.members[name].applied if content]


def _shown(entry: Entry) -> str:
    if entry.configuration is not None:
        parts = {"controllers": 0, "witnesses": 0, "learners": 0}
        said = " ".join(f"{p}={','.join(getattr(entry.configuration, p))}" for p in parts)
        return f"{entry.index} term={entry.term} {said}"
    return f"{entry.index} term={entry.term} {entry.kind} {entry.content.decode()}".rstrip()


def _configuration(words: list[str] | tuple[str, ...]) -> Configuration:
    said = dict(w.split("=") for w in words if "=" in w)
    names = {key: tuple(n for n in value.split(",") if n) for key, value in said.items()}
    witnesses = (*names.get("witness", ()), *names.get("witnesses", ()))
    return Configuration(
        controllers=names.get("controllers", ()), witnesses=witnesses, learners=names.get("learners", ())
    )


def render(text: str) -> str:
    """The script with what it shows now."""
    script, rendered = Script(), []
    for block in text.strip().split("\n\n"):
        said, _, _ = block.partition("\n----")
        shown = [told for line in said.splitlines() if not line.startswith("#") for told in script.run(line)]
        rendered.append("\n".join([said, *(["----", *shown] if shown else [])]))
    return "\n\n".join(rendered) + "\n"
