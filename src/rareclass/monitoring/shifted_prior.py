"""The prevalence of rows without labels, told from their scores, and whether the negatives still are as in training."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, chdtri, fdtrc, stdtrit

from rareclass import _check
from rareclass.calibration.uncertainty import CalibrationUncertainty
from rareclass.errors import InputError
from rareclass.kernels.logits import logit, sigmoid
from rareclass.uncertainty.estimate import Interval

GATE = 0.05
"""Windows whose negatives did not move are refused so often by chance."""
_CELL = 0.05
_FEWEST = 10
_WEEKS = 4
"""Known weeks from which on they tell by how much the scores of negatives differ from week to week."""
_MOVED = "The negatives moved, or score otherwise than out of fold in training; prevalence cannot be told from scores."


@dataclass(frozen=True, kw_only=True)
class LabelShift:
    """What scores say of the prevalence, if only the prevalence moved.

    Attributes
    ----------
    prevalence : Interval or None
        None where the scores do not say it; `sentence` says why.
    negatives_moved : bool
        The scores are no mixture of those of the reference's events and non-events.
    p_value : float
        Of the mixture's fit; NaN where it could not be tested.
    rows : int
    sentence : str
    """

    prevalence: Interval | None
    negatives_moved: bool
    p_value: float
    rows: int
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def label_shift(
    reference: Mapping[str, Any], probability: ArrayLike, *, level: float = 0.95, weeks: ArrayLike | None = None
) -> LabelShift:
    """The prevalence of a window of rows without labels, by label shift.

    When to use: weekly, to see before the labels come whether events became more frequent. When not: to correct
    probabilities by it. A shift of the negatives' scores by a tenth of a standard deviation doubles the estimate; it
    is therefore given only where the scores fit a mixture of the reference's two classes, and stays an estimate that
    labels must confirm.

    Parameters
    ----------
    reference : mapping
        ``Bundle.reference``, with the counts of the events and the uncertainty of the calibration; the latter is
        computed from the counts where it is missing.
    probability : (n,)
        Calibrated, of the model that the reference belongs to. NaN is left out; 0 and 1 count as the ends of the bins.
    level : float in (0, 1), default=0.95
    weeks : (w, 2, bins), optional
        Counts of negatives and events of at least four earlier weeks. What these differ by beyond chance is no move,
        and widens the interval; without them weeks are taken to differ by chance only.

    Raises
    ------
    InputError
        The reference has no counts of events, or fewer than 10 events.

    Notes
    -----
    The likelihood of the prevalence q is ``sum log(1 + q (r - 1))`` with the ratio r of the two densities at each
    score: ``exp(logit - log prior odds)`` where probabilities are calibrated (Saerens, Latinne and Decaestecker 2002).
    It is concave; Newton steps find its maximum. The interval is that of the profile likelihood, its distances joined
    in squares by those of the estimates under other calibrations that may be right, and by how far weeks lead the
    estimate astray (to first order). The gate is Hotelling's test of location, spread and skewness of the scores of the
    negatives, in directions in which the prevalence moves nothing; its covariance is that of the chance of rows and of
    `weeks`, its degrees of freedom those of the latter over the square of their largest part in any direction.

    Examples
    --------
    >>> from rareclass.artifact.bundle import score_reference
    >>> rng = np.random.default_rng(0)
    >>> y = rng.random(20_000) < 0.02
    >>> z = rng.normal(np.where(y, 3.0, -3.0) , 6**0.5) + np.log(0.02 / 0.98)
    >>> window = np.append(z[y], z[~y])[:5000]
    >>> label_shift(score_reference(z, y), 1 / (1 + np.exp(-window))).prevalence.estimate > 0.06
    True
    """
    level = _check.fraction(level, "level", closed="neither")
    edges, others, events, calibration = _classes(reference)
    p = _check.probabilities(probability)
    p = p[~np.isnan(p)]
    if p.size < _FEWEST:
        said = f"{p.size} rows are too few to tell a prevalence from."
        return LabelShift(prevalence=None, negatives_moved=False, p_value=np.nan, rows=int(p.size), sentence=said)
    ends = sigmoid(edges[[0, -1]])
    z = logit(np.clip(p, *ends))
    cell, rows = np.unique(np.round(z / _CELL), return_counts=True)
    centre = cell * _CELL
    middle = (edges[1:] + edges[:-1]) / 2
    prior = float(events.sum() / (events.sum() + others.sum()))
    ratio = centre - np.log(prior / (1 - prior))
    found = _largest(np.exp(ratio)[None], rows)[0]
    low, high = _profile(np.exp(ratio), rows, found, level)
    drawn = calibration.draws(centre, chance_of_share=False) - np.log(prior / (1 - prior))
    below, above = np.quantile(_largest(np.exp(drawn), rows), [(1 - level) / 2, (1 + level) / 2]) - found
    apart = None if weeks is None else np.asarray(weeks, dtype=np.float64)
    if apart is not None:
        apart = apart[(apart.sum(axis=2) > 0).all(axis=1)]
        apart = apart if len(apart) >= _WEEKS else None
    off = 0.0 if apart is None else _led_astray(apart, others, events, found, middle, level)
    low = max(found - np.hypot(np.hypot(found - low, min(below, 0.0)), off), 0.0)
    high = min(found + np.hypot(np.hypot(high - found, max(above, 0.0)), off), 1.0)
    fit = _fit(np.histogram(z, edges)[0], others, events, found, middle, apart)
    if fit < GATE:
        return LabelShift(prevalence=None, negatives_moved=True, p_value=fit, rows=int(p.size), sentence=_MOVED)
    interval = Interval(float(found), float(low), float(high), level, "label shift")
    said = (
        f"If only the prevalence moved, it is {found:.3g} [{low:.3g}, {high:.3g}] (training {prior:.3g}); labels must "
        "confirm it."
    )
    return LabelShift(prevalence=interval, negatives_moved=False, p_value=fit, rows=int(p.size), sentence=said)


def why_not(reference: Mapping[str, Any]) -> str:
    """Why a reference tells no prevalence from scores; empty where it does."""
    try:
        _classes(reference)
    except InputError as error:
        return str(error)
    return ""


def _classes(reference: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray, CalibrationUncertainty]:
    if not {"edges", "counts", "event_counts"} <= set(reference):
        raise InputError(
            "The reference holds no counts of the scores of events, which tell prevalence from scores. Train the "
            "model again with this version."
        )
    edges, counts, events = (
        np.asarray(reference[name], dtype=np.float64) for name in ("edges", "counts", "event_counts")
    )
    seen = float(reference.get("events", events.sum()))
    others = np.maximum(counts - events, 0.0)
    if seen < _FEWEST or others.sum() <= 0:
        raise InputError(
            f"The reference holds {seen:.0f} events and {others.sum():.0f} other rows; at least {_FEWEST} events and "
            "some others are needed to tell prevalence from scores."
        )
    known = reference.get("calibration")
    if known is not None:
        return edges, others, events, CalibrationUncertainty.from_dict(known)
    weight = counts * seen / events.sum()
    held = weight > 0
    middle = ((edges[1:] + edges[:-1]) / 2)[held]
    return edges, others, events, CalibrationUncertainty.of_counts(middle, weight[held], events=seen)


def _largest(ratio: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Prevalences (k,) of greatest likelihood for density ratios (k, cells) of so many rows (cells,)."""
    gap = ratio - 1
    low, high = np.zeros(gap.shape[0]), np.ones(gap.shape[0])
    n = rows.sum()
    # the slope at 0 and at 1 says where the maximum lies on an end
    at_zero = gap @ rows <= 0
    at_one = (gap / ratio) @ rows >= 0
    q = np.clip((gap @ rows) / np.maximum((gap**2) @ rows, 1e-300), 1e-9, 0.5)
    for _ in range(100):
        part = gap / (1 + q[:, None] * gap)
        slope, bend = part @ rows, (part**2) @ rows
        low, high = np.where(slope > 0, q, low), np.where(slope > 0, high, q)
        new = q + slope / np.maximum(bend, 1e-300)
        new = np.where((new > low) & (new < high), new, (low + high) / 2)
        if (np.abs(new - q) <= 1e-10 * np.maximum(q, 1 / n)).all():
            q = new
            break
        q = new
    return np.asarray(np.where(at_zero, 0.0, np.where(at_one, 1.0, q)))


def _profile(ratio: np.ndarray, rows: np.ndarray, best: float, level: float) -> tuple[float, float]:
    """Ends of the likelihood-ratio interval."""

    def likelihood(q: float) -> float:
        return float(rows @ np.log1p(q * (ratio - 1)))

    cut = likelihood(min(best, 1 - 1e-12)) - chdtri(1, 1 - level) / 2
    ends = []
    for end in (0.0, 1 - 1e-12):
        inside, outside = best, end
        if likelihood(end) >= cut:
            ends.append(end)
            continue
        for _ in range(60):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if likelihood(middle) >= cut else (inside, middle)
        ends.append(outside)
    return ends[0], ends[1]


def _between(direction: np.ndarray, weeks: np.ndarray, prevalence: float) -> np.ndarray:
    """Covariance (k, k) beyond chance of the means of directions (k, bins) over a week of this prevalence.

    It holds for a week beside the mean of the known ones (w, 2, bins), whose two classes are weighed by the prevalence.
    """
    rows, weight = weeks.sum(axis=2, keepdims=True), np.array([1 - prevalence, prevalence])
    share = weeks / rows
    chance = sum(
        w**2 * _covariance(direction, one) / n
        for week, of in zip(share, rows)
        for w, one, n in zip(weight, week, of[:, 0])
    )
    means = direction @ np.einsum("wcb,c->bw", share, weight)
    size, axis = np.linalg.eigh(np.atleast_2d(np.cov(means)) - chance / len(weeks))
    return np.asarray((axis * np.maximum(size, 0.0)) @ axis.T) * (1 + 1 / len(weeks))


def _covariance(direction: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Covariance (k, k) of directions (k, bins) over one row of bins with these shares."""
    middle_of = direction - (direction @ share)[:, None]
    return np.asarray((middle_of * share) @ middle_of.T)


def _led_astray(
    weeks: np.ndarray, others: np.ndarray, events: np.ndarray, prevalence: float, middle: np.ndarray, level: float
) -> float:
    """Half width of the interval of what weeks, whose scores differ beyond chance, add to the estimate."""
    prior = events.sum() / (events.sum() + others.sum())
    gap = np.exp(middle) * (1 - prior) / prior - 1
    pull = gap / (1 + prevalence * gap)  # the slope of the log-likelihood, of a row in each bin
    mixed = (1 - prevalence) * others / others.sum() + prevalence * events / events.sum()
    spread = float(np.sqrt(_between(pull[None], weeks, prevalence)[0, 0])) / (mixed @ pull**2)
    return float(stdtrit(len(weeks) - 1, (1 + level) / 2) * spread)


def _fit(
    seen: np.ndarray,
    others: np.ndarray,
    events: np.ndarray,
    prevalence: float,
    middle: np.ndarray,
    weeks: np.ndarray | None,
) -> float:
    """P value of location, spread and skewness of the window's negatives, where the prevalence moves nothing."""
    n, n_other, n_event = float(seen.sum()), float(others.sum()), float(events.sum())
    other, event = others / n_other, events / n_event
    mixed = (1 - prevalence) * other + prevalence * event
    smooth = np.maximum(mixed, 0.5 / n_other)
    mean = other @ middle
    scaled = (middle - mean) / max(np.sqrt(other @ (middle - mean) ** 2), 1e-12)
    moments = np.stack([scaled, scaled**2, scaled**3])
    # far out, where events lie, moments would be those of single rows
    moments = np.stack([np.clip(m, -(3.0**k), 3.0**k) for k, m in enumerate(moments, 1)])
    moved = event - other
    lean = moments @ moved / (moved @ (moved / smooth))
    direction = moments - lean[:, None] * (moved / smooth)
    gap = direction @ (seen / n - mixed)

    chance = (
        _covariance(direction, mixed) / n
        + (1 - prevalence) ** 2 * _covariance(direction, other) / n_other
        + prevalence**2 * _covariance(direction, event) / n_event
    )
    chance += 1e-12 * np.trace(chance) * np.eye(3)
    freedom = np.inf
    if weeks is not None:
        apart = _between(direction, weeks, prevalence)
        chance += apart
        part = float(np.linalg.eigvals(np.linalg.solve(chance, apart)).real.max())
        freedom = (len(weeks) - 1) / max(part, 1e-6) ** 2
    size = gap @ np.linalg.solve(chance, gap)
    return float(chdtrc(3, size) if freedom == np.inf else fdtrc(3, freedom - 2, size * (1 - 2 / freedom) / 3))
