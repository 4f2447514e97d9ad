"""Logit-adjusted cross-entropy (Balanced Softmax at tau = 1)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rareclass import _check
from rareclass.errors import InputError
from rareclass.kernels.logits import logit
from rareclass.losses._affine import AffineForm
from rareclass.losses._softmax import SoftmaxForm
from rareclass.losses.base import Form, RowLoss, for_classes, positive_numbers


@dataclass(frozen=True)
class LogitAdjustedLoss(RowLoss):
    """Cross-entropy of z + tau log(prior): a score of 0 then means the balanced decision.

    In boosted trees it is a *threshold move and nothing more*: training gives the same trees as log-loss and scores
    that differ by a constant. In networks, whose implicit bias depends on the loss, it can rank differently. Its raw
    scores aim at balanced error on purpose; `link` brings them back to the real prevalence.

    Parameters
    ----------
    prevalence : float in (0, 1), optional
        Share of positives in training.
    tau : float
        Strength of the adjustment; 0 is cross-entropy. Default 1.
    counts : sequence of float, optional
        Rows (or shares) of each class, instead of `prevalence`; needed for more than two classes.

    Raises
    ------
    InputError
        Unless exactly one of prevalence and counts is given, and all numbers are in range.

    References
    ----------
    Menon et al. (2021), "Long-tail learning via logit adjustment", arXiv 2007.07314, equation 10; Ren et al. (2020),
    "Balanced meta-softmax", arXiv 2007.10740.

    Examples
    --------
    >>> loss = LogitAdjustedLoss(prevalence=0.01)
    >>> round(float(loss.link(0.0)), 4), abs(loss.start(0.01)) < 1e-12
    (0.01, True)
    """

    prevalence: float | None = None
    tau: float = 1.0
    counts: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if (self.prevalence is None) == (self.counts is None):
            raise InputError("LogitAdjustedLoss needs either `prevalence` or `counts`.")
        if self.counts is not None:
            object.__setattr__(self, "counts", positive_numbers(self.counts, "counts"))
        else:
            share = _check.fraction(self.prevalence, "prevalence", closed="neither")
            object.__setattr__(self, "prevalence", share)
        object.__setattr__(self, "tau", _check.fraction(self.tau, "tau", low=-np.inf, high=np.inf, closed="neither"))

    def _form(self) -> Form:
        if self.counts is None:
            shift = self.tau * float(logit(self.prevalence))  # type: ignore[arg-type]
        else:
            n0, n1 = for_classes(tuple(self.counts), 2, "counts")
            shift = self.tau * float(np.log(n1) - np.log(n0))
        return AffineForm(shift=(shift, -shift))

    def _class_form(self, classes: int) -> SoftmaxForm:
        if self.counts is None:
            raise InputError(
                f"`counts` must hold one number a class for {classes} classes; only `prevalence` is given."
            )
        n = np.array(for_classes(tuple(self.counts), classes, "counts"))
        return SoftmaxForm.plain(classes, shift=tuple((self.tau * np.log(n / n.sum())).tolist()))
