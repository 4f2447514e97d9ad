"""What a loss is: `RowLoss`, a sum over rows with a link to the probability, and `BatchLoss`, a value of all rows."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from scipy.optimize import brentq

from rareclass import _check
from rareclass.errors import InputError
from rareclass.kernels.logits import logit, sigmoid
from rareclass.losses._fastmath import CURVATURE_FLOOR
from rareclass.losses._softmax import SoftmaxForm

# scores beyond this are no start for any learner; it also stops the search where a link never reaches a prevalence
FARTHEST_START = 1e5


class Form(Protocol):
    """The arithmetic behind a binary loss: one compiled pass over the rows."""

    @property
    def is_shift(self) -> bool: ...
    def terms(self, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]: ...
    def newton(self, y: np.ndarray, z: np.ndarray, out: np.ndarray) -> None: ...
    def graded(self, y: np.ndarray, z: np.ndarray, value: np.ndarray, gradient: np.ndarray) -> None: ...
    def link_logit(self, z: np.ndarray) -> np.ndarray: ...
    def scaled(self, weight: tuple[float, float]) -> "Form": ...


def raw_scores(z: ArrayLike) -> np.ndarray:
    """Finite float64 scores of shape (), (n,) or (n, K)."""
    try:
        array = np.asarray(z, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"`z` must hold raw scores; {error}.") from None
    if array.ndim > 2:
        raise InputError(f"`z` must be a score, scores (n,) or class scores (n, K); got shape {array.shape}.")
    if not np.isfinite(array).all():
        raise InputError(f"`z` holds {int((~np.isfinite(array)).sum())} value(s) that are not finite.")
    return array


def binary_labels(y: ArrayLike, shape: tuple[int, ...]) -> np.ndarray:
    """Boolean array of `shape`; labels must be 0/1 or Boolean."""
    array = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else y)
    if array.shape != shape and array.ndim:
        raise InputError(f"`y` and `z` need the same shape; got {array.shape} and {shape}.")
    if array.dtype != bool:
        found = array == 1
        if not (found | (array == 0)).all():
            raise InputError("`y` must hold 0 and 1 only (1 = positive). Encode the labels first.")
        array = found
    return np.ascontiguousarray(np.broadcast_to(array, shape))


def class_labels(y: ArrayLike, n: int, classes: int) -> np.ndarray:
    """int64 array (n,) of codes 0..K-1."""
    array = np.asarray(y.to_numpy() if hasattr(y, "to_numpy") else y)
    if array.shape != (n,):
        raise InputError(f"`y` must have shape ({n},) beside class scores ({n}, {classes}); got {array.shape}.")
    codes = array.astype(np.int64)
    if not (codes == array).all() or (n and (codes.min() < 0 or codes.max() >= classes)):
        raise InputError(f"`y` must hold class codes 0..{classes - 1}. Encode the labels first.")
    return codes


def class_numbers(values: Any, name: str) -> tuple[float, ...]:
    """A tuple of numbers; texts and truth values are none."""
    read = [_check.as_number(v) for v in values] if isinstance(values, Iterable) else [None]
    found = tuple(v for v in read if v is not None)
    if len(found) < len(read):
        raise InputError(f"`{name}` must be a sequence of numbers, one a class; got {values!r}.")
    return found


def positive_numbers(values: Any, name: str, *, least: int = 2, zero: bool = False) -> tuple[float, ...]:
    """A tuple of at least `least` finite positive numbers (`zero`: non-negative ones)."""
    found = class_numbers(values, name)
    if len(found) < least:
        raise InputError(f"`{name}` needs one number a class, at least {least}; got {len(found)}.")
    if not all(np.isfinite(v) and (v > 0 or (zero and v == 0)) for v in found):
        kind = "non-negative" if zero else "positive"
        raise InputError(f"`{name}` must hold finite {kind} numbers; got {found}.")
    return found


def for_classes(values: tuple[float, ...], classes: int, name: str) -> tuple[float, ...]:
    """`values` when there is one a class."""
    if len(values) != classes:
        raise InputError(f"`{name}` has {len(values)} numbers, the scores {classes} classes.")
    return values


class _Loss:
    """What all losses share: they are frozen dataclasses that turn into plain dictionaries and back."""

    needs_calibration = False

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary for a bundle; `rareclass.losses.loss_from_dict` reads it."""
        if not dataclasses.is_dataclass(self):
            raise InputError(f"{type(self).__name__} must be a dataclass to be saved.")
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        plain = {
            k: v.to_dict() if isinstance(v, _Loss) else list(v) if isinstance(v, tuple) else v
            for k, v in fields.items()
        }
        return {"loss": type(self).__name__, **plain}


class RowLoss(_Loss):
    """A loss that is a sum over rows, with the link from raw score to probability.

    Your own loss subclasses this as a frozen dataclass and overrides `value`, `gradient` and `hessian`; link, start and
    curvature then follow from the gradient. Its gradient must be negative for positives and positive for negatives.

    All methods take labels first and raw scores second. A score array (n,) or a single score means the binary loss,
    labels 0/1; class scores (n, K) mean the multi-class loss, labels 0..K-1, where the loss defines one.

    Examples
    --------
    A loss of one's own, cross-entropy in which a missed event counts threefold:

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Threefold(RowLoss):
    ...     def value(self, y, z):
    ...         return np.where(y, 3 * np.logaddexp(0, -z), np.logaddexp(0, z))
    ...     def gradient(self, y, z):
    ...         return np.where(y, -3 * sigmoid(-z), sigmoid(z))
    ...     def hessian(self, y, z):
    ...         return np.where(y, 3, 1) * sigmoid(z) * sigmoid(-z)
    >>> round(float(Threefold().link(np.log(3 * 0.01 / 0.99))), 6)  # the score of a probability of 1 %
    0.01
    """

    def _form(self) -> Form | None:
        return None

    def _class_form(self, classes: int) -> SoftmaxForm:
        raise InputError(f"{type(self).__name__} is a binary loss. Use one score a row, or one model a class.")

    @property
    def form(self) -> Form | None:
        """The loss of two classes as numbers, with its link; None for a loss of one's own."""
        return self._form()

    @property
    def is_shift(self) -> bool:
        """True when the link is the logistic curve moved by a constant, so that log-odds offsets may be added."""
        form = self._form()
        return form is not None and form.is_shift

    def _terms(self, y: ArrayLike, z: ArrayLike, which: int) -> np.ndarray:
        scores = raw_scores(z)
        if scores.ndim == 2:
            codes = class_labels(y, *scores.shape)
            return self._class_form(scores.shape[1]).terms(codes, np.ascontiguousarray(scores))[which]
        form = self._form()
        if form is None:
            raise NotImplementedError(f"{type(self).__name__} must define value, gradient and hessian.")
        labels = binary_labels(y, scores.shape)
        if which == 3:
            out = np.empty((2, scores.size))
            form.newton(labels.ravel(), scores.ravel(), out)
            return out[1].reshape(scores.shape)[()]
        return form.terms(labels.ravel(), scores.ravel())[which].reshape(scores.shape)[()]

    def value(self, y: ArrayLike, z: ArrayLike) -> np.ndarray:
        """Loss of each row in nats, (n,)."""
        return self._terms(y, z, 0)

    def gradient(self, y: ArrayLike, z: ArrayLike) -> np.ndarray:
        """Derivative of each row's loss by its score, (n,) or (n, K)."""
        return self._terms(y, z, 1)

    def hessian(self, y: ArrayLike, z: ArrayLike) -> np.ndarray:
        """Second derivative by the score, (n,), or the diagonal (n, K). Exact, hence negative where not convex."""
        return self._terms(y, z, 2)

    def curvature(self, y: ArrayLike, z: ArrayLike) -> np.ndarray:
        """Positive Hessian for second-order learners, (n,) or (n, K).

        The larger of the exact Hessian and its Gauss-Newton part |gradient| sigmoid(t), t = z for positives and -z for
        negatives. Newton steps are then never longer than those of cross-entropy; a mere floor on a negative Hessian
        makes them explode (for focal loss this concerns every positive at the prior of a rare class).
        """
        if np.ndim(z) == 2 or self._form() is not None:
            return self._terms(y, z, 3)
        scores = raw_scores(z)
        labels = binary_labels(y, scores.shape)
        gauss_newton = np.abs(self.gradient(labels, scores)) * sigmoid(np.where(labels, scores, -scores))
        return np.maximum(np.maximum(self.hessian(labels, scores), gauss_newton), CURVATURE_FLOOR)[()]

    def newton(
        self, y: np.ndarray, z: np.ndarray, weight: np.ndarray | None = None, dtype: DTypeLike = np.float32
    ) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and curvature in one pass, for boosters; y Boolean (n,), or codes beside (n, K). Unchecked."""
        if z.ndim == 2:
            found = self._class_form(z.shape[1]).terms(y.astype(np.int64), np.ascontiguousarray(z))
            out = np.stack([found[1], found[3]]).astype(dtype)
            if weight is not None:
                out *= weight[:, None]
            return out[0], out[1]
        form = self._form()
        if form is None:
            out = np.stack([self.gradient(y, z), self.curvature(y, z)]).astype(dtype)
        else:
            out = np.empty((2, z.shape[0]), dtype=dtype)
            form.newton(y, z, out)
        if weight is not None:
            out *= weight
        return out[0], out[1]

    def mean(self, y: ArrayLike, z: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
        """(Weighted) mean of `value`."""
        values = np.atleast_1d(self.value(y, z))
        return float(np.average(values, weights=_check.weights(sample_weight, values.shape[0])))

    def link_logit(self, z: ArrayLike) -> np.ndarray:
        """Log-odds of the positive class at which the score is optimal, (n,); log-probabilities for (n, K).

        In general log(g_0 / -g_1) with the gradients g_0 and g_1 of a negative and a positive row.
        """
        scores = raw_scores(z)
        if scores.ndim == 2:
            return self._class_form(scores.shape[1]).log_link(scores)
        form = self._form()
        if form is not None:
            return form.link_logit(scores)[()]
        slope_0, slope_1 = (self.gradient(np.full(scores.shape, c), scores) for c in (False, True))
        if (slope_1 > 0).any() or (slope_0 < 0).any():
            raise InputError(
                f"{type(self).__name__} has no link: its gradient must not be positive for positives nor negative for "
                "negatives. Override `link_logit` or train with a fitted calibration."
            )
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.log(slope_0) - np.log(-slope_1)
        return np.where((slope_0 == 0) & (slope_1 == 0), scores, found)[()]

    def link(self, z: ArrayLike) -> np.ndarray:
        """Probability of the positive class (n,), or of each class (n, K), that the minimiser of this loss means.

        Exact for the population minimiser, without any held-out rows; sampling noise and regularisation remain.
        """
        found = self.link_logit(z)
        return np.exp(found) if np.ndim(found) == 2 else sigmoid(found)[()]

    def start(self, prevalence: float | Sequence[float]) -> Any:
        """Best constant score: the inverse link of the prevalence (a float), or of class shares (K,), summing to 1.

        Raises
        ------
        InputError
            If the prevalence is not inside (0, 1), or no score means it.
        """
        if np.ndim(prevalence):
            shares = np.array(positive_numbers(prevalence, "prevalence"))
            return self._class_form(shares.shape[0]).start(shares / shares.sum())
        target = float(logit(_check.fraction(prevalence, "prevalence", closed="neither")))
        if self.is_shift:
            return target - float(self.link_logit(0.0))

        def miss(score: float) -> float:
            return float(np.clip(self.link_logit(score), -1e9, 1e9)) - target

        low, high = -1.0, 1.0
        while miss(low) > 0 and low > -FARTHEST_START:
            low *= 2
        while miss(high) < 0 and high < FARTHEST_START:
            high *= 2
        if miss(low) > 0 or miss(high) < 0:
            raise InputError(f"No score of {self!r} means a prevalence of {prevalence}; choose other parameters.")
        return float(brentq(miss, low, high, xtol=1e-14, rtol=1e-14))

    def curvature_ratio(self, prevalence: float) -> float:
        """Mean curvature at the start, as a multiple of that of cross-entropy, prevalence (1 - prevalence).

        Multiply a booster's minimum Hessian per leaf by it, so that the limit means as many rows as it does for
        cross-entropy (focal loss with gamma = 2 at a prevalence of 0.001: 3.19).
        """
        negative, positive = self.curvature(np.array([0, 1]), np.full(2, self.start(prevalence)))
        return float((prevalence * positive + (1 - prevalence) * negative) / (prevalence * (1 - prevalence)))


class BatchLoss(_Loss):
    """A loss of all rows together, with value, gradient and a positive curvature but no link.

    Its scores rank or segment; they are no probabilities until a calibration is fitted on held-out (or out-of-fold)
    rows. All methods take labels (n,) first and raw scores (n,) second; `sample_weight` counts as repetition of rows.
    """

    needs_calibration = True

    def value(self, y: ArrayLike, z: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
        """Loss of the batch."""
        return self._evaluate(*self._inputs(y, z, sample_weight))[0]

    def gradient(self, y: ArrayLike, z: ArrayLike, *, sample_weight: ArrayLike | None = None) -> np.ndarray:
        """Derivative of the batch's loss by each score, (n,)."""
        return self._evaluate(*self._inputs(y, z, sample_weight))[1]

    def curvature(self, y: ArrayLike, z: ArrayLike, *, sample_weight: ArrayLike | None = None) -> np.ndarray:
        """Positive diagonal for second-order learners, (n,)."""
        return self._evaluate(*self._inputs(y, z, sample_weight))[2]

    def newton(
        self, y: np.ndarray, z: np.ndarray, weight: np.ndarray | None = None, dtype: DTypeLike = np.float32
    ) -> tuple[np.ndarray, np.ndarray]:
        """Gradient and curvature for boosters, times the number of rows: on the scale of a row loss."""
        ones = np.ones(z.shape[0]) if weight is None else np.asarray(weight, dtype=np.float64)
        _, gradient, curvature = self._evaluate(np.asarray(y, dtype=bool), np.asarray(z, dtype=np.float64), ones)
        n = z.shape[0]
        return (gradient * n).astype(dtype), np.maximum(curvature * n, CURVATURE_FLOOR).astype(dtype)

    def link(self, z: ArrayLike) -> np.ndarray:
        """Raise: a batch loss means no probability."""
        raise InputError(
            f"{type(self).__name__} has no link to a probability. Fit a calibration on out-of-fold scores, for example "
            "`rareclass.calibration.choose_calibration`."
        )

    def start(self, prevalence: float) -> float:
        """A neutral constant score; the log-odds of the prevalence."""
        return float(logit(_check.fraction(prevalence, "prevalence", closed="neither")))

    def _inputs(
        self, y: ArrayLike, z: ArrayLike, sample_weight: ArrayLike | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        scores = raw_scores(z)
        if scores.ndim != 1:
            raise InputError(f"{type(self).__name__} needs scores (n,); got shape {scores.shape}.")
        labels = binary_labels(y, scores.shape)
        weight = _check.weights(sample_weight, scores.shape[0])
        return labels, scores, np.ones(scores.shape[0]) if weight is None else weight

    def _evaluate(self, y: np.ndarray, z: np.ndarray, weight: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """(value, gradient, curvature) of Boolean y, float64 z and weights, all (n,)."""
        raise NotImplementedError
