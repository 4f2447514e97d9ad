"""Counting right and wrong alarms: precision, recall, F1, F-beta, MCC, kappa, and average precision beside ROC.

rareclass learn metrics        or: python examples/from_scratch/metrics.py [--quick] [--out DIR]

An *alarm* is a row that the model calls rare. Four counts hold everything: true positives (tp: rare, alarm), false
positives (fp: ordinary, alarm), false negatives (fn: rare, no alarm) and true negatives (tn: ordinary, no alarm).

*Precision*, tp / (tp + fp), says how many of the alarms are right, *recall*, tp / (tp + fn), how many of the rare rows
are found. *F1*, 2 tp / (2 tp + fp + fn), is one number of both; in F-beta recall counts beta times as much as
precision. MCC and Cohen's kappa say how far the alarms are above luck: 1 is all right, 0 is luck. A *score* orders the
rows, and a threshold on it makes alarms. Two numbers judge the order, whatever the threshold: *average precision*, the
mean precision as the threshold goes down, and the *ROC area*, the chance that a rare row has a higher score than an
ordinary one.
"""

from pathlib import Path
from typing import Any

import numpy as np

from rareclass import metrics as package
from rareclass.learning import Figure, agree, from_command_line, lesson


def count(y_true: np.ndarray, y_pred: np.ndarray) -> tuple[int, int, int, int]:
    """tp, fp, fn, tn of labels and predictions (n,), both 0 or 1."""
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(f"{y_true.size} labels and {y_pred.size} predictions: each row needs one of both.")
    if not all(((v == 0) | (v == 1)).all() for v in (y_true, y_pred)):
        raise ValueError("Labels and predictions are 0 or 1. Write y == 'fraud' for words, p >= 0.5 for probabilities.")
    tp = int(((y_true == 1) & (y_pred == 1)).sum())
    fp = int(((y_true == 0) & (y_pred == 1)).sum())
    fn = int(((y_true == 1) & (y_pred == 0)).sum())
    tn = int(((y_true == 0) & (y_pred == 0)).sum())
    return tp, fp, fn, tn


def f_beta(tp: int, fp: int, fn: int, beta: float = 1.0) -> float:
    """Precision and recall in one number; with beta = 2 recall counts more, with 0.5 precision does."""
    below = (1 + beta**2) * tp + beta**2 * fn + fp
    return (1 + beta**2) * tp / below if below else float("nan")


def compute_metrics(y_true: np.ndarray, y_pred: np.ndarray) -> dict[str, float]:
    """Counts and rates of labels and predictions (n,), both 0 or 1; what has no value is NaN."""
    tp, fp, fn, tn = count(y_true, y_pred)
    n = tp + fp + fn + tn
    accuracy = (tp + tn) / n if n else float("nan")
    # MCC, Matthews' correlation: 1 for all right, 0 for luck, -1 for all wrong
    product = float(tp + fp) * float(tp + fn) * float(tn + fp) * float(tn + fn)
    mcc = (tp * tn - fp * fn) / np.sqrt(product) if product else 0.0
    # Cohen's kappa: how far accuracy is above what luck gives with as many alarms
    luck = ((tp + fp) * (tp + fn) + (tn + fp) * (tn + fn)) / n**2 if n else float("nan")
    kappa = (accuracy - luck) / (1 - luck) if luck != 1 else float("nan")
    return {
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "tn": tn,
        "accuracy": accuracy,
        "precision": tp / (tp + fp) if tp + fp else float("nan"),  # of the alarms, how many are right
        "recall": tp / (tp + fn) if tp + fn else float("nan"),  # of the rare rows, how many are found
        "f1": f_beta(tp, fp, fn),
        "f2": f_beta(tp, fp, fn, beta=2.0),
        "mcc": float(mcc),
        "kappa": kappa,
    }


def alarms_at_each_threshold(y_true: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thresholds, highest first, and how many true and false positives there are at or above each.

    Rows of one score become alarms together: the order in which they happen to stand must not matter.
    """
    order = np.argsort(-score, kind="stable")
    y, s = np.asarray(y_true)[order], score[order]
    last = np.flatnonzero(np.append(s[1:] != s[:-1], True))
    return s[last], np.cumsum(y)[last], np.cumsum(1 - y)[last]


def average_precision(y_true: np.ndarray, score: np.ndarray) -> float:
    """Precision at each threshold, weighted by the recall that the threshold adds."""
    _, tp, fp = alarms_at_each_threshold(y_true, score)
    recall = tp / tp[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * tp / (tp + fp)))


def roc_area(y_true: np.ndarray, score: np.ndarray) -> float:
    """The area under recall drawn against the share of ordinary rows that alarm (the ROC curve)."""
    _, tp, fp = alarms_at_each_threshold(y_true, score)
    recall, false_alarms = np.append(0, tp) / tp[-1], np.append(0, fp) / fp[-1]
    return float(np.sum(np.diff(false_alarms) * (recall[1:] + recall[:-1]) / 2))


def main(out: Path, quick: bool = False) -> dict[str, Any]:
    X, y = lesson("data").make_data()
    score = X.sum(axis=1)  # the further up and right, the more probably rare
    y_pred = (score > 3).astype(int)
    by_hand = compute_metrics(y, y_pred)
    print("Alarm where the two features sum to more than 3:")
    print(", ".join(f"{name} {value:.3f}" if value % 1 else f"{name} {value:g}" for name, value in by_hand.items()))

    names = ("accuracy", "precision", "recall", "f1", "mcc", "kappa")
    labels = (package.accuracy_score, package.precision_score, package.recall_score, package.f1_score)
    scores = [f(y, y_pred) for f in (*labels, package.matthews_corrcoef, package.cohen_kappa_score)]
    agree("accuracy, precision, recall, F1, MCC and kappa", [by_hand[name] for name in names], scores, within=1e-12)
    agree("F2", by_hand["f2"], package.fbeta_score(y, y_pred, beta=2), within=1e-12)
    rounded = np.round(score)  # with many ties
    ap = average_precision(y, rounded)
    agree("average precision with ties", ap, package.average_precision_score(y, rounded), within=1e-12)
    agree("ROC area with ties", roc_area(y, rounded), package.roc_auc_score(y, rounded), within=1e-12)

    # the same two clouds, with the rare one ten times rarer: ROC does not notice, average precision does
    X_rare, y_rare = lesson("data").make_data(n_majority=9_500 if quick else 95_000, n_minority=50 if quick else 500)
    rare = X_rare.sum(axis=1)
    areas = {"5 %": (y, score), "0.5 %": (y_rare, rare)}
    found = {}
    for share, (labels_of, score_of) in areas.items():
        found[share] = roc_area(labels_of, score_of), average_precision(labels_of, score_of)
        print(f"{share:>6} rare: ROC area {found[share][0]:.3f}, average precision {found[share][1]:.3f}")
    print("Ten times rarer, as easily told apart: the ROC area stays, precision falls. Report both, with the share.")

    said = "; ".join(f"{share} rare: ROC area {a:.3f}, average precision {b:.3f}" for share, (a, b) in found.items())
    figure = Figure("Two curves of one score", f"As events get rarer the ROC curve stays, precision falls. {said}.")
    roc = figure.panel("ROC curve", (0, 1), (0, 1), "share of ordinary rows that alarm", "recall")
    curve = figure.panel("Precision-recall curve", (0, 1), (0, 1), "recall", "precision")
    for cls, (labels_of, score_of) in zip(("line-a", "line-c"), areas.values()):
        _, tp, fp = alarms_at_each_threshold(labels_of, score_of)
        some = np.unique(np.searchsorted(tp, np.linspace(1, tp[-1], 60)))  # points enough for a picture
        roc.line([(0, 0), *zip(fp[some] / fp[-1], tp[some] / tp[-1]), (1, 1)], cls)
        curve.line([*zip(tp[some] / tp[-1], tp[some] / (tp[some] + fp[some]))], cls)
    figure.legend(("line-a", "5 % rare"), ("line-c", "0.5 % rare"))
    figure.save(out, "metrics")
    return {"by_hand": by_hand, "areas": found}


if __name__ == "__main__":
    from_command_line(main)
