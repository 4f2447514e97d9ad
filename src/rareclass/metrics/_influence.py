"""Value, centre and row influences of each metric that has an interval by name."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rareclass import _check
from rareclass.errors import InputError, UndefinedWarning
from rareclass.kernels import counts
from rareclass.kernels.influence import average_precision_influence, roc_auc_influence
from rareclass.kernels.logits import logit, sigmoid
from rareclass.metrics.calibration import calibration_line
from rareclass.metrics.costs import CostColumns, cost_columns

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Sample:
    """Clean rows of one scorer, as every interval method takes them."""

    y: Flags
    score: Floats
    flag: Flags | None
    weight: Floats
    repeated: bool
    groups: NDArray[np.intp] | None
    costs: CostColumns | None

    @property
    def size(self) -> float:
        """Weight of all rows."""
        return float(self.weight.sum())

    @property
    def events(self) -> float:
        """Positives; with sampling weights, their effective number (Kish)."""
        w = self.weight[self.y]
        if self.repeated or w.size == 0:
            return float(w.sum())
        return float(w.sum() ** 2 / np.sum(w**2))

    def take(self, index: NDArray[Any] | None, weight: Floats | None = None) -> "Sample":
        """The rows of an index, or the same rows under other weights."""
        if index is None:
            assert weight is not None
            return Sample(self.y, self.score, self.flag, weight, self.repeated, self.groups, self.costs)
        return Sample(
            self.y[index],
            self.score[index],
            None if self.flag is None else self.flag[index],
            self.weight[index] if weight is None else weight,
            self.repeated,
            None if self.groups is None else self.groups[index],
            None if self.costs is None else CostColumns(*(c[index] for c in self.costs)),
        )


@dataclass(frozen=True, eq=False)
class Estimate:
    """A metric on one sample.

    ``scale`` is where its sampling distribution is closest to symmetric: "unit" (logit), "signed" (atanh), "positive"
    (log), "below_one" (log of one minus), "real". ``hit`` and ``among`` mark rates: successes among trials.
    """

    value: float
    centre: float
    influence: Floats
    scale: str
    hit: Flags | None = None
    among: Flags | None = None


def _unknown(sample: Sample, reason: str, name: str) -> Estimate:
    warnings.warn(f"{name} is undefined and set to NaN: {reason}.", UndefinedWarning, stacklevel=5)
    return Estimate(float("nan"), float("nan"), np.zeros(sample.y.shape[0]), "real")


def _average_precision(s: Sample) -> Estimate:
    if not s.y.any():
        return _unknown(s, "there is no positive row", "Average precision")
    r = average_precision_influence(s.y, s.score, s.weight, repeated=s.repeated)
    return Estimate(r.value, r.centre, r.influence, "unit")


def _roc_auc(s: Sample) -> Estimate:
    if not s.y.any() or s.y.all():
        return _unknown(s, "a class is absent", "The area under the ROC curve")
    r = roc_auc_influence(s.y, s.score, s.weight)
    return Estimate(r.value, r.value, r.influence, "unit")


def _rate(hit: Callable[[Sample], Flags], among: Callable[[Sample], Flags], name: str, empty: str) -> Any:
    def estimate(s: Sample) -> Estimate:
        success, trial = hit(s), among(s)
        trials = float(s.weight[trial].sum())
        if trials == 0:
            return _unknown(s, empty, name)
        value = float(s.weight[success & trial].sum()) / trials
        influence = np.where(trial, success - value, 0.0) * (s.size / trials)
        return Estimate(value, value, influence, "unit", success & trial, trial)

    return estimate


def _flags(s: Sample) -> Flags:
    if s.flag is None:
        raise InputError("This metric judges decisions: give `threshold`, or Boolean decisions as `y_score`.")
    return s.flag


def _of_counts(function: Callable[..., Floats], scale: str, name: str) -> Any:
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


def _mean_loss(loss: Callable[[Sample], Floats], scale: str) -> Any:
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


NAMED: dict[str, Callable[[Sample], Estimate]] = {
    "average_precision": _average_precision,
    "roc_auc": _roc_auc,
    "recall": _rate(_flags, lambda s: s.y, "Recall", "there is no positive row"),
    "precision": _rate(lambda s: s.y, _flags, "Precision", "no row is flagged"),
    "specificity": _rate(lambda s: ~_flags(s), lambda s: ~s.y, "Specificity", "there is no negative row"),
    "false_positive_rate": _rate(_flags, lambda s: ~s.y, "The false-positive rate", "there is no negative row"),
    "alert_rate": _rate(_flags, lambda s: np.ones_like(s.y), "The alert rate", "there is no row"),
    "prevalence": _rate(lambda s: s.y, lambda s: np.ones_like(s.y), "The prevalence", "there is no row"),
    "accuracy": _rate(lambda s: _flags(s) == s.y, lambda s: np.ones_like(s.y), "Accuracy", "there is no row"),
    "f1": _of_counts(counts.f_beta, "unit", "F1"),
    "balanced_accuracy": _of_counts(counts.balanced_accuracy, "unit", "Balanced accuracy"),
    "geometric_mean": _of_counts(counts.geometric_mean, "unit", "The geometric mean"),
    "youden": _of_counts(counts.youden, "signed", "Youden's J"),
    "matthews_corrcoef": _of_counts(counts.matthews, "signed", "Matthews' correlation"),
    "cohen_kappa": _of_counts(counts.kappa, "signed", "Cohen's kappa"),
    "brier": _mean_loss(_brier, "positive"),
    "log_loss": _mean_loss(_log_loss, "positive"),
    "brier_skill": _brier_skill,
    "observed_to_expected": _observed_to_expected,
    "calibration_slope": _calibration_slope,
    "expected_cost": _mean_loss(_cost, "real"),
}
NEEDS_DECISIONS = frozenset(
    "recall precision specificity false_positive_rate alert_rate accuracy f1 balanced_accuracy geometric_mean youden "
    "matthews_corrcoef cohen_kappa expected_cost".split()
)


def metric_name(metric: Any) -> str | None:
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


def make_sample(
    y_true: Any,
    y_score: Any,
    *,
    sample_weight: Any = None,
    weight_kind: str = "auto",
    groups: Any = None,
    threshold: Any = None,
    costs: Any = None,
    pos_label: Any = None,
) -> Sample:
    """Check everything once; rows of weight zero are removed."""
    y = _check.binary_target(y_true, pos_label)
    raw = _check.column(y_score, "y_score")
    score = _check.scores(y_score)
    n = _check.same_length(y_true=y, y_score=score, groups=groups)
    flag = None
    if threshold is not None:
        cut = np.asarray(threshold, dtype=np.float64)
        if np.isnan(cut).any() or cut.ndim > 1 or (cut.ndim == 1 and cut.shape[0] != n):
            raise InputError("`threshold` must be a number, or one number for each row, without NaN.")
        flag = score >= cut
    elif raw.dtype == bool or bool(((score == 0) | (score == 1)).all()):
        flag = score > 0
    weight = _check.weights(sample_weight, n)
    _check.one_of(weight_kind, "weight_kind", ("auto", "repeated", "sampling"))
    if weight is None:
        weight, repeated = np.ones(n), True
    else:
        whole = bool((weight == np.round(weight)).all())
        repeated = whole if weight_kind == "auto" else weight_kind == "repeated"
    keep = np.flatnonzero(weight > 0)
    code = None
    if groups is not None:
        labels = _check.column(groups, "groups")
        _check.class_values(labels, "groups")
        labels = (labels.astype(str) if labels.dtype == object else labels)[keep]
        code = np.unique(labels, return_inverse=True)[1]
    sample = Sample(y, score, flag, weight, repeated, None, None if costs is None else cost_columns(costs, n))
    if keep.shape[0] < n:
        sample = sample.take(keep)
    return sample if code is None else replace(sample, groups=code)
