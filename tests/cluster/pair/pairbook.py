"""What was seen of states and outputs, and what must never be seen of them.

A state is known by its key: the term and the number of the scan that made it. Each term goes on from one state, so
terms and their beginnings are the whole history of a state.
"""

from dataclasses import dataclass, field

Key = tuple[int, int]
"""Term and scan number."""


class Broken(AssertionError):
    """Something that must never happen did."""


@dataclass(frozen=True, slots=True)
class Write:
    """What a device took, or refused."""

    true_ns: int
    writer: str
    term: int
    scan_no: int
    outputs: int


@dataclass(slots=True)
class Book:
    """`began`: the state that the programs of a term went on from. `made`: which bytes a key stands for.

    `colds`: terms that began without a state. Only after everything that held the state was lost may that be; or from
    an old one, where an operator said so: `claims` are those for whom he did, and nobody has taken over since.
    """

    began: dict[int, Key] = field(default_factory=dict)
    colds: set[int] = field(default_factory=set)
    claims: set[str] = field(default_factory=set)
    writes: list[Write] = field(default_factory=list)
    takeovers: list[tuple[str, int, Key]] = field(default_factory=list)
    _memories: dict[Key, bytes] = field(default_factory=dict)
    _versions: dict[Key, set[int]] = field(default_factory=dict)
    _last_made: dict[int, tuple[str, Key]] = field(default_factory=dict)
    _newest: Key = (0, 0)
    _writers: dict[int, str] = field(default_factory=dict)
    _outputs: dict[int, tuple[Key, int]] = field(default_factory=dict)

    @property
    def newest_written(self) -> Key:
        """The key of the newest state whose outputs a device took."""
        return self._newest

    def made(self, name: str, key: Key, memory: bytes, version: int) -> None:
        """A leader's scan has ended."""
        if key in self._memories:
            raise Broken(f"{name} made scan {key[1]} of term {key[0]} again, another one")
        self._memories[key] = memory
        self._versions[key] = {version}
        self._last_made[key[0]] = (name, key)

    def migrated(self, key: Key, version: int) -> None:
        """A scan has made of its state one of another version."""
        if key in self._versions:
            self._versions[key].add(version)

    def mirrored(self, name: str, key: Key, memory: bytes, version: int) -> None:
        """A standby's scan has taken a state."""
        if self._memories.get(key) != memory:
            raise Broken(f"{name} mirrors for scan {key[1]} of term {key[0]} what the leader did not have then")
        if version not in self._versions[key]:
            raise Broken(f"{name} takes the state of version {self._versions[key]} for one of version {version}")

    def taken_over(self, name: str, term: int, base: Key) -> None:
        """Programs run in a new term, from a state; (0, 0) is from none."""
        if term in self.began:  # a swap came to nothing: the same programs go on
            if self._last_made.get(term, (name, base)) != (name, base):
                raise Broken(f"{name} goes on in term {term} from {base}, after {self._last_made.get(term)}")
            return
        self.takeovers.append((name, term, base))
        self.began[term] = base
        if term <= max(self.colds, default=0):
            return
        claimed, self.claims = name in self.claims, set()
        if base == (0, 0) or (claimed and not self.descends(base, self._newest)):
            self.colds.add(term)
            self._newest = (0, 0)
            self._outputs.clear()
        elif not self.descends(base, self._newest):
            raise Broken(f"{name} goes on in term {term} from {base}, but outputs of {self._newest} were written")

    def written(self, write: Write) -> None:
        """A device took something."""
        self.writes.append(write)
        if self._writers.setdefault(write.term, write.writer) != write.writer:
            raise Broken(f"{write.writer} and {self._writers[write.term]} both wrote in term {write.term}")
        key = (write.term, write.scan_no)
        if write.term < max(self.colds, default=0):
            return
        newer = min((t for t in self.began if t > write.term), default=0)
        if newer and newer not in self.colds and not self.descends(self.began[newer], key):
            raise Broken(f"outputs of {key} were written, but term {newer} went on from {self.began[newer]}")
        known = self._outputs.setdefault(write.scan_no, (key, write.outputs))
        if known[1] != write.outputs:
            raise Broken(f"scan {write.scan_no} was written twice with other outputs: {known[0]} and {key}")
        self._newest = max(self._newest, key)

    def descends(self, key: Key, ancestor: Key) -> bool:
        """Whether the state of `key` came from that of `ancestor`, or is it."""
        while key[0] > ancestor[0]:
            key = self.began.get(key[0], (0, 0))
        return ancestor == (0, 0) or (key[0] == ancestor[0] and key[1] >= ancestor[1])
