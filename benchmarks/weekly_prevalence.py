"""How often the prevalence that scores tell before labels come is refused, and how often its interval holds the truth.

    python benchmarks/weekly_prevalence.py [--runs 12] [--seed 50]

The streams of `benchmarks/monitoring.py`: 400 rows a day, 20 of them events. Labels come after ten days; eight weeks
with labels are known, then four weeks are told. "Days differ": all scores of a day move by a normal draw.

Measured 2026-11-29 (48 weeks a line): refused, and intervals of 95 % that hold the truth; first where weeks are taken
to differ by chance only, as they were before.

    nothing moves                2 of 48, 42 of 46; with weeks  1 of 48, 44 of 47
    days differ by 0.1 sd       13 of 48, 31 of 35              2 of 48, 43 of 46
    days differ by 0.3 sd       30 of 48, 15 of 18              0 of 48, 47 of 48
    these, prevalence doubled   29 of 48, 15 of 19              0 of 48, 46 of 48
    events in bursts of 4        7 of 48, 36 of 41              3 of 48, 44 of 45
    negatives +0.1 sd           47 of 48,  0 of  1             45 of 48,  1 of  3
"""

import argparse

import numpy as np
from monitoring_streams import EVENTS, ROWS, Law, drawn, reference

from rareclass.monitoring.cohorts import Cohort
from rareclass.monitoring.weeks import Weeks

CHANGE, UNTIL, LATE = 91, 119, 10
LAWS = {
    "nothing moves": (Law(), Law()),
    "days differ by 0.1 sd": (Law(daily=0.1), Law(daily=0.1)),
    "days differ by 0.3 sd": (Law(daily=0.3), Law(daily=0.3)),
    "these, prevalence doubled": (Law(daily=0.3), Law(daily=0.3, times=2.0)),
    "events in bursts of 4": (Law(burst=4.0), Law(burst=4.0)),
    "negatives +0.1 sd": (Law(), Law(negatives=0.1)),
}


def cohort(rng: np.random.Generator, law: Law, day: int) -> Cohort:
    """A day whose labels are known."""
    part = drawn(rng, law, day)
    n = part.y.size
    return Cohort(
        day=day,
        key=np.arange(n, dtype=np.uint64),
        probability=part.probability,
        alert=part.alert,
        y=part.y.astype(np.int8),
        weight=np.ones(n),
        slices=np.full(n, ""),
        distance=np.full(n, np.nan),
        places=np.empty((n, 0), dtype=np.uint8),
    )


class Calm(Weeks):
    """Takes weeks to differ by chance only."""

    def _reference(self, week: float):
        return super()._reference(week)[0], None


def told(seed: int, before: Law, after: Law) -> list[list[dict]]:
    """What scores say of the last four weeks, where weeks are taken to differ by chance only, and as they do."""
    rng = np.random.default_rng([seed, 3])
    known, days = reference(rng)[0], []
    kinds = Calm(known), Weeks(known)
    for day in range(UNTIL):
        days.append(cohort(rng, after if day >= CHANGE else before, day))
        for weeks in kinds:
            if day >= CHANGE:
                weeks.add(days[-1])
            if day >= LATE:
                weeks.learn(days[day - LATE])
    return [[week["label_shift"] for week in weeks.estimates()] for weeks in kinds]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=50)
    asked = parser.parse_args()
    for name, laws in LAWS.items():
        truth = EVENTS / ROWS * laws[1].times
        said, runs = [], [told(asked.seed + run, *laws) for run in range(asked.runs)]
        for kind in (0, 1):
            found = [week for run in runs for week in run[kind]]
            known = [v["prevalence"] for v in found if v["prevalence"] is not None]
            holds = sum(v["low"] <= truth <= v["high"] for v in known)
            said.append(f"{len(found) - len(known):3d} of {len(found)} refused, {holds} of {len(known)} hold it")
        print(f"{name:26s} {said[0]:34s} with weeks: {said[1]}", flush=True)


if __name__ == "__main__":
    main()
