"""PID: parts, limits, anti-windup, bumpless transfer (requirements FB-01 to FB-06)."""

import math

from blockbench import Block


def test_pid_when_only_p_then_output_follows_error(block: Block) -> None:
    pid = block("PID")
    pid.scan(kp=2.0, setpoint=10.0, measured=4.0).expect(out=12.0, saturated=False, p_part=12.0)
    pid.scan(measured=11.0).expect(out=-2.0)


def test_pid_when_trapezoid_then_integral_is_the_mean_of_two_errors(block: Block) -> None:
    pid = block("PID", period_ms=100)
    pid.scan(kp=0.0, ki=1.0, setpoint=10.0).expect(out=1.0)  # the first call knows one error only
    pid.scan(measured=10.0).expect(out=1.5)  # mean of errors 10 and 0
    pid.scan().expect(out=1.5)


def test_pid_when_rectangle_then_integral_takes_the_present_error(block: Block) -> None:
    pid = block("PID", period_ms=100)
    pid.scan(kp=0.0, ki=1.0, trapezoid=False, setpoint=10.0).expect(out=1.0)
    pid.scan(measured=10.0).expect(out=1.0)


def test_pid_when_dt_is_given_then_it_counts_instead_of_the_task_interval(block: Block) -> None:
    block("PID").scan(kp=0.0, ki=1.0, setpoint=1.0, dt_s=0.5).expect(out=0.5)


def test_pid_when_saturated_then_integral_is_frozen_and_comes_back_at_once(block: Block) -> None:
    pid = block("PID", period_ms=100)
    pid.scan(100, kp=1.0, ki=1.0, setpoint=10.0, out_min=-5.0, out_max=5.0).expect(out=5.0, saturated=True, i_part=0.0)
    pid.scan(setpoint=1.0)
    assert pid["out"] < 5.0
    pid.expect(saturated=False)
    pid.scan(100, setpoint=-10.0).expect(out=-5.0, saturated=True)


def test_pid_when_saturated_by_integral_then_it_may_still_integrate_back(block: Block) -> None:
    pid = block("PID", period_ms=100)
    pid.scan(100, kp=0.0, ki=1.0, setpoint=1.0, out_max=5.0).expect(out=5.0, saturated=True)
    pid.scan(10, setpoint=-1.0)
    assert 3.9 < float(pid["out"]) < 4.2


def test_pid_when_derivative_then_it_acts_on_measured_not_on_setpoint(block: Block) -> None:
    pid = block("PID", period_ms=100)
    pid.scan(kp=0.0, kd=1.0, setpoint=0.0, measured=0.0).expect(out=0.0)
    pid.scan(setpoint=100.0).expect(out=0.0)
    pid.scan(measured=1.0).expect(out=-10.0)
    pid.scan().expect(out=0.0)


def test_pid_when_derivative_is_filtered_then_it_decays(block: Block) -> None:
    pid = block("PID", period_ms=100)
    pid.scan(kp=0.0, kd=1.0, filter_s=0.1).expect(out=0.0)
    pid.scan(measured=1.0).expect(out=-5.0)
    pid.scan().expect(out=-2.5)


def test_pid_when_tracking_ends_then_output_starts_from_the_tracked_value(block: Block) -> None:
    pid = block("PID")
    pid.scan(5, kp=3.0, ki=0.0, setpoint=1.0, measured=0.0, track=True, track_value=40.0).expect(out=40.0)
    pid.scan(track=False).expect(out=40.0)
    pid.scan(measured=1.0).expect(out=37.0)


def test_pid_when_held_then_integral_alone_stays(block: Block) -> None:
    pid = block("PID", period_ms=100)
    pid.scan(kp=1.0, ki=1.0, setpoint=1.0, hold=True).expect(out=1.0, i_part=0.0)
    pid.scan(setpoint=2.0).expect(out=2.0, i_part=0.0)


def test_pid_when_reset_then_integral_and_derivative_are_gone(block: Block) -> None:
    pid = block("PID", period_ms=100)
    pid.scan(10, kp=0.0, ki=1.0, setpoint=1.0)
    pid.scan(reset=True, setpoint=0.0).expect(out=0.0, i_part=0.0, d_part=0.0)


def test_pid_when_gain_changes_while_running_then_it_counts_at_once(block: Block) -> None:
    pid = block("PID")
    pid.scan(kp=1.0, setpoint=2.0).expect(out=2.0)
    pid.scan(kp=4.0).expect(out=8.0)


def test_pid_when_measured_is_no_number_then_output_stays_and_recovers(block: Block) -> None:
    pid = block("PID", period_ms=100)
    pid.scan(10, kp=1.0, ki=1.0, setpoint=1.0)
    before = pid["out"]
    pid.scan(measured=math.nan).expect(out=before, valid=False)
    pid.scan(measured=math.inf).expect(out=before, valid=False)
    pid.scan(measured=1.0).expect(valid=True)
    assert math.isfinite(float(pid["out"]))
