"""What a prevalence that has moved does to thresholds and curves."""

import warnings
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np

from rareclass import _check
from rareclass.errors import CalibrationWarning, InputError
from rareclass.kernels.logits import logit, sigmoid
from rareclass.metrics.curve import ThresholdCurve


@runtime_checkable
class PrevalenceLimits(Protocol):
    """An estimated prevalence with the limits of its interval."""

    @property
    def estimate(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def surely_moved(old: float, found: PrevalenceLimits) -> float:
    """The prevalence to act on: `old` while the limits hold it, beyond them most of the way to the estimate.

    Where the estimate lies d from `old` and its nearer limit c from the estimate, on the log-odds, the move is
    d - c^2 / d: none where the limit touches `old`, all of d where the estimate is exact (Breiman's garotte, 1995,
    Technometrics 37:373). An estimate of 0 or 1 moves to its limit.

    Raises
    ------
    InputError
        `old` is not known.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> surely_moved(0.01, SimpleNamespace(estimate=0.012, low=0.009, high=0.016))
    0.01
    >>> round(surely_moved(0.01, SimpleNamespace(estimate=0.04, low=0.03, high=0.05)), 4)
    0.0377
    """
    if np.isnan(old):
        raise InputError("The decision does not know the prevalence it was made at; choose it on a curve first.")
    if getattr(found, "calibration_events", 1) is None:
        warnings.warn(
            "The limits of this prevalence take the scores as exactly calibrated, so they are too narrow to decide by. "
            "Pass `calibration` to estimate_prevalence.",
            CalibrationWarning,
            stacklevel=3,
        )
    if found.low <= old <= found.high:
        return old
    limit = found.low if found.low > old else found.high
    if found.estimate in (0.0, 1.0):
        return limit
    near, far, here = (float(logit(v)) for v in (limit, found.estimate, old))
    return float(sigmoid(far - (far - near) ** 2 / (far - here)))


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
