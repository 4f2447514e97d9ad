"""The table of metrics that have an interval by name: value, centre and row influences, and how each is read."""

import warnings
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple

import numpy as np

from rareclass._types import Flags, Floats
from rareclass.errors import InputError, UndefinedWarning
from rareclass.kernels import counts
from rareclass.kernels.effective import Counted
from rareclass.kernels.influence import average_precision_influence, roc_auc_influence
from rareclass.kernels.logits import logit, sigmoid
from rareclass.metrics.calibration import calibration_line
from rareclass.uncertainty.sample import Sample

_EPS = float(np.finfo(np.float64).eps)


class Trials(NamedTuple):
    """What a rate counts: successes, among the rows that could be one; `by_truth` where positives are successes."""

    hit: Flags
    among: Flags
    by_truth: bool = False

    def counted(self, sample: Sample) -> tuple[Counted, Counted]:
        """Hits and misses; one that has not been seen yet would weigh what its class, or else any trial, does."""
        w = sample.weight
        could = (w[sample.y], w[~sample.y]) if self.by_truth else (w[self.among], w[self.among])
        hits, misses = (c if c.size else w for c in could)
        return Counted.of(w[self.hit], hits), Counted.of(w[self.among & ~self.hit], misses)


@dataclass(frozen=True, eq=False)
class Estimate:
    """A metric on one sample.

    ``scale`` is where its sampling distribution is closest to symmetric: "unit" (logit), "signed" (atanh), "positive"
    (log), "below_one" (log of one minus), "real". Rates have ``trials``.
    """

    value: float
    centre: float
    influence: Floats
    scale: str
    trials: Trials | None = None
    _: KW_ONLY
    unseen: float = 0.0  # variance that the influences of the rows at hand do not show


How = Callable[[Sample], Estimate]


@dataclass(frozen=True)
class Named:
    """A metric with an interval by name. A new one is one line in `NAMED`."""

    estimate: How
    decides: bool = False  # judges decisions, so it needs a threshold where scores are given
    lower_is_better: bool = False
    of_counts: Callable[..., Floats] | None = None  # tp, fp, fn, tn to the value, where that is all it depends on
    # events' worth of trust in the binomial variance (benchmarks/intervals.py: the least that covers at 10 events)
    shrink: float = 0.0


def _unknown(sample: Sample, reason: str, name: str) -> Estimate:
    warnings.warn(f"{name} is undefined and set to NaN: {reason}.", UndefinedWarning, stacklevel=5)
    return Estimate(float("nan"), float("nan"), np.zeros(sample.y.shape[0]), "real")


def _average_precision(s: Sample) -> Estimate:
    if not s.y.any():
        return _unknown(s, "there is no positive row", "Average precision")
    r = average_precision_influence(s.y, s.score, s.weight)
    return Estimate(r.value, r.centre, r.influence, "unit", unseen=r.unseen)


def _roc_auc(s: Sample) -> Estimate:
    if not s.y.any() or s.y.all():
        return _unknown(s, "a class is absent", "The area under the ROC curve")
    r = roc_auc_influence(s.y, s.score, s.weight)
    return Estimate(r.value, r.value, r.influence, "unit")


def rate_of(s: Sample, trials: Trials) -> Estimate:
    """The share of hits among trials, of which there are some."""
    size = float(s.weight[trials.among].sum())
    value = float(s.weight[trials.hit].sum()) / size
    influence = np.where(trials.among, trials.hit - value, 0.0) * (s.size / size)
    return Estimate(value, value, influence, "unit", trials)


def _rate(hit: Callable[[Sample], Flags], among: Callable[[Sample], Flags], name: str, empty: str) -> How:
    def estimate(s: Sample) -> Estimate:
        trial = among(s)
        return rate_of(s, Trials(hit(s) & trial, trial, hit is _truth)) if trial.any() else _unknown(s, empty, name)

    return estimate


def _truth(s: Sample) -> Flags:
    return s.y


def _flags(s: Sample) -> Flags:
    return s.decided


def _every(s: Sample) -> Flags:
    return np.ones_like(s.y)


def _of_counts(function: Callable[..., Floats], scale: str, name: str) -> How:
    def estimate(s: Sample) -> Estimate:
        flag = _flags(s)
        masks = [s.y & flag, ~s.y & flag, s.y & ~flag, ~(s.y | flag)]
        cells = np.array([s.weight[m].sum() for m in masks])
        value = float(function(*cells))
        if np.isnan(value):
            return _unknown(s, "a class, or every alert, is absent", name)
        # central differences: exact enough, and one rule for every function of counts
        step = np.maximum(cells, 1.0) * 1e-6
        slope = np.zeros(4)
        for i in range(4):
            shift = np.zeros(4)
            shift[i] = step[i]
            down = np.maximum(cells - shift, 0.0)
            ends = float(function(*(cells + shift))), float(function(*down))
            slope[i] = (ends[0] - ends[1]) / (cells[i] + step[i] - down[i]) if np.isfinite(ends).all() else 0.0
        slope *= s.size
        influence = np.select(masks, slope.tolist())
        return Estimate(value, value, influence - np.average(influence, weights=s.weight), scale)

    return estimate


def _counted(function: Callable[..., Floats], scale: str, name: str) -> Named:
    return Named(_of_counts(function, scale, name), decides=True, of_counts=function)


def _mean_loss(loss: Callable[[Sample], Floats], scale: str) -> How:
    def estimate(s: Sample) -> Estimate:
        each = loss(s)
        value = float(np.average(each, weights=s.weight))
        return Estimate(value, value, each - value, scale)

    return estimate


def _probabilities(s: Sample) -> Floats:
    if s.score.min() < 0 or s.score.max() > 1:
        raise InputError("This metric judges probabilities; `y_score` holds values outside [0, 1].")
    return s.score


def _brier(s: Sample) -> Floats:
    return (_probabilities(s) - s.y) ** 2


def _log_loss(s: Sample) -> Floats:
    p = np.clip(_probabilities(s), _EPS, 1 - _EPS)
    return -np.where(s.y, np.log(p), np.log1p(-p))


def _brier_skill(s: Sample) -> Estimate:
    if not s.y.any() or s.y.all():
        return _unknown(s, "all rows are of one class", "The Brier skill")
    loss = _brier(s)
    prevalence = float(np.average(s.y, weights=s.weight))
    worst = prevalence * (1 - prevalence)
    brier = float(np.average(loss, weights=s.weight))
    influence = -(loss - brier) / worst + brier / worst**2 * (1 - 2 * prevalence) * (s.y - prevalence)
    value = 1 - brier / worst
    return Estimate(value, value, influence, "below_one")


def _observed_to_expected(s: Sample) -> Estimate:
    p = _probabilities(s)
    expected = float(np.average(p, weights=s.weight))
    if expected == 0:
        return _unknown(s, "the probabilities sum to zero", "Observed over expected")
    value = float(np.average(s.y, weights=s.weight)) / expected
    return Estimate(value, value, (s.y - value * p) / expected, "positive")


def _calibration_slope(s: Sample) -> Estimate:
    """The maximum-likelihood slope; a row moves it by the inverse information times its own score (sandwich)."""
    p = np.clip(_probabilities(s), _EPS, 1 - _EPS)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", UndefinedWarning)
        line = calibration_line(s.y, p, sample_weight=s.weight)
    if np.isnan(line.slope):
        reason = str(heard[0].message).partition(": ")[2].rstrip(".") if heard else "the fit did not converge"
        return _unknown(s, reason, "The calibration slope")
    z = logit(p)
    design = np.column_stack([np.ones(z.size), z])
    fitted = sigmoid(line.intercept + line.slope * z)
    curvature = s.weight * fitted * (1 - fitted) / s.weight.sum()
    information = design.T @ (design * curvature[:, None])
    influence = np.linalg.solve(information, design.T * (s.y - fitted))[1]
    return Estimate(line.slope, line.slope, influence, "real")


def _cost(s: Sample) -> Floats:
    if s.costs is None:
        raise InputError("The expected cost needs `costs`, for example {'fp': 10, 'fn': 500}.")
    return s.costs.loss(s.y, _flags(s))


NAMED = {
    "average_precision": Named(_average_precision, shrink=20.0),
    "roc_auc": Named(_roc_auc, shrink=1.0),
    "recall": Named(_rate(_flags, lambda s: s.y, "Recall", "there is no positive row"), decides=True),
    "precision": Named(_rate(_truth, _flags, "Precision", "no row is flagged"), decides=True),
    "specificity": Named(
        _rate(lambda s: ~s.decided, lambda s: ~s.y, "Specificity", "there is no negative row"), decides=True
    ),
    "false_positive_rate": Named(
        _rate(_flags, lambda s: ~s.y, "The false-positive rate", "there is no negative row"),
        decides=True,
        lower_is_better=True,
    ),
    "alert_rate": Named(_rate(_flags, _every, "The alert rate", "there is no row"), decides=True),
    "prevalence": Named(_rate(_truth, _every, "The prevalence", "there is no row")),
    "accuracy": Named(_rate(lambda s: s.decided == s.y, _every, "Accuracy", "there is no row"), decides=True),
    "f1": _counted(counts.f_beta, "unit", "F1"),
    "balanced_accuracy": _counted(counts.balanced_accuracy, "unit", "Balanced accuracy"),
    "geometric_mean": _counted(counts.geometric_mean, "unit", "The geometric mean"),
    "youden": _counted(counts.youden, "signed", "Youden's J"),
    "matthews_corrcoef": _counted(counts.matthews, "signed", "Matthews' correlation"),
    "cohen_kappa": _counted(counts.kappa, "signed", "Cohen's kappa"),
    "brier": Named(_mean_loss(_brier, "positive"), lower_is_better=True),
    "log_loss": Named(_mean_loss(_log_loss, "positive"), lower_is_better=True),
    "brier_skill": Named(_brier_skill),
    "observed_to_expected": Named(_observed_to_expected),
    "calibration_slope": Named(_calibration_slope),
    "expected_cost": Named(_mean_loss(_cost, "real"), decides=True, lower_is_better=True),
}


Metric = str | Callable[..., float]


def metric_name(metric: Metric) -> str | None:
    """Name under which an interval is known, or None for a user's own function."""
    if isinstance(metric, str):
        name = metric.removesuffix("_score")
        if name not in NAMED:
            raise InputError(f"`metric` must be a function or one of {', '.join(sorted(NAMED))}; got {metric!r}.")
        return name
    if getattr(metric, "__module__", "").startswith("rareclass.metrics"):
        name = getattr(metric, "__name__", "").removesuffix("_score")
        return name if name in NAMED else None
    if not callable(metric):
        raise InputError(f"`metric` must be a name or a function; got {metric!r}.")
    return None
