"""Calibration by slice: one shift of the log-odds for each, shrunk to their mean as far as slices are alike."""

from dataclasses import dataclass

import numpy as np

from rareclass.kernels.logits import sigmoid
from rareclass.kernels.slices import prior_events, shrunk_shifts

LEAST_EXPECTED = 0.1
"""Slices of which fewer events are expected go to the rest: labels, which luck decides, have no say in it."""


@dataclass(frozen=True, kw_only=True)
class SliceShifts:
    """What to add to calibrated log-odds of the rows of each slice 0 ... k-1.

    A shift is all: a slope for each slice would need about a hundred events in each (`rareclass.calibration.choose`
    takes one for the whole from there on), and what differs between slices is how many events there are.

    Attributes
    ----------
    shift : ndarray of shape (k,)
        Nats; that of the rest for slices that belong to it.
    rest : float
        Shift of all other rows: of no slice, and of slices without a shift of their own. They are one more group; 0
        where it has less than `LEAST_EXPECTED` expected events too.
    observed, expected : ndarray of shape (k,)
        Events of each slice, and the sum of their probabilities before; effective numbers where rows had weights or
        belonged to groups.
    own : ndarray of shape (k,), bool
        Slices with a shift of their own: at least `LEAST_EXPECTED` events are expected.
    prior_events : float
        How many events, that came as in the mean slice, are added to those of each; infinite where slices are alike.
    """

    shift: np.ndarray
    rest: float
    observed: np.ndarray
    expected: np.ndarray
    own: np.ndarray
    prior_events: float

    def apply(self, logit: np.ndarray, number: np.ndarray) -> np.ndarray:
        """Log-odds (n,) of rows whose slices are `number` (n,); -1 is the rest."""
        return logit + np.append(self.shift, self.rest)[number]


def fit_slices(
    logit: np.ndarray,
    y: np.ndarray,
    number: np.ndarray,
    slices: int,
    *,
    weight: np.ndarray | None = None,
    clumping: float = 1.0,
) -> SliceShifts:
    """Empirical Bayes shifts of the slices, from calibrated log-odds of rows that the model did not see.

    How much slices differ is estimated from all of them (`rareclass.kernels.slices.prior_events`); each is then
    shrunk to their mean by as much, such that together they expect what was observed. Where their estimated spread
    is 0, nothing is shifted.

    Parameters
    ----------
    logit, y : ndarray of shape (n,)
        Log-odds (nats) and labels.
    number : ndarray of shape (n,), int
        Slice 0 ... k-1 of each row; -1 for none.
    slices : int
        k.
    weight : ndarray of shape (n,), optional
        That counts events as the rows they are worth (`rareclass.fitting.calibrate.as_counts`).
    clumping : float >= 1, default=1
        By how much dependent rows divide the counts (`clumping_of`).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> number = np.repeat([0, 1, 2, 3], 20_000)
    >>> y = rng.random(number.size) < np.array([0.001, 0.004, 0.016, 0.004])[number]
    >>> found = fit_slices(np.full(y.size, np.log(y.mean() / (1 - y.mean()))), y, number, 4)
    >>> found.shift.round(1).tolist(), round(found.prior_events)
    ([-1.6, -0.4, 0.9, -0.5], 1)
    """
    w = (np.ones(y.size) if weight is None else weight) / clumping
    cell = np.where(number < 0, slices, number)
    expected = np.bincount(cell, w * sigmoid(logit), minlength=slices + 1)
    observed = np.bincount(cell, w * y, minlength=slices + 1)
    own = expected[:-1] >= LEAST_EXPECTED
    group = np.append(np.where(own, np.arange(slices), slices), slices)  # of each slice and of the rest
    worth = np.bincount(group, expected, minlength=slices + 1)
    kept = worth >= LEAST_EXPECTED
    events = np.bincount(group, observed, minlength=slices + 1)[kept]
    prior = prior_events(events, worth[kept]) if kept.sum() > 1 else np.inf
    at = np.where(kept, np.cumsum(kept) - 1, -1)[group][cell]
    rows, shift = at >= 0, np.zeros(slices + 1)
    shift[kept] = shrunk_shifts(logit[rows], w[rows], at[rows], events, prior)
    return SliceShifts(
        shift=shift[group[:-1]],
        rest=float(shift[-1]),
        observed=observed[:-1],
        expected=expected[:-1],
        own=own,
        prior_events=prior,
    )


def clumping_of(residual: np.ndarray, groups: np.ndarray | None = None, row: np.ndarray | None = None) -> float:
    """Design effect of events that come together in groups: variance of their sums over that of single rows, >= 1.

    Parameters
    ----------
    residual : ndarray of shape (n,)
        Weight times (label - probability).
    groups, row : ndarray of shape (n,), optional
        Group of each row, and which of them are the same row, tested more than once.

    Examples
    --------
    >>> clumping_of(np.array([1.0, 1.0, -1.0, -1.0]), np.array([0, 0, 1, 1]))
    2.0
    """
    if groups is None:
        return 1.0

    def squares(number: np.ndarray) -> float:
        together = np.bincount(np.unique(number, return_inverse=True)[1], residual)
        return float(together @ together)

    alone = float(residual @ residual) if row is None else squares(row)
    return max(squares(groups) / alone, 1.0) if alone > 0 else 1.0
