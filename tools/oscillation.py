"""Whether self-consumption swings: the commercial site with inverters of several lags and meters of several periods.

    .venv/bin/python tools/oscillation.py [--site configs/commercial.toml] [--gain parameters_1.pid_ki=0.3]

Prints a table of the limit cycle that is left after steps of the load, per cent of the rating, for a meter that is
read so often, and for one that is read every 200 ms but works its reading out so seldom. Exit code 1 when one is
beyond 3 %.
"""

import argparse
import sys
from pathlib import Path

from runtime.cli.bothsides import BothSides, build_both
from runtime.sim.coupled.coupling import CoupledRun
from runtime.sim.oscillation import Swing, swing

LAGS_S = (0.2, 0.5, 1.0, 2.0, 5.0)
PERIODS_S = (0.1, 0.2, 0.5, 1.0, 2.0)
READ_EVERY_S = 0.2
CYCLE_LIMIT_PCT = 3.0


def fresh(site: BothSides, gains: dict[str, float]) -> CoupledRun:
    """A run with these gains."""
    run = site.coupled_run(1)
    for name, value in gains.items():
        run.controller.set_initial(name, value)
    return run


def table(title: str, swings: list[list[Swing]]) -> str:
    """Lags downwards, periods across: limit cycle, overshoot."""
    head = "  lag \\ period" + "".join(f"{period:>15g} s" for period in PERIODS_S)
    rows = [
        f"  {row[0].lag_s:10g} s" + "".join(f"{s.cycle_pct:8.2f} ({s.overshoot_pct:5.1f})" for s in row)
        for row in swings
    ]
    return "\n".join([title, head, *rows])


def main() -> None:
    """Both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, default=Path(__file__).parents[1] / "configs" / "commercial.toml")
    parser.add_argument(
        "--gain", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the controller"
    )
    told = parser.parse_args()
    gains = {name: float(value) for name, _, value in (gain.partition("=") for gain in told.gain)}
    site = build_both(told.site)
    if site is None:
        sys.exit(1)

    def of(lag_s: float, period_s: float, *, inside: bool) -> Swing:
        if inside:
            return swing(lambda: fresh(site, gains), lag_s=lag_s, period_s=READ_EVERY_S, meter_s=period_s)
        return swing(lambda: fresh(site, gains), lag_s=lag_s, period_s=period_s)

    read = [[of(lag_s, period_s, inside=False) for period_s in PERIODS_S] for lag_s in LAGS_S]
    inner = [[of(lag_s, period_s, inside=True) for period_s in PERIODS_S] for lag_s in LAGS_S]
    print("Limit cycle after load steps of up to 80 %, per cent of the rating (overshoot after a step in brackets)")
    print(table("The meter is read every …", read))
    print(table(f"The meter is read every {READ_EVERY_S:g} s and works its reading out every …", inner))
    worst = max(s.cycle_pct for row in (*read, *inner) for s in row)
    print(f"largest limit cycle {worst:.2f} % (bound: {CYCLE_LIMIT_PCT:g} %)")
    sys.exit(1 if worst > CYCLE_LIMIT_PCT else 0)


if __name__ == "__main__":
    main()
