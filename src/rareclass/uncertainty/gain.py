"""Gain and lift along the ranking, with their bands."""

from dataclasses import dataclass

import numpy as np

from rareclass import _check
from rareclass._types import Floats, Label, Labels, Scores, Weights
from rareclass.uncertainty.bands import curve_of_both_classes, precision_band, recall_band, thinned
from rareclass.uncertainty.estimate import Table


@dataclass(frozen=True, eq=False, kw_only=True)
class GainCurve(Table):
    """Share of the positives found (gain) in each top share of the rows.

    Parameters
    ----------
    alert_rate : float64 array (m,), ascending
        Share of rows flagged.
    recall : float64 array (m,)
        Share of positives among them.
    low, high : float64 array (m,)
        Pointwise interval of the recall, cut at what is possible.
    lift_low, lift_high : float64 array (m,)
        Pointwise interval of `lift`.
    prevalence : float
    level : float
        Nominal coverage of the intervals.
    """

    alert_rate: Floats
    recall: Floats
    low: Floats
    high: Floats
    lift_low: Floats
    lift_high: Floats
    prevalence: float
    level: float = 0.95

    @property
    def lift(self) -> Floats:
        """Recall over alert rate = precision over prevalence; 1 is chance."""
        return self.recall / self.alert_rate


def gain_curve(
    y_true: Labels,
    y_score: Scores,
    *,
    points: int = 1000,
    level: float = 0.95,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> GainCurve:
    """Gain and lift at the thresholds at which a positive is gained: what more alerts would bring.

    Parameters
    ----------
    y_true : array-like (n,)
        Binary labels, both classes.
    y_score : array-like (n,)
        Finite scores; higher = more likely positive.
    points : int >= 2, default 1000
        At most so many thresholds, spread evenly.
    level : float in (0, 1), default 0.95
        Coverage at each threshold on its own, taken as fixed.
    sample_weight : array-like (n,), optional
        1 / the probability with which a row was drawn.
    pos_label : label, optional

    Returns
    -------
    GainCurve
        Recalls in [0, 1], lifts in [0, 1 / prevalence]. Chance level: recall = alert rate, lift 1. Tied scores are
        flagged together.

    Raises
    ------
    InputError, TooFewEventsError
        Bad scores, or rows of one class only.

    Notes
    -----
    Piatetsky-Shapiro and Masand (1999), KDD. Wilson intervals, of the recall among the positives and of the precision
    among the alerts.

    Examples
    --------
    >>> curve = gain_curve([0, 0, 1, 0, 1], [0.1, 0.4, 0.35, 0.2, 0.8])
    >>> curve.recall.tolist(), curve.lift.tolist()
    ([0.5, 0.5, 1.0, 1.0], [2.5, 1.25, 1.6666666666666667, 1.0])
    """
    most = _check.whole_number(points, "points", low=2)
    level = _check.fraction(level, "level", closed="neither")
    curve = curve_of_both_classes(y_true, y_score, sample_weight, pos_label)
    gains = np.diff(curve.tp) > 0
    # the points before and after each gain: in between the lift falls with every false alarm
    corner = gains | np.r_[gains[1:], True] | np.r_[True, np.zeros(gains.size - 1, dtype=bool)]
    at = thinned(np.flatnonzero(corner) + 1, most)
    rate, prevalence = curve.alert_rate[at], curve.prevalence
    cells = curve.cells(at)
    (low, high), (lift_low, lift_high) = recall_band(cells, level), precision_band(cells, level)
    return GainCurve(
        alert_rate=rate,
        recall=curve.recall[at],
        low=low,
        high=np.minimum(high, rate / prevalence),
        lift_low=lift_low / prevalence,
        lift_high=lift_high / prevalence,
        prevalence=prevalence,
        level=level,
    )
