"""Why accuracy fails: a model that finds nothing is right 99 times in 100.

rareclass learn accuracy        or: python examples/from_scratch/accuracy.py [--quick] [--out DIR]

Accuracy is the share of rows that are labelled rightly. With 990 ordinary rows and 10 rare ones, who calls every row
ordinary is right in 99 % of them, and useless.

An *alarm* is a row that the model calls rare. *Precision* is the share of the alarms that are right, *recall* the share
of the rare rows that are found; *F1* and *MCC* are one number each of all that went right and wrong (the next step
counts them). *Balanced accuracy* is the mean of two shares: of rare rows labelled rightly, and of ordinary ones.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from rareclass import metrics
from rareclass.errors import UndefinedWarning
from rareclass.learning import Figure, agree, from_command_line, lesson

NAMES = ("accuracy", "precision", "recall", "f1", "mcc")
PACKAGE = (
    metrics.accuracy_score,
    metrics.precision_score,
    metrics.recall_score,
    metrics.f1_score,
    metrics.matthews_corrcoef,
)


def always_ordinary(y: np.ndarray) -> np.ndarray:
    """The laziest model: every row is ordinary."""
    return np.zeros_like(y)


def finds_eight(y: np.ndarray) -> np.ndarray:
    """A useful model: it finds 8 of the 10 rare rows, and calls 30 ordinary rows rare."""
    y_pred = np.zeros_like(y)
    y_pred[np.flatnonzero(y == 1)[:8]] = 1
    y_pred[np.flatnonzero(y == 0)[:30]] = 1
    return y_pred


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    compute_metrics = lesson("metrics").compute_metrics  # built in the next step
    y = np.repeat([0, 1], [990, 10])
    lazy, useful = (compute_metrics(y, model(y)) for model in (always_ordinary, finds_eight))
    print("990 ordinary rows, 10 rare ones.")
    print(f"{'':>10}  calls all ordinary  finds 8 of 10 with 30 false alarms")
    for name in NAMES:
        shown = ["undefined" if np.isnan(m[name]) else f"{m[name]:.3f}" for m in (lazy, useful)]
        print(f"{name:>10}  {shown[0]:>18}  {shown[1]:>34}")
    print("By accuracy the useless model wins. Its precision is undefined: it raised no alarm that could be right.")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedWarning)  # the package says why precision has no value here
        for by_hand, model in ((lazy, always_ordinary), (useful, finds_eight)):
            package = [score(y, model(y)) for score in PACKAGE]
            agree("all five numbers", [by_hand[name] for name in NAMES], package, within=1e-12)

    shares = np.linspace(0.001, 0.5, 100)
    figure = Figure("Who calls every row ordinary", "Accuracy rises to one as events get rarer; recall stays at zero.")
    plot = figure.panel("Calls every row ordinary", (0, 0.5), (0, 1), "share of rare rows", "value")
    plot.line([(s, 1 - s) for s in shares], "line-a")
    plot.line([(s, 0.5) for s in shares], "line-c")
    plot.line([(s, 0.0) for s in shares], "line-b")
    figure.legend(("line-a", "accuracy"), ("line-c", "balanced accuracy"), ("line-b", "recall, F1 and MCC"))
    figure.save(out, "accuracy")
    return {"lazy": lazy, "useful": useful}


if __name__ == "__main__":
    from_command_line(main)
