"""What a controller tells of test mode, for page 8: made up, an exercise half way."""

from typing import Any

_EXERCISE_ROWS = [
    ("NONE", 0.0, "HOLDING", "HOLDING", 1.9, "NONE", "PASSED"),
    ("NONE", 10.0, "DISCHARGING", "DISCHARGING", 0.4, "NONE", "PASSED"),
    ("NONE", -10.0, "CHARGING", "DISCHARGING", 10.0, "SOC_OPERATING", "LIMITED"),
    ("STOP", 0.0, "STOPPED", "STOPPED", 5.2, "PLANT_STATE", "PASSED"),
    ("START", 0.0, "HOLDING", "WAITING", 90.0, "PLANT_STATE", "FAILED"),
    ("SLEEP", 0.0, "SLEEPING", "WAITING", 0.0, "PLANT_STATE", "UNDER_WAY"),
]


def values_of_testing(*, on: bool, rated_kw: float = 100.0) -> list[dict[str, Any]]:
    """What `read` answers for page 8: test mode, and an exercise half way."""
    told: dict[str, Any] = {
        "testing_status_1.on": on,
        "testing_status_1.p_kw": 15.0 if on else 0.0,
        "testing_status_1.droop_kw": 0.0,
        "testing_status_1.left": 2_940_000_000_000 if on else 0,
        "testing_status_1.before": "SELF_CONSUMPTION",
        "testing_status_1.exercise.name": "TRANSITIONS" if on else "NONE",
        "testing_status_1.exercise.running": on,
        "testing_status_1.exercise.n": len(_EXERCISE_ROWS),
        "testing_status_1.exercise.passed": 3,
        "testing_status_1.exercise.failed": 2,
        "plant_1.state": "RUN",
        "plant_1.step": "DISCHARGING",
        "plant_1.mode": "TESTING" if on else "SELF_CONSUMPTION",
        "plant_1.p_set_kw": 12.5,
        "plant_1.limited_by": "BMS_DISCHARGE" if on else "NONE",
        "plant_1.soc_pct": 61.5,
        "inverter_1.p_kw": 12.4,
        "parameters_1.rated_kw": rated_kw,
    }
    fields = ("request", "p_kw", "to_step", "at_step", "took", "limited_by", "verdict")
    for number, row in enumerate(_EXERCISE_ROWS, 1):
        first = f"testing_status_1.exercise.rows[{number}]."
        told |= {first + field: value for field, value in zip(fields, row, strict=True)}
        told |= {first + "took": round(row[4] * 1e9), first + "mode": "PASSIVE"}
    return [{"name": name, "value": value} for name, value in told.items()]


def infos_of_testing() -> list[dict[str, Any]]:
    """The tags by which the console knows that there is a test mode."""
    return [
        {"name": "testing_status_1.on", "type": "BOOL"},
        {"name": "testing_status_1.p_kw", "type": "REAL", "unit": "kW"},
    ]
