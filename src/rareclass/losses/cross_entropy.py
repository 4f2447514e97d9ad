"""Cross-entropy, plain and with class weights."""

from collections.abc import Sequence
from dataclasses import dataclass

from rareclass.errors import InputError
from rareclass.losses._power import PowerForm
from rareclass.losses._softmax import SoftmaxForm
from rareclass.losses.base import Form, RowLoss, for_classes, positive_numbers


@dataclass(frozen=True)
class CrossEntropy(RowLoss):
    """Log-loss of raw scores, softplus(-t) with t = (2y - 1) z: proper, hence its link is the logistic curve.

    Use it unless you have measured that something else ranks better: it is the only loss here whose scores are
    log-odds as they stand.

    Examples
    --------
    >>> CrossEntropy().value([0, 1], [-3.0, -3.0]).round(4).tolist()
    [0.0486, 3.0486]
    >>> round(CrossEntropy().start(0.001), 4)
    -6.9068
    """

    def _form(self) -> Form:
        return PowerForm()

    def _class_form(self, classes: int) -> SoftmaxForm:
        return SoftmaxForm.plain(classes)


@dataclass(frozen=True)
class WeightedCrossEntropy(RowLoss):
    """Log-loss with a weight for each class; the link undoes the weights exactly (a shift by log(w_1 / w_0)).

    Weighting moves the scores, not the information in them: in boosted trees it is mostly a threshold move, and large
    weights inflate the variance of the leaves around the events. `scale_pos_weight` of the boosters is this loss.

    Parameters
    ----------
    weights : float or sequence of float
        Weight of positives (negatives count 1), or one positive weight a class. Default 1.

    Raises
    ------
    InputError
        If a weight is zero, negative or not finite.

    References
    ----------
    Elkan (2001), "The foundations of cost-sensitive learning", theorem 1 (the equivalent change of prior).

    Examples
    --------
    >>> loss = WeightedCrossEntropy(99.0)
    >>> round(float(loss.link(0.0)), 4)
    0.01
    """

    weights: float | Sequence[float] = 1.0

    def __post_init__(self) -> None:
        given = (1.0, self.weights) if isinstance(self.weights, int | float) else self.weights
        checked = positive_numbers(given, "weights")
        object.__setattr__(self, "weights", float(self.weights) if isinstance(self.weights, int | float) else checked)

    @classmethod
    def from_counts(cls, counts: Sequence[float]) -> "WeightedCrossEntropy":
        """Balanced weights n / (classes x count), from the rows of each class, class 0 first: all weigh alike in sum.

        Examples
        --------
        >>> WeightedCrossEntropy.from_counts((900, 100)).weights
        (0.5555555555555556, 5.0)
        """
        found = positive_numbers(counts, "counts")
        return cls(tuple(sum(found) / (len(found) * n) for n in found))

    def _pair(self) -> tuple[float, ...]:
        return (1.0, self.weights) if isinstance(self.weights, float) else tuple(self.weights)

    def _form(self) -> Form:
        w0, w1 = for_classes(self._pair(), 2, "weights")
        return PowerForm(weight=(w0, w1))

    def _class_form(self, classes: int) -> SoftmaxForm:
        if isinstance(self.weights, float):
            raise InputError(f"`weights` must hold one number a class for {classes} classes; got {self.weights}.")
        return SoftmaxForm.plain(classes, weight=for_classes(self._pair(), classes, "weights"))
