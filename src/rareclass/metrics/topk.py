"""What a team that looks at k alerts finds: precision and recall at k, per period and per entity (card)."""

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rareclass import _check
from rareclass._types import Label, Labels, Scores, Weights
from rareclass.errors import ShortfallWarning
from rareclass.metrics._inputs import Rows, scored_rows, undefined
from rareclass.metrics.curve import ThresholdCurve


def _capacity(k: float) -> float:
    return float(_check.whole_number(k, "k", low=1))


def hits_at(curve: ThresholdCurve, k: float) -> float:
    """Expected positives among the k highest rows, ties at the cut in random order."""
    flagged = np.asarray(curve.tp + curve.fp, dtype=np.float64)
    return float(np.interp(k, flagged, np.asarray(curve.tp, dtype=np.float64)))


def _codes(values: ArrayLike, name: str, n: int) -> NDArray[np.intp]:
    array = _check.column(values, name)
    _check.same_length(y_true=np.empty(n), **{name: array})
    _check.class_values(array, name)
    return np.unique(array.astype(str) if array.dtype == object else array, return_inverse=True)[1]


def _curves(
    y_true: Labels, y_score: Scores, periods: ArrayLike | None, sample_weight: Weights, pos_label: Label
) -> list[ThresholdCurve]:
    """One curve for each period, in order; a period whose rows all have weight zero has none."""
    if periods is None:
        return [ThresholdCurve.from_predictions(y_true, y_score, sample_weight=sample_weight, pos_label=pos_label)]
    whole = scored_rows(y_true, y_score, None, pos_label)
    n = whole.y.shape[0]
    weight = _check.weights(sample_weight, n)
    code = _codes(periods, "periods", n)
    keep = np.ones(n, dtype=bool) if weight is None else weight > 0
    out = []
    for period in range(int(code.max()) + 1):
        rows = np.flatnonzero((code == period) & keep)
        if rows.size:
            w = None if weight is None else weight[rows]
            out.append(ThresholdCurve.from_arrays(whole.y[rows], whole.score[rows], w))
    return out


def _warn_short(short: int, periods: int, k: float, what: str = "rows") -> None:
    if short:
        where = "The data hold" if periods == 1 else f"{short} of {periods} periods hold"
        warnings.warn(f"{where} fewer than k={k:g} {what}; all of them were taken.", ShortfallWarning, stacklevel=3)


def precision_at_k(
    y_true: Labels,
    y_score: Scores,
    k: int,
    *,
    periods: ArrayLike | None = None,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> float:
    """Share of positives among the k rows with the highest scores; with periods, its mean over the periods.

    Use it when a team has room for k alerts (in each period) and nothing else.

    Parameters
    ----------
    y_true : array-like (n,)
        Binary labels.
    y_score : array-like (n,)
        Finite scores; higher = more likely positive.
    k : int >= 1
        Alerts (in each period). Fewer rows than k: all are taken, with a `ShortfallWarning`.
    periods : array-like (n,), optional
        Period of each row, such as its day.
    sample_weight : array-like (n,), optional
        Integer weights equal repeated rows; k counts weight.
    pos_label : label, optional

    Returns
    -------
    float in [0, 1]
        Chance level: the prevalence. Ties at the cut: the expected value over random order, so the order of rows
        never matters. 0 without positives, which is its value.

    Raises
    ------
    InputError
        Bad scores, k < 1, missing periods, wrong lengths.

    Notes
    -----
    McSherry and Najork (2008), ECIR, on expected values under ties.

    Examples
    --------
    >>> precision_at_k([0, 1, 0, 1], [0.9, 0.8, 0.8, 0.1], 2)
    0.25
    """
    k_ = _capacity(k)
    curves = _curves(y_true, y_score, periods, sample_weight, pos_label)
    _warn_short(sum(c.n < k_ for c in curves), len(curves), k_)
    return float(np.mean([hits_at(c, min(k_, c.n)) / min(k_, c.n) for c in curves]))


def recall_at_k(
    y_true: Labels,
    y_score: Scores,
    k: int,
    *,
    periods: ArrayLike | None = None,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> float:
    """Share of all positives that are among the k highest rows (of their period).

    Parameters
    ----------
    y_true, y_score, k, periods, sample_weight, pos_label
        As in `precision_at_k`.

    Returns
    -------
    float in [0, 1]
        Chance level: k / n. Ties: expected value. With periods: positives found over all positives. NaN with an
        `UndefinedWarning` without positives. It cannot exceed k / positives, so read it beside that.

    Notes
    -----
    McSherry and Najork (2008), ECIR, on expected values under ties.

    Examples
    --------
    >>> recall_at_k([0, 1, 0, 1], [0.9, 0.8, 0.8, 0.1], 2)
    0.25
    """
    k_ = _capacity(k)
    curves = _curves(y_true, y_score, periods, sample_weight, pos_label)
    positives = sum(c.positives for c in curves)
    if positives == 0:
        return undefined("Recall at k", "there is no positive row")
    _warn_short(sum(c.n < k_ for c in curves), len(curves), k_)
    return sum(hits_at(c, min(k_, c.n)) for c in curves) / positives


def card_precision_at_k(
    y_true: Labels,
    y_score: Scores,
    k: int,
    *,
    entities: ArrayLike,
    periods: ArrayLike | None = None,
    exclude_detected: bool = True,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> float:
    """Share of compromised entities (cards, customers, machines) among the k most suspicious ones of each period.

    An entity's score in a period is its highest row, and it is compromised when one of its rows is positive.
    Investigators look at cards, not at transactions: ten alerts on one card are one alert.

    Parameters
    ----------
    y_true, y_score, pos_label
        As in `precision_at_k`.
    k : int >= 1
        Entities looked at in each period. Fewer than k: all are taken, with a `ShortfallWarning`.
    entities : array-like (n,)
        Entity of each row.
    periods : array-like (n,), optional
        Period of each row; sorted order is the order of time. Default: one period.
    exclude_detected : bool, default True
        A compromised entity that was among the k of a period is blocked and left out of later periods.
    sample_weight : array-like (n,), optional
        Rows of weight zero are left out. Others count once whatever their weight, because an entity does: repeated
        rows change nothing either. Sampled negatives cannot be made up for; score all rows.

    Returns
    -------
    float in [0, 1]
        Mean over the periods. Chance level: share of compromised entities. Ties at the cut: expected value; for the
        question who was detected they are broken by the order of `entities`.

    Raises
    ------
    InputError
        Bad scores, k < 1, missing entities or periods, wrong lengths.

    Notes
    -----
    Le Borgne et al. (2022), Reproducible Machine Learning for Credit Card Fraud Detection, chapter 4.4 (there the
    divisor is k even when there are fewer cards).

    Examples
    --------
    >>> y = [1, 0, 0, 0, 1, 0]
    >>> score = [0.9, 0.8, 0.3, 0.9, 0.2, 0.5]
    >>> card_precision_at_k(y, score, 1, entities=["a", "a", "b", "a", "b", "c"], periods=[1, 1, 1, 2, 2, 2])
    0.5
    """
    k_ = _capacity(k)
    rows = scored_rows(y_true, y_score, None, pos_label)
    n = rows.y.shape[0]
    entity = _codes(entities, "entities", n)
    period = np.zeros(n, dtype=np.intp) if periods is None else _codes(periods, "periods", n)
    weight = _check.weights(sample_weight, n)
    if weight is not None and not weight.all():
        keep = weight > 0
        rows = Rows(rows.y[keep], rows.score[keep], None)
        entity, period = entity[keep], period[keep]
    blocked = np.zeros(int(entity.max()) + 1, dtype=bool)
    shares, short = [], 0
    for day in range(int(period.max()) + 1):
        today = np.flatnonzero((period == day) & ~blocked[entity])
        if today.size == 0:
            continue
        who, code = np.unique(entity[today], return_inverse=True)
        score = np.full(who.shape[0], -np.inf)
        np.maximum.at(score, code, rows.score[today])
        compromised = np.bincount(code, weights=rows.y[today]) > 0
        room = min(k_, float(who.shape[0]))
        short += who.shape[0] < k_
        shares.append(hits_at(ThresholdCurve.from_arrays(compromised, score), room) / room)
        if exclude_detected:
            top = np.argsort(-score, kind="stable")[: int(room)]
            blocked[who[top[compromised[top]]]] = True
    _warn_short(short, int(period.max()) + 1, k_, "entities")
    return float(np.mean(shares))
