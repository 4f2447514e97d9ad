"""Are the probabilities right? Brier score and skill, log-loss, observed over expected, slope and intercept."""

from typing import NamedTuple

import numpy as np

from rareclass import _check
from rareclass._types import Label, Labels, Scores, Weights
from rareclass.kernels import newton
from rareclass.kernels.logits import logit
from rareclass.metrics._inputs import mean, probability_rows, total, undefined

_EPS = float(np.finfo(np.float64).eps)


def brier_score(y_true: Labels, y_proba: Scores, *, sample_weight: Weights = None, pos_label: Label = None) -> float:
    """Mean squared distance of the probability from the outcome.

    Use it with `brier_skill_score` beside it: under rarity even a useless model has a tiny Brier score.

    Parameters
    ----------
    y_true : array-like (n,)
        Binary labels.
    y_proba : array-like (n,)
        Probabilities of the positive class, in [0, 1].
    sample_weight : array-like (n,), optional
        Integer weights equal repeated rows.
    pos_label : label, optional

    Returns
    -------
    float in [0, 1], 0 is best
        Chance level: prevalence * (1 - prevalence), which a constant equal to the prevalence scores. Ties play no part.

    Raises
    ------
    InputError
        Empty input, NaN, values outside [0, 1], wrong lengths, negative weights.

    Notes
    -----
    Brier (1950), Mon. Weather Rev. 78:1, halved as is usual for two classes; scikit-learn's ``brier_score_loss``.

    Examples
    --------
    >>> round(brier_score([0, 1, 1], [0.1, 0.9, 0.8]), 4)
    0.02
    """
    rows = probability_rows(y_true, y_proba, sample_weight, pos_label)
    return mean((rows.score - rows.y) ** 2, rows.weight)


def brier_skill_score(
    y_true: Labels,
    y_proba: Scores,
    *,
    reference: float | None = None,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> float:
    """1 - Brier / Brier of a constant: the share of the variance of the outcome that the probabilities explain.

    Parameters
    ----------
    y_true, y_proba, sample_weight, pos_label
        As in `brier_score`.
    reference : float in [0, 1], optional
        Constant to compare with; default: the prevalence of these rows.

    Returns
    -------
    float in (-inf, 1], 1 is best
        Chance level: 0, what the constant reaches; negative is worse than knowing nothing. NaN with an
        `UndefinedWarning` when the constant is perfect already (one class only). Ties play no part.

    Notes
    -----
    Murphy (1973), J. Appl. Meteorol. 12:215. Equals scikit-learn's ``d2_brier_score``.

    Examples
    --------
    >>> round(brier_skill_score([0, 0, 0, 1], [0.1, 0.2, 0.1, 0.7]), 4)
    0.8
    """
    rows = probability_rows(y_true, y_proba, sample_weight, pos_label)
    base = mean(rows.y.astype(np.float64), rows.weight) if reference is None else float(reference)
    worst = mean((rows.y.astype(np.float64) - base) ** 2, rows.weight)
    if worst == 0:
        return undefined("The Brier skill", "all rows are of one class, so a constant is perfect")
    return 1 - mean((rows.score - rows.y) ** 2, rows.weight) / worst


def log_loss(y_true: Labels, y_proba: Scores, *, sample_weight: Weights = None, pos_label: Label = None) -> float:
    """Mean negative log-likelihood of the outcomes, in nats.

    Probabilities are clipped to [2.2e-16, 1 - 2.2e-16], the resolution of float64, whatever their own type. When
    log-odds are at hand, ``rareclass.kernels.logits.log_loss_from_logits`` is exact beyond that.

    Parameters
    ----------
    y_true, y_proba, sample_weight, pos_label
        As in `brier_score`.

    Returns
    -------
    float in [0, 36.1], 0 is best
        Chance level: the entropy -pi ln pi - (1 - pi) ln(1 - pi), which a constant equal to the prevalence pi scores.
        Ties play no part.

    Notes
    -----
    Good (1952), J. R. Stat. Soc. B 14:107. Equals scikit-learn's.

    Examples
    --------
    >>> round(log_loss([0, 1, 1], [0.1, 0.9, 0.8]), 4)
    0.1446
    """
    rows = probability_rows(y_true, y_proba, sample_weight, pos_label)
    p = np.clip(rows.score, _EPS, 1 - _EPS)
    return mean(-np.where(rows.y, np.log(p), np.log1p(-p)), rows.weight)


def log_loss_skill_score(
    y_true: Labels,
    y_proba: Scores,
    *,
    reference: float | None = None,
    sample_weight: Weights = None,
    pos_label: Label = None,
) -> float:
    """1 - log-loss / log-loss of a constant: the share of the deviance that the probabilities explain.

    Parameters
    ----------
    y_true, y_proba, sample_weight, pos_label
        As in `brier_score`; probabilities are clipped as in `log_loss`.
    reference : float in (0, 1), optional
        Constant to compare with; default: the prevalence of these rows.

    Returns
    -------
    float in (-inf, 1], 1 is best
        Chance level: 0, what the constant reaches; negative is worse than knowing nothing. NaN with an
        `UndefinedWarning` when the constant is perfect already (one class only). Ties play no part.

    Notes
    -----
    McFadden (1974), in Zarembka, Frontiers in Econometrics. Equals scikit-learn's ``d2_log_loss_score``.

    Examples
    --------
    >>> round(log_loss_skill_score([0, 0, 0, 1], [0.1, 0.2, 0.1, 0.7]), 4)
    0.6485
    """
    rows = probability_rows(y_true, y_proba, sample_weight, pos_label)
    base = mean(rows.y.astype(np.float64), rows.weight)
    constant = base if reference is None else _check.fraction(reference, "reference", closed="neither")
    if base in (0.0, 1.0) and reference is None:
        return undefined("The log-loss skill", "all rows are of one class, so a constant is perfect")
    worst = -(base * np.log(constant) + (1 - base) * np.log1p(-constant))
    p = np.clip(rows.score, _EPS, 1 - _EPS)
    return 1 - mean(-np.where(rows.y, np.log(p), np.log1p(-p)), rows.weight) / float(worst)


def observed_to_expected(
    y_true: Labels, y_proba: Scores, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
    """Observed positives over the sum of the probabilities: calibration in the large.

    The first thing to look at after anything changed the training prevalence: 0.01 means that risks are a hundred
    times overstated.

    Parameters
    ----------
    y_true, y_proba, sample_weight, pos_label
        As in `brier_score`.

    Returns
    -------
    float in [0, inf)
        1 = calibrated in the large, and also the chance level of a constant equal to the prevalence, so it says
        nothing about the ranking. Without positives it is 0, which is its value; NaN with an `UndefinedWarning` when
        the probabilities sum to zero. Ties play no part.

    Notes
    -----
    Steyerberg (2019), Clinical Prediction Models, 2nd ed., section 15.3.

    Examples
    --------
    >>> round(observed_to_expected([0, 0, 0, 1], [0.1, 0.2, 0.1, 0.4]), 4)
    1.25
    """
    rows = probability_rows(y_true, y_proba, sample_weight, pos_label)
    expected = mean(rows.score, rows.weight)
    if expected == 0:
        return undefined("Observed over expected", "the probabilities sum to zero")
    return mean(rows.y.astype(np.float64), rows.weight) / expected


class CalibrationLine(NamedTuple):
    """Logistic recalibration: logit P(y) = intercept + slope * logit(p)."""

    intercept: float
    slope: float


def calibration_line(
    y_true: Labels, y_proba: Scores, *, sample_weight: Weights = None, pos_label: Label = None
) -> CalibrationLine:
    """Intercept and slope of a logistic regression of the outcome on the logit of the probability.

    Perfect probabilities give (0, 1). A slope below 1 means too extreme probabilities (over-fitting), above 1 too
    timid ones. Probabilities are clipped to the resolution of float64 before the logit.

    Parameters
    ----------
    y_true, y_proba, sample_weight, pos_label
        As in `brier_score`.

    Returns
    -------
    CalibrationLine(intercept, slope), each in (-inf, inf)
        (0, 1) is right. Chance level: a slope of 0, no relation of score and outcome. Ties play no part. NaN with an
        `UndefinedWarning` when a class is absent, when all probabilities are equal (the slope has no meaning then; it
        is not "perfect"), or when the classes are separated (the slope is infinite).

    Notes
    -----
    Cox (1958), Biometrika 45:562; Van Calster et al. (2016), J. Clin. Epidemiol. 74:167.

    Examples
    --------
    >>> line = calibration_line([0, 0, 1, 0, 1, 1], [0.1, 0.3, 0.2, 0.6, 0.7, 0.9])
    >>> round(line.intercept, 3), round(line.slope, 3)
    (0.148, 0.785)
    """
    rows = probability_rows(y_true, y_proba, sample_weight, pos_label)
    z = logit(np.clip(rows.score, _EPS, 1 - _EPS))
    reason = None
    if rows.y.all() or not rows.y.any():
        reason = "one class is absent"
    elif z.min() == z.max():
        reason = "all probabilities are equal"
    elif z[rows.y].min() >= z[~rows.y].max() or z[rows.y].max() <= z[~rows.y].min():
        reason = "the probabilities separate the classes without error, so the slope is infinite"
    if reason is None:
        weight = np.ones(z.shape[0]) if rows.weight is None else rows.weight
        # a centred and scaled regressor keeps the two steps independent
        centre, spread = float(z.mean()), float(z.std())
        Z = np.column_stack([np.ones(z.shape[0]), (z - centre) / spread])
        line = newton.Logistic(Z, rows.y, weight).minimise(np.zeros(2), newton.Steps(longest=np.inf))
        if line.converged:
            slope = float(line.coefficients[1]) / spread
            return CalibrationLine(float(line.coefficients[0]) - slope * centre, slope)
        reason = "the fit did not converge"
    value = undefined("The calibration line", reason)
    return CalibrationLine(value, value)


def calibration_slope(
    y_true: Labels, y_proba: Scores, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
    """Slope of `calibration_line`: 1 is right, below 1 the probabilities are too extreme.

    Parameters
    ----------
    y_true, y_proba, sample_weight, pos_label
        As in `brier_score`.

    Returns
    -------
    float in (-inf, inf), 1 is right
        Chance level: 0, no relation of score and outcome. Ties play no part. NaN with an `UndefinedWarning` in the
        cases that `calibration_line` names.

    Notes
    -----
    Cox (1958), Biometrika 45:562.

    Examples
    --------
    >>> round(calibration_slope([0, 0, 1, 0, 1, 1], [0.1, 0.3, 0.2, 0.6, 0.7, 0.9]), 3)
    0.785
    """
    return calibration_line(y_true, y_proba, sample_weight=sample_weight, pos_label=pos_label).slope


def calibration_intercept(
    y_true: Labels, y_proba: Scores, *, sample_weight: Weights = None, pos_label: Label = None
) -> float:
    """Shift of the log-odds, at slope 1, that would make observed equal expected: calibration in the large.

    Parameters
    ----------
    y_true, y_proba, sample_weight, pos_label
        As in `brier_score`.

    Returns
    -------
    float in (-inf, inf)
        0 is right, and also the chance level of a constant equal to the prevalence; ln 10 means that the odds are ten
        times understated. Ties play no part. NaN with an `UndefinedWarning` when a class is absent (the shift is
        infinite).

    Notes
    -----
    Van Calster et al. (2016), J. Clin. Epidemiol. 74:167: the intercept with the logit as offset.

    Examples
    --------
    >>> round(calibration_intercept([0, 0, 0, 1], [0.5, 0.5, 0.5, 0.5]), 4)
    -1.0986
    """
    rows = probability_rows(y_true, y_proba, sample_weight, pos_label)
    if rows.y.all() or not rows.y.any():
        return undefined("The calibration intercept", "one class is absent")
    z = logit(np.clip(rows.score, _EPS, 1 - _EPS))
    return newton.fit_intercept(z, total(rows.y, rows.weight), rows.weight)
