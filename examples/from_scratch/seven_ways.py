"""Seven ways on one table: none, over, under, SMOTE, weights, weights with a threshold, and a cost matrix.

rareclass learn seven-ways        or: python examples/from_scratch/seven_ways.py [--quick] [--out DIR]
on your own table:                rareclass compare TABLE --target COLUMN --cost-fp 1 --cost-fn 20 --preset seven-way

Each way fits a model on training rows and raises alarms on test rows. The first five alarm at one half of what the
model says. "Weights + threshold" alarms at the threshold with the best F1 on validation rows. "Cost matrix" is the
plain model with the threshold that follows from the costs: here a missed event costs 20 false alarms. No test row
chooses anything.

The models are the logistic regression of the step class-weights and a *forest*, the mean of a hundred decision trees.
MCC, average precision and the others are those of the step metrics; an *interval* holds the true mean in 95 of 100 such
studies, and ends where the number can go no further. "Not surely worse" means that the interval of the difference,
repeat by repeat, holds zero.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier

from rareclass import metrics
from rareclass.learning import (
    Figure,
    agree,
    from_command_line,
    lesson,
    mean_interval,
    shown,
    table_or_simulated,
    text_table,
    word,
)

WAYS = ("none", "over-sampling", "under-sampling", "SMOTE", "weights", "weights + threshold", "cost matrix")
NAMES = ("accuracy", "precision", "recall", "f1", "mcc", "average precision", "cost")
ENDS = ((0, 1), (0, 1), (0, 1), (0, 1), (-1, 1), (0, 1), (0, np.inf))  # what each of the seven can be
BY = (("f1", "F1"), ("cost", "cost"))
FP, FN = 1.0, 20.0  # what a false alarm and a missed event cost
SETS = ("mammography", "imblearn_abalone", "imblearn_wine_quality")
TEST_SHARE = 0.25

Rows = tuple[np.ndarray, np.ndarray]  # features (n, d) and labels (n,)
Model = Callable[[np.ndarray], np.ndarray]  # what it says (n,) of rows (n, d)
Fit = Callable[[np.ndarray, np.ndarray, np.ndarray | None, int], Model]


def logistic(X: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, seed: int = 0) -> Model:
    """Our logistic regression, on columns of mean zero and spread one."""
    weights = lesson("class-weights")
    mean, spread = X.mean(axis=0), X.std(axis=0) + 1e-12
    beta = weights.fit_logistic((X - mean) / spread, y, weight, steps=500)
    return lambda rows: weights.predict(beta, (rows - mean) / spread)


def forest(X: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, seed: int = 0) -> Model:
    """A hundred trees of scikit-learn with at least five rows in a leaf."""
    trees = RandomForestClassifier(100, min_samples_leaf=5, random_state=seed).fit(X, y, sample_weight=weight)
    return lambda rows: trees.predict_proba(rows)[:, 1]


def neighbours(X: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None, seed: int = 0) -> Model:
    """The share of rare rows among the 15 nearest; it takes no weights."""
    model = KNeighborsClassifier(15).fit(X, y)
    return lambda rows: model.predict_proba(rows)[:, 1]


def judged(y: np.ndarray, p: np.ndarray, threshold: float) -> dict[str, float]:
    """The seven numbers of the classic table. Precision without any alarm counts as zero."""
    alarm = (p >= threshold).astype(int)
    found = lesson("metrics").compute_metrics(y, alarm)
    found["average precision"] = lesson("metrics").average_precision(y, p)
    found["cost"] = lesson("costs").cost_per_row(y, alarm, FP, FN)
    return {name: float(np.nan_to_num(found[name])) for name in NAMES}


def seven_ways(fit: Fit, train: Rows, validation: Rows, test: Rows, seed: int) -> dict[str, dict[str, float]]:
    """The numbers of each way on the test rows."""
    resampling, weights, thresholds = lesson("resampling"), lesson("class-weights"), lesson("threshold")
    X, y = train
    rare = X[y == 1]
    made = lesson("smote").smote(rare, min(5, len(rare) - 1), len(X) - 2 * len(rare), seed)
    smoted = np.vstack([X, made]), np.append(y, np.ones(len(made), dtype=int))
    weight_of = weights.compute_class_weights(y)
    plain = fit(X, y, None, seed)
    weighted = fit(X, y, np.where(y == 1, weight_of[1], weight_of[0]), seed)
    tuned = thresholds.best_f1_threshold(validation[1], weighted(validation[0]))[0]
    models: dict[str, tuple[Model, float]] = {
        "none": (plain, 0.5),
        "over-sampling": (fit(*resampling.random_oversample(X, y, seed), None, seed), 0.5),
        "under-sampling": (fit(*resampling.random_undersample(X, y, seed), None, seed), 0.5),
        "SMOTE": (fit(*smoted, None, seed), 0.5),
        "weights": (weighted, 0.5),
        "weights + threshold": (weighted, tuned),
        "cost matrix": (plain, lesson("costs").cost_threshold(FP, FN)),
    }
    return {way: judged(test[1], model(test[0]), threshold) for way, (model, threshold) in models.items()}


def split(X: np.ndarray, y: np.ndarray, seed: int) -> tuple[Rows, Rows, Rows]:
    """Half the rows to train, a quarter to validate, a quarter to test, each with its share of rare rows."""
    rng = np.random.default_rng(seed)
    parts: list[list[np.ndarray]] = [[], [], []]
    for label in (0, 1):
        rows = rng.permutation(np.flatnonzero(y == label))
        for part, chosen in zip(parts, np.split(rows, [len(rows) // 2, 3 * len(rows) // 4])):
            part.append(chosen)
    return tuple((X[rows], y[rows]) for rows in map(np.concatenate, parts))  # type: ignore[return-value]


def toy(seed: int) -> tuple[Rows, Rows, Rows]:
    """New clouds for every seed: 1,000 rows to train, 1,000 to validate, 10,000 to test."""
    make = lesson("data").make_data
    return make(950, 50, 3 * seed), make(950, 50, 3 * seed + 1), make(9_500, 500, 3 * seed + 2)


def repeated(fit: Fit, parts: Callable[[int], tuple[Rows, Rows, Rows]], seeds: int) -> dict[str, np.ndarray]:
    """Of each way the numbers (seeds, 7)."""
    runs = [seven_ways(fit, *parts(seed), seed) for seed in range(seeds)]
    return {way: np.array([list(run[way].values()) for run in runs]) for way in WAYS}


def summary(runs: Mapping[str, np.ndarray], test_share: float) -> tuple[str, dict[str, Any]]:
    """The table with intervals, and of F1 and cost the best way with those that are not surely worse."""
    means = {
        way: [mean_interval(v, test_share=test_share, between=end) for v, end in zip(runs[way].T, ENDS)] for way in WAYS
    }
    rows = [[way, *(shown(v) for v in means[way])] for way in WAYS]
    found: dict[str, Any] = {"means": means}
    for name, sign in (("f1", 1), ("cost", -1)):
        column = NAMES.index(name)
        best = max(WAYS, key=lambda way: sign * means[way][column].estimate)
        others = [way for way in WAYS if way != best]
        against = {way: sign * (runs[best] - runs[way])[:, column] for way in others}
        said = {w: word(mean_interval(d, test_share=test_share, comparisons=6)) for w, d in against.items()}
        found[name] = best, [way for way in others if said[way] != "better"]
    return text_table(["way", *NAMES], rows), found


def conclusion(found: Mapping[str, Any], name: str) -> str:
    """Which way is best by a number, and which are not surely worse."""
    best, level = found[name]
    said = f"not surely worse: {', '.join(level)}" if level else "all others are surely worse"
    return f"Best {'F1' if name == 'f1' else 'cost'}: {best} ({said})."


def on_all(found: Sequence[tuple[str, list[str]]], name: str) -> str:
    """Which ways are on no table surely worse than the best, by a number, in one sentence."""
    always = [way for way in WAYS if all(way == best or way in level for best, level in found)]
    said = ", ".join(always) if always else "no way"
    return f"By {name}, on all {len(found)} tables and models, not surely worse than the best: {said}."


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    seeds = 2 if quick else 20
    tables: list[tuple[str, Callable[[int], tuple[Rows, Rows, Rows]], float]] = [("two clouds", toy, 0.0)]
    for name in SETS[: 1 if quick else 3]:
        table = table_or_simulated(name, rows=3_000)
        X, y = table.matrix, table.y.astype(int)
        if quick:
            X, y = X[::4], y[::4]
        tables.append((table.name, lambda seed, X=X, y=y: split(X, y, seed), TEST_SHARE))  # type: ignore[misc]

    train, _, test = toy(0)
    p = logistic(*train)(test[0])
    by_hand = judged(test[1], p, 0.5)
    labels = (metrics.accuracy_score, metrics.precision_score, metrics.recall_score, metrics.f1_score)
    package = [f(test[1], p >= 0.5) for f in (*labels, metrics.matthews_corrcoef)]
    package += [metrics.average_precision_score(test[1], p)]
    package += [metrics.expected_cost(test[1], p >= 0.5, {"fp": FP, "fn": FN})]
    agree("the seven numbers", list(by_hand.values()), package, within=1e-12)

    results: dict[str, Any] = {}
    figure = Figure(
        "Seven ways, and where their order changes", "Mean cost per row over repeats, with intervals.", across=2
    )
    lines = []
    for learner, fit in (("logistic regression", logistic), ("forest", forest)):
        for title, parts, share in tables:
            if quick and learner == "forest" and title == "two clouds":
                continue
            text, found = summary(repeated(fit, parts, seeds), share)
            name = f"{title}, {learner}"
            said = [conclusion(found, "f1"), conclusion(found, "cost")]
            lines += [f"{name}, {seeds} seeds", text, *said, ""]
            results[name] = found
            costs = [found["means"][way][-1] for way in WAYS]
            top = 1.05 * max(c.high for c in costs)
            ticks = [(i, str(i + 1)) for i in range(7)]
            plot = figure.panel(name, (-0.5, 6.5), (0, top), "way", "cost per row", x_ticks=ticks)
            for i, c in enumerate(costs):
                plot.line([(i, max(c.low, 0)), (i, c.high)], "line-b")
                plot.dot(i, c.estimate, "chosen" if WAYS[i] == found["cost"][0] else "mark", WAYS[i])
    everywhere = [on_all([found[kind] for found in results.values()], name) for kind, name in BY]
    lines += everywhere
    figure.about += f" {' '.join(everywhere)}"
    print("\n".join(lines))
    (out / "seven_ways.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    figure.legend(*(("mark", f"{i + 1} {way}") for i, way in enumerate(WAYS)), ("chosen", "cheapest"))
    figure.save(out, "seven_ways")
    return results


if __name__ == "__main__":
    from_command_line(main)
