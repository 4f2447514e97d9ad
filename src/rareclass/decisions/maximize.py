"""Maximise a metric of the confusion counts."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn, Self

import numpy as np

from rareclass import _check
from rareclass.decisions.points import OperatingPoints
from rareclass.decisions.rule import DecisionRule
from rareclass.errors import InputError
from rareclass.kernels import counts

_OTHER_NAMES = {
    "f1_score": "f1",
    "mcc": "matthews_corrcoef",
    "g_mean": "geometric_mean",
    "gmean": "geometric_mean",
    "geometric_mean_score": "geometric_mean",
    "balanced_accuracy_score": "balanced_accuracy",
    "cohen_kappa": "kappa",
    "cohen_kappa_score": "kappa",
    "youden_index": "youden",
    "accuracy_score": "accuracy",
    "precision_score": "precision",
    "recall_score": "recall",
}


@dataclass(frozen=True)
class Maximize(DecisionRule):
    """The threshold at which a metric is greatest, among all distinct scores.

    For where F1, MCC and the like are demanded. Every such metric hides a cost ratio: at its best threshold t on
    calibrated probabilities a missed event is worth ``(1 - t) / t`` false alarms; `Decision.why` says it. If you know
    the costs, use `MinimumCost`. The best value on the rows at hand is too good: with 10 events F1 by 0.11, with 100
    by 0.03 (out of fold it is not used twice).

    Parameters
    ----------
    metric : str or callable, default="f1"
        "f1", "f_beta" (with `beta`; "f2" and "f0.5" work too), "matthews_corrcoef", "geometric_mean",
        "balanced_accuracy", "youden", "kappa", "accuracy", "precision", "recall", "specificity"; or a function
        ``f(tp, fp, fn, tn)`` of arrays that returns an array, higher = better, NaN = undefined.
    beta : float > 0, optional
        Weight of recall against precision in "f_beta".

    Notes
    -----
    Exact search over all operating points. The named metrics never gain from more false alarms at the same recall,
    so only points at which an event is gained are evaluated; your own function is evaluated at every point.

    Examples
    --------
    >>> from rareclass.decisions import best_threshold
    >>> chosen = best_threshold([0, 0, 1, 0, 1], [0.1, 0.2, 0.3, 0.35, 0.8], Maximize("f1"))
    >>> chosen.threshold, round(chosen.value, 3)
    (0.3, 0.8)
    """

    kind: ClassVar[str] = "maximize"
    title: ClassVar[str] = "best value of a metric"
    metric: str | Callable[..., Any] = "f1"
    beta: float | None = None

    def __post_init__(self) -> None:
        if callable(self.metric):
            if self.beta is not None:
                raise InputError('`beta` belongs to the metric "f_beta".')
            return
        if not isinstance(self.metric, str):
            raise InputError(f"`metric` must be a name or a function of (tp, fp, fn, tn); got {self.metric!r}.")
        name, beta = _resolve(self.metric, self.beta)
        object.__setattr__(self, "metric", name)
        object.__setattr__(self, "beta", beta)

    @property
    def event_points_suffice(self) -> bool:  # type: ignore[override]
        """True for the named metrics."""
        return isinstance(self.metric, str)

    def objective(self, points: OperatingPoints) -> np.ndarray:
        return self.value(points)

    def value(self, points: OperatingPoints) -> np.ndarray:
        """The metric at each point."""
        args = points.tp, points.fp, points.fn, points.tn
        if callable(self.metric):
            return _call(self.metric, args)
        if self.metric == "f_beta":
            return counts.f_beta(*args, beta=self.beta)  # type: ignore[arg-type]
        return counts.OF_COUNTS[self.metric](*args)

    def explain(self, threshold: float) -> str:
        """The cost ratio that this threshold stands for, if the scores are calibrated probabilities."""
        if not 0 < threshold < 1:
            return ""
        return (
            f" On calibrated probabilities this treats a missed event as {(1 - threshold) / threshold:.3g} times as "
            "dear as a false alarm."
        )

    def phrase(self) -> str:
        name = getattr(self.metric, "__name__", "value") if callable(self.metric) else self.metric
        return f"the greatest {name}" + (f" (beta {self.beta:g})" if self.beta is not None else "")

    def parameters(self) -> dict[str, Any]:
        """A function is stored by its name only: the decision can be applied again, not chosen again."""
        if callable(self.metric):
            return {"metric": getattr(self.metric, "__name__", "function"), "function": True, "beta": None}
        return {"metric": self.metric, "beta": self.beta}

    @classmethod
    def from_parameters(cls, state: Mapping[str, Any]) -> Self:
        if state.get("function"):
            return cls(_Forgotten(str(state["metric"])))
        return cls(state["metric"], beta=state.get("beta"))


class _Forgotten:
    """Stands for a user's function that was not saved."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __call__(self, *args: object) -> NoReturn:
        raise InputError(f"The function {self.__name__!r} was not saved with the decision; build Maximize(...) anew.")


def _resolve(metric: str, beta: float | None) -> tuple[str, float | None]:
    """Canonical name and beta."""
    name = _OTHER_NAMES.get(metric.lower(), metric.lower())
    named = re.fullmatch(r"f(\d+(?:\.\d+)?)", name)
    if named is not None and name != "f1":
        name, beta = "f_beta", float(named[1]) if beta is None else beta
    if name == "f_beta":
        if beta is None:
            raise InputError('The metric "f_beta" needs `beta`.')
        return name, _check.fraction(beta, "beta", high=np.inf, closed="neither")
    if beta is not None:
        raise InputError(f'`beta` belongs to the metric "f_beta", not to {metric!r}.')
    _check.one_of(name, "metric", [*counts.OF_COUNTS, "f_beta"])
    return name, None


def _call(metric: Callable[..., Any], args: tuple[Any, ...]) -> np.ndarray:
    """A user's function on arrays of counts; one point at a time where it does not take arrays."""
    floats = [np.asarray(a, dtype=np.float64) for a in args]
    shape = np.broadcast_shapes(*(a.shape for a in floats))
    with np.errstate(all="ignore"):
        try:
            value = np.asarray(metric(*floats), dtype=np.float64)
        except (TypeError, ValueError):  # "truth value of an array is ambiguous", float(array)
            value = np.asarray(0.0)
        if value.shape != shape:
            flat = zip(*(np.broadcast_to(a, shape).ravel() for a in floats))
            value = np.array([float(metric(*(float(v) for v in row))) for row in flat]).reshape(shape)
    return value
