"""Asymmetric loss (ASL)."""

from dataclasses import dataclass

import numpy as np

from rareclass import _check
from rareclass.losses._margin import MarginForm
from rareclass.losses._power import PowerForm
from rareclass.losses.base import Form, RowLoss


@dataclass(frozen=True)
class AsymmetricLoss(RowLoss):
    """Focal loss with its own exponent for each class and a margin that silences easy negatives.

    Negatives with sigmoid(z) <= margin have no loss and no gradient. Scores there are **not identified**: `link` says
    0, whatever the true probability, so with the default margin a rare-event model cannot tell 1e-3 from 1e-5. Take
    ``margin=0`` (or another loss) when probabilities of ordinary rows matter, or calibrate on held-out rows. With
    ``gamma_pos=0`` and a margin, probabilities near 1 are out of reach as well (0.96 at the defaults).

    Parameters
    ----------
    gamma_pos : float, >= 0
        Exponent of positives. Default 0.
    gamma_neg : float, >= 0
        Exponent of negatives. Default 4.
    margin : float in [0, 1)
        Probability margin m of negatives. Default 0.05.

    Raises
    ------
    InputError
        If an exponent is negative or the margin outside [0, 1).

    References
    ----------
    Ridnik et al. (2021), "Asymmetric loss for multi-label classification", arXiv 2009.14119. For many
    labels a row use one score (and one call) a label.

    Examples
    --------
    >>> loss = AsymmetricLoss(gamma_pos=1.0, gamma_neg=4.0, margin=0.05)
    >>> loss.value([0, 1], [-3.0, -3.0]).round(4).tolist()
    [0.0, 2.904]
    >>> loss.link([-3.0, 0.7]).round(4).tolist()
    [0.0, 0.5895]
    """

    gamma_pos: float = 0.0
    gamma_neg: float = 4.0
    margin: float = 0.05

    def __post_init__(self) -> None:
        for name in ("gamma_pos", "gamma_neg"):
            number = _check.fraction(getattr(self, name), name, high=np.inf, closed="left")
            object.__setattr__(self, name, number)
        object.__setattr__(self, "margin", _check.fraction(self.margin, "margin", closed="left"))

    def _form(self) -> Form:
        power = PowerForm(gamma=(self.gamma_neg, self.gamma_pos))
        return MarginForm(power, self.gamma_neg, self.margin) if self.margin else power
