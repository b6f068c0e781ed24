"""What a recorded test begins with: the values of all variables, readings of the clock moved to the test's time."""

import struct

import pytest

from runtime.core.binding import Bindings
from runtime.core.diagnostic import Source
from runtime.core.elementary import TIME
from runtime.core.tag import Variable
from runtime.image.manifest import Manifest
from runtime.lang.compile import compile_sources
from runtime.sim.recorded.state import BeginningState, Clocks, Told, beginning_state
from runtime.sim.recorded.test import assignable

S = 1_000_000_000
CLOCKS = Clocks(first_ns=100 * S, recorded_ns=500 * S, test_ns=1000 * S)
PROGRAM = """\
VAR_GLOBAL
    level : LREAL; count : INT := 3; name : STRING[8]; delay : TIME;
END_VAR
PROGRAM main
VAR timer : TON; at : REF_TO INT; END_VAR
timer(IN := TRUE, PT := T#1m);
END_PROGRAM
"""


@pytest.mark.parametrize(
    ("name", "block", "value_s", "moved_s"),
    [
        ("main.timer.started", "MAIN/TON", 499, 999),
        ("main.timer.started", "MAIN/TON", 50, 550),  # before the controller's start: a hand-over
        ("main.since", "MAIN", 499, 999),
        ("main.delay", "MAIN", 60, 60),
        ("main.until", "MAIN", 560, 560),
    ],
)
def test_time_when_it_is_a_reading_of_the_clock_then_moved(name, block, value_s, moved_s):
    variable = Variable(name=name, type=TIME, offset=0, block=block)
    assert CLOCKS.moved(variable, value_s * S) == moved_s * S


def test_state_when_variables_hold_other_values_then_told_and_what_cannot_be_written_is_named():
    app = compile_sources([Source("main.st", PROGRAM)]).application
    assert app is not None
    manifest = Manifest(
        site="site",
        cycle_ns=10_000_000,
        budget=1000,
        on_fault="stop",
        frame_valid_ns=100_000_000,
        tags=app.tags,
        tasks=(),
        sites=app.sites,
        app_size=len(app.initial),
        quality_offset=app.quality_offset,
        stamp_offset=app.stamp_offset,
        app_hash=app.layout_hash,
        bindings=Bindings({}, ()),
    )
    memory = bytearray(app.initial)

    def put(name, value):
        leaf = app.tags.find(name)
        leaf.type.pack_into(memory, leaf.offset, value)

    put("level", 2.5)
    put("name", "ab")
    put("main.timer.timing", True)
    put("main.timer.started", 499 * S)
    found = beginning_state(app, manifest, bytes(memory), CLOCKS)
    told = {told.variable.name: told.value for told in found.told}
    assert told == {"level": 2.5, "name": "ab", "main.timer.timing": True, "main.timer.started": 999 * S}
    assert found.left_out == ()
    put("level", struct.unpack("<d", b"\xff" * 8)[0])
    assert beginning_state(app, manifest, bytes(memory), CLOCKS).left_out == ("level",)


def test_state_when_the_compiler_refuses_an_assignment_then_it_is_left_out_and_named():
    text = """\
PROGRAM main
VAR count : INT; END_VAR
INITIAL_STEP waiting: END_STEP
TRANSITION FROM waiting TO acting := count > 3; END_TRANSITION
STEP acting: act(N); END_STEP
TRANSITION FROM acting TO waiting := acting.T > T#1s; END_TRANSITION
ACTION act: count := 0; END_ACTION
END_PROGRAM
"""
    app = compile_sources([Source("main.st", text)]).application
    assert app is not None
    state = BeginningState(tuple(Told(leaf, leaf.type.default, None) for leaf in app.tags.variables), ("a string",))
    found = assignable(state, {"main.st": text})
    assert {"main.count", "main.waiting.X"} <= {told.variable.name for told in found.told}
    assert found.left_out[0] == "a string"
    assert len(found.left_out) > 1
    assert all("#" in name for name in found.left_out[1:])
