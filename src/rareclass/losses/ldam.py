"""Label-distribution-aware margins."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rareclass import _check
from rareclass.errors import InputError
from rareclass.losses._affine import AffineForm
from rareclass.losses._softmax import SoftmaxForm
from rareclass.losses.base import Form, RowLoss, for_classes, positive_numbers


@dataclass(frozen=True)
class LDAMLoss(RowLoss):
    """Cross-entropy with a larger margin for rarer classes, softplus(-s (t - margin_y)); convex.

    Made for networks with normalised last layers (where `scale` is about 30). In boosted trees its scores differ from
    cross-entropy's mostly by a bend that `link` undoes.

    Parameters
    ----------
    counts : sequence of float, optional
        Rows of each class, class 0 first; the margin of class c is max_margin (n_min / n_c)^(1/4).
    max_margin : float, > 0
        Margin of the rarest class, in score units. Default 0.5.
    scale : float, > 0
        Factor on the scores. Default 1; the authors use 30 on cosine scores.
    margins : sequence of float, optional
        The margins themselves, >= 0, instead of `counts`.

    Raises
    ------
    InputError
        Unless exactly one of counts and margins is given, and all numbers are in range.

    References
    ----------
    Cao et al. (2019), "Learning imbalanced datasets with label-distribution-aware margin loss", arXiv 1906.07413:
    margins proportional to n_c^(-1/4). The link is derived here from the gradients.

    Examples
    --------
    >>> [round(m, 6) for m in LDAMLoss((100_000, 100)).class_margins]
    [0.088914, 0.5]
    >>> loss = LDAMLoss(margins=(0.1, 0.5), scale=5.0)
    >>> round(float(loss.link(loss.start(0.02))), 6)
    0.02
    """

    counts: Sequence[float] | None = None
    max_margin: float = 0.5
    scale: float = 1.0
    margins: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if (self.counts is None) == (self.margins is None):
            raise InputError("LDAMLoss needs either `counts` or `margins`.")
        if self.counts is not None:
            object.__setattr__(self, "counts", positive_numbers(self.counts, "counts"))
        else:
            object.__setattr__(self, "margins", positive_numbers(self.margins, "margins", zero=True))
        for name in ("max_margin", "scale"):
            number = _check.fraction(getattr(self, name), name, high=np.inf, closed="neither")
            object.__setattr__(self, name, number)

    @property
    def class_margins(self) -> tuple[float, ...]:
        """The margin of each class, in score units."""
        if self.margins is not None:
            return tuple(self.margins)
        n = np.array(self.counts, dtype=np.float64)
        return tuple((self.max_margin * (n.min() / n) ** 0.25).tolist())

    def _form(self) -> Form:
        m0, m1 = for_classes(self.class_margins, 2, "counts")
        return AffineForm(shift=(self.scale * m0, self.scale * m1), scale=(self.scale, self.scale))

    def _class_form(self, classes: int) -> SoftmaxForm:
        scaled = tuple(self.scale * m for m in for_classes(self.class_margins, classes, "counts"))
        return SoftmaxForm.plain(classes, scale=(self.scale,) * classes, margin=scaled)
