"""Temperature scaling with a bias for each class."""

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.calibration.base import Calibrator, GroupedRows
from rareclass.calibration.ends import Ends
from rareclass.calibration.logistic import fit_intercept, fit_ridge
from rareclass.errors import InputError, TargetError
from rareclass.kernels.logits import sigmoid

_PRECISION = 1e-2
"""Prior precision of the inverse temperature around 1: weak, but finite where the scores separate the classes."""


class TemperatureCalibration(Calibrator):
    """One temperature for all classes, and one bias a class: ``softmax(logit / temperature + bias)``.

    The multi-class form of the sigmoid map; with two classes it is the sigmoid map by penalised maximum likelihood.
    Plain temperature scaling has no bias and cannot undo weights, resampling or a moved prevalence: on weighted
    training it left a log-loss of 0.237 where the sigmoid reached 0.023.

    Attributes
    ----------
    temperature_ : float > 0
        Above 1: the scores were too extreme.
    bias_ : ndarray of shape (1,) or (K,)
        Log-odds added; for K classes they sum to zero.

    Notes
    -----
    Guo et al. (2017), ICML; bias-corrected temperature scaling: Alexandari et al. (2020), ICML.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(-3, 2, 20_000)
    >>> y = rng.random(z.size) < 1 / (1 + np.exp(-z))
    >>> fitted = TemperatureCalibration().fit(2 * z + 5, y)
    >>> round(fitted.temperature_, 1), fitted.bias_.round(1).tolist()
    (2.0, [-2.5])
    """

    kind: ClassVar[str] = "temperature"
    temperature_: float
    bias_: np.ndarray

    def fit(self, logit: ArrayLike, y: ArrayLike, *, sample_weight: ArrayLike | None = None) -> Self:
        """Fit on log-odds (n,) and a binary target, or on logits (n, K) and class numbers 0 to K - 1."""
        z = np.asarray(logit)
        if z.ndim != 2:
            return super().fit(logit, y, sample_weight=sample_weight)
        if z.shape[0] == 0 or z.shape[1] < 2 or not np.isfinite(z.astype(np.float64)).all():
            raise InputError("`logit` must be finite with shape (n, K), n >= 1 and K >= 2.")
        z = z.astype(np.float64)
        number = _check.number_array(y, "y").astype(np.int64)
        _check.same_length(logit=z, y=number)
        weight = _check.weights(sample_weight, z.shape[0])
        weight = np.ones(z.shape[0]) if weight is None else weight
        if number.min() < 0 or number.max() >= z.shape[1]:
            raise TargetError(
                f"`y` must hold class numbers 0 to {z.shape[1] - 1}; got {number.min()} to {number.max()}."
            )
        counts = np.bincount(number, weight, minlength=z.shape[1])
        if (counts == 0).any():
            raise TargetError(f"`y` holds no row of class {int(np.argmin(counts))}; each class needs at least one.")
        self.events_, self.rows_, self.ends_ = float(counts.min()), float(weight.sum()), Ends()
        scale, bias = fit_classes(z, number, weight)
        self.temperature_, self.bias_ = 1 / scale, bias
        return self

    def _fit(self, rows: GroupedRows) -> None:
        features = np.column_stack([np.ones(rows.logit.size), rows.logit])
        scale = 1.0
        if rows.logit.size > 1:
            fitted = fit_ridge(features, rows, centre=np.array([0.0, 1.0]), precision=np.array([0.0, _PRECISION]))
            scale = max(float(fitted[1]), 1e-3)
        self.temperature_ = 1 / scale
        self.bias_ = np.array([fit_intercept(scale * rows.logit, rows)])

    def predict_logit(self, logit: ArrayLike) -> np.ndarray:
        """Calibrated log-odds (n,), or logits (n, K) where it was fitted on K classes."""
        self._check_fitted()
        if self.bias_.size == 1:
            return super().predict_logit(logit)
        z = np.asarray(logit, dtype=np.float64)
        if z.ndim != 2 or z.shape[1] != self.bias_.size:
            raise InputError(f"`logit` must have {self.bias_.size} columns; got shape {z.shape}.")
        return self._map(z)

    def predict(self, logit: ArrayLike) -> np.ndarray:
        """Calibrated probabilities: (n,) of the positive class, or (n, K)."""
        calibrated = self.predict_logit(logit)
        return sigmoid(calibrated) if calibrated.ndim == 1 else softmax(calibrated)

    def _map(self, z: np.ndarray) -> np.ndarray:
        return z / self.temperature_ + (self.bias_[0] if self.bias_.size == 1 else self.bias_)

    def _moved(self, shift: float) -> Self:
        return self._with(bias_=self.bias_ + shift)

    def _state(self) -> dict[str, Any]:
        return {"temperature": self.temperature_, "bias": self.bias_.tolist()}

    def _restore(self, state: dict[str, Any]) -> None:
        self.temperature_ = float(state["temperature"])
        self.bias_ = np.asarray(state["bias"], dtype=np.float64)


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def fit_classes(
    z: np.ndarray, number: np.ndarray, weight: np.ndarray, *, precision: float = _PRECISION
) -> tuple[float, np.ndarray]:
    """Inverse temperature and biases (K,) by damped Newton steps; a huge `precision` holds the temperature at 1."""
    n, k = z.shape
    truth = np.zeros((n, k))
    truth[np.arange(n), number] = 1.0

    def objective(at: np.ndarray) -> float:
        u = at[0] * z + np.r_[0.0, at[1:]]
        top = u.max(axis=1, keepdims=True)
        log_sum = top[:, 0] + np.log(np.exp(u - top).sum(axis=1))
        return float(weight @ (log_sum - u[np.arange(n), number]) + 0.5 * precision * (at[0] - 1) ** 2)

    at = np.r_[1.0, np.zeros(k - 1)]
    value = objective(at)
    for _ in range(100):
        p = softmax(at[0] * z + np.r_[0.0, at[1:]])
        gap = weight[:, None] * (p - truth)
        gradient = np.r_[float((gap * z).sum()) + precision * (at[0] - 1), gap[:, 1:].sum(axis=0)]
        step = np.linalg.lstsq(_curvature(z, p, weight, precision), gradient, rcond=1e-14)[0]
        decrement = float(gradient @ step)
        if decrement < 1e-10:
            break
        size = min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
        while size > 1e-12 and objective(at - size * step) > value - 1e-4 * size * decrement:
            size /= 2
        at = at - size * step
        value = objective(at)
    scale = max(float(at[0]), 1e-3)
    bias = np.r_[0.0, at[1:]]
    return scale, bias - bias.mean()


def _curvature(z: np.ndarray, p: np.ndarray, weight: np.ndarray, precision: float) -> np.ndarray:
    """Hessian (K, K) in (inverse temperature, biases of classes 1 to K - 1)."""
    k = z.shape[1]
    mean = (p * z).sum(axis=1, keepdims=True)
    hessian = np.empty((k, k))
    hessian[0, 0] = float(weight @ (p * (z - mean) ** 2).sum(axis=1)) + precision
    hessian[0, 1:] = hessian[1:, 0] = (weight[:, None] * p * (z - mean))[:, 1:].sum(axis=0)
    tail = p[:, 1:]
    hessian[1:, 1:] = np.diag(weight @ tail) - (tail * weight[:, None]).T @ tail
    return hessian
