"""Experiment 3: Platt scaling, isotonic and beta calibration, before and after.

rareclass learn calibrating        or: python examples/from_scratch/experiments/calibrating.py [--quick] [--out DIR]

A model is *calibrated* if of the rows that it gives 10 % one in ten is rare. A model trained with weights is not: it
says far too much. A calibration map turns what it says into what it should say, and is fitted on validation rows. A map
that always rises keeps the order of the rows, so whatever depends on the order only stays the same.
"""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from rareclass import calibration, metrics
from rareclass.learning import Figure, agree, from_command_line, lesson, mean_interval, shown, text_table, word

LOSS = {"better": "surely lower", "worse": "surely higher", "cannot tell": "not surely another"}
NAMES = ("average precision", "ROC area", "observed / expected", "log-loss")


def platt(z: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and constant of the logistic regression on the score z (n,)."""
    mean, spread = z.mean(), z.std()
    slope, constant = lesson("class-weights").fit_logistic(((z - mean) / spread)[:, None], y)
    return slope / spread, constant - slope * mean / spread


def isotonic(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rising steps (n,) nearest to the labels: neighbours in the wrong order are pooled."""
    order = np.argsort(z, kind="stable")
    blocks: list[list[float]] = []  # sum of labels, rows
    for label in y[order]:
        blocks.append([float(label), 1.0])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            total, rows = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += rows
    steps = np.empty(len(z))
    steps[order] = np.concatenate([np.full(int(rows), total / rows) for total, rows in blocks])
    return steps


def step_at(z_new: np.ndarray, z: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The step (m,) on which each new score lies."""
    order = np.argsort(z, kind="stable")
    place = np.clip(np.searchsorted(z[order], z_new, side="right") - 1, 0, len(z) - 1)
    return steps[order][place]


def numbers(y: np.ndarray, p: np.ndarray) -> list[float]:
    """Order and reliability of probabilities (n,)."""
    kept = np.clip(p, 1e-6, 1 - 1e-6)  # a step at 0 would make the log-loss infinite
    order = metrics.average_precision_score(y, p), metrics.roc_auc_score(y, p)
    return [*order, metrics.observed_to_expected(y, p), metrics.log_loss(y, kept)]


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    weights = lesson("class-weights")
    seeds, rare = (2, 100) if quick else (20, 500)
    make = lesson("data").make_data
    ways = ("before", "Platt", "beta", "isotonic (steps)", "isotonic (rareclass)")
    values = np.zeros((len(ways), seeds, len(NAMES)))
    changed = dict.fromkeys(ways, 0)
    figure = Figure("Before and after", "What is said against what happens, and precision against recall.")
    for seed in range(seeds):
        (X, y), (X_valid, y_valid), (X_test, y_test) = (
            make(19 * n, n, 3 * seed + i) for i, n in enumerate((rare // 2, rare, 2 * rare))
        )
        weight = np.where(y == 1, 19.0, 1.0)
        beta = weights.fit_logistic(X, y, weight, steps=1_000)
        z_valid, z = (rows @ beta[:-1] + beta[-1] for rows in (X_valid, X_test))
        slope, constant = platt(z_valid, y_valid)
        steps = isotonic(z_valid, y_valid)
        by_beta = calibration.BetaCalibration().fit(z_valid, y_valid)
        by_isotonic = calibration.IsotonicCalibration().fit(z_valid, y_valid)
        said = {
            "before": weights.sigmoid(z),
            "Platt": weights.sigmoid(slope * z + constant),
            "beta": by_beta.predict(z),
            "isotonic (steps)": step_at(z, z_valid, steps),
            "isotonic (rareclass)": by_isotonic.predict(z),
        }
        for w, (way, p) in enumerate(said.items()):
            values[w, seed] = numbers(y_test, p)
            changed[way] += int((values[w, seed, :2] != values[0, seed, :2]).any())
        if seed == 0:
            package = calibration.SigmoidCalibration().fit(z_valid, y_valid)
            # the package's slope is Firth's, which differs from ours by less than a standard error of some 6 %
            agree("Platt's slope", slope, package.slope_, within=0.06 * slope)
            agree(
                "expected events by Platt",
                weights.sigmoid(slope * z_valid + constant).sum(),
                y_valid.sum(),
                within=0.01,
                of="the validation rows",
            )
            theirs = IsotonicRegression().fit_transform(z_valid, y_valid)
            agree("isotonic steps", steps, theirs, within=1e-9, of="scikit-learn")
            draw(figure, y_test, {way: said[way] for way in ("before", "Platt", "isotonic (steps)")})

    ends = [(0, 1), (0, 1), (0, np.inf), (0, np.inf)]
    rows = [
        [way, *(shown(mean_interval(v, between=end)) for v, end in zip(values[w].T, ends))]
        for w, way in enumerate(ways)
    ]
    print(text_table(["calibration", *NAMES], rows))
    words = {}
    for w, way in enumerate(ways[1:], 1):
        less = mean_interval(values[0, :, 3] - values[w, :, 3], comparisons=4)
        order = "in no repeat" if not changed[way] else f"in {changed[way]} of {seeds} repeats"
        words[way] = word(less), changed[way]
        print(f"{way}: order (average precision, ROC area) changed {order}; log-loss {LOSS[word(less)]}.")
    print("Steps tie rows that the model had told apart; maps that always rise tie none.")
    seen = ", ".join(f"{way} {values[w, :, 2].mean():.2f}" for w, way in enumerate(ways))
    figure.about += f" Observed over expected events: {seen}."
    figure.legend(("line-c", "before"), ("line-a", "Platt"), ("line-b", "isotonic (steps)"))
    figure.save(out, "calibrating")
    return {"values": values, "words": words}


def draw(figure: Figure, y: np.ndarray, said: dict[str, np.ndarray]) -> None:
    """Of forty groups of rows, by what is said, the share that is rare; and precision against recall."""
    reliability = figure.panel("Reliability", (0, 1), (0, 1), "mean of what is said", "share that is rare")
    reliability.line([(0, 0), (1, 1)], "chance")
    curve = figure.panel("Precision-recall", (0, 1), (0, 1), "recall", "precision")
    for (_, p), cls in zip(said.items(), ("line-c", "line-a", "line-b")):
        groups = [g for g in np.array_split(np.argsort(p, kind="stable"), 40) if g.size]
        reliability.line([(float(p[g].mean()), float(y[g].mean())) for g in groups], cls)
        _, tp, fp = lesson("metrics").alarms_at_each_threshold(y, p)
        some = np.unique(np.searchsorted(tp, np.linspace(1, tp[-1], 60)))
        curve.line([*zip(tp[some] / tp[-1], tp[some] / (tp[some] + fp[some]))], cls)


if __name__ == "__main__":
    from_command_line(main)
