"""The collapse alarm: does a learner rank rows it did not see better than chance, and no worse than a linear model?"""

import warnings

import numpy as np

from rareclass.errors import CollapseWarning

_LEAST_EVENTS = 10
_RARE = 0.05
_TIMES_CHANCE = 3.0
# where the truth is linear, a linear model wins by a little: that is no collapse
_SHARE_BEHIND = 1 / 3


def event_precision(y: np.ndarray, score: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Precision at the score of each event (events,), in their order; its weighted mean is the average precision."""
    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    hits, all_rows = np.cumsum((weight * y)[order]), np.cumsum(weight[order])
    # ties count together: every row up to the last one with the same score
    last = np.searchsorted(-ranked, -ranked, side="right") - 1
    precision = np.empty(y.size)
    precision[order] = hits[last] / all_rows[last]
    return precision[y]


def collapse_message(
    name: str, y: np.ndarray, score: np.ndarray, baseline: np.ndarray, weight: np.ndarray
) -> str | None:
    """The sentence of a collapse, or None.

    Parameters
    ----------
    name : str
        Of the learner.
    y : ndarray of shape (n,), Boolean
        True for the rare class.
    score, baseline : ndarray of shape (n,)
        Out-of-fold scores of the learner and of a linear model on the same folds, higher = more likely rare.
    weight : ndarray of shape (n,)
        Rows that each row stands for, so that the precision is that of the real prevalence.
    """
    events = int(y.sum())
    if events < _LEAST_EVENTS:
        return None
    prevalence = float(weight[y].sum() / weight.sum())
    mine, linear = event_precision(y, score, weight), event_precision(y, baseline, weight)
    reached, needed = float(np.average(mine, weights=weight[y])), _TIMES_CHANCE * prevalence
    noise = float(mine.std(ddof=1) / np.sqrt(events))
    if prevalence <= _RARE and reached + 2 * noise < needed:
        return (
            f"{name} ranks hardly better than chance: out-of-fold average precision {reached:.2g} with a prevalence of "
            f"{prevalence:.2g} ({events} events). Look for features that carry signal, or for labels that do not."
        )
    gap = linear - mine
    behind = float(np.average(gap, weights=weight[y]))
    if behind > max(_SHARE_BEHIND * (reached + behind), 2 * float(gap.std(ddof=1)) / np.sqrt(events)):
        return (
            f"{name} ranks below a linear model: out-of-fold average precision {reached:.3f} against "
            f"{reached + behind:.3f} ({events} events). Use logistic_regression or blend, or stronger guards."
        )
    return None


def warn_of_collapse(message: str | None) -> None:
    """Emit a `CollapseWarning` where there is something to say."""
    if message is not None:
        warnings.warn(message, CollapseWarning, stacklevel=7)
