"""One loss object as the objective of LightGBM, XGBoost and CatBoost, with its start, offset and way back.

The guarded boosters do all this by themselves with `loss=`. A plain one with an objective of one's own starts at zero
instead of at the prior, returns raw scores without the start it was given, and no probability. So it must

1. train with ``objective.initial_scores(n, offset)`` as `init_score` (LightGBM), `base_margin` (XGBoost) or
   `baseline` (CatBoost), and with ``objective.initial_scores(n)`` for rows that stop the training early;
2. predict with ``objective.probability(raw)``, where raw is the booster's own output **without** any start
   (LightGBM ``raw_score=True``; XGBoost ``output_margin=True``; CatBoost ``RawFormulaVal``).

>>> import lightgbm, numpy as np
>>> from rareclass.losses import FocalLoss
>>> rng = np.random.default_rng(0)
>>> X = rng.normal(size=(4000, 2))
>>> y = rng.random(4000) < 1 / (1 + np.exp(4 - X[:, 0]))
>>> objective = booster_objective(FocalLoss(2.0), y)
>>> model = lightgbm.LGBMClassifier(n_estimators=10, verbose=-1, n_jobs=1, **objective.lightgbm_parameters())
>>> model = model.fit(X, y, init_score=objective.initial_scores(len(y)))
>>> probability = objective.probability(model.predict(X, raw_score=True))
>>> bool(abs(probability.mean() / y.mean() - 1) < 0.2)
True
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from scipy.optimize import brentq

from rareclass import _check
from rareclass.errors import InputError, TooFewEventsError
from rareclass.kernels.logits import log_loss_from_logits, logit
from rareclass.kernels.thresholds import threshold_counts
from rareclass.losses.base import BatchLoss, RowLoss, binary_labels, class_labels
from rareclass.losses.registry import loss_from_dict

LIGHTGBM_MIN_HESSIAN = 1e-3  # the libraries' defaults for cross-entropy; scaled to the loss
XGBOOST_MIN_HESSIAN = 1.0
Loss = RowLoss | BatchLoss


class _Foreign(RowLoss):
    """A loss object of the user's own that has gradient, Hessian and link but is no `RowLoss`."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        for name in ("value", "gradient", "hessian"):
            setattr(self, name, getattr(inner, name))

    def link_logit(self, z: ArrayLike) -> np.ndarray:
        return logit(self.link(z))

    def link(self, z: ArrayLike) -> np.ndarray:
        return np.asarray(self.inner.link(np.asarray(z, dtype=np.float64)), dtype=np.float64)


def usable_loss(loss: Any) -> Loss:
    """`loss` itself, or a thin wrapper of a foreign object with value, gradient, hessian and link.

    Raises
    ------
    InputError
        If the object is a class, or has no link: nobody could say which probability its scores mean.
    """
    if isinstance(loss, type):
        raise InputError(f"`loss` is the class {loss.__name__}; give an instance, such as FocalLoss().")
    if isinstance(loss, RowLoss | BatchLoss):
        return loss
    if isinstance(loss, Mapping):
        return loss_from_dict(loss)
    missing = [name for name in ("value", "gradient", "hessian", "link") if not callable(getattr(loss, name, None))]
    if missing:
        raise InputError(
            f"`loss` {loss!r} lacks {', '.join(missing)}. Subclass `rareclass.losses.RowLoss`, which derives link and "
            "start from the gradient, or `BatchLoss`, whose scores are calibrated afterwards."
        )
    return _Foreign(loss)


class BoosterObjective:
    """A loss bound to its starting score; built by `booster_objective`.

    The object itself is the objective: of the scikit-learn classes and `train` of LightGBM and XGBoost (it takes both
    ``(y_true, y_pred, sample_weight)`` and ``(y_pred, data)``), and the `loss_function` of CatBoost, whose derivatives
    have the opposite sign. It copies, pickles, and turns into a plain dictionary.

    Parameters
    ----------
    loss : RowLoss or BatchLoss
    start : float, or ndarray of shape (K,) for more than two classes
        Constant score at which training starts.
    curvature_ratio : float, default=1.0
        Size of the loss's Hessians relative to cross-entropy; scales the minimum Hessian of a leaf.
    """

    no_jit = True  # CatBoost: do not try to compile the methods (it warns when it fails)

    def __init__(self, loss: Loss, start: float | np.ndarray = 0.0, curvature_ratio: float = 1.0) -> None:
        self.loss = loss
        self.start = float(start) if np.ndim(start) == 0 else np.asarray(start, dtype=np.float64)
        self.curvature_ratio = curvature_ratio

    def __repr__(self) -> str:
        return f"BoosterObjective({self.loss!r}, start={self.start!r})"

    @property
    def needs_calibration(self) -> bool:
        """True for batch losses: their scores are no probabilities until a calibration is fitted."""
        return self.loss.needs_calibration

    def __call__(
        self, y_true: Any, y_pred: Any, sample_weight: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and positive curvature, float32, in the shape of the scores."""
        if hasattr(y_pred, "get_label"):  # train(): (scores, data)
            y_true, y_pred, sample_weight = y_pred.get_label(), y_true, y_pred.get_weight()
        if sample_weight is not None and np.size(sample_weight) == 0:  # XGBoost's way to say none
            sample_weight = None
        return self._derivatives(np.asarray(y_true), np.asarray(y_pred), sample_weight)

    def _derivatives(self, y: np.ndarray, z: np.ndarray, weight: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        if z.ndim == 2 and z.shape[1] == 1:
            gradient, curvature = self._newton(y == 1, np.ascontiguousarray(z[:, 0]), weight)
            return gradient[:, None], curvature[:, None]
        return self._newton(y if z.ndim == 2 else y == 1, z, weight)

    def _newton(
        self, y: np.ndarray, z: np.ndarray, weight: np.ndarray | None, dtype: DTypeLike = np.float32
    ) -> tuple[np.ndarray, np.ndarray]:
        return self.loss.newton(y, z, weight, dtype)

    def calc_ders_range(self, approxes: ArrayLike, targets: ArrayLike, weights: ArrayLike | None) -> np.ndarray:
        """CatBoost's hook: derivatives (n, 2) of *minus* the loss; it copies an array faster than a list of pairs."""
        weight = None if weights is None else np.asarray(weights, dtype=np.float64)
        z = np.ascontiguousarray(approxes, dtype=np.float64)
        found = np.empty((z.size, 2))
        np.negative(self._newton(np.asarray(targets) == 1, z, weight, np.float64), out=found.T)
        return found

    def initial_scores(self, n: int, offset: ArrayLike | None = None) -> np.ndarray:
        """Scores at which training starts, (n,) or (n, K): the start plus a known offset of each row."""
        if np.ndim(self.start):
            return np.tile(self.start, (n, 1))
        scores = np.full(n, self.start)
        return scores if offset is None else scores + _check.number_array(offset, "offset")

    def logit(self, raw: ArrayLike) -> np.ndarray:
        """Log-odds (n,), or log-probabilities (n, K), of the booster's output without the start."""
        if self.needs_calibration:
            raise InputError(
                f"{type(self.loss).__name__} has no link to a probability. Fit a calibration on out-of-fold scores."
            )
        return self.log_odds(np.asarray(raw, dtype=np.float64) + self.start)

    def log_odds(self, score: np.ndarray) -> np.ndarray:
        """As `logit`, of scores that include the start."""
        return self.loss.link_logit(score)  # type: ignore[union-attr]

    def probability(self, raw: ArrayLike) -> np.ndarray:
        """Probability (n,) or (n, K) at the real prevalence, of the booster's output without the start."""
        return self.loss.link(np.asarray(raw, dtype=np.float64) + self.start)

    def lightgbm_parameters(self) -> dict[str, Any]:
        """Keywords for `LGBMClassifier` or `lightgbm.train`; the minimum Hessian of a leaf is scaled to the loss."""
        return {
            "objective": self,
            "metric": "None",  # its own log-loss would take raw scores for probabilities
            "boost_from_average": False,
            "min_sum_hessian_in_leaf": LIGHTGBM_MIN_HESSIAN * self.curvature_ratio,
        }

    def xgboost_parameters(self, *, native: bool = False) -> dict[str, Any]:
        """Keywords for `XGBClassifier`, or with `native` the parameters of `xgboost.train`, beside ``obj=objective``.

        XGBoost keeps a named objective next to ours and reads its base score in that one's units; 0.5 is a margin of
        zero for the logistic one. Without it every prediction would be moved by an estimated constant.
        """
        several = bool(np.ndim(self.start))
        named = "multi:softprob" if several else "binary:logistic"
        return {
            "objective": named if native else self,
            "base_score": 0.0 if several else 0.5,
            "disable_default_eval_metric": True,
            "min_child_weight": XGBOOST_MIN_HESSIAN * self.curvature_ratio,
        }

    def catboost_parameters(self) -> dict[str, Any]:
        """Keywords for `CatBoostClassifier`: binary row losses only.

        CatBoost asks for derivatives in blocks of rows, so a loss of all rows together cannot be computed there.
        """
        if isinstance(self.loss, BatchLoss) or np.ndim(self.start):
            raise InputError(
                f"CatBoost takes binary row losses only, not {self.loss!r}. Use LightGBM or XGBoost for this loss."
            )
        return {
            "loss_function": self,
            "eval_metric": CatBoostMetric("loss", self),
            "leaf_estimation_method": "Newton",
            "leaf_estimation_iterations": 1,
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary for a bundle."""
        start = self.start if isinstance(self.start, float) else self.start.tolist()
        return {"loss": self.loss.to_dict(), "start": start, "curvature_ratio": self.curvature_ratio}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> "BoosterObjective":
        """The objective that `to_dict` described."""
        return cls(loss_from_dict(saved["loss"]), saved["start"], float(saved["curvature_ratio"]))


def booster_objective(
    loss: Any, y: ArrayLike, *, sample_weight: ArrayLike | None = None, offset: ArrayLike | None = None
) -> BoosterObjective:
    """Bind a loss to training labels: the objective starts where the loss's best constant score is.

    Parameters
    ----------
    loss : RowLoss, BatchLoss, their dictionary, or an object with value, gradient, hessian and link
    y : array-like of shape (n,)
        Training labels: 0/1 or Boolean, or codes 0..K-1 of more than two classes.
    sample_weight : array-like of shape (n,), optional
        Training weights; the start follows the weighted prevalence.
    offset : array-like of shape (n,), optional
        Known log-odds of each row, added in training and not at prediction. For sampled negatives -log r(x), where
        r(x) is the probability with which a *negative* of these features was kept, for the positive rows as well.

    Returns
    -------
    BoosterObjective

    Raises
    ------
    InputError
        If the loss has no link, or an offset is given and the link is not a shift of log-odds (focal, LDAM, Poly,
        asymmetric, batch losses): weight these rows by 1 / keep probability instead.
    TooFewEventsError
        If only one class has positive weight.

    Examples
    --------
    >>> from rareclass.losses import FocalLoss
    >>> round(booster_objective(FocalLoss(2.0), [0] * 999 + [1]).start, 4)
    -2.5452
    """
    loss = usable_loss(loss)
    labels = np.asarray(_check.column(y, "y"))
    n = labels.shape[0]
    weight = _check.weights(sample_weight, n)
    if offset is not None and not (isinstance(loss, RowLoss) and loss.is_shift):
        raise InputError(
            f"Offsets are log-odds and {loss!r} has another link, so they cannot be added to its score. Use "
            "cross-entropy, or weight rows by 1 / keep probability instead."
        )
    if labels.dtype != bool and n and labels.max() > 1:
        return _several_classes(loss, labels, weight, offset)
    positive = binary_labels(labels, labels.shape)
    prevalence = float(np.average(positive, weights=weight))
    if not 0 < prevalence < 1:
        raise TooFewEventsError(f"`y` holds one class only ({n} rows of positive weight); both classes are needed.")
    if isinstance(loss, BatchLoss):
        return BoosterObjective(loss, loss.start(prevalence))
    start = loss.start(prevalence) if offset is None else _start_beside(loss, positive, weight, offset)
    return BoosterObjective(loss, start, loss.curvature_ratio(prevalence))


def _several_classes(
    loss: Any, labels: np.ndarray, weight: np.ndarray | None, offset: ArrayLike | None
) -> BoosterObjective:
    if isinstance(loss, BatchLoss) or offset is not None:
        raise InputError(f"More than two classes need a row loss and no offset; got {loss!r}. Fit one class at a time.")
    shares = np.bincount(class_labels(labels, labels.shape[0], int(labels.max()) + 1), weights=weight)
    if (shares == 0).any():
        raise TooFewEventsError(f"Class {int(np.argmin(shares))} has no row of positive weight; each class needs one.")
    return BoosterObjective(loss, loss.start(shares / shares.sum()))


def _start_beside(loss: RowLoss, y: np.ndarray, weight: np.ndarray | None, offset: ArrayLike) -> float:
    """Constant that minimises the loss of ``constant + offset``; the total gradient rises with it."""
    shift = _check.number_array(offset, "offset")
    _check.same_length(y=y, offset=shift)
    centre = loss.start(float(np.average(y, weights=weight))) - float(np.average(shift, weights=weight))

    def slope(constant: float) -> float:
        return float(np.average(loss.gradient(y, constant + shift), weights=weight))

    low, high, reach = centre, centre, 1.0
    while slope(low) > 0 or slope(high) < 0:
        low, high, reach = low - reach, high + reach, 2 * reach
    return low if low == high else float(brentq(slope, low, high, xtol=1e-12))


def average_precision(y: np.ndarray, score: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Average precision of Boolean labels, ties exact (all rows of one score enter together); chance = prevalence.

    Raises
    ------
    TooFewEventsError
        If there is no positive: early stopping on such rows would stop at random.
    """
    _, tp, fp = threshold_counts(y, score, weight)
    if not tp[-1] > 0:
        raise TooFewEventsError(
            f"The {y.shape[0]} rows that should stop the training early hold no positive. Draw them stratified."
        )
    return float(np.diff(tp) @ (tp[1:] / np.maximum(tp[1:] + fp[1:], np.finfo(float).tiny)) / tp[-1])


class _Metric:
    """A number to stop early on. Give it original rows (real prevalence), or sampled rows with weights 1 / keep."""

    no_jit = True
    kinds = ("average_precision", "log_loss", "loss")

    def __init__(self, kind: str = "average_precision", objective: BoosterObjective | None = None) -> None:
        self.kind = _check.one_of(kind, "kind", self.kinds)
        self.objective = objective
        if objective is None and kind != "average_precision":
            raise InputError(f"`kind={kind!r}` needs the objective, whose link and loss it evaluates.")
        if objective is not None and kind == "log_loss" and objective.needs_calibration:
            raise InputError(f"{objective.loss!r} has no link; stop on 'average_precision' or 'loss' instead.")

    @property
    def higher_is_better(self) -> bool:
        return self.kind == "average_precision"

    def score(self, y: ArrayLike, z: ArrayLike, weight: ArrayLike | None) -> float:
        """The metric of scores that include the start."""
        weight = None if weight is None or np.size(weight) == 0 else np.asarray(weight, dtype=np.float64)
        z = np.asarray(z, dtype=np.float64)
        z = z[:, 0] if z.ndim == 2 and z.shape[1] == 1 else z
        if self.kind == "average_precision":
            return average_precision(np.asarray(y) == 1, z, weight)
        assert self.objective is not None
        if self.kind == "loss":
            mean: Any = getattr(self.objective.loss, "mean", self.objective.loss.value)
            return mean(np.asarray(y).astype(np.int64), z, sample_weight=weight)
        found = self.objective.log_odds(z)
        if found.ndim == 1:
            return log_loss_from_logits(np.asarray(y) == 1, found, weight)
        rows = np.take_along_axis(found, np.asarray(y).astype(np.int64)[:, None], axis=1)[:, 0]
        return float(-np.average(rows, weights=weight))


class LightGBMMetric(_Metric):
    """`eval_metric` of `LGBMClassifier` or `feval` of `lightgbm.train`: ``(name, value, is_higher_better)``.

    Pass ``eval_init_score=[objective.initial_scores(n)]``, or the scores it sees lack the start.

    Parameters
    ----------
    kind : {"average_precision", "log_loss", "loss"}, default="average_precision"
        Tie-exact average precision; log-loss of the linked probability; the mean training loss.
    objective : BoosterObjective, optional
        Needed for the last two.
    """

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: ArrayLike | None = None) -> tuple[str, float, bool]:
        if hasattr(y_pred, "get_label"):
            y_true, y_pred, sample_weight = y_pred.get_label(), y_true, y_pred.get_weight()
        return self.kind, self.score(y_true, y_pred, sample_weight), self.higher_is_better


class XGBoostMetric(_Metric):
    """`eval_metric` of `XGBClassifier` or `custom_metric` of `xgboost.train`; parameters as in `LightGBMMetric`.

    Named "aucpr_exact" for average precision, because XGBoost decides by the name whether more is better. Pass
    `base_margin_eval_set` (or the base margin of the DMatrix), or the scores it sees lack the start.
    """

    def __init__(self, kind: str = "average_precision", objective: BoosterObjective | None = None) -> None:
        super().__init__(kind, objective)
        self.__name__ = "aucpr_exact" if self.higher_is_better else kind

    def __call__(self, y_true: Any, y_score: Any, sample_weight: ArrayLike | None = None) -> Any:
        if hasattr(y_score, "get_label"):
            data = y_score
            return self.__name__, self.score(data.get_label(), y_true, data.get_weight())
        return self.score(y_true, y_score, sample_weight)


class CatBoostMetric(_Metric):
    """`eval_metric` of `CatBoostClassifier`; parameters as in `LightGBMMetric`. Pools need the start as baseline."""

    def is_max_optimal(self) -> bool:
        """More is better for average precision only."""
        return self.higher_is_better

    def evaluate(
        self, approxes: Sequence[ArrayLike], target: ArrayLike, weight: ArrayLike | None
    ) -> tuple[float, float]:
        """(metric, 1.0) of all rows of a pool."""
        return self.score(target, approxes[0], weight), 1.0

    def get_final_error(self, error: float, weight: float) -> float:
        """The metric itself."""
        return error / weight
