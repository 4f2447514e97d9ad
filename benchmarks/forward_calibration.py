"""Probabilities of models fitted in time order, out of fold and on new rows, beside the truth of a simulated world.

    OMP_NUM_THREADS=1 python benchmarks/forward_calibration.py --cache /tmp/forward            (about 15 minutes)
    OMP_NUM_THREADS=1 python benchmarks/forward_calibration.py --cache /tmp/forward --learners net --events 30 60

Two worlds of five numbers and a category at 5 % events, in which nothing changes over time: *strong* (the truth's ROC
AUC is 0.84) and *weak* (0.64). `RareClassifier(learner, treatment="none")` is fitted with `times`. Out of fold,
of the parts that an earlier one could calibrate, and on 20,000 new rows: events that the truth expects over those
promised, the slope of the truth on the log-odds, and by how much the log-loss lies above the truth's (thousandths of
a nat a row, with its standard error over seeds). |ln| is the mean distance from 1 on the logarithm: 0.1 is ten per
cent. Only public names are used, so that an older checkout runs it, too (PYTHONPATH). Stopped, it goes on where it
was.
"""

import argparse
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import brentq, minimize
from scipy.special import expit, logit

from rareclass import RareClassifier

WORLDS, EVENTS, LEARNERS = ("strong", "weak"), (30, 60, 120, 400), ("logistic_regression", "lightgbm", "net", "blend")
PREVALENCE = 0.05


def rows(world: str, n: int, rng: np.random.Generator, events: int | None = None) -> tuple:
    """A table of n rows, its events (about as many as asked), and their true probabilities."""

    def draw(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        X, code = rng.normal(size=(n, 5)), rng.choice(list("vwxyz"), size=n)
        strong = 1.2 * X[:, 0] - 0.8 * X[:, 1] + 0.7 * (code == "x") - 0.5 * np.abs(X[:, 2])
        return X, code, strong if world == "strong" else 0.4 * X[:, 0] + 0.3 * X[:, 1]

    sample = draw(200_000)[2]
    level = brentq(lambda at: expit(sample + at).mean() - PREVALENCE, -20, 5)
    X, code, score = draw(n)
    truth = expit(score + level)
    y = rng.random(n) < truth
    while events is not None and abs(y.sum() - events) > max(2, 0.05 * events):
        y = rng.random(n) < truth
    return pd.DataFrame(X, columns=list("abcde")).assign(k=code), y, truth


def judged(z: np.ndarray, truth: np.ndarray) -> list[float]:
    """Expected over promised, slope, and log-loss above the truth's of log-odds z."""

    def loss(line: np.ndarray) -> float:
        u = line[0] + line[1] * z
        return float(np.mean(np.logaddexp(0, u) - truth * u))

    least = float(np.mean(np.logaddexp(0, logit(truth)) - truth * logit(truth)))
    slope = minimize(loss, [0.0, 1.0]).x[1]
    return [float(truth.sum() / expit(z).sum()), float(slope), 1000 * (loss(np.array([0.0, 1.0])) - least)]


def figures(learner: str, world: str, events: int, seed: int) -> dict:
    """Of one table: out of fold from the second tested part on, and on new rows."""
    rng = np.random.default_rng([seed, events, WORLDS.index(world)])
    table, y, truth = rows(world, int(events / PREVALENCE), rng, events)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = RareClassifier(learner, treatment="none", random_state=seed).fit(table, y, times=np.arange(y.size))
    held = np.flatnonzero(np.isfinite(model.model_.oof_logit))
    later = held[held.size // 5 :]  # five parts are tested, of about as many rows
    new, _, chance = rows(world, 20_000, rng)
    return {
        "learner": learner, "world": world, "events": events, "seed": seed,
        "held": judged(model.model_.oof_logit[later], truth[later]),
        "new": judged(logit(np.clip(model.predict_proba(new)[:, 1], 1e-12, 1 - 1e-12)), chance),
    }  # fmt: skip


def said(found: np.ndarray) -> str:
    """Figures (seeds, 3) in a table's cells."""
    apart = np.abs(np.log(np.clip(found[:, :2], 0.02, 50)))
    error = found[:, 2].std(ddof=1) / np.sqrt(found.shape[0])
    return (
        f"{np.median(found[:, 0]):.2f}, {apart[:, 0].mean():.2f} | {np.median(found[:, 1]):.2f}, "
        f"{apart[:, 1].mean():.2f} | {found[:, 2].mean():.1f} ({error:.1f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--learners", nargs="+", default=LEARNERS)
    parser.add_argument("--events", type=int, nargs="+", default=EVENTS)
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=WORLDS)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    asked.cache.mkdir(parents=True, exist_ok=True)
    print("| learner | world, events | out of fold: events | slope | log-loss | new rows: events | slope | log-loss |")
    print("|---|---|---|---|---|---|---|---|")
    for learner in asked.learners:
        for world in asked.worlds:
            for events in asked.events:
                lines = []
                for seed in range(asked.seeds):
                    file = asked.cache / f"{learner}.{world}.{events}.{seed}.json"
                    if not file.exists():
                        file.write_text(json.dumps(figures(learner, world, events, seed)), encoding="utf-8")
                    lines.append(json.loads(file.read_text(encoding="utf-8")))
                held, new = (np.array([line[where] for line in lines]) for where in ("held", "new"))
                print(f"| {learner} | {world}, {events} | {said(held)} | {said(new)} |", flush=True)


if __name__ == "__main__":
    main()
