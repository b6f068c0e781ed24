"""Phases fence and publish."""

import math

import pytest
from scanrig import APP_SIZE, MS, START_NS, offset

from runtime.core.appmemory import FAULT_COUNT, FAULT_RING
from runtime.core.elementary import LREAL
from runtime.core.fault import FaultCode
from runtime.image.emit import I64

SAFE = (-1.5, False, 0.0)
"""Fail-safe values of the rig's outputs; the third one holds and was never driven."""


def drive(rig, real, on, lreal):
    rig.put("out_real", real)
    rig.put("out_bool", on)
    rig.put("out_lreal", lreal)
    rig.scan()
    return rig.frame()


def record_fault(r, app):
    """A task body that records a fault at site 2 in every scan in which `request` is 1."""
    asked = app.at(offset("request")).load(I64) & 0xFFFF
    with r.when(asked.equals(1)):
        count = app.at(FAULT_COUNT).load(I64)
        entry = app.at(FAULT_RING).at(count.modulo(16) * 16)
        entry.store(r.word(2))
        entry.at(8).store(app.at(24).load(I64))
        app.at(FAULT_COUNT).store(count + 1)


def test_frame_when_fence_is_open_then_program_values_term_scan_and_validity(make_rig):
    rig = make_rig()
    assert rig.frames.latest() is None
    frame = drive(rig, 2.5, True, 7.0)
    assert (frame.term, frame.scan_no, frame.now_ns, frame.valid_until_ns) == (3, 1, START_NS, START_NS + 40 * MS)
    assert (frame.driving, frame.values) == (True, (2.5, True, 7.0))
    assert (rig.control.driving, rig.control.scan_no, rig.control.scan_clock_ns) == (1, 1, START_NS)


def test_frame_when_switched_to_stop_then_fail_safe_and_hold_keeps_the_last_driven_value(make_rig):
    rig = make_rig()
    drive(rig, 2.5, True, 7.0)
    rig.control.run_switch = 0
    frame = drive(rig, 3.5, True, 8.0)
    assert (frame.driving, frame.values, rig.control.driving) == (False, (-1.5, False, 7.0), 0)
    rig.control.run_switch = 1
    assert drive(rig, 3.5, True, 8.0).values == (3.5, True, 8.0)


def test_frame_when_never_driven_then_hold_gives_the_initial_value_of_the_program(make_rig):
    initial = bytearray(APP_SIZE)
    LREAL.pack_into(initial, offset("out_lreal"), 6.5)
    rig = make_rig(initial=bytes(initial))
    rig.control.run_switch = 0
    rig.scan()
    assert rig.frame().values == (-1.5, False, 6.5)


def test_frame_when_stopped_then_a_force_does_not_drive_either(make_rig):
    rig = make_rig()
    rig.control.run_switch = 0
    rig.forces.set("out_real", 9.0)
    rig.scan()
    assert rig.frame().values == SAFE


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(("name", "entry", "expected"), [("out_real", 0, -1.5), ("out_lreal", 2, 7.0)])
def test_output_when_not_finite_then_fault_at_its_site_and_fail_safe_value(make_rig, bad, name, entry, expected):
    rig = make_rig(stop_on_fault=False)
    drive(rig, 2.5, True, 7.0)
    rig.put(name, bad)
    rig.scan()
    frame = rig.frame()
    assert (frame.driving, frame.values[entry], frame.values[1]) == (True, expected, True)
    [fault] = rig.faults()
    assert (fault.scan_no, fault.site.code, fault.site.pou) == (2, FaultCode.OUTPUT_NOT_FINITE, name)
    assert (rig.control.fault_count, rig.control.fault_stop) == (1, 0)


def test_output_when_not_finite_and_faults_stop_then_fence_closes_in_the_same_scan(make_rig):
    rig = make_rig()
    drive(rig, 2.5, True, 7.0)
    frame = drive(rig, math.nan, True, 8.0)
    assert (frame.driving, frame.values, rig.control.fault_stop) == (False, (-1.5, False, 7.0), 1)


def test_output_when_forced_then_the_program_s_nan_is_no_fault(make_rig):
    rig = make_rig()
    rig.forces.set("out_real", 1.0)
    assert drive(rig, math.nan, True, 8.0).values == (1.0, True, 8.0)
    assert rig.control.fault_count == 0


def test_fence_when_fault_stops_then_latched_until_exactly_its_count_is_acknowledged(make_rig):
    rig = make_rig([(record_fault, 0)])
    drive(rig, 2.5, True, 7.0)
    rig.put("request", 1)
    assert drive(rig, 2.5, True, 7.0).driving is False
    rig.put("request", 0)
    for acknowledged, driving in [(0, False), (2, False), (2**64 - 1, False), (1, True), (1, True)]:
        rig.control.fault_ack = acknowledged
        rig.scan()
        assert (rig.frame().driving, rig.control.fault_stop) == (driving, int(not driving))
    rig.put("request", 1)
    assert drive(rig, 2.5, True, 7.0).driving is False


def test_fence_when_faults_continue_then_outputs_are_driven_and_faults_counted(make_rig):
    rig = make_rig([(record_fault, 0)], stop_on_fault=False)
    rig.put("request", 1)
    rig.scan(20)
    assert (rig.frame().driving, rig.control.fault_count) == (True, 20)
    assert [(fault.number, fault.scan_no) for fault in rig.faults()] == [(n, n + 1) for n in range(4, 20)]
