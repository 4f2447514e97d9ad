"""Where to alarm: the threshold with the best F1, by trying 99 values, and by trying all that matter.

rareclass learn threshold        or: python examples/from_scratch/threshold.py [--quick] [--out DIR]

A model says probabilities; an alarm needs a threshold. One half is a habit, not a law. Thresholds are chosen on
*validation rows*, which the model was not fitted on, and judged on *test rows*, which had no part in either.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rareclass.decisions import Maximize, best_threshold
from rareclass.learning import Figure, agree, from_command_line, lesson

GRID = np.linspace(0.01, 0.99, 99)


def find_optimal_threshold(y_true: np.ndarray, y_probs: np.ndarray, metric: str = "f1") -> tuple[float, float]:
    """The best of 99 thresholds from 0.01 to 0.99, and what it reaches.

    `metric` is a name that `compute_metrics` knows: "f1", "f2", "mcc", "kappa", "accuracy", "precision", "recall".
    Where several are equally good, the lowest. An alarm is a probability at or above the threshold.
    """
    return best_of(GRID, y_true, y_probs, metric)


def exact_threshold(y_true: np.ndarray, y_probs: np.ndarray, metric: str = "f1") -> tuple[float, float]:
    """The best of all thresholds: the decisions change at the probabilities that occur, and nowhere else."""
    return best_of(np.unique(y_probs), y_true, y_probs, metric)


def best_f1_threshold(y_true: np.ndarray, y_probs: np.ndarray) -> tuple[float, float]:
    """What `exact_threshold` finds for F1, in one pass: what the later lessons use on many rows.

    From the highest probability down, each rare row adds a true positive and each ordinary one a false positive.
    """
    thresholds, tp, fp = lesson("metrics").alarms_at_each_threshold(y_true, y_probs)
    f1 = 2 * tp / (tp + fp + tp[-1])
    best = int(np.argmax(f1))
    return float(thresholds[best]), float(f1[best])


def best_of(thresholds: np.ndarray, y_true: np.ndarray, y_probs: np.ndarray, metric: str) -> tuple[float, float]:
    """The best of some thresholds, and what it reaches; a metric without a value counts as zero."""
    compute_metrics = lesson("metrics").compute_metrics
    y_true, y_probs = np.asarray(y_true), np.asarray(y_probs, dtype=float)
    if not y_probs.size or np.isnan(y_probs).any():
        raise ValueError("A threshold needs rows, and a probability for each of them: here are none, or NaN.")
    reached = [compute_metrics(y_true, (y_probs >= t).astype(int)) for t in thresholds]
    known = [name for name in reached[0] if name not in ("tp", "fp", "fn", "tn")]  # counts are not better when larger
    if metric not in known:
        raise ValueError(f"There is no metric {metric!r}; there are {', '.join(known)}.")
    values = np.nan_to_num([m[metric] for m in reached])
    best = int(np.argmax(values))
    return float(thresholds[best]), float(values[best])


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    data, weights, compute = lesson("data"), lesson("class-weights"), lesson("metrics").compute_metrics
    figure = Figure("F1 against the threshold", "The 99 thresholds begin at 0.01; the model says less of most rows.")
    found: dict[str, Any] = {}
    rare = 25 if quick else 100
    for share, ordinary in (("5 %", 19 * rare), ("0.5 %", 199 * rare)):
        (X, y), (X_test, y_test) = (data.make_data(ordinary, rare, seed) for seed in (1, 2))
        X_fit, y_fit = data.make_data(ordinary, rare, seed=3)
        beta = weights.fit_logistic(X_fit, y_fit, steps=500 if quick else 5_000)
        p, p_test = weights.predict(beta, X), weights.predict(beta, X_test)
        swept, exact = find_optimal_threshold(y, p, "f1"), exact_threshold(y, p, "f1")
        print(f"{share} rare: best of 99 thresholds {swept[0]:.2f} with F1 {swept[1]:.4f} on the validation rows,")
        print(f"{'':>7}best of all {exact[0]:.4f} with {exact[1]:.4f}.")
        agree(f"the one-pass search at {share}", best_f1_threshold(y, p)[1], exact[1], within=1e-12)
        rule = best_threshold(y, p, Maximize("f1"))
        agree(f"the best F1 at {share}", exact[1], rule.value, within=1e-12)
        agree(f"the threshold's decisions at {share}", p >= exact[0], rule.apply(p))
        on_test = {t: compute(y_test, (p_test >= t).astype(int))["f1"] for t in (0.5, swept[0], exact[0])}
        for (t, f1), name in zip(on_test.items(), ("one half", "swept", "exact")):
            print(f"{'':>7}on the test rows, {name} ({t:.3f}): F1 {f1:.3f}")
        found[share] = {"swept": swept, "exact": exact, "test": [*on_test.values()]}

        lowest = 1e-3
        ticks = [(v, f"{v:g}") for v in (0.001, 0.01, 0.1, 0.5)]
        plot = figure.panel(f"{share} rare", (lowest, 1), (0, 0.8), "threshold", "F1", x_kind="log", x_ticks=ticks)
        tried = np.geomspace(lowest, 0.99, 120)
        f1s = {t: np.nan_to_num(compute(y, (p >= t).astype(int))["f1"]) for t in tried}
        plot.line([*f1s.items()], "line-a")
        for t in GRID:
            plot.dot(t, float(np.nan_to_num(compute(y, (p >= t).astype(int))["f1"])), "others", radius=1.8)
        plot.dot(*exact, "chosen")

    print("The exact search is never worse on the rows that it searches. On other rows luck decides between the two.")

    # where no probability reaches 0.01, the 99 thresholds are all too high
    X, y = data.make_data(2_490, 10, seed=4)
    p = data.true_probability(X, y.mean()) / 100  # a model that says a hundredth of the truth; its order is perfect
    swept, exact = find_optimal_threshold(y, p), exact_threshold(y, p)
    print(f"Probabilities below 0.01: the sweep reaches F1 {swept[1]:.3f}, the exact search {exact[1]:.3f}.")
    best = "; ".join(f"{share} rare: best F1 {v['exact'][1]:.2f} at {v['exact'][0]:.2f}" for share, v in found.items())
    figure.about += f" {best}."
    figure.legend(("line-a", "F1 on the validation rows"), ("others", "the 99 thresholds"), ("chosen", "exact optimum"))
    figure.save(out, "threshold")
    return {**found, "timid": (swept[1], exact[1])}


if __name__ == "__main__":
    from_command_line(main)
