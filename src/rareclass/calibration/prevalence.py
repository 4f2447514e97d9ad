"""How rare is the class now? The prevalence of unlabelled rows under label shift, with an interval."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from rareclass import _check
from rareclass.calibration.likelihood import FAR, PrevalenceLikelihood, pooled
from rareclass.calibration.uncertainty import CalibrationUncertainty
from rareclass.errors import InputError
from rareclass.kernels.logits import logit as to_logit
from rareclass.kernels.logits import sigmoid


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
    calibration_events : float or None
        Events that the calibration of the scores rests on, whose chance the interval holds; None where it holds none.
    """

    estimate: float
    low: float
    high: float
    level: float
    method: str
    rows: float
    calibration_events: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON."""
        return asdict(self)


def estimate_prevalence(
    logit: ArrayLike,
    *,
    train_prevalence: float | None = None,
    calibration: CalibrationUncertainty | None = None,
    calibration_events: float | None = None,
    sample_weight: ArrayLike | None = None,
    level: float = 0.95,
) -> PrevalenceEstimate:
    """Most likely prevalence of unlabelled rows, from log-odds calibrated at another prevalence.

    For label shift: the share of positives has moved, but rows of each class look as before. Where the classes
    themselves look different (new fraud patterns), no estimate from unlabelled rows is right. The scores must be
    calibrated at `train_prevalence`, with an intercept. An error of that calibration moves the estimate by a multiple
    of itself, the larger the less the scores tell (about 1 / Brier skill), so say how well it is known.

    Parameters
    ----------
    logit : array-like of shape (n,)
        Calibrated log-odds of the unlabelled rows, at the training prevalence.
    train_prevalence : float in (0, 1), optional
        Share of positives where the log-odds are calibrated. Left out, it is that of the rows of `calibration`, whose
        chance cancels that of the calibration's level, so that the interval is narrower.
    calibration : CalibrationUncertainty, optional
        How far the calibration may be wrong: ``model.model_.calibration_uncertainty`` of a `RareClassifier`, or
        ``CalibrationUncertainty.of(logit, y)`` of the calibration rows.
    calibration_events : float > 0, optional
        Where only the number of events that the calibration was fitted on is known: what they tell is then worked
        out from the unlabelled rows, and `train_prevalence` counts as known without error.
    sample_weight : array-like of shape (n,), optional
    level : float in (0, 1), default=0.95

    Returns
    -------
    PrevalenceEstimate
        The interval is that of the likelihood ratio, averaged over the calibrations that may be right. Without
        `calibration` and `calibration_events` it takes the scores as exactly calibrated.

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
    level = _check.fraction(level, "level", closed="neither")
    weight = _check.weights(sample_weight, z.size)
    weight = np.ones(z.size) if weight is None else weight
    if calibration is not None and calibration_events is not None:
        raise InputError("`calibration` knows its events; leave `calibration_events` out.")
    if train_prevalence is not None:
        old = _check.fraction(train_prevalence, "train_prevalence", closed="neither")
    elif calibration is not None:
        old = calibration.prevalence
    else:
        raise InputError("`train_prevalence` is missing: the share of positives where the log-odds are calibrated.")
    likelihood = PrevalenceLikelihood((z - float(to_logit(old)))[None], weight)
    best = _share(float(likelihood.most_likely()[0]))
    if calibration_events is not None:
        events = _check.fraction(calibration_events, "calibration_events", high=np.inf, closed="neither")
        calibration = _from_new_rows(likelihood.evidence[0], weight, best, prevalence=old, events=events)
    if calibration is not None:
        own = bool(np.isclose(old, calibration.prevalence, rtol=1e-9)) and calibration_events is None
        bins, size = pooled(z, weight)
        evidence = calibration.draws(bins, chance_of_share=not own) - float(to_logit(old))
        likelihood = PrevalenceLikelihood(evidence, size)
    low, high = (_share(end) for end in likelihood.interval(level))
    return PrevalenceEstimate(
        estimate=best,
        low=min(low, best),
        high=max(high, best),
        level=level,
        method="likelihood",
        rows=float(weight.sum()),
        calibration_events=None if calibration is None else calibration.events,
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
    return PrevalenceEstimate(
        estimate=best,
        low=low,
        high=high,
        level=level,
        method="rates",
        rows=float(new.size),
        calibration_events=float(y.sum()),
    )


def _share(log_odds: float) -> float:
    """The prevalence of these log-odds, exactly 0 or 1 at the ends."""
    return float(log_odds > 0) if abs(log_odds) >= FAR else float(sigmoid(log_odds))


def _from_new_rows(
    evidence: np.ndarray, weight: np.ndarray, best: float, *, prevalence: float, events: float
) -> CalibrationUncertainty:
    """What a calibration on so many events at `prevalence` knows, its rows taken to be like the unlabelled ones.

    Each class is taken to score alike in both, so the unlabelled rows are weighted by the ratio of the two mixtures.
    """
    ratio = np.exp(np.minimum(evidence, 700.0))
    old = weight * (prevalence * ratio + 1 - prevalence) / (best * ratio + 1 - best)
    logit = evidence + float(to_logit(prevalence))
    return CalibrationUncertainty.of_counts(logit, old * (events / (old @ sigmoid(logit))), events=events)
