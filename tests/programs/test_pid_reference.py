"""PID against references: loops around plants, windup, bumplessness, tuning. Error bounds stand beside."""

import math
import random
import struct
from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from blockbench import Bench, Block

DT_S = 0.05
RANGE = 100.0
Matrix = npt.NDArray[np.float64]


def as_real(value: float) -> float:
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def zero_order_hold(a: Matrix, b: Matrix, dt_s: float) -> tuple[Matrix, Matrix]:
    """x' = A x + B u over one step of constant u, exactly: exp of the block matrix by its series."""
    n = len(a)
    block = np.zeros((n + 1, n + 1))
    block[:n, :n], block[:n, n] = a * dt_s, b * dt_s
    total, term = np.eye(n + 1), np.eye(n + 1)
    for k in range(1, 30):
        term = term @ block / k
        total += term
    return total[:n, :n], total[:n, n]


FIRST_ORDER = (np.array([[-1 / 4.0]]), np.array([1 / 4.0]), np.array([1.0]))
"""Time constant 4 s, gain 1."""
SECOND_ORDER = (np.array([[0.0, 1.0], [-0.25, -0.3]]), np.array([0.0, 0.25]), np.array([1.0, 0.0]))
"""Natural frequency 0.5 rad/s, damping 0.3, gain 1."""


class Velocity:
    """The discretised PID in its incremental form: nothing is stored but the last output and the last inputs."""

    def __init__(self, *, kp: float, ki: float, kd: float, filter_s: float, b: float, c: float) -> None:
        self.gains, self.decay, self.b, self.c = (kp, ki, kd), filter_s / (filter_s + DT_S), b, c
        self.last: tuple[float, float, float, float] | None = None
        self.out = 0.0

    def __call__(self, r: float, y: float) -> float:
        kp, ki, kd = self.gains
        e, p, d = r - y, self.b * r - y, self.c * r - y
        if self.last is None:
            self.out, slope = kp * p + ki * DT_S * e, 0.0
        else:
            e0, p0, d0, slope0 = self.last
            slope = self.decay * slope0 + (1 - self.decay) * (d - d0) / DT_S
            self.out += kp * (p - p0) + ki * DT_S * (e + e0) / 2 + kd * (slope - slope0)
        self.last = (e, p, d, slope)
        return self.out


GAINS = {"kp": 1.5, "ki": 0.4, "kd": 1.25, "filter_s": 0.25}
ISA = {"form": "ISA", "kp": 1.5, "ti_s": 3.75, "td_s": 1.25 / 1.5, "filter_s": 0.25}


def closed_loop(plant: tuple[Matrix, Matrix, Matrix], control: Callable[[float, float], float]) -> list[float]:
    """The measured value over 30 s, with steps of the setpoint and a load at 15 s."""
    a, b, c = plant
    phi, gamma = zero_order_hold(a, b, DT_S)
    x, seen = np.zeros(len(a)), []
    for k in range(600):
        r = 50.0 if k < 400 else 30.0
        y = float(c @ x)
        seen.append(y)
        x = phi @ x + gamma * (control(r, y) - (10.0 if k >= 300 else 0.0))
    return seen


@pytest.mark.parametrize("plant", [FIRST_ORDER, SECOND_ORDER], ids=["first_order", "second_order"])
@pytest.mark.parametrize(("settings", "b", "c"), [(GAINS, 1.0, 0.0), (ISA, 0.5, 0.25)], ids=["parallel", "isa_weights"])
def test_pid_when_in_a_loop_then_as_the_discretised_reference(
    block: Block, plant: tuple[Matrix, Matrix, Matrix], settings: dict[str, float | str], b: float, c: float
) -> None:
    pid = block("PID", period_ms=50).scan(0, p_weight=b, d_weight=c, **settings)

    def by_block(r: float, y: float) -> float:
        return float(pid.scan(setpoint=r, measured=y)["out"])

    wanted = closed_loop(plant, Velocity(**GAINS, b=b, c=c))
    assert max(wanted) > 45.0  # the loop works: the load is compensated, the setpoint nearly reached
    # The block sees REAL and gives REAL: 4e-6 of 50 each; the loop's sensitivity is below 3.
    assert closed_loop(plant, by_block) == pytest.approx(wanted, abs=1e-6 * RANGE)


def test_pid_when_inputs_are_random_then_equal_to_the_reference_to_a_billionth(block: Block) -> None:
    chance, reference = random.Random(3), Velocity(**GAINS, b=0.75, c=0.5)
    pid = block("PID", period_ms=50).scan(0, p_weight=0.75, d_weight=0.5, **GAINS)
    for _ in range(300):
        r, y = as_real(chance.uniform(0, 100)), as_real(chance.uniform(0, 100))
        pid.scan(setpoint=r, measured=y)
        # Parts of up to 2500 (the derivative) in LREAL; gains are REAL: 0.4 is off by 1.5e-8 of itself.
        assert float(pid["out_exact"]) == pytest.approx(reference(r, y), abs=2e-4)


def test_pid_when_gains_are_exact_then_equal_to_the_reference_to_rounding(block: Block) -> None:
    exact = {"kp": 1.5, "ki": 0.5, "kd": 1.25, "filter_s": 0.25}
    chance, reference = random.Random(4), Velocity(**exact, b=0.75, c=0.5)
    pid = block("PID", period_ms=50).scan(0, p_weight=0.75, d_weight=0.5, **exact)
    for _ in range(300):
        r, y = as_real(chance.uniform(0, 100)), as_real(chance.uniform(0, 100))
        pid.scan(setpoint=r, measured=y)
        assert float(pid["out_exact"]) == pytest.approx(reference(r, y), abs=1e-9 * RANGE)


@pytest.mark.parametrize("anti_windup", ["CLAMPING", "BACK_CALCULATION"])
def test_pid_when_it_was_at_its_limit_for_long_then_it_leaves_it_at_once(block: Block, anti_windup: str) -> None:
    pid = block("PID", period_ms=50)
    pid.scan(0, kp=2.0, ki=0.5, out_min=0.0, out_max=60.0, anti_windup=anti_windup)
    pid.scan(600, setpoint=80.0, measured=60.0).expect(out=60.0, saturated=True)  # 30 s: 300 of integral, unclamped
    scans = next(n for n in range(1, 100) if float(pid.scan(setpoint=40.0)["out"]) < 60.0)
    assert scans == 1


def test_pid_when_back_calculated_then_as_its_difference_equation(block: Block) -> None:
    kp, ki, back_s, low, high = 2.0, 0.5, 0.75, -40.0, 60.0
    pid = block("PID", period_ms=50)
    pid.scan(0, kp=kp, ki=ki, back_s=back_s, out_min=low, out_max=high, anti_windup="BACK_CALCULATION", trapezoid=False)
    chance, integral = random.Random(5), 0.0
    r = y = 0.0
    for k in range(400):
        if k % 40 == 0:
            r, y = as_real(chance.uniform(-100, 100)), as_real(chance.uniform(-30, 30))
        raw = kp * (r - y) + integral + ki * DT_S * (r - y)
        clipped = min(max(raw, low), high)
        integral += ki * DT_S * (r - y) + (clipped - raw) * DT_S / back_s
        assert float(pid.scan(setpoint=r, measured=y)["out_exact"]) == pytest.approx(clipped, abs=1e-9 * RANGE)


def random_states(pid: Bench, chance: random.Random) -> Iterable[None]:
    """Ten working points, each after some scans of an arbitrary past."""
    for _ in range(10):
        for _ in range(chance.randint(1, 5)):
            pid.scan(setpoint=chance.uniform(30, 70), measured=chance.uniform(30, 70))
        yield


@pytest.mark.parametrize("mode", ["manual", "track"])
@pytest.mark.parametrize("anti_windup", ["CLAMPING", "BACK_CALCULATION"])
def test_pid_when_its_mode_changes_then_the_output_does_not_jump(block: Block, mode: str, anti_windup: str) -> None:
    chance = random.Random(11)
    pid = block("PID", period_ms=50).scan(0, anti_windup=anti_windup, out_min=-RANGE / 2, out_max=RANGE / 2, **GAINS)
    for _ in random_states(pid, chance):
        before = float(pid["out_exact"])
        pid.scan(**{mode: True, f"{mode}_value": float(pid["out"])})  # what HMIs preset
        assert float(pid["out_exact"]) == pytest.approx(before, abs=4e-6)  # the preset is a REAL
        pid.scan(**{f"{mode}_value": as_real(chance.uniform(-40, 40))})
        before, shown = float(pid["out_exact"]), pid["out"]
        pid.scan(**{mode: False}, setpoint=chance.uniform(30, 70), measured=chance.uniform(30, 70))
        assert abs(float(pid["out_exact"]) - before) <= 1e-9 * RANGE
        assert pid["out"] == shown


@pytest.mark.parametrize("change", [{"kp": 3.0}, {"kd": 4.0}, {"p_weight": 0.25}, {"d_weight": 1.0}, {"ki": 2.0}])
def test_pid_when_gains_change_then_the_output_does_not_jump(block: Block, change: dict[str, float]) -> None:
    chance = random.Random(12)
    pid = block("PID", period_ms=50).scan(0, out_min=-1e6, out_max=1e6, filter_s=0.05)
    start = {"kp": 1.5, "ki": 0.5, "kd": 1.25, "p_weight": 1.0, "d_weight": 0.0}
    pid.scan(0, **start)
    for _ in random_states(pid, chance):
        pid.scan(60, hold=True)  # without a change: the derivative is at rest (2^-60)
        before = float(pid["out_exact"])
        pid.scan(**change)
        assert abs(float(pid["out_exact"]) - before) <= 1e-9 * RANGE
        pid.scan(**start)
        assert abs(float(pid["out_exact"]) - before) <= 1e-9 * RANGE
        pid.scan(hold=False)


def test_pid_when_gains_change_while_it_integrates_then_only_the_integral_goes_on(block: Block) -> None:
    pid = block("PID", period_ms=50).scan(0, kp=1.5, ki=0.5)
    pid.scan(20, setpoint=60.0, measured=48.0)
    before = float(pid["out_exact"])
    pid.scan(kp=4.0)
    assert float(pid["out_exact"]) - before == pytest.approx(0.5 * 12.0 * DT_S, abs=1e-9 * RANGE)


def relay(dt_s: float, *, step: float, band: float, swings: int) -> tuple[float, float]:
    """Ultimate gain and period of 1 / (s + 1)^3 by a relay, from a simulation of its own."""
    a = np.array([[-1.0, 0.0, 0.0], [1.0, -1.0, 0.0], [0.0, 1.0, -1.0]])
    phi, gamma = zero_order_hold(a, np.array([1.0, 0.0, 0.0]), dt_s)
    x, high, ups, trace = np.array([0.0, 0.0, -0.5]), True, [], []
    for k in range(100_000):
        y = float(x[2])
        trace.append(y)
        if high and y > band:
            high = False
        elif not high and y < -band:
            high = True
            ups.append(k)
            if len(ups) == swings + 2:
                break
        x = phi @ x + gamma * (step if high else -step)
    peaks = [max(trace[i : j + 1]) - min(trace[i : j + 1]) for i, j in pairwise(ups[1:])]
    amplitude = float(np.mean(peaks)) / 2
    return 4 * step / (math.pi * math.sqrt(amplitude**2 - band**2)), (ups[-1] - ups[1]) * dt_s / swings


def test_pid_autotune_when_on_a_third_order_plant_then_as_a_simulated_relay_and_near_theory(block: Block) -> None:
    tuner = block("PID_AUTOTUNE", period_ms=10)
    a = np.array([[-1.0, 0.0, 0.0], [1.0, -1.0, 0.0], [0.0, 1.0, -1.0]])
    phi, gamma = zero_order_hold(a, np.array([1.0, 0.0, 0.0]), 0.01)
    x = np.array([0.0, 0.0, -0.5])
    tuner.scan(0, out_step=1.0, hysteresis=0.005, cycles=3)
    for _ in range(4000):
        tuner.scan(start=True, measured=float(x[2]))
        if tuner["done"]:
            break
        x = phi @ x + gamma * float(tuner["out"])
    ku, tu_s = relay(0.01, step=1.0, band=0.005, swings=3)
    assert float(tuner["ku"]) == pytest.approx(ku, rel=1e-4)  # peaks sampled alike, REAL against float64
    assert float(tuner["tu_s"]) == pytest.approx(tu_s, rel=1e-6)
    # Theory of the first harmonic alone; a relay has others, and answers a scan late.
    assert ku == pytest.approx(8.0, rel=0.1)
    assert tu_s == pytest.approx(2 * math.pi / math.sqrt(3), rel=0.05)
