"""The fault log: what programs did wrong, where, and with which values, beyond the few faults application memory holds
and beyond the life of a process (gateway/faults/keptfaults.py).

Fed ten times a second from the newest snapshot, so that faults which come faster than its ring holds them are counted
and their places lost. Values are those in the statement that did the first fault since the last acknowledgement
(scan/phases/capture.py), of the instance that it came in, and of the temporary variables that it names.
"""

import re

from runtime.core.fault import FAULT_TEXT
from runtime.core.faultlocals import locals_behind
from runtime.core.tag import Variable
from runtime.gateway.faults.keptfaults import KeptFaults
from runtime.image.control import Control
from runtime.image.manifest import Manifest
from runtime.image.snapshot import Snapshot, SnapshotReader
from runtime.scan.faults import RecordedFault, recorded_faults
from runtime.wire.messages import FaultEntry, FaultValue
from runtime.wire.values import to_json

VALUES_TOLD = 20
_PATH = re.compile(r"[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*|\s*\[[^\[\]]*\])*")
_SUBSCRIPTS = re.compile(r"\[([^\[\]]*)\]")
_NUMBER = re.compile(r"-?\d+")
_STRING = re.compile(r"'[^']*'|\"[^\"]*\"")


class FaultLog:
    """The faults of one controller as this gateway has seen them."""

    def __init__(self, manifest: Manifest, captures: SnapshotReader, *, kept: KeptFaults | None = None) -> None:
        """`kept`: the entries to go on with, of the log before an online change or of a gateway before this one."""
        self._manifest = manifest
        self._sites = manifest.fault_sites
        self._captures = captures
        self._kept = kept or KeptFaults()
        self._instances: dict[int, int] = {}
        """By the number of an entry's first fault; of the entries that came while this version of the programs ran."""
        self._next = self._kept.next_number

    def look(self, snapshot: Snapshot | None, acknowledged: int) -> None:
        """Take what is new in a snapshot; so many faults have been acknowledged. Called regularly."""
        if snapshot is None or snapshot.fault_count == self._next:
            return
        if snapshot.fault_count < self._next:
            self._next = 0  # another controller's life
        self._note_values()
        for fault in recorded_faults(snapshot.memory, self._sites):
            if fault.number >= self._next:
                self._add(fault, acknowledged, snapshot.wall_ns)
        self._next = snapshot.fault_count

    def entries(self, control: Control) -> list[FaultEntry]:
        """The oldest first; with who is acknowledged now. Those of a former start of the controller are."""
        self._note_values()
        told = []
        for entry in self._kept.entries:
            over = entry["term"] != self._kept.term or entry["last_number"] < control.fault_ack
            told.append(FaultEntry(**(entry | {"acknowledged": over})))  # type: ignore[typeddict-item]  # an entry's own keys
        return told

    def _add(self, fault: RecordedFault, acknowledged: int, wall_ns: int) -> None:
        """A fault that comes again at its place before anybody has acknowledged it is counted, not told anew."""
        site = fault.site
        place = (site.code.name, site.file, site.line, site.column)
        for entry in self._kept.of_this_start():
            same = place == (entry["code"], entry["file"], entry["line"], entry["column"])
            if same and entry["last_number"] >= acknowledged:
                entry["count"] += 1
                entry["last_number"], entry["last_scan"] = fault.number, fault.scan_no
                self._kept.changed(entry)
                return
        self._kept.add(self._entry(fault, wall_ns))
        self._instances[fault.number] = fault.instance
        for number in self._instances.keys() - {entry["number"] for entry in self._kept.of_this_start()}:
            del self._instances[number]

    def _note_values(self) -> None:
        """Values of entries that came before their capture was seen."""
        for entry in self._kept.of_this_start():
            instance = self._instances.get(entry["number"])
            if instance is not None and not entry["values"]:
                words = entry["statement"] or entry["pou"]
                entry["values"] = self._values(entry["scan"], entry["number"], entry["pou"], words, instance)
                if entry["values"]:
                    self._kept.changed(entry)

    def _entry(self, fault: RecordedFault, wall_ns: int) -> FaultEntry:
        site = fault.site
        number = self._sites.index(site)
        statements = self._manifest.statements
        statement = statements[number] if number < len(statements) else ""
        return FaultEntry(
            number=fault.number,
            scan=fault.scan_no,
            code=site.code.name,
            text=FAULT_TEXT[site.code],
            pou=site.pou,
            file=site.file,
            line=site.line,
            column=site.column,
            statement=statement,
            count=1,
            last_number=fault.number,
            last_scan=fault.scan_no,
            term=self._kept.term,
            t_wall_ns=wall_ns,
            acknowledged=False,
            values=self._values(fault.scan_no, fault.number, site.pou, statement or site.pou, fault.instance),
        )

    def _values(self, scan_no: int, number: int, pou: str, statement: str, instance: int) -> list[FaultValue]:
        capture = self._captures.latest()
        if capture is None or capture.scan_no != scan_no or number >= capture.fault_count:
            return []
        told = [(leaf, capture.value(leaf)) for leaf in self._leaves(statement, pou, instance, capture)]
        if number == capture.fault_count - 1:
            behind = locals_behind(capture.memory, self._manifest.app_size)
            told += [(Variable(name=name, type=of, offset=0), value) for name, (of, value) in behind.items()]
        return [
            FaultValue(name=leaf.name, value=to_json(value, leaf), type=leaf.type_name, unit=leaf.unit)
            for leaf, value in told[:VALUES_TOLD]
        ]

    def _leaves(self, statement: str, pou: str, instance: int, capture: Snapshot) -> list[Variable]:
        """The variables that the statement names; of an array the element that its subscripts led to, and those."""
        found: dict[str, Variable] = {}

        def take(path: str) -> Variable | None:
            leaf = self._leaf(re.sub(r"\s+", "", path), pou, instance)
            if leaf is not None:
                found[leaf.name] = leaf
            return leaf

        def numbered(subscripts: re.Match[str]) -> str:
            return f"[{','.join(number(part.strip()) for part in subscripts.group(1).split(','))}]"

        def number(subscript: str) -> str:
            if _NUMBER.fullmatch(subscript):
                return subscript
            leaves = [take(match.group()) for match in _PATH.finditer(subscript)]
            plain = leaves[0] if leaves and _PATH.fullmatch(subscript) else None
            return str(capture.value(plain)) if plain is not None else "?"

        for match in _PATH.finditer(_STRING.sub("", statement)):
            take(_SUBSCRIPTS.sub(numbered, match.group()))
        return list(found.values())

    def _leaf(self, path: str, pou: str, instance: int) -> Variable | None:
        """The tag of that name, or the variable in that instance."""
        tags = self._manifest.tags
        tag = tags.tag(path)
        if tag is not None or not instance:
            return tag
        ending = f".{path.lower()}"
        own = (v for v in tags.variables if v.offset >= instance and v.name.lower().endswith(ending))
        # Of all instances of this type, the one that starts there has the member next to it.
        return min((v for v in own if _is_of(v, pou)), key=lambda v: v.offset, default=None)


def _is_of(variable: Variable, pou: str) -> bool:
    """True for a variable of the POU's own instances; that of a method (`BLOCK.method`) is the block."""
    return variable.block.rpartition("/")[2].lower() == pou.partition(".")[0].lower()
