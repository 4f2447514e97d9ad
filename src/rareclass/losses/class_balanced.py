"""Class-balanced weights by the effective number of rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rareclass import _check
from rareclass.errors import InputError
from rareclass.losses._softmax import SoftmaxForm
from rareclass.losses.base import Form, RowLoss, for_classes, positive_numbers
from rareclass.losses.cross_entropy import CrossEntropy


def effective_number_weights(counts: Sequence[float], beta: float) -> tuple[float, ...]:
    """(1 - beta) / (1 - beta^n_c) for each class, scaled to sum to the number of classes.

    Examples
    --------
    >>> [round(w, 6) for w in effective_number_weights((100_000, 100), 0.9999)]
    [0.019706, 1.980294]
    """
    n = np.array(counts, dtype=np.float64)
    # expm1: 1 - beta^n loses every digit when beta is near 1 and n small
    raw = np.ones_like(n) if beta == 0 else 1.0 / -np.expm1(n * np.log(beta))
    return tuple((raw * n.size / raw.sum()).tolist())


@dataclass(frozen=True)
class ClassBalancedLoss(RowLoss):
    """A base loss with class weights by the effective number of rows; the link undoes the weights.

    Parameters
    ----------
    counts : sequence of float
        Rows of each class, class 0 first.
    beta : float in [0, 1)
        Overlap of rows: 0 weights classes alike, near 1 by 1 / n_c. Default 0.9999.
    base : RowLoss
        The loss that is weighted, for example ``FocalLoss(2.0)``. Default cross-entropy.

    Raises
    ------
    InputError
        If counts are not positive, beta is outside [0, 1) or the base is no loss of this package with a known form.

    References
    ----------
    Cui et al. (2019), "Class-balanced loss based on effective number of samples", arXiv 1901.05555:
    w_c = (1 - beta) / (1 - beta^n_c), normalised to sum to the number of classes, as in the authors' experiments.

    Examples
    --------
    >>> loss = ClassBalancedLoss((100_000, 100))
    >>> round(float(loss.link(loss.start(0.001))), 6)
    0.001
    """

    counts: Sequence[float]
    beta: float = 0.9999
    base: RowLoss = field(default_factory=CrossEntropy)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", positive_numbers(self.counts, "counts"))
        object.__setattr__(self, "beta", _check.fraction(self.beta, "beta", closed="left"))
        if not isinstance(self.base, RowLoss) or type(self.base)._form is RowLoss._form:
            raise InputError(f"`base` must be one of this package's row losses; got {self.base!r}.")

    @property
    def weights(self) -> tuple[float, ...]:
        """The weight of each class."""
        return effective_number_weights(self.counts, self.beta)

    def _form(self) -> Form:
        w0, w1 = for_classes(self.weights, 2, "counts")
        base = self.base._form()
        assert base is not None
        return base.scaled((w0, w1))

    def _class_form(self, classes: int) -> SoftmaxForm:
        return self.base._class_form(classes).scaled(for_classes(self.weights, classes, "counts"))
