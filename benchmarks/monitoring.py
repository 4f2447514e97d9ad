"""What the monitor finds, how soon and how often by chance, beside detectors of river and a weekly KS test.

    python benchmarks/monitoring.py [--years 400] [--runs 100] [--scenarios usual recall-0.6 ...] [--seed 0]

A day has 400 rows: about 20 events and a sample of other rows. Scores are normal (events 3 standard deviations above
the others), probabilities calibrated, the threshold finds 80 % of the events; ten features. Labels of all rows come
after a gamma-distributed delay of mean 4 days. The monitor knows a reference of 600 events. Each line but the first
changes one thing on day 60. Delays are days of changed rows whose labels have come before the alarm (0: the first day
is enough); "since" is the share of alarms whose interval holds the true day.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rareclass.artifact.bundle import score_reference
from rareclass.artifact.reference import sketched
from rareclass.kernels.logits import sigmoid
from rareclass.kernels.residuals import residual_sums
from rareclass.monitoring import RareClassMonitor
from rareclass.monitoring.alarms import RARE_CLASS

CHANGE, AFTER, YEAR = 60, 60, 365
APART, EVENTS, ROWS, FEATURES = 3.0, 20, 400, 10
CUT = APART - 0.8416212335729143  # 80 % of the events lie above
LOG_ODDS = np.log(EVENTS / (ROWS - EVENTS))
THRESHOLD = float(sigmoid(APART * CUT - APART**2 / 2 + LOG_ODDS))
DIRECTION = np.repeat([1.0, 0.0], FEATURES // 2)


@dataclass(frozen=True, kw_only=True)
class Law:
    """What the rows of a day are drawn from."""

    lower: float = 0.0  # by how much events score lower
    new_mode: float = 0.0  # share of the events that lie elsewhere
    times: float = 1.0  # how many times as frequent events are
    negatives: float = 0.0  # by how much the other rows score higher
    feature: float = 0.0  # by how much the events move in three features


@dataclass(frozen=True, kw_only=True)
class Day:
    """Rows (n,) of a day; labels come at `known`."""

    time: np.ndarray
    X: np.ndarray
    probability: np.ndarray
    alert: np.ndarray
    y: np.ndarray
    known: np.ndarray


SCENARIOS = {
    "usual": Law(),
    "recall 0.8 -> 0.6": Law(lower=0.5882741304430),
    "recall 0.8 -> 0.7": Law(lower=0.3172207208673),
    "new mode in 20 % of events": Law(new_mode=0.2),
    "prevalence doubled": Law(times=2.0),
    "negatives +0.25 sd": Law(negatives=0.25),
    "negatives +0.5 sd": Law(negatives=0.5),
    "events +0.6 sd in 3 features": Law(feature=0.6),
}


def drawn(rng: np.random.Generator, law: Law, day: int, rows: int = ROWS) -> Day:
    """The rows of one day."""
    y = rng.random(rows) < law.times * EVENTS / ROWS
    score = rng.normal(np.where(y, APART - law.lower, law.negatives), 1.0)
    X = rng.normal(size=(rows, FEATURES)) + np.outer(y, DIRECTION)
    X[:, :3] += law.feature * y[:, None]
    other = y & (rng.random(rows) < law.new_mode)
    X[other] = rng.normal(-2.0, 0.5, size=(int(other.sum()), FEATURES))
    p = sigmoid(APART * score - APART**2 / 2 + LOG_ODDS)
    moment = day + rng.random(rows)
    return Day(time=moment, X=X, probability=p, alert=p >= THRESHOLD, y=y, known=moment + rng.gamma(2.0, 2.0, rows))


def reference(rng: np.random.Generator) -> tuple[dict, dict]:
    """What a bundle keeps of 12,000 rows, scored out of fold."""
    part = drawn(rng, Law(), 0, 30 * ROWS)
    p, y = part.probability, part.y
    decided = {"events": y, "missed": y & ~part.alert, "alerts": part.alert, "alert_events": y & part.alert}
    found = score_reference(np.log(p) - np.log1p(-p), y) | {"residuals": residual_sums(p, y.astype(float)).tolist()}
    return found | {"decided": {n: float(v.sum()) for n, v in decided.items()}}, sketched(part.X, y)


def days(rng: np.random.Generator, law: Law, until: int, change: int = CHANGE) -> Iterator[Day]:
    """Days in order; the law holds from `change` on."""
    for day in range(until):
        yield drawn(rng, law if day >= change else Law(), day)


def fed(rng: np.random.Generator, law: Law, until: int, change: int) -> Iterator[tuple[np.ndarray, Day, list]]:
    """Of each day ids and rows, and ids, labels and times of the labels that become known on it."""
    late: list[tuple[np.ndarray, ...]] = []
    for day, part in enumerate(days(rng, law, until, change)):
        ids = np.arange(part.y.size) + day * 10_000
        late.append((ids, part.y, part.known))
        due = [tuple(v[known[-1] < day + 1] for v in known) for known in late]
        late = [tuple(v[known[-1] >= day + 1] for v in known) for known in late]
        late = [known for known in late if known[0].size]
        yield ids, part, [np.concatenate(v) for v in zip(*due, strict=True)]


def watched(rng: np.random.Generator, law: Law, until: int, change: int = CHANGE) -> tuple[list, float]:
    """Alarms of a monitor that is fed day by day, and the processor seconds that each day took."""
    known, sketches = reference(rng)
    names = [f"x{j}" for j in range(FEATURES)]
    monitor = RareClassMonitor(reference=known, sketches=sketches, threshold=THRESHOLD, columns=names)
    stream, alarms = list(fed(rng, law, until, change)), []
    begun = time.process_time()
    for day, (ids, part, (of, y, when)) in enumerate(stream):
        monitor.predictions(ids, part.time, part.probability, features=part.X).labels(of, y, times=when)
        alarms += monitor.check(float(day + 1))
    return alarms, (time.process_time() - begun) / until


def usual_years(years: int, seed: int) -> None:
    """How many years without change hold an alarm."""
    codes: dict[str, int] = {}
    alarmed, seconds = 0, 0.0
    for year in range(years):
        alarms, each = watched(np.random.default_rng([seed, year]), Law(), YEAR + 20, change=10**6)
        alarmed += bool(alarms)
        seconds += each
        for alarm in alarms:
            name = f"{alarm.evidence['detector']}/{alarm.code}"
            codes[name] = codes.get(name, 0) + 1
    print(f"usual: {alarmed} of {years} years hold an alarm {codes}; {1000 * seconds / years:.1f} ms a day", flush=True)


def changed(name: str, runs: int, seed: int) -> None:
    """Delays after a change, alarms before it, and whether the interval holds it."""
    law, waits, held, codes, before, rare = SCENARIOS[name], [], [], {}, 0, 0
    for run in range(runs):
        alarms, _ = watched(np.random.default_rng([seed, 1, run]), law, CHANGE + AFTER)
        after = [a for a in alarms if a.evidence["day"] >= CHANGE]
        before += len(alarms) - len(after)
        of_class = [a for a in after if a.code in RARE_CLASS]
        rare += bool(of_class)
        first = min((a.evidence["day"] - CHANGE for a in of_class), default=np.inf)
        waits.append(first)
        for alarm in after[:1]:
            held.append(alarm.since[0] <= CHANGE <= alarm.since[1])
        for code in {f"{a.evidence['detector']}/{a.code}" for a in after}:
            codes[code] = codes.get(code, 0) + 1
    print(
        f"{name}: rare-class alarm in {rare} of {runs}, median delay {np.median(waits):.0f} days, 90 % "
        f"{np.quantile(waits, 0.9, method='higher'):.0f}; since holds the day in {np.mean(held or [np.nan]):.0%}; "
        f"{before} alarms before; {codes}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--years", type=int, default=400)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--scenarios", nargs="+", default=list(SCENARIOS))
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    for name in asked.scenarios:
        if name == "usual":
            usual_years(asked.years, asked.seed)
        else:
            changed(name, asked.runs, asked.seed)


if __name__ == "__main__":
    main()
