"""Metrics at an operating point that a constraint names: recall at a precision, lift of the top share, and others."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Label, Labels, Scores, Weights
from rareclass.errors import ShortfallWarning
from rareclass.kernels import counts
from rareclass.metrics._inputs import probability_rows, undefined
from rareclass.metrics.curve import ThresholdCurve
from rareclass.metrics.labels import confusion_counts
from rareclass.metrics.topk import hits_at


def recall_at_precision(
    y_true: Labels, y_score: Scores, precision: float, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
    """Largest recall of any threshold whose precision is at least the given one.

    Parameters
    ----------
    y_true : array-like (n,)
        Binary labels.
    y_score : array-like (n,)
        Finite scores; higher = more likely positive.
    precision : float in (0, 1]
    sample_weight : array-like (n,), optional
        Integer weights equal repeated rows; 1/q for sampled negatives makes the precision that of the population.
    pos_label : label, optional

    Returns
    -------
    float in [0, 1]
        Chance level: 1 if `precision` <= prevalence, else about 0. 0 with a `ShortfallWarning` that names the best
        precision when no threshold reaches it. NaN with an `UndefinedWarning` without positives. Optimistic where
        few alerts reach the precision by luck; `confidence_interval` of a fixed threshold is not.

    Raises
    ------
    InputError
        Bad scores or a precision outside (0, 1].

    Notes
    -----
    All distinct scores are candidates; tied scores are flagged together. Eban et al. (2017), AISTATS.

    Examples
    --------
    >>> recall_at_precision([0, 1, 0, 1], [0.1, 0.9, 0.5, 0.4], 0.6)
    1.0
    """
    wanted = _check.fraction(precision, "precision", closed="right")
    curve = ThresholdCurve.from_predictions(y_true, y_score, sample_weight=sample_weight, pos_label=pos_label)
    if curve.positives == 0:
        return undefined("Recall at precision", "there is no positive row")
    reached = curve.precision[1:]
    # a precision of exactly 0.9 must count as 0.9 whatever the rounding of tp / (tp + fp)
    meets = reached >= wanted - 1e-12
    if not meets.any():
        message = f"No threshold reaches a precision of {wanted:g}; the best is {reached.max():.4g}. Recall is 0."
        warnings.warn(message, ShortfallWarning, stacklevel=2)
        return 0.0
    return float(curve.recall[1:][meets].max())


def precision_at_recall(
    y_true: Labels, y_score: Scores, recall: float, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
    """Largest precision of any threshold whose recall is at least the given one.

    Parameters
    ----------
    y_true, y_score, sample_weight, pos_label
        As in `recall_at_precision`.
    recall : float in (0, 1]

    Returns
    -------
    float in (0, 1]
        Chance level: the prevalence. NaN with an `UndefinedWarning` without positives. Ties are flagged together.

    Notes
    -----
    The step-wise curve; no interpolation between operating points. Davis and Goadrich (2006), ICML.

    Examples
    --------
    >>> round(precision_at_recall([0, 1, 0, 1], [0.1, 0.9, 0.5, 0.4], 0.9), 4)
    0.6667
    """
    wanted = _check.fraction(recall, "recall", closed="right")
    curve = ThresholdCurve.from_predictions(y_true, y_score, sample_weight=sample_weight, pos_label=pos_label)
    if curve.positives == 0:
        return undefined("Precision at recall", "there is no positive row")
    return float(curve.precision[1:][curve.recall[1:] >= wanted - 1e-12].max())


def recall_at_fpr(
    y_true: Labels, y_score: Scores, fpr: float, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
    """Largest recall of any threshold whose false-positive rate is at most the given one.

    Parameters
    ----------
    y_true, y_score, sample_weight, pos_label
        As in `recall_at_precision`.
    fpr : float in [0, 1]

    Returns
    -------
    float in [0, 1]
        Chance level: `fpr`. NaN with an `UndefinedWarning` when a class is absent. Ties are flagged together.

    Notes
    -----
    Jesus et al. (2022), NeurIPS Datasets and Benchmarks (recall at 5 % false-positive rate).

    Examples
    --------
    >>> recall_at_fpr([0, 1, 0, 1], [0.1, 0.9, 0.5, 0.4], 0.1)
    0.5
    """
    limit = _check.fraction(fpr, "fpr")
    curve = ThresholdCurve.from_predictions(y_true, y_score, sample_weight=sample_weight, pos_label=pos_label)
    if curve.positives == 0 or curve.negatives == 0:
        return undefined("Recall at false-positive rate", "a class is absent")
    return float(curve.recall[curve.false_positive_rate <= limit + 1e-12].max())


def gain_score(
    y_true: Labels, y_score: Scores, share: float = 0.1, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
    """Share of the positives found in the given top share of rows: a point of the gain (lift, CAP) chart.

    Parameters
    ----------
    y_true, y_score, sample_weight, pos_label
        As in `recall_at_precision`.
    share : float in (0, 1], default 0.1
        Share of rows flagged, highest scores first.

    Returns
    -------
    float in [0, 1]
        Chance level: `share`; at most share / prevalence. Ties at the cut: the expected value over random order. NaN
        with an `UndefinedWarning` without positives.

    Notes
    -----
    Piatetsky-Shapiro and Masand (1999), KDD, on lift and campaign profit.

    Examples
    --------
    >>> gain_score([0, 1, 0, 1], [0.1, 0.9, 0.5, 0.4], 0.5)
    0.5
    """
    part = _check.fraction(share, "share", closed="right")
    curve = ThresholdCurve.from_predictions(y_true, y_score, sample_weight=sample_weight, pos_label=pos_label)
    if curve.positives == 0:
        return undefined("The gain", "there is no positive row")
    return hits_at(curve, part * curve.n) / curve.positives


def lift_score(
    y_true: Labels, y_score: Scores, share: float = 0.1, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
    """How many times more positives the top share of rows holds than a random share of that size.

    Parameters
    ----------
    y_true, y_score, share, sample_weight, pos_label
        As in `gain_score`.

    Returns
    -------
    float in [0, 1 / max(share, prevalence)]
        Chance level: 1. Ties: expected value. NaN with an `UndefinedWarning` without positives.

    Notes
    -----
    `gain_score` / share. Piatetsky-Shapiro and Masand (1999), KDD.

    Examples
    --------
    >>> lift_score([0, 1, 0, 1], [0.1, 0.9, 0.5, 0.4], 0.25)
    2.0
    """
    part = _check.fraction(share, "share", closed="right")
    curve = ThresholdCurve.from_predictions(y_true, y_score, sample_weight=sample_weight, pos_label=pos_label)
    if curve.positives == 0:
        return undefined("The lift", "there is no positive row")
    return hits_at(curve, part * curve.n) / curve.positives / part


def precision_from_rates(recall: ArrayLike, false_positive_rate: ArrayLike, prevalence: ArrayLike) -> Any:
    """Precision of an operating point at any prevalence: pi R / (pi R + (1 - pi) F).

    Parameters
    ----------
    recall, false_positive_rate, prevalence : floats or arrays in [0, 1]

    Returns
    -------
    float or array in [0, 1]
        Chance level: the prevalence. NaN where nothing is flagged. Ties play no part: rates are given.

    Notes
    -----
    Bayes' rule; exact as long as the scores within each class keep their distribution. Vecchio (1966), N. Engl. J.
    Med. 274:1171.

    Examples
    --------
    >>> round(precision_from_rates(0.8, 0.02, 0.001), 7), round(precision_from_rates(0.8, 0.02, 0.1), 7)
    (0.0384986, 0.8163265)
    """
    pi = np.asarray(prevalence, dtype=np.float64)
    hit = pi * np.asarray(recall, dtype=np.float64)
    value = counts.ratio(hit, hit + (1 - pi) * np.asarray(false_positive_rate, dtype=np.float64))
    return float(value) if value.ndim == 0 else value


def precision_at_prevalence(
    y_true: Labels, y_pred: Labels, prevalence: float, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
    """Precision that the same decisions would have at another prevalence.

    Parameters
    ----------
    y_true, y_pred : array-like (n,)
        Labels and decisions.
    prevalence : float in (0, 1)
        Prevalence to refer to.
    sample_weight, pos_label
        As in `recall_at_precision`.

    Returns
    -------
    float in [0, 1]
        Chance level: `prevalence`. Equals precision with the negatives weighted to that prevalence. NaN with an
        `UndefinedWarning` when nothing is flagged or a class is absent. Ties play no part: decisions are judged.

    Notes
    -----
    See `precision_from_rates`; Vecchio (1966), N. Engl. J. Med. 274:1171.

    Examples
    --------
    >>> round(precision_at_prevalence([1, 1, 0, 0], [1, 0, 1, 0], 0.1), 4)
    0.1
    """
    pi = _check.fraction(prevalence, "prevalence", closed="neither")
    c = confusion_counts(y_true, y_pred, sample_weight=sample_weight, pos_label=pos_label)
    recall, rate = counts.recall(*c), counts.ratio(c.fp, c.fp + c.tn)
    value = float(precision_from_rates(recall, rate, pi))
    if np.isnan(value):
        return undefined("Precision at a prevalence", "nothing is flagged or a class is absent")
    return value


def net_benefit(
    y_true: Labels, y_proba: Scores, threshold: float, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
    """True positives per row minus false positives weighted by the odds of the threshold.

    tp/n - fp/n * t/(1 - t): who acts at probability t says that a false alarm costs t/(1 - t) of a hit.

    Parameters
    ----------
    y_true : array-like (n,)
        Binary labels.
    y_proba : array-like (n,)
        Calibrated probabilities of the positive class.
    threshold : float in (0, 1)
        Flagged iff probability >= threshold.
    sample_weight : array-like (n,), optional
        Integer weights equal repeated rows.
    pos_label : label, optional

    Returns
    -------
    float in (-inf, prevalence]
        In units of hits per row. Chance level: 0 (flag none); below that the model does harm. Tied probabilities are
        flagged together.

    Raises
    ------
    InputError
        Values that are no probabilities, a threshold outside (0, 1).

    Notes
    -----
    Vickers and Elkin (2006), Med. Decis. Making 26:565.

    Examples
    --------
    >>> round(net_benefit([0, 1, 1, 0], [0.4, 0.9, 0.2, 0.1], 0.25), 4)
    0.1667
    """
    t = _check.fraction(threshold, "threshold", closed="neither")
    rows = probability_rows(y_true, y_proba, sample_weight, pos_label)
    curve = ThresholdCurve.from_arrays(rows.y, rows.score, rows.weight)
    i = curve.at(t)
    return float((curve.tp[i] - curve.fp[i] * t / (1 - t)) / curve.n)
