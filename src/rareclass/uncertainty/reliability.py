"""Reliability by bins of the log-odds, each with its interval."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Flags, Floats, Label, Labels, Scores, Weights
from rareclass.kernels.effective import Counted, unit
from rareclass.metrics._inputs import Rows, probability_rows
from rareclass.metrics.reliability import Bins, binned
from rareclass.uncertainty.bands import rate_band
from rareclass.uncertainty.estimate import Table
from rareclass.uncertainty.named import Trials, rate_of
from rareclass.uncertainty.rates import grouped_limits
from rareclass.uncertainty.sample import Sample, make_sample


@dataclass(frozen=True, eq=False, kw_only=True)
class ReliabilityTable(Table):
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
        Interval of `observed`: Wilson's, at the effective numbers of positives and negatives where there are weights.
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


def reliability_table(
    y_true: Labels,
    y_proba: Scores,
    *,
    n_bins: int = 10,
    by: str = "rows",
    level: float = 0.95,
    sample_weight: Weights = None,
    groups: ArrayLike | None = None,
    pos_label: Label = None,
) -> ReliabilityTable:
    """Observed share of positives against the mean probability, in quantile bins of the log-odds.

    Bins of equal width put all rows of a rare-event model into the first bin and call anything calibrated; quantiles
    do not (and are the same on the probability, its logit or any monotone scale). Draw the table on log-odds axes.

    Parameters
    ----------
    y_true, y_proba, sample_weight, pos_label
        As in `rareclass.metrics.brier_score`.
    n_bins : int >= 1, default 10
        Largest number of bins; ties are never split, so there can be fewer.
    by : {"rows", "expected"}, default "rows"
        "rows": each bin holds about the same number of rows. "expected": about the same number of expected events,
        which shows the top scores, where the alerts are, in finer detail.
    level : float in (0, 1), default 0.95
        Coverage of the interval of each bin.
    groups : array-like (n,), optional
        Rows of one group are dependent: the intervals count groups.

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
    whole = None
    if groups is not None:
        whole = make_sample(y_true, y_proba, sample_weight=sample_weight, groups=groups, pos_label=pos_label)
    n_bins = _check.whole_number(n_bins, "n_bins", low=1)
    level = _check.fraction(level, "level", closed="neither")
    _check.one_of(by, "by", ("rows", "expected"))
    bins = binned(rows, n_bins, by)
    if whole is None:
        low, high = rate_band(*_counted(rows, bins), level)
    else:
        low, high = _grouped(whole, bins, level)
    return ReliabilityTable(
        low=bins.low,
        high=bins.high,
        rows=bins.rows,
        positives=bins.positives,
        predicted=bins.predicted,
        observed=bins.positives / bins.rows,
        observed_low=low,
        observed_high=high,
        level=level,
    )


def _counted(rows: Rows, bins: Bins) -> tuple[Counted, Counted]:
    """Positives and negatives of each bin."""
    weight = np.ones(rows.y.shape[0]) if rows.weight is None else rows.weight
    m = bins.rows.shape[0]

    def kind(mask: Flags) -> Counted:
        w, at = weight[mask], bins.of_row[mask]
        total, squares = (np.bincount(at, weights=v, minlength=m).astype(np.float64) for v in (w, w**2))
        return Counted(total, squares, unit(w if w.size else weight))

    return kind(rows.y), kind(~rows.y)


def _grouped(rows: Sample, bins: Bins, level: float) -> tuple[Floats, Floats]:
    """Limits of the share of positives in each bin, over groups."""
    inside = [bins.of_row == k for k in range(bins.rows.shape[0])]
    each = [grouped_limits(rows, rate_of(rows, Trials(rows.y & i, i, True)), level) for i in inside]
    low, high = np.array(each).T
    return low, high
