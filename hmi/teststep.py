"""How much power one keystroke moves: 1, 2, 5 times a power of ten, in proportion to the rating."""

import math

SHARE = 0.05
"""Of the rating: the step to begin with is not larger."""
SHARE_MIN, SHARE_MAX = 0.001, 0.5
_DIGITS = (1.0, 2.0, 5.0)


def default_step_kw(rated_kw: float) -> float:
    """The largest round step within SHARE of the rating; 1 kW when the rating is not known."""
    return 1.0 if math.isnan(rated_kw) else _rounded_down(SHARE * rated_kw)


def larger_kw(step_kw: float, rated_kw: float) -> float:
    """The next larger round step, up to SHARE_MAX of the rating."""
    following = _rounded_down(step_kw * 2.6)
    return following if math.isnan(rated_kw) or following <= SHARE_MAX * rated_kw else step_kw


def smaller_kw(step_kw: float, rated_kw: float) -> float:
    """The next smaller round step, down to SHARE_MIN of the rating."""
    following = _rounded_down(step_kw * 0.6)
    return following if math.isnan(rated_kw) or following >= SHARE_MIN * rated_kw else step_kw


def _rounded_down(kw: float) -> float:
    decade = 10.0 ** math.floor(math.log10(kw) + 1e-9)
    digit = max(digit for digit in _DIGITS if digit <= kw / decade + 1e-9)
    return float(f"{digit * decade:.6g}")
