"""Reliability by bins of the log-odds, its calibration error, and the decomposition of the Brier score."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rareclass import _check
from rareclass.kernels.intervals import wilson
from rareclass.metrics._inputs import Rows, probability_rows

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ReliabilityTable:
    """One entry for each bin of equal rows (or equal expected events), from low to high probability.

    Parameters
    ----------
    low, high : float64 array (bins,)
        Smallest and largest probability in the bin.
    rows : float64 array (bins,)
        Number (weight) of rows.
    positives : float64 array (bins,)
        Number (weight) of positives.
    predicted : float64 array (bins,)
        Mean probability.
    observed : float64 array (bins,)
        Share of positives.
    observed_low, observed_high : float64 array (bins,)
        Wilson interval of `observed`; with weights, at the effective number of rows (Kish).
    level : float
        Its nominal coverage.
    """

    low: Floats
    high: Floats
    rows: Floats
    positives: Floats
    predicted: Floats
    observed: Floats
    observed_low: Floats
    observed_high: Floats
    level: float = 0.95

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def to_dict(self) -> dict[str, Any]:
        """Lists of plain numbers, ready for JSON."""
        return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in asdict(self).items()}


def _bins(rows: Rows, n_bins: int, by: str) -> tuple[Floats, NDArray[np.intp], NDArray[np.intp]]:
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


def reliability_table(
    y_true: Any,
    y_proba: Any,
    *,
    n_bins: int = 10,
    by: str = "rows",
    level: float = 0.95,
    sample_weight: Any = None,
    pos_label: Any = None,
) -> ReliabilityTable:
    """Observed share of positives against the mean probability, in quantile bins of the log-odds.

    Bins of equal width put all rows of a rare-event model into the first bin and call anything calibrated; quantiles
    do not (and are the same on the probability, its logit or any monotone scale). Draw the table on log-odds axes.

    Parameters
    ----------
    y_true, y_proba, sample_weight, pos_label
        As in `brier_score`.
    n_bins : int >= 1, default 10
        Largest number of bins; ties are never split, so there can be fewer.
    by : {"rows", "expected"}, default "rows"
        "rows": each bin holds about the same number of rows. "expected": about the same number of expected events,
        which shows the top scores, where the alerts are, in finer detail.
    level : float in (0, 1), default 0.95
        Coverage of the interval of each bin.

    Returns
    -------
    ReliabilityTable
        Shares in [0, 1]. Chance level: the prevalence in every bin.

    Notes
    -----
    Wilson intervals: a bin of n rows without positives still has an upper bound of about 3.8/n.
    Broecker and Smith (2007), Weather and Forecasting 22:651, on counts and consistency in such diagrams.

    Examples
    --------
    >>> table = reliability_table([0, 0, 1, 0, 1, 1], [0.1, 0.3, 0.2, 0.6, 0.7, 0.9], n_bins=2)
    >>> table.predicted.round(2).tolist(), table.observed.round(2).tolist()
    ([0.2, 0.73], [0.33, 0.67])
    """
    rows = probability_rows(y_true, y_proba, sample_weight, pos_label)
    n_bins = _check.whole_number(n_bins, "n_bins", low=1)
    level = _check.fraction(level, "level", closed="neither")
    _check.one_of(by, "by", ("rows", "expected"))
    distinct, index, number = _bins(rows, n_bins, by)
    bin_of_row = number[index]
    m = int(number[-1]) + 1
    weight = np.ones(rows.y.shape[0]) if rows.weight is None else rows.weight
    size = np.bincount(bin_of_row, weights=weight, minlength=m).astype(np.float64)
    positives = np.bincount(bin_of_row, weights=weight * rows.y, minlength=m).astype(np.float64)
    predicted = np.bincount(bin_of_row, weights=weight * rows.score, minlength=m) / size
    effective = size**2 / np.bincount(bin_of_row, weights=weight**2, minlength=m)
    first = np.searchsorted(number, np.arange(m))
    last = np.append(first[1:], number.shape[0]) - 1
    observed = positives / size
    low, high = wilson(observed * effective, effective, level)
    return ReliabilityTable(distinct[first], distinct[last], size, positives, predicted, observed, low, high, level)


def calibration_error(
    y_true: Any,
    y_proba: Any,
    *,
    n_bins: int = 10,
    by: str = "rows",
    norm: int = 1,
    sample_weight: Any = None,
    pos_label: Any = None,
) -> float:
    """Mean distance between observed and predicted share over quantile bins of the log-odds.

    Its size is bounded by the prevalence, so read it relative to that, and beside `observed_to_expected` and
    `calibration_slope`, which noise inflates less. A constant equal to the prevalence has error 0 without being useful.

    Parameters
    ----------
    y_true, y_proba, sample_weight, pos_label
        As in `brier_score`.
    n_bins, by
        As in `reliability_table`.
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
    table = reliability_table(y_true, y_proba, n_bins=n_bins, by=by, sample_weight=sample_weight, pos_label=pos_label)
    gap = np.abs(table.observed - table.predicted)
    return float(np.average(gap**norm, weights=table.rows) ** (1 / norm))


class BrierParts(NamedTuple):
    """brier = reliability - resolution + uncertainty (+ what varies within bins)."""

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within_bins: float


def brier_decomposition(
    y_true: Any,
    y_proba: Any,
    *,
    n_bins: int | None = None,
    by: str = "rows",
    sample_weight: Any = None,
    pos_label: Any = None,
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
        As in `reliability_table`.

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
        _, index, of_distinct = _bins(rows, bins, _check.one_of(by, "by", ("rows", "expected")))
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
