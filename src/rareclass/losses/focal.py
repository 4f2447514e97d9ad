"""Focal loss."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rareclass import _check
from rareclass.errors import InputError
from rareclass.losses._power import PowerForm
from rareclass.losses._softmax import SoftmaxForm
from rareclass.losses.base import Form, RowLoss, for_classes, positive_numbers

Alpha = float | Sequence[float] | None


def checked_alpha(alpha: Alpha) -> Alpha:
    """None, a share in (0, 1) or a tuple of positive class weights."""
    if alpha is None:
        return None
    if np.ndim(alpha) == 0:
        return _check.fraction(alpha, "alpha", closed="neither")
    return positive_numbers(alpha, "alpha")


def alpha_weights(alpha: Alpha, classes: int) -> tuple[float, ...]:
    """Weight of each class."""
    if alpha is None:
        return (1.0,) * classes
    if isinstance(alpha, float):
        if classes != 2:
            raise InputError(f"`alpha` must hold one weight a class for {classes} classes; got {alpha}.")
        return 1.0 - alpha, alpha
    return for_classes(tuple(alpha), classes, "alpha")


@dataclass(frozen=True)
class FocalLoss(RowLoss):
    """Focal loss a_y q^gamma (-log p): rows that are already right count less; the link makes its scores probabilities.

    sigmoid(z) of a focal model is *not* a probability (at a true probability of 0.001 and gamma = 2 it says 0.073);
    `link(z)` is. The loss is not convex: most positives of a rare class start in the region of negative Hessian, so
    second-order learners use `curvature`. It keeps the ranking of well separated data and helps rarely in boosted
    trees; try it against cross-entropy, out of fold, before you use it.

    Parameters
    ----------
    gamma : float, >= 0
        Focusing exponent; 0 is cross-entropy. Default 2.
    alpha : None, float in (0, 1), or sequence of positive float
        None: classes count alike. A float: weight of positives, negatives get 1 - alpha (Lin's convention). A
        sequence: one weight a class; needed for more than two classes. Default None.

    Raises
    ------
    InputError
        If gamma is negative or alpha outside its range.

    References
    ----------
    Lin et al. (2017), "Focal loss for dense object detection", arXiv 1708.02002, equations 4 and 5. Link:
    Charoenphakdee et al. (2021), "On focal loss for class-posterior probability estimation", arXiv 2011.09172: eta_k is
    proportional to h(v_k), h(v) = v / phi(v), phi(v) = (1-v)^g - g (1-v)^(g-1) v ln v, for two and for more classes.
    Here it is evaluated in logarithms, exact to |z| = 1e4 and more.

    Examples
    --------
    >>> loss = FocalLoss(gamma=2.0)
    >>> round(loss.start(0.001), 4)
    -2.5452
    >>> loss.link([loss.start(0.001), 1e4]).round(6).tolist()
    [0.001, 1.0]
    >>> loss.link([[2.0, 0.0, -1.0]]).round(4).tolist()
    [[0.9895, 0.0076, 0.0029]]
    """

    gamma: float = 2.0
    alpha: Alpha = None

    def __post_init__(self) -> None:
        gamma = _check.fraction(self.gamma, "gamma", high=np.inf, closed="left")
        object.__setattr__(self, "gamma", gamma)
        object.__setattr__(self, "alpha", checked_alpha(self.alpha))

    def _form(self) -> Form:
        w0, w1 = alpha_weights(self.alpha, 2)
        return PowerForm(gamma=(self.gamma, self.gamma), weight=(w0, w1))

    def _class_form(self, classes: int) -> SoftmaxForm:
        return SoftmaxForm.plain(classes, gamma=self.gamma, weight=alpha_weights(self.alpha, classes))
