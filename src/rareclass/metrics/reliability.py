"""Calibration error over quantile bins of the log-odds, and the decomposition of the Brier score."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rareclass import _check
from rareclass._types import Floats, Label, Labels, Scores, Weights
from rareclass.metrics._inputs import Rows, probability_rows


class Bins(NamedTuple):
    """Quantile bins from low to high probability, float64 (bins,) each: ends, weights, positives, mean probability."""

    low: Floats
    high: Floats
    rows: Floats
    positives: Floats
    predicted: Floats
    of_row: NDArray[np.intp]  # (n,) bin of each row


def _numbered(rows: Rows, n_bins: int, by: str) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
    """Distinct probabilities (ascending), distinct index of each row, and bin of each distinct probability."""
    distinct, index = np.unique(rows.score, return_inverse=True)
    weight = np.bincount(index, weights=rows.weight, minlength=distinct.shape[0]).astype(np.float64)
    mass = weight * distinct if by == "expected" else weight
    if mass.sum() <= 0:
        mass = weight
    # a distinct value belongs to the bin that holds the middle of its mass: ties are never split
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    number = np.minimum((middle * n_bins).astype(np.intp), n_bins - 1)
    return distinct, index, np.unique(number, return_inverse=True)[1].astype(np.intp)


def binned(rows: Rows, n_bins: int, by: str) -> Bins:
    """At most `n_bins` bins of about equal rows, or of equal expected events (`by`)."""
    distinct, index, number = _numbered(rows, n_bins, by)
    bin_of_row = number[index]
    m = int(number[-1]) + 1
    weight = np.ones(rows.y.shape[0]) if rows.weight is None else rows.weight
    size, positives, score = (
        np.bincount(bin_of_row, weights=w, minlength=m).astype(np.float64)
        for w in (weight, weight * rows.y, weight * rows.score)
    )
    first = np.searchsorted(number, np.arange(m))
    last = np.append(first[1:], number.shape[0]) - 1
    return Bins(distinct[first], distinct[last], size, positives, score / size, bin_of_row)


def calibration_error(
    y_true: Labels,
    y_proba: Scores,
    *,
    n_bins: int = 10,
    by: str = "rows",
    norm: int = 1,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> float:
    """Mean distance between observed and predicted share over quantile bins of the log-odds.

    Its size is bounded by the prevalence, so read it relative to that, and beside `observed_to_expected` and
    `calibration_slope`, which noise inflates less. A constant equal to the prevalence has error 0 without being useful.

    Parameters
    ----------
    y_true, y_proba, sample_weight, pos_label
        As in `brier_score`.
    n_bins, by
        As in `rareclass.uncertainty.reliability_table`.
    norm : {1, 2}, default 1
        1: weighted mean of absolute differences; 2: root of the weighted mean of squares.

    Returns
    -------
    float in [0, 1], 0 is best
        Chance level: 0 for a constant equal to the prevalence. Biased upwards: even perfect probabilities have about
        sqrt(2 * prevalence * n_bins / (pi * n)) by noise. Tied probabilities share a bin.

    Notes
    -----
    Adaptive (equal-mass) form: Nguyen and O'Connor (2015), EMNLP.

    Examples
    --------
    >>> round(calibration_error([0, 0, 1, 0, 1, 1], [0.1, 0.3, 0.2, 0.6, 0.7, 0.9], n_bins=2), 4)
    0.1
    """
    _check.one_of(norm, "norm", (1, 2))
    rows = probability_rows(y_true, y_proba, sample_weight, pos_label)
    bins = binned(rows, _check.whole_number(n_bins, "n_bins", low=1), _check.one_of(by, "by", ("rows", "expected")))
    gap = np.abs(bins.positives / bins.rows - bins.predicted)
    return float(np.average(gap**norm, weights=bins.rows) ** (1 / norm))


class BrierParts(NamedTuple):
    """brier = reliability - resolution + uncertainty (+ what varies within bins)."""

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within_bins: float


def brier_decomposition(
    y_true: Labels,
    y_proba: Scores,
    *,
    n_bins: int | None = None,
    by: str = "rows",
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> BrierParts:
    """Murphy's decomposition of the Brier score.

    Parameters
    ----------
    y_true, y_proba, sample_weight, pos_label
        As in `brier_score`.
    n_bins : int, optional
        None (default) takes every distinct probability as its own bin, where the three parts add up exactly; with
        continuous probabilities that over-fits the reliability, so give a number of quantile bins.
    by
        As in `rareclass.uncertainty.reliability_table`.

    Returns
    -------
    BrierParts(brier, reliability, resolution, uncertainty, within_bins)
        ``brier == reliability - resolution + uncertainty + within_bins``, exactly. Reliability >= 0, 0 is best;
        resolution in [0, uncertainty], more is better; uncertainty = prevalence * (1 - prevalence). Chance level of a
        constant equal to the prevalence: both 0. `within_bins` is the part that binning hides (Stephenson's two extra
        terms); 0 without binning. Tied probabilities share a bin.

    Notes
    -----
    Murphy (1973), J. Appl. Meteorol. 12:595; Stephenson et al. (2008), Weather and Forecasting 23:752.

    Examples
    --------
    >>> parts = brier_decomposition([0, 1, 0, 1], [0.2, 0.2, 0.8, 0.8])
    >>> [round(v, 4) for v in parts]
    [0.34, 0.09, 0.0, 0.25, 0.0]
    """
    rows = probability_rows(y_true, y_proba, sample_weight, pos_label)
    bins = np.unique(rows.score).shape[0] if n_bins is None else n_bins
    weight = np.ones(rows.y.shape[0]) if rows.weight is None else rows.weight
    if n_bins is None:
        number = np.unique(rows.score, return_inverse=True)[1]
    else:
        _check.whole_number(bins, "n_bins", low=1)
        _, index, of_distinct = _numbered(rows, bins, _check.one_of(by, "by", ("rows", "expected")))
        number = of_distinct[index]
    size = np.bincount(number, weights=weight)
    observed = np.bincount(number, weights=weight * rows.y) / size
    predicted = np.bincount(number, weights=weight * rows.score) / size
    prevalence = float(np.average(rows.y, weights=weight))
    brier = float(np.average((rows.score - rows.y) ** 2, weights=weight))
    reliability = float(np.average((predicted - observed) ** 2, weights=size))
    resolution = float(np.average((observed - prevalence) ** 2, weights=size))
    uncertainty = prevalence * (1 - prevalence)
    within = 0.0 if n_bins is None else brier - (reliability - resolution + uncertainty)
    return BrierParts(brier, reliability, resolution, uncertainty, within)
