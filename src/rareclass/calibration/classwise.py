"""Calibration of several classes, one at a time."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass.calibration.base import Calibrator
from rareclass.calibration.choose import calibrator_from_dict, choose_calibration
from rareclass.calibration.temperature import fit_classes, softmax
from rareclass.errors import InputError, TargetError
from rareclass.kernels.logits import log_sigmoid


class ClasswiseCalibration:
    """One calibrator a class, of that class against the rest; the probabilities are then scaled to sum to 1.

    Each class gets what its events can pay for: a rare class an intercept, a common one an isotonic map. For a few
    hundred rows and many classes `TemperatureCalibration`, with one temperature and a bias a class, is steadier.

    Parameters
    ----------
    method : str or Calibrator, default="auto"
        As for `choose_calibration`.

    Attributes
    ----------
    calibrators_ : list of K fitted calibrators
    bias_ : ndarray of shape (K,)
        Log factors by which the scaled probabilities are multiplied, so that each class is expected as often as it
        was observed.

    Notes
    -----
    Zadrozny and Elkan (2002), KDD, one-against-all with normalisation.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> y = rng.choice(3, 6000, p=[0.9, 0.08, 0.02])
    >>> logits = rng.normal(size=(6000, 3)) + 2 * np.eye(3)[y]
    >>> p = ClasswiseCalibration().fit(logits, y).predict(logits)
    >>> (p.mean(axis=0) / np.bincount(y) * y.size).round(6).tolist()
    [1.0, 1.0, 1.0]
    """

    kind = "classwise"
    calibrators_: list[Calibrator]
    bias_: np.ndarray

    def __init__(self, *, method: str | Calibrator = "auto") -> None:
        self.method = method

    def fit(self, logit: ArrayLike, y: ArrayLike, *, sample_weight: ArrayLike | None = None) -> Self:
        """Fit on logits (n, K) of rows that the model did not see, and class numbers (n,) from 0 to K - 1."""
        z = _matrix(logit)
        number = _check.number_array(y, "y").astype(np.int64)
        _check.same_length(logit=z, y=number)
        if number.min() < 0 or number.max() >= z.shape[1]:
            raise TargetError(f"`y` must hold class numbers 0 to {z.shape[1] - 1}.")
        rest = against_the_rest(z)
        fitted = []
        for k in range(z.shape[1]):
            if not (number == k).any():
                raise TargetError(f"`y` holds no row of class {k}; each class needs at least one.")
            fitted.append(choose_calibration(rest[:, k], number == k, method=self.method, sample_weight=sample_weight))
        self.calibrators_ = fitted
        weight = _check.weights(sample_weight, number.size)
        # scaling to a sum of 1 takes from rare classes what it gives to common ones; one bias a class gives it back
        ones = np.ones(number.size) if weight is None else weight
        self.bias_ = fit_classes(self._log_scores(rest), number, ones, precision=1e12)[1]
        return self

    def _log_scores(self, rest: np.ndarray) -> np.ndarray:
        return np.column_stack([log_sigmoid(c.predict_logit(rest[:, k])) for k, c in enumerate(self.calibrators_)])

    def predict(self, logit: ArrayLike) -> np.ndarray:
        """Calibrated probabilities (n, K), each row summing to 1."""
        if not hasattr(self, "calibrators_"):
            raise InputError("This ClasswiseCalibration is not fitted yet; call `fit` on out-of-fold logits first.")
        z = _matrix(logit)
        if z.shape[1] != len(self.calibrators_):
            raise InputError(f"`logit` must have {len(self.calibrators_)} columns; got {z.shape[1]}.")
        return softmax(self._log_scores(against_the_rest(z)) + self.bias_)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        method = self.method if isinstance(self.method, str) else self.method.kind
        classes = [c.to_dict() for c in self.calibrators_]
        return {"kind": self.kind, "method": method, "classes": classes, "bias": self.bias_.tolist()}

    @classmethod
    def from_dict(cls, state: dict[str, Any]) -> Self:
        """Rebuild from the values of `to_dict`."""
        new = cls(method=state["method"])
        new.calibrators_ = [calibrator_from_dict(s) for s in state["classes"]]
        new.bias_ = np.asarray(state["bias"], dtype=np.float64)
        return new


def against_the_rest(z: np.ndarray) -> np.ndarray:
    """Log-odds (n, K) of each class against all others, from softmax logits (n, K)."""
    out = np.empty_like(z)
    for k in range(z.shape[1]):
        others = np.delete(z, k, axis=1)
        top = others.max(axis=1)
        out[:, k] = z[:, k] - top - np.log(np.exp(others - top[:, None]).sum(axis=1))
    return out


def _matrix(logit: ArrayLike) -> np.ndarray:
    z = np.asarray(logit, dtype=np.float64)
    if z.ndim != 2 or z.shape[0] == 0 or z.shape[1] < 2 or not np.isfinite(z).all():
        raise InputError(f"`logit` must be finite with shape (n, K), n >= 1 and K >= 2; got shape {z.shape}.")
    return z
