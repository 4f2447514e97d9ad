"""Poly-1 losses."""

from dataclasses import dataclass

import numpy as np

from rareclass import _check
from rareclass.losses._power import PowerForm
from rareclass.losses._softmax import SoftmaxForm
from rareclass.losses.base import Form, RowLoss
from rareclass.losses.focal import Alpha, alpha_weights, checked_alpha


@dataclass(frozen=True)
class PolyLoss(RowLoss):
    """Poly-1: cross-entropy (gamma = 0) or focal loss plus epsilon times its first polynomial term q^(gamma + 1).

    Convex for gamma = 0 and epsilon <= 1. The authors report positive values as best for image
    classification and negative ones for detection, where the foreground is rare.

    Parameters
    ----------
    epsilon : float, >= -1
        Size of the added term. Below -1 confident rows would be pushed back and no link exists. Default 1.
    gamma : float, >= 0
        Focusing exponent. Default 0.
    alpha : None, float in (0, 1), or sequence of positive float
        As in `FocalLoss`. Default None.

    Raises
    ------
    InputError
        If epsilon is below -1, gamma negative or alpha outside its range.

    References
    ----------
    Leng et al. (2022), "PolyLoss: a polynomial expansion perspective of classification loss functions", arXiv
    2204.12511 (Poly-1). The link follows from the gradients.

    Examples
    --------
    >>> PolyLoss(epsilon=1.0).value([0, 1], [-3.0, -3.0]).round(4).tolist()
    [0.096, 4.0012]
    >>> loss = PolyLoss(epsilon=-1.0, gamma=2.0)
    >>> round(float(loss.link(loss.start(0.001))), 6)
    0.001
    """

    epsilon: float = 1.0
    gamma: float = 0.0
    alpha: Alpha = None

    def __post_init__(self) -> None:
        epsilon = _check.fraction(self.epsilon, "epsilon", low=-1.0, high=np.inf, closed="left")
        object.__setattr__(self, "epsilon", epsilon)
        object.__setattr__(self, "gamma", _check.fraction(self.gamma, "gamma", high=np.inf, closed="left"))
        object.__setattr__(self, "alpha", checked_alpha(self.alpha))

    def _form(self) -> Form:
        w0, w1 = alpha_weights(self.alpha, 2)
        return PowerForm((self.gamma, self.gamma), (self.epsilon, self.epsilon), (w0, w1))

    def _class_form(self, classes: int) -> SoftmaxForm:
        weight = alpha_weights(self.alpha, classes)
        return SoftmaxForm.plain(classes, gamma=self.gamma, epsilon=self.epsilon, weight=weight)
