"""Tversky and focal Tversky losses."""

from dataclasses import dataclass

import numpy as np

from rareclass import _check
from rareclass.errors import InputError
from rareclass.kernels.compiled import compiled
from rareclass.losses._fastmath import OPTIONS, exp_negative
from rareclass.losses.base import BatchLoss


def _checked(loss: BatchLoss, *names: str) -> None:
    for name in names:
        number = _check.fraction(getattr(loss, name), name, high=np.inf, closed="left")
        object.__setattr__(loss, name, number)


@compiled(**OPTIONS)
def _sums(
    y: np.ndarray, z: np.ndarray, weight: np.ndarray
) -> tuple[float, float, float]:  # pragma: no cover - compiled
    """Soft counts: true positives, false positives, false negatives."""
    hit, false, missed = 0.0, 0.0, 0.0
    for i in range(z.shape[0]):
        e = exp_negative(-abs(z[i]))
        large = weight[i] / (1.0 + e)
        p, q = (large, e * large) if z[i] >= 0 else (e * large, large)
        if y[i]:
            hit += p
            missed += q
        else:
            false += p
    return hit, false, missed


@compiled(**OPTIONS)
def _slopes(
    y: np.ndarray, z: np.ndarray, weight: np.ndarray, for_positive: float, for_negative: float, gradient: np.ndarray
) -> None:  # pragma: no cover - compiled
    for i in range(z.shape[0]):
        e = exp_negative(-abs(z[i]))
        large = 1.0 / (1.0 + e)
        gradient[i] = weight[i] * (for_positive if y[i] else for_negative) * (e * large * large)


def tversky_parts(
    y: np.ndarray, z: np.ndarray, weight: np.ndarray, fp_weight: float, fn_weight: float, smooth: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """(1 - index, its gradient, its curvature). All differences are formed without cancellation."""
    hit, false, missed = _sums(y, z, weight)
    hit += smooth
    miss = fp_weight * false + fn_weight * missed
    total = hit + miss
    if total == 0:
        raise InputError("The Tversky index is 0 / 0: no positives in the batch and `smooth=0`. Set `smooth` above 0.")
    gradient = np.empty_like(z)
    _slopes(y, z, weight, -(miss + fn_weight * hit) / total / total, fp_weight * hit / total / total, gradient)
    return miss / total, gradient, np.abs(gradient)


@dataclass(frozen=True)
class TverskyLoss(BatchLoss):
    """1 - TP / (TP + a FP + b FN) with soft counts: set a and b to say which error hurts more.

    For segmentation and other dense batches. It has no link: scores saturate towards 0 and 1 and are no
    probabilities, so a calibration must be fitted. In boosted trees it ranked worse than cross-entropy on
    public sets (`benchmarks/losses.py --quality`); choose a threshold there instead. Dice is
    a = b = 1/2; F-beta is a = 1 / (1 + beta^2), b = beta^2 / (1 + beta^2).

    Parameters
    ----------
    fp_weight : float, >= 0
        a, weight of false positives. Default 0.3. (Packages disagree on which one is called alpha; hence the names.)
    fn_weight : float, >= 0
        b, weight of false negatives. Default 0.7.
    smooth : float, >= 0
        Added to TP, in rows; keeps batches without positives defined. Default 1.

    Raises
    ------
    InputError
        If a number is negative, both weights are zero, or a batch gives 0 / 0.

    References
    ----------
    Salehi et al. (2017), "Tversky loss function for image segmentation", arXiv 1706.05721. The exact Hessian diagonal
    is negative for about half of the rows; `curvature` is the size of dL/dp times p (1 - p).

    Examples
    --------
    >>> loss = TverskyLoss()
    >>> round(loss.value([0, 0, 1], [-2.0, -1.0, 1.0]), 4)
    0.1497
    """

    fp_weight: float = 0.3
    fn_weight: float = 0.7
    smooth: float = 1.0

    def __post_init__(self) -> None:
        _checked(self, "fp_weight", "fn_weight", "smooth")
        if self.fp_weight == 0 and self.fn_weight == 0:
            raise InputError("`fp_weight` and `fn_weight` are both 0: no error would count. Make one positive.")

    def _evaluate(self, y: np.ndarray, z: np.ndarray, weight: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        return tversky_parts(y, z, weight, self.fp_weight, self.fn_weight, self.smooth)


@dataclass(frozen=True)
class FocalTverskyLoss(BatchLoss):
    """(1 - Tversky index)^(1 / gamma): with gamma > 1 the slope grows as the index nears 1.

    Parameters
    ----------
    gamma : float, > 0
        Default 4/3, as in the paper; 1 is the Tversky loss.
    fp_weight, fn_weight, smooth : float, >= 0
        As in `TverskyLoss`.

    Raises
    ------
    InputError
        If gamma is not positive or another number is negative.

    References
    ----------
    Abraham and Khan (2019), "A novel focal Tversky loss function", arXiv 1810.07842.

    Examples
    --------
    >>> round(FocalTverskyLoss().value([0, 0, 1], [-2.0, -1.0, 1.0]), 4)
    0.2406
    """

    gamma: float = 4 / 3
    fp_weight: float = 0.3
    fn_weight: float = 0.7
    smooth: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "gamma", _check.fraction(self.gamma, "gamma", high=np.inf, closed="neither"))
        _checked(self, "fp_weight", "fn_weight", "smooth")
        if self.fp_weight == 0 and self.fn_weight == 0:
            raise InputError("`fp_weight` and `fn_weight` are both 0: no error would count. Make one positive.")

    def _evaluate(self, y: np.ndarray, z: np.ndarray, weight: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        value, gradient, curvature = tversky_parts(y, z, weight, self.fp_weight, self.fn_weight, self.smooth)
        if value == 0:  # every row is right to the last bit: nothing is left to learn
            return 0.0, gradient, curvature
        factor = value ** (1 / self.gamma - 1) / self.gamma
        return value ** (1 / self.gamma), factor * gradient, factor * curvature
