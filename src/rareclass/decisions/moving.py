"""What a prevalence that has moved does to thresholds and curves."""

from dataclasses import replace
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.kernels.logits import logit, sigmoid
from rareclass.metrics.curve import ThresholdCurve


def moved_threshold(threshold: float | np.ndarray, shift: float) -> Any:
    """Probability threshold(s) moved by `shift` on the log-odds; -inf and +inf (always, never) stay."""
    if shift == 0:
        return threshold
    t = np.asarray(threshold, dtype=np.float64)
    inside = (t > 0) & (t < 1)
    moved = np.where(inside, sigmoid(logit(np.where(inside, t, 0.5)) + shift), t)
    return float(moved) if moved.ndim == 0 else moved


def curve_at_prevalence(curve: ThresholdCurve, prevalence: float) -> ThresholdCurve:
    """The curve that the same scorer would have where the share of positives is `prevalence`.

    Rows of each class score as before (label shift), so counts of positives and of negatives are each scaled. They are
    no longer counts: confidence bounds must not be computed from them.

    Examples
    --------
    >>> curve = ThresholdCurve.from_predictions([0, 1, 1, 0], [0.1, 0.9, 0.4, 0.4])
    >>> round(float(curve_at_prevalence(curve, 0.1).precision[2]), 4)
    0.1818
    """
    share = _check.fraction(prevalence, "prevalence", closed="neither")
    up, down = share / curve.prevalence, (1 - share) / (1 - curve.prevalence)
    return replace(
        curve, tp=curve.tp * up, fp=curve.fp * down, positives=curve.positives * up, negatives=curve.negatives * down
    )
