"""Precision and recall that calibrated probabilities expect, before any label comes."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.calibration.uncertainty import CalibrationUncertainty
from rareclass.kernels.logits import logit, sigmoid
from rareclass.uncertainty.estimate import Interval

_CELL = 0.05
_EACH = 10
_END = 1e-9


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What probabilities expect of a window of rows.

    Attributes
    ----------
    rows, alerts : int
    events : Interval
        Number of events.
    precision, recall : Interval or None
        None without alerts, or where no event is expected. Low and high hold the rate that the labels will show,
        not only its mean.
    sentence : str
    """

    rows: int
    alerts: int
    events: Interval
    precision: Interval | None
    recall: Interval | None
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def expected_rates(
    probability: ArrayLike, alert: ArrayLike, *, calibration: CalibrationUncertainty | None = None, level: float = 0.95
) -> Expected:
    """Precision and recall of a window from its calibrated probabilities, with bands.

    When to use: to see what the model does while labels are on their way. When not: as a proof that it still works.
    It assumes that the probabilities are calibrated on these rows; look at the calibration on matured labels beside.

    Parameters
    ----------
    probability : (n,)
        Calibrated; NaN is left out with its row.
    alert : (n,), bool
    calibration : CalibrationUncertainty, optional
        How well the calibration is known (``Bundle.reference["calibration"]``); without it the bands hold the chance
        of the events only, and are too narrow.
    level : float in (0, 1), default=0.95

    Raises
    ------
    InputError
        A probability lies outside [0, 1], or the lengths differ.

    Notes
    -----
    Estimates are sums of probabilities (confidence-based performance estimation). Bands are quantiles over sums of
    independent events (Poisson-binomial; rows within 0.05 of log-odds share a probability) under calibrations that may
    be the right one. They are drawn with a fixed seed: the same rows give the same band.

    Examples
    --------
    >>> p = np.repeat([0.5, 0.01], [100, 5000])
    >>> found = expected_rates(p, p > 0.3)
    >>> found.precision.estimate, found.recall.estimate
    (0.5, 0.5)
    >>> found.precision.low < 0.42 < 0.58 < found.precision.high
    True
    """
    level = _check.fraction(level, "level", closed="neither")
    p = _check.probabilities(probability)
    flag = _check.column(alert, "alert").astype(bool)
    _check.same_length(probability=p, alert=flag)
    p, flag = p[~np.isnan(p)], flag[~np.isnan(p)]
    caught_p, missed_p = np.sort(p[flag]), np.sort(p[~flag])  # sums do not hang on the order of rows
    tp, fn, alerts = float(caught_p.sum()), float(missed_p.sum()), int(flag.sum())
    rng = np.random.default_rng(0)
    caught, missed = (_drawn(part, calibration, rng) for part in (caught_p, missed_p))
    ends = [(1 - level) / 2, (1 + level) / 2]

    def band(estimate: float, values: np.ndarray) -> Interval:
        low, high = np.quantile(values, ends)
        return Interval(estimate, float(min(low, estimate)), float(max(high, estimate)), level, "calibrated sums")

    events = band(tp + fn, caught + missed)
    precision = band(tp / alerts, caught / alerts) if alerts else None
    some = caught + missed > 0
    recall = band(tp / (tp + fn), (caught / np.maximum(caught + missed, 1))[some]) if alerts and some.any() else None
    return Expected(
        rows=int(p.size), alerts=alerts, events=events, precision=precision, recall=recall,
        sentence=_said(int(p.size), alerts, precision, recall),
    )  # fmt: skip


def _drawn(p: np.ndarray, calibration: CalibrationUncertainty | None, rng: np.random.Generator) -> np.ndarray:
    """Numbers of events among rows, drawn."""
    cell, rows = np.unique(np.round(logit(np.clip(p, _END, 1 - _END)) / _CELL), return_counts=True)
    z = cell * _CELL
    right = sigmoid(z[None] if calibration is None else calibration.draws(z))
    right = np.repeat(right, 4000 if calibration is None else _EACH, axis=0)
    return np.asarray(rng.binomial(rows, right).sum(axis=1), dtype=np.float64)


def _said(rows: int, alerts: int, precision: Interval | None, recall: Interval | None) -> str:
    if not rows:
        return "The window holds no rows."
    if precision is None or recall is None:
        return f"None of {rows:,} rows alerts; there is nothing to expect of alerts."
    return (
        f"If the probabilities are right, {precision.estimate:.0%} of {alerts:,} alerts are events "
        f"[{precision.low:.0%}, {precision.high:.0%}], and {recall.estimate:.0%} of events alert "
        f"[{recall.low:.0%}, {recall.high:.0%}]."
    )
