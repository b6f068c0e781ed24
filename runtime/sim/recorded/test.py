"""A recording as an ST test: the inputs that came in, scan by scan, and what the programs make of them.

The test begins with the state that the recorded controller had (sim/recorded/state.py) and meets the recorded inputs.
Its outputs are computed when it is written, and it keeps the programs to them from then on. They are compared with the
recorded ones: where a test cannot have all of the state (references, the wall clock, a first scan), it says so.
"""

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from runtime.core import appmemory
from runtime.core.dateliteral import show_date
from runtime.core.diagnostic import Source, has_errors
from runtime.core.elementary import Kind, Value
from runtime.core.fault import ConfigFault
from runtime.core.objectcache import ObjectCache
from runtime.core.quality import Quality
from runtime.core.tag import Tag, Variable
from runtime.core.textliteral import show_text
from runtime.core.timeliteral import show_time
from runtime.image.control import MAILBOX_TEXT_SIZE, MailboxEntry
from runtime.image.manifest import Manifest
from runtime.image.recordring import Part, Record
from runtime.lang.application import Application
from runtime.lang.cache.objectcode import object_code_for
from runtime.lang.cache.sourcecache import compile_cached
from runtime.lang.compile import compile_sources
from runtime.lang.native import Native
from runtime.lang.syntax.parse import parse
from runtime.scan.record.recordingfile import SOURCES, Recording
from runtime.scan.record.replay import Replay, Stretch
from runtime.scan.virtual import START_NS, WALL_START_NS, VirtualScan
from runtime.sim.recorded.state import BeginningState, Clocks, Told, beginning_state
from runtime.wire.values import shortest_real

ASSERT_EVERY_SCANS = 100
_NAMED_MAX = 8
_PROBE = "what a test may assign"
_STAMP = struct.Struct("<q")


@dataclass(frozen=True, slots=True)
class RecordedTest:
    """The text of the test, and the programs it names, by file name in the folder beside it. `fidelity`: how far its
    outputs are those that were recorded, in words."""

    text: str
    sources: dict[str, str]
    fidelity: str

    def save(self, path: Path) -> None:
        """Write the test, and its programs into a folder of its name. Raises ConfigFault when it cannot."""
        folder = path.with_suffix("")
        try:
            folder.mkdir(exist_ok=True)
            for name, text in self.sources.items():
                (folder / name).write_text(text)
            path.write_text(self.text)
        except OSError as fault:
            raise ConfigFault(
                f"cannot be written: {fault.strerror}", where=str(path), mend="check the folder, its rights, the disk"
            ) from fault


def recorded_test(
    recording: Recording,
    programs: Mapping[str, bytes],
    replay: Replay,
    stretch: Stretch,
    *,
    folder: str,
    cache: ObjectCache,
) -> RecordedTest:
    """The test of a stretch; `folder` is the name of the one with its programs, `cache` keeps what they compile to."""
    manifest = replay.scan.manifest
    named: dict[str, str] = json.loads(programs[SOURCES])
    compiled = compile_cached([Source(name, text) for name, text in named.items()], cache)
    if compiled.application is None or has_errors(compiled.diagnostics):
        raise ConfigFault("the recorded sources do not compile with this version", mend="use the version that recorded")
    app = compiled.application
    state = assignable(_state(app, manifest, replay, stretch), named)
    (first, *others), recorded = _taken(manifest, replay, stretch)
    told = [[*state.told, *first], *others]
    expected = _expected(Native(app, object_code_for(app, cache)), manifest, told)
    fidelity = [_fidelity(expected, recorded), *_left_out(state)]
    sources = {f"{number:02d}_{Path(name).name}": text for number, (name, text) in enumerate(named.items())}
    text = _text(recording, manifest, stretch, told, expected, [f"{folder}/{name}" for name in sources], fidelity)
    return RecordedTest(text, sources, "; ".join(fidelity))


def _fidelity(expected: Sequence[dict[str, Value]], recorded: Sequence[dict[str, Value]]) -> str:
    """Whether the test has the outputs of the recording, and where it first has another."""
    for number, (ours, theirs) in enumerate(zip(expected, recorded, strict=True), 1):
        other = [name for name, value in ours.items() if repr(theirs[name]) != repr(value)]
        if other:
            return f"outputs are as recorded in {number - 1} of {len(expected)} scans, then {other[0]} is another"
    return f"outputs are as recorded in all {len(expected)} scans"


def _left_out(state: BeginningState) -> list[str]:
    names = state.left_out
    some = ", ".join(names[:_NAMED_MAX]) + (", ..." if len(names) > _NAMED_MAX else "")
    return [f"{len(names)} variables begin with their initial value, for want of a way to write theirs: {some}"] * bool(
        names
    )


def assignable(state: BeginningState, named: Mapping[str, str]) -> BeginningState:
    """What a test may assign of it; the compiler is asked, a line a variable."""
    lines = [text for told in state.told for text in _statements(told)]
    probe = Source(_PROBE, "\n".join(["TEST 'probe'", *lines, "END_TEST", ""]))
    compiled = compile_sources([*(Source(*one) for one in named.items()), probe], tests=parse(probe)[0].tests)
    refused = {d.place.line - 2 for d in compiled.diagnostics if has_errors([d]) and d.place.source.name == _PROBE}
    told = tuple(told for number, told in enumerate(state.told) if number not in refused)
    left_out = [told.variable.name for number, told in enumerate(state.told) if number in refused]
    return BeginningState(told, (*state.left_out, *left_out))


def _state(app: Application, manifest: Manifest, replay: Replay, stretch: Stretch) -> BeginningState:
    """Of all variables, after the scan of the checkpoint."""
    replay.restore(stretch.checkpoint)
    clocks = Clocks(
        first_ns=replay.scan.origin_ns,
        recorded_ns=stretch.records[0].now_ns + replay.scan.plc_offset_ns,
        test_ns=START_NS + manifest.cycle_ns,
    )
    return beginning_state(app, manifest, bytes(replay.scan.memory), clocks)


def _taken(manifest: Manifest, replay: Replay, stretch: Stretch) -> tuple[list[list[Told]], list[dict[str, Value]]]:
    """For each scan: the inputs that changed as the programs saw them (forces and stale ones too), and the writes; and
    the outputs after it."""
    outputs = [tag for output in manifest.bindings.outputs if (tag := manifest.tags.tag(output.tag)) is not None]
    recorded: list[dict[str, Value]] = []
    inputs = [tag for points in manifest.bindings.inputs.values() for p in points if (tag := manifest.tags.tag(p.tag))]
    by_offset = {leaf.offset: leaf for leaf in reversed((*manifest.tags.tags, *manifest.tags.variables))}
    former: dict[str, tuple[Value, int, int]] = {}
    replay.restore(stretch.checkpoint)
    taken: list[list[Told]] = []
    for record in stretch.records:
        replay.step(record)
        taken.append([*_changed(manifest, replay, inputs, former), *_writes(record, by_offset)])
        recorded.append({tag.name: tag.type.unpack(replay.scan.memory, tag.offset) for tag in outputs})
    return taken, recorded


def _changed(
    manifest: Manifest, replay: Replay, inputs: Sequence[Tag], former: dict[str, tuple[Value, int, int]]
) -> list[Told]:
    memory, told = replay.scan.memory, []
    for tag in inputs:
        value = tag.type.unpack(memory, tag.offset)
        quality = memory[manifest.quality_offset + tag.index]
        stamp: int = _STAMP.unpack_from(memory, manifest.stamp_offset + 8 * tag.index)[0]
        was = former.get(tag.name)
        if was != (value, quality, stamp):
            new_value = None if was is not None and was[0] == value else value
            told.append(Told(tag, new_value, Quality(quality)))
        former[tag.name] = (value, quality, stamp)
    return told


def _writes(record: Record, by_offset: dict[int, Variable]) -> list[Told]:
    told = []
    texts = {index: content for part, index, content in record.parts if part is Part.COMMAND_TEXT}
    entries = [MailboxEntry.from_buffer_copy(content) for part, _, content in record.parts if part is Part.COMMAND]
    parts = {entry.offset: texts[number] for number, entry in enumerate(entries) if number in texts}
    for entry in entries:
        raw = bytes(entry.value)
        if entry.offset in parts:
            leaf = by_offset.get(entry.offset)
            end = entry.offset + (leaf.type.size if leaf is not None else 0)
            raw = b"".join(parts.get(at, b"") for at in range(entry.offset, end, MAILBOX_TEXT_SIZE))
        for offset, held in ((entry.offset, raw), (entry.seq_offset, entry.seq.to_bytes(8, "little"))):
            leaf = by_offset.get(offset)
            if leaf is not None and offset:
                told.append(Told(leaf, leaf.type.unpack(held), None))
    return told


def _expected(machine: Native, manifest: Manifest, told: Sequence[Sequence[Told]]) -> list[dict[str, Value]]:
    """The outputs after each scan, of fresh programs that are told this."""
    app = machine.app
    cycle_ns = manifest.cycle_ns
    start_ns, wall_ns = START_NS + cycle_ns, WALL_START_NS + cycle_ns
    scan = VirtualScan(machine, period_ns=cycle_ns, start_ns=start_ns, wall_start_ns=wall_ns)
    outputs = [tag for output in manifest.bindings.outputs if (tag := app.tags.tag(output.tag)) is not None]
    found: list[dict[str, Value]] = []
    _STAMP.pack_into(machine.memory, appmemory.NOW_NS, START_NS)
    for things in told:
        for thing in things:
            leaf = scan.find(thing.variable.name)
            if thing.value is not None:
                leaf.type.pack_into(machine.memory, leaf.offset, thing.value)
            if thing.quality is not None and isinstance(leaf, Tag):
                machine.memory[app.quality_offset + leaf.index] = thing.quality
                _STAMP.pack_into(machine.memory, app.stamp_offset + 8 * leaf.index, scan.now_ns)
        scan.scan()
        found.append({tag.name: tag.type.unpack(machine.memory, tag.offset) for tag in outputs})
    machine.close()
    return found


def _text(
    recording: Recording,
    manifest: Manifest,
    stretch: Stretch,
    told: Sequence[Sequence[Told]],
    expected: Sequence[dict[str, Value]],
    files: Sequence[str],
    fidelity: Sequence[str],
) -> str:
    scans = f"scans {stretch.first} to {stretch.last}"
    lines = [
        f"(* Inputs of {recording.site} in {scans}, recorded ({_plain(recording.reason)}).",
        "   The programs begin with the values they had then and meet them. When this was written",
        *(f"   {_plain(text)}{';' if text is not fidelity[-1] else '. *)'}" for text in fidelity),
        f"TEST '{recording.site}: recorded inputs of {len(told)} scans' (CYCLE := {show_time(manifest.cycle_ns)})",
        "    WITH " + ", ".join(f"'{name}'" for name in files),
    ]
    pending = 0
    for number, (things, outputs) in enumerate(zip(told, expected, strict=True), 1):
        if things and pending:
            lines.append(f"ADVANCE_SCANS({pending});")
            pending = 0
        lines += [text for thing in things for text in _statements(thing)]
        pending += 1
        if number % ASSERT_EVERY_SCANS == 0 or number == len(told):
            lines.append(f"ADVANCE_SCANS({pending});")
            pending = 0
            lines += _assertions(manifest, outputs)
    return "\n".join([*lines, "END_TEST", ""])


def _assertions(manifest: Manifest, outputs: dict[str, Value]) -> list[str]:
    """One for each output that has a number: NaN equals nothing."""
    return [
        f"ASSERT_EQ({tag.name}, {_literal(tag, value)});"
        for name, value in outputs.items()
        if (tag := manifest.tags.tag(name)) is not None and (isinstance(value, str) or math.isfinite(value))
    ]


def _statements(thing: Told) -> list[str]:
    name = thing.variable.name
    texts = [] if thing.value is None else [f"{name} := {_literal(thing.variable, thing.value)};"]
    return texts + ([] if thing.quality is None else [f"SET_QUALITY({name}, {thing.quality.name});"])


def _literal(variable: Variable, value: Value) -> str:
    """The value as ST writes it, exact to the bit."""
    for label, number in variable.labels:
        if number == value:
            return f"{variable.enum_name}#{label}"
    kind = variable.type.kind
    if kind is Kind.BOOL:
        return "TRUE" if value else "FALSE"
    if kind is Kind.REAL:
        short = shortest_real(float(value)) if variable.type.size == 4 else float(value)
        text = repr(short)
        mantissa, _, power = text.partition("e")
        return (mantissa if "." in mantissa else mantissa + ".0") + (f"E{int(power)}" if power else "")
    if variable.type.name in ("TIME", "LTIME"):
        return show_time(int(value))
    if kind is Kind.DATE:
        return show_date(variable.type, int(value))
    if kind is Kind.CHAR:
        return f"{variable.type.name}#{show_text(chr(int(value)), variable.type.name)}"
    if kind is Kind.TEXT:
        return show_text(str(value), variable.type.name)
    return f"{variable.type.name}#{int(value)}" if variable.type.is_integer and kind is Kind.BITS else str(int(value))


def _plain(text: str) -> str:
    return text.replace("*)", "* )").replace("(*", "( *")


def shortened(replay: Replay, stretch: Stretch, count: int) -> Stretch:
    """The last `count` scans of a stretch, from a checkpoint of their own.

    A few more, so that the first is one in which every task begins an interval, as in the first scan of a test.
    """
    replay.restore(stretch.checkpoint)
    first_ns = replay.scan.origin_ns - replay.scan.plc_offset_ns
    common_ns = math.lcm(*(task.interval_ns or 1 for task in replay.scan.manifest.tasks))
    begin = max(0, len(stretch.records) - count)
    aligned = (n for n in range(begin, -1, -1) if (stretch.records[n].now_ns - first_ns) % common_ns == 0)
    begin = next(aligned, begin)
    if not begin:
        return stretch
    for record in stretch.records[:begin]:
        replay.step(record)
    return replace(stretch, checkpoint=replay.checkpoint(stretch.records[begin - 1]), records=stretch.records[begin:])
