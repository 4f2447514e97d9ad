"""What is wrong with scores beside the labels that they are judged by."""

import numpy as np

from rareclass.evaluation.faults import finding
from rareclass.evaluation.results import Finding
from rareclass.metrics.ranking import average_precision_score
from rareclass.uncertainty.interval import confidence_interval

CHANCE_LEVEL = 0.99
"""Of the interval that must lie below chance: one random scorer in two hundred is called worse by chance."""


def score_findings(y: np.ndarray, score: np.ndarray) -> list[Finding]:
    """Scores that are constant, labels, worse than chance, too good, or calibrated on the rows that judge them."""
    found = []
    if np.unique(score).size == 1:
        found.append(finding("constant-score", f"value {score[0]:g}"))
    elif np.unique(score).size == 2:
        found.append(finding("labels-instead-of-scores", "two distinct scores"))
    elif how := fitted_to(y, score):
        found.append(finding("calibrated-on-judged-rows", how))
    ap = average_precision_score(y, score)
    if y.mean() < 0.05 and ap > 0.99 and y.sum() >= 10:
        found.append(finding("too-good", f"average precision {ap:.4f} at a prevalence of {y.mean():.3%}"))
    auc = confidence_interval("roc_auc", y, score, level=CHANCE_LEVEL)
    if auc.high < 0.5:
        evidence = f"area under the ROC curve {auc.estimate:.3f} [{auc.low:.3f}, {auc.high:.3f}] (99 %), chance 0.5"
        found.append(finding("worse-than-chance", evidence))
    return found


def fitted_to(y: np.ndarray, p: np.ndarray) -> str:
    """How these probabilities reproduce the labels exactly, as only a calibrator fitted on them does; else empty.

    Isotonic regression and bins leave a level for each share of events that they found; logistic calibration leaves an
    intercept of 0 and a slope of 1, both exactly.
    """
    events, n = float(y.sum()), y.size
    if events < 5 or n - events < 5 or p.min() < 0 or p.max() > 1:
        return ""
    level, code, counts = np.unique(p, return_inverse=True, return_counts=True)
    if level.size < 3:
        return ""
    shares = np.bincount(code, y) / counts
    pooled = (counts > 1) & (shares > 0) & (shares < 1)
    if pooled.sum() >= 3 and np.abs(shares - level)[pooled].max() < 1e-6:
        return f"each of {level.size} distinct probabilities is the share of events among its rows"
    inner = np.clip(p, 1e-12, 1 - 1e-12)
    z, weight = np.log(inner / (1 - inner)), inner * (1 - inner)
    # Platt's smoothed targets beside the labels as they are
    smooth = np.where(y, (events + 1) / (events + 2), 1 / (n - events + 2))
    for target in (y.astype(float), smooth):
        off = np.array([(target - p).sum(), ((target - p) * (z - z.mean())).sum()])
        scale = np.sqrt([weight.sum(), (weight * (z - z.mean()) ** 2).sum()])
        if (np.abs(off) < 0.005 * scale).all():
            return f"{p.sum():.4f} events expected, {target.sum():.4f} seen; the slope is 1 as exactly"
    return ""
