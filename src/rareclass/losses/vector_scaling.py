"""Vector-scaling loss."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rareclass.errors import InputError
from rareclass.losses._affine import AffineForm
from rareclass.losses._softmax import SoftmaxForm
from rareclass.losses.base import Form, RowLoss, class_numbers, for_classes, positive_numbers


@dataclass(frozen=True)
class VectorScalingLoss(RowLoss):
    """w_y softplus(i_y - d_y t): weights, additive and multiplicative changes in one loss; convex.

    Contains weighted cross-entropy (i = 0, d = 1), logit adjustment (i = (c, -c)) and LDAM (i = s margin, d = s).
    Multiplicative factors matter once a network separates its training rows; in trees they are undone by `link`.

    Parameters
    ----------
    weights : sequence of positive float
        One a class. Default (1, 1).
    additive : sequence of float
        i_y, one a class. For two classes and one score: added *inside* the softplus, so a larger value asks for a
        larger margin. For class scores (n, K): added to the scores, as in the paper. Default (0, 0).
    multiplicative : sequence of positive float
        d_y, one a class. Default (1, 1).

    Raises
    ------
    InputError
        If the three lengths differ or a weight or factor is not positive.

    References
    ----------
    Kini et al. (2021), "Label-imbalanced and group-sensitive classification under overparameterization", arXiv
    2103.01550 (the VS-loss, binary and for several classes). The links are derived here from the gradients.

    Examples
    --------
    >>> loss = VectorScalingLoss((1.0, 2.0), (0.4, 0.4), (0.7, 0.7))
    >>> round(float(loss.link(loss.start(0.05))), 6)
    0.05
    """

    weights: Sequence[float] = (1.0, 1.0)
    additive: Sequence[float] = (0.0, 0.0)
    multiplicative: Sequence[float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", positive_numbers(self.weights, "weights"))
        object.__setattr__(self, "multiplicative", positive_numbers(self.multiplicative, "multiplicative"))
        additive = class_numbers(self.additive, "additive")
        if not all(np.isfinite(v) for v in additive):
            raise InputError(f"`additive` must hold finite numbers; got {additive}.")
        object.__setattr__(self, "additive", additive)
        if len({len(self.weights), len(additive), len(self.multiplicative)}) > 1:
            raise InputError("`weights`, `additive` and `multiplicative` need one number a class each.")

    def _form(self) -> Form:
        w0, w1 = for_classes(tuple(self.weights), 2, "weights")
        return AffineForm((w0, w1), tuple(self.additive), tuple(self.multiplicative))  # type: ignore[arg-type]

    def _class_form(self, classes: int) -> SoftmaxForm:
        weight = for_classes(tuple(self.weights), classes, "weights")
        return SoftmaxForm.plain(classes, weight=weight, shift=tuple(self.additive), scale=tuple(self.multiplicative))
