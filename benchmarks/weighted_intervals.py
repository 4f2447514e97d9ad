"""Intervals under sampling weights: all events and a tenth of the negatives are kept, weighted by 1 / their share.

    python benchmarks/weighted_intervals.py                      a fixed scorer, 500 simulations a cell, about 3 minutes
    python benchmarks/weighted_intervals.py --road --runs 60     the whole road: RareClassifier.summary() and compare

A fixed scorer is binormal (negatives N(0, 1), positives N(2, 1)), at a prevalence of 1 % with random numbers of events.
Negatives are kept with probability 0.1 ("class": weight 10), or with probabilities from 0.02 to 0.5 at random ("row"),
or more often where they score high ("score": 1 above the threshold, 0.05 below). Coverage is of the nominal 95 %
interval; "width" is its mean width, and "right" the width that 95 % of the estimates themselves take (2 x 1.96 times
their standard deviation). "Kish" is what one effective number for all rows gives.

Measured (November 2026, 300 runs a cell, 200 of "score"; coverage in %, width / right width):

    events, weights  precision          Kish's  alert rate         average precision   its difference
    20, by class     95.0 .158 / .174   .355    94.3 .073 / .073    99.7 .514 / .535   94.3 .565 / .493
    60, by class     95.3 .080 / .081   .187    96.3 .042 / .041    97.0 .341 / .326   98.0 .368 / .309
    200, by class    94.3 .042 / .042   .098    93.7 .022 / .023    95.0 .212 / .207   96.7 .218 / .188
    20, by row       94.0 .178 / .177   .395    91.3 .086 / .087   100.0 .497 / .538   95.7 .521 / .447
    60, by row       92.7 .095 / .097   .228    92.7 .050 / .049    94.0 .329 / .342   95.0 .351 / .331
    200, by row      95.3 .048 / .047   .119    94.7 .027 / .027    95.7 .217 / .191   98.0 .223 / .170
    20, by score     97.0 .098 / .093   .101    95.0 .037 / .037    96.5 .402 / .385   94.5 .374 / .329
    60, by score     93.0 .056 / .060   .057    95.0 .021 / .021    96.0 .233 / .231   94.5 .199 / .202

Weights that differ 25-fold within a class ("row") cost a rate two to four points where few of its rows are at hand. The
whole road (`--road --runs 40 --events 40 --kinds class`): precision 95 (.272 / .195), recall 95, average precision 100
(.265 / .325), ROC AUC 95, observed/expected 95, Brier skill 87.5 (35 of 40).
"""

import argparse
import time
import warnings

import numpy as np
from intervals import COSTS, true_value
from scipy.special import ndtr

from rareclass import RareClassifier
from rareclass.decisions import AlertBudget
from rareclass.evaluation import compare
from rareclass.kernels.intervals import clopper_pearson
from rareclass.kernels.logits import sigmoid
from rareclass.metrics import (
    average_precision_score,
    brier_skill_score,
    confidence_interval,
    observed_to_expected,
    paired_difference,
    roc_auc_score,
)

D, PREVALENCE, CUT = 2.0, 0.01, 1.5
NAMES = ("precision", "recall", "alert_rate", "average_precision", "roc_auc", "f1", "expected_cost")
PAIRED = ("average_precision", "roc_auc", "recall", "precision", "expected_cost")


def kept(rng: np.random.Generator, y: np.ndarray, score: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers that are kept, and their weights."""
    share = {
        "class": np.full(y.size, 0.1),
        "row": np.exp(rng.uniform(np.log(0.02), np.log(0.5), y.size)),
        "score": np.where(score >= CUT, 1.0, 0.05),
    }[kind]
    share = np.where(y, 1.0, share)
    index = np.flatnonzero(rng.random(y.size) < share)
    return index, 1 / share[index]


def truth_of(name: str, d: float) -> float:
    """The metric in the population."""
    if name == "roc_auc":
        return float(ndtr(d / np.sqrt(2)))
    if name in ("alert_rate", "f1"):
        recall, alarms = float(ndtr(d - CUT)), float(ndtr(-CUT))
        tp, fp = PREVALENCE * recall, (1 - PREVALENCE) * alarms
        return tp + fp if name == "alert_rate" else 2 * tp / (tp + fp + PREVALENCE)
    return true_value(name, d, PREVALENCE, CUT)


def options(name: str) -> dict:
    return {} if name in ("average_precision", "roc_auc") else {"threshold": CUT, "costs": COSTS}


def kish_limits(name: str, y: np.ndarray, flag: np.ndarray, w: np.ndarray) -> tuple[float, float]:
    """Limits of a rate at one effective number of its trials."""
    hit, among = {"precision": (y & flag, flag), "recall": (y & flag, y), "alert_rate": (flag, y | ~y)}[name]
    n = w[among].sum() ** 2 / (w[among] ** 2).sum()
    return clopper_pearson(n * w[hit].sum() / w[among].sum(), n)


def fixed(kind: str, events: int, runs: int) -> None:
    """A table of single intervals and of paired differences of a fixed scorer."""
    rng = np.random.default_rng([events, len(kind)])
    found: dict[str, list[tuple[float, ...]]] = {}
    n = round(events / PREVALENCE)
    for _ in range(runs):
        y = rng.random(n) < PREVALENCE
        first, second = rng.normal(size=(2, n))
        a, b = first + D * y, (0.7 * first + np.sqrt(1 - 0.49) * second) + (D - 0.5) * y
        index, w = kept(rng, y, a, kind)
        y, a, b = y[index], a[index], b[index]
        for name in NAMES:
            one = confidence_interval(name, y, a, sample_weight=w, **options(name))
            found.setdefault(name, []).append((one.low, one.high, one.estimate, truth_of(name, D)))
            if name in ("precision", "recall", "alert_rate"):
                found.setdefault(f"{name}, Kish", []).append((*kish_limits(name, y, a >= CUT, w), *found[name][-1][2:]))
        for name in PAIRED:
            one = paired_difference(name, y, a, b, sample_weight=w, **options(name))
            truth = truth_of(name, D) - truth_of(name, D - 0.5)
            found.setdefault(f"{name}, difference", []).append((one.low, one.high, one.estimate, truth))
    shown(f"weights by {kind}, {events} events, {runs} runs", found)


def table_of(rng: np.random.Generator, events: int) -> tuple[np.ndarray, np.ndarray]:
    """A table of four columns, and its labels."""
    n = round(events / PREVALENCE)
    X = rng.normal(size=(n, 4))
    z = -6.1 + X @ np.array([1.4, 0.8, 0.5, 0.0])
    return X, rng.random(n) < sigmoid(z)


def told(evidence: dict, key: str) -> tuple[float, float]:
    return tuple(evidence[f"{key}_{end}"] for end in ("low", "high"))


def road(kind: str, events: int, runs: int) -> None:
    """What `summary()` and `compare` say of a fitted model, against its value on a large population."""
    rng = np.random.default_rng([events, len(kind), 1])
    X_all, y_all = table_of(np.random.default_rng(99), 4000)
    found: dict[str, list[tuple[float, ...]]] = {}
    for seed in range(runs):
        X, y = table_of(rng, events)
        index, w = kept(rng, y, X @ np.array([1.4, 0.8, 0.5, 0.0]) - 1, kind)
        X, y = X[index], y[index]
        learner = "logistic_regression"
        model = RareClassifier(learner, treatment="none", decision=AlertBudget(rate=0.02)).fit(X, y, w)
        p_all = model.predict_proba(X_all)[:, 1]
        e = model.model_.evidence
        for key, metric in (("brier_skill", brier_skill_score), ("observed_to_expected", observed_to_expected)):
            found.setdefault(f"summary {key}", []).append((*told(e, key), e[key], metric(y_all, p_all)))
        how = {"learners": [learner, "random_forest"], "treatments": ["none"], "n_jobs": 1, "random_state": seed}
        c = compare(X, y, decision=AlertBudget(rate=0.02), sample_weight=w, **how)
        arm = c[f"{learner}+none"].judgement
        fitted = c.best_model_ if c.champion == f"{learner}+none" else model
        score, flag = fitted.positive_logit(X_all), fitted.predict(X_all)
        truth = {
            "average_precision": average_precision_score(y_all, score),
            "roc_auc": roc_auc_score(y_all, score),
            "precision": y_all[flag].mean(),
            "recall": flag[y_all].mean(),
        }
        for name, value in ((k, arm.intervals[k]) for k in truth):
            found.setdefault(f"compare {name}", []).append((value.low, value.high, value.estimate, truth[name]))
    shown(f"the whole road, weights by {kind}, {events} events, {runs} runs", found)


def shown(title: str, found: dict[str, list[tuple[float, ...]]]) -> None:
    """Print coverage, mean width and the width that the estimates' own scatter asks for."""
    print(f"\n{title}", flush=True)
    for name, rows in found.items():
        low, high, estimate, truth = np.array(rows).T
        inside, right = np.mean((low <= truth) & (truth <= high)), 2 * 1.96 * estimate.std()
        print(f"  {name:32s} coverage {100 * inside:5.1f} %  width {(high - low).mean():8.4f}  right {right:8.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--events", type=int, nargs="+", default=[20, 60, 200])
    parser.add_argument("--kinds", nargs="+", default=["class", "row", "score"])
    parser.add_argument("--road", action="store_true", help="fit and compare, with a new model in each run")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    started = time.perf_counter()
    for kind in arguments.kinds:
        for events in arguments.events:
            (road if arguments.road else fixed)(kind, events, arguments.runs)
    print(f"\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
