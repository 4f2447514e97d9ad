"""How rare is the class now? The prevalence of unlabelled rows under label shift, with an interval."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import chdtri, ndtri

from rareclass import _check
from rareclass.errors import InputError
from rareclass.kernels.logits import logit as to_logit
from rareclass.kernels.logits import sigmoid, softplus


@dataclass(frozen=True, kw_only=True)
class PrevalenceEstimate:
    """Share of positives among unlabelled rows.

    Attributes
    ----------
    estimate, low, high : float in [0, 1]
    level : float
    method : str
    rows : float
        Weight of the unlabelled rows.
    """

    estimate: float
    low: float
    high: float
    level: float
    method: str
    rows: float

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON."""
        return asdict(self)


def estimate_prevalence(
    logit: ArrayLike,
    *,
    train_prevalence: float,
    calibration_events: float | None = None,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> PrevalenceEstimate:
    """Most likely prevalence of unlabelled rows, from log-odds calibrated at another prevalence.

    For label shift: the share of positives has moved, but rows of each class look as before. Where the classes
    themselves look different (new fraud patterns), no estimate from unlabelled rows is right. The scores must be
    calibrated at `train_prevalence`, with an intercept; errors of that calibration carry over one to one, so give
    its number of events.

    Parameters
    ----------
    logit : array-like of shape (n,)
        Calibrated log-odds of the unlabelled rows, at the training prevalence.
    train_prevalence : float in (0, 1)
        Share of positives where the log-odds are calibrated.
    calibration_events : float > 0, optional
        Events that the calibration was fitted on; widens the interval by its uncertainty.
    sample_weight : array-like of shape (n,), optional
    level : float in (0, 1), default=0.95

    Returns
    -------
    PrevalenceEstimate
        The interval is that of the likelihood ratio.

    Notes
    -----
    The limit of the expectation-maximisation steps of Saerens, Latinne, Decaestecker (2002), Neural Computation
    14:21, found by safeguarded Newton steps on their likelihood, which is concave in the prevalence. Calibration with
    a bias first: Alexandari, Kundaje, Shrikumar (2020), ICML.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = rng.random(50_000) < 0.01
    >>> z = 3.0 * (rng.normal(size=y.size) + 3.0 * y) - 4.5 + np.log(0.05 / 0.95)  # calibrated at 5 %
    >>> found = estimate_prevalence(z, train_prevalence=0.05)
    >>> bool(found.low < 0.01 < found.high), round(found.estimate, 3)
    (True, 0.01)
    """
    z = _check.scores(logit, "logit")
    old = _check.fraction(train_prevalence, "train_prevalence", closed="neither")
    level = _check.fraction(level, "level", closed="neither")
    weight = _check.weights(sample_weight, z.size)
    weight = np.ones(z.size) if weight is None else weight
    evidence = z - float(to_logit(old))  # log ratio of the class densities
    best = _most_likely(evidence, weight)
    low, high = _likelihood_interval(evidence, weight, best, level)
    if calibration_events is not None:
        low, high = _widen(best, low, high, calibration_events, level)
    return PrevalenceEstimate(
        estimate=best, low=low, high=high, level=level, method="likelihood", rows=float(weight.sum())
    )


def estimate_prevalence_from_rates(
    score: ArrayLike,
    reference_y: ArrayLike,
    reference_score: ArrayLike,
    *,
    threshold: float | None = None,
    level: float = 0.95,
) -> PrevalenceEstimate:
    """Prevalence of unlabelled rows from how often a labelled reference sample would be flagged.

    Needs no calibration, only labelled scores of the same model. It uses less of the scores than the likelihood, so
    its interval is wider, but includes the uncertainty of the reference sample.

    Parameters
    ----------
    score : array-like of shape (n,)
        Scores of the unlabelled rows.
    reference_y, reference_score : array-like of shape (m,)
        Labelled rows that the model did not see, scored alike.
    threshold : float, optional
        Compare the shares at or above it. None: compare the mean scores (use probabilities then).
    level : float in (0, 1), default=0.95

    Raises
    ------
    InputError
        The positives of the reference sample do not score higher than its negatives.

    Notes
    -----
    Lipton, Wang, Smola (2018), "Detecting and correcting for label shift with black box predictors", ICML, for two
    classes; interval by the delta method, cut to [0, 1].

    Examples
    --------
    >>> found = estimate_prevalence_from_rates(
    ...     [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], threshold=0.5)
    >>> found.estimate
    0.1
    """
    new = _check.scores(score, "score")
    y = _check.both_classes(_check.binary_target(reference_y, name="reference_y"), "reference_y")
    reference = _check.scores(reference_score, "reference_score")
    _check.same_length(reference_y=y, reference_score=reference)
    level = _check.fraction(level, "level", closed="neither")
    if threshold is not None:
        new, reference = (v >= threshold for v in (new, reference))
    parts = [np.asarray(v, dtype=np.float64) for v in (new, reference[y], reference[~y])]
    (q, tpr, fpr), noise = [p.mean() for p in parts], [p.var() / p.size for p in parts]
    gap = float(tpr - fpr)
    if gap <= 0:
        raise InputError(
            f"The positives of the reference sample score no higher ({tpr:.4g}) than its negatives ({fpr:.4g}), so "
            "the scores do not tell the prevalence."
        )
    best = float(np.clip((q - fpr) / gap, 0.0, 1.0))
    error = np.sqrt(noise[0] + best**2 * noise[1] + (1 - best) ** 2 * noise[2]) / gap
    half = float(ndtri(0.5 + level / 2) * error)
    low, high = max(best - half, 0.0), min(best + half, 1.0)
    return PrevalenceEstimate(estimate=best, low=low, high=high, level=level, method="rates", rows=float(new.size))


def _slope(share: float, evidence: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """First and second derivative of the log-likelihood in the prevalence, in (0, 1)."""
    # (a - b) / (share a + (1 - share) b) with a / b = exp(evidence), written through the posterior
    posterior = sigmoid(evidence + float(to_logit(share)))
    ratio = (posterior - share) / (share * (1 - share))
    return float(weight @ ratio), -float(weight @ ratio**2)


def _most_likely(evidence: np.ndarray, weight: np.ndarray) -> float:
    """Prevalence at the maximum of the concave likelihood; 0 or 1 where it lies at an end."""
    total = float(weight.sum())
    # at the ends the slope is sum(exp(evidence) - 1) and sum(1 - exp(-evidence))
    if weight @ np.exp(np.minimum(evidence, 700.0)) <= total:
        return 0.0
    if weight @ np.exp(np.minimum(-evidence, 700.0)) <= total:
        return 1.0
    low, high = 0.0, 1.0
    share = float(np.clip(np.average(sigmoid(evidence), weights=weight), 1e-12, 1 - 1e-12))
    for _ in range(200):
        first, second = _slope(share, evidence, weight)
        low, high = (share, high) if first > 0 else (low, share)
        new = share - first / second
        if not low < new < high:
            new = (low + high) / 2
        if abs(new - share) <= 1e-13 * share:
            break
        share = new
    return share


def _log_likelihood(share: float, evidence: np.ndarray, weight: np.ndarray) -> float:
    """Log-likelihood up to a constant: log(share * ratio + 1 - share) summed."""
    if share <= 0:
        return 0.0
    if share >= 1:
        return float(weight @ evidence)
    return float(weight @ (np.log1p(-share) + softplus(evidence + float(to_logit(share)))))


def _likelihood_interval(evidence: np.ndarray, weight: np.ndarray, best: float, level: float) -> tuple[float, float]:
    top = _log_likelihood(best, evidence, weight)
    drop = float(chdtri(1.0, 1 - level)) / 2

    def gap(share: float) -> float:
        return top - _log_likelihood(share, evidence, weight) - drop

    low = 0.0 if best == 0 or gap(0.0) <= 0 else brentq(gap, 0.0, best, xtol=1e-15, rtol=1e-9)
    high = 1.0 if best == 1 or gap(1.0) <= 0 else brentq(gap, best, 1.0, xtol=1e-15, rtol=1e-9)
    return float(low), float(high)


def _widen(best: float, low: float, high: float, events: float, level: float) -> tuple[float, float]:
    """Add the calibration's uncertainty, 1 / sqrt(events) on the log-odds, to both ends."""
    count = _check.fraction(events, "calibration_events", high=np.inf, closed="neither")
    extra = float(ndtri(0.5 + level / 2)) / np.sqrt(count)
    if best in (0.0, 1.0):  # only the open end can move
        return (
            (low, float(sigmoid(to_logit(high) + extra)))
            if best == 0
            else (float(sigmoid(to_logit(low) - extra)), high)
        )
    centre = float(to_logit(best))
    ends = []
    for end, sign in ((low, -1), (high, 1)):
        if end in (0.0, 1.0):
            ends.append(end)
        else:
            ends.append(float(sigmoid(centre + sign * np.hypot(float(to_logit(end)) - centre, extra))))
    return ends[0], ends[1]
