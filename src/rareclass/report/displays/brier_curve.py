"""Brier curve: loss of deciding by the probabilities, against the cost proportion."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.kernels.logits import sigmoid
from rareclass.report.displays.base import ACCENT, SOFT, Display, Floats, draw_band, log_odds, odds_axis, show_legend
from rareclass.uncertainty.utility import brier_curve


@dataclass(eq=False)
class BrierCurveDisplay(Display):
    """What it costs to act on the probabilities as they are, for every exchange rate of a false alarm and a miss.

    The area under the curve, over cost proportions from 0 to 1, is the Brier score. The gap to the dashed line is what
    better calibration could gain; where the curve rises above the dotted one, the probabilities do harm. The axis is
    log-odds, because rare events are acted on at small cost proportions.

    Parameters
    ----------
    cost_proportion, loss, best, trivial : float64 array (m,)
        As in `rareclass.metrics.BrierCurve`.
    low, high : float64 array (m,) or None
        Pointwise interval of the loss.
    level : float
    name : str or None

    Notes
    -----
    Hernandez-Orallo, Flach, Ferri (2011), ICML, "Brier curves".

    Examples
    --------
    >>> display = BrierCurveDisplay.from_predictions([0, 1, 1, 0], [0.4, 0.9, 0.2, 0.1], cost_proportions=[0.3])
    >>> display.loss.round(3).tolist()
    [0.5]
    """

    cost_proportion: Floats
    loss: Floats
    best: Floats
    trivial: Floats
    low: Floats | None = None
    high: Floats | None = None
    level: float = 0.95
    name: str | None = None

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_proba: Any,
        *,
        cost_proportions: Any = None,
        level: float = 0.95,
        sample_weight: Any = None,
        pos_label: Any = None,
        name: str | None = None,
        color: str | None = None,
        ax: Any = None,
    ) -> "BrierCurveDisplay":
        """Compute and draw.

        Parameters
        ----------
        y_true, y_proba : array-like (n,)
            Binary labels and probabilities in [0, 1].
        cost_proportions : array-like, optional
            Cost of a false alarm over that of a false alarm and a miss, in (0, 1); by default 300, evenly spaced in
            log-odds from a fiftieth of the prevalence to 0.9.
        level : float in (0, 1), default 0.95
            Coverage of the band at each cost proportion on its own.
        sample_weight, pos_label, name, color, ax
            As in `PrecisionRecallDisplay.from_predictions`.

        Returns
        -------
        BrierCurveDisplay

        Raises
        ------
        InputError, TooFewEventsError
            Values outside [0, 1], or rows of one class only.
        """
        y = _check.both_classes(_check.binary_target(y_true, pos_label))
        if cost_proportions is None:
            prevalence = float(np.average(y, weights=_check.weights(sample_weight, y.size)))
            low, high = log_odds([prevalence / 50, 0.9])
            cost_proportions = sigmoid(np.linspace(float(low), float(high), 300))
        curve = brier_curve(
            y_true, y_proba, points=np.atleast_1d(cost_proportions), level=level, sample_weight=sample_weight,
            pos_label=pos_label,
        )  # fmt: skip
        display = cls(curve.cost_proportion, curve.loss, curve.best, curve.trivial, curve.low, curve.high, level, name)
        return display.plot(ax, color=color)

    def plot(
        self, ax: Any = None, *, name: str | None = None, color: str | None = None, band: bool = True
    ) -> "BrierCurveDisplay":
        """Draw the curve, its band, the best thresholds and the trivial rules on `ax`, or on new axes."""
        ax = self._place(ax, "Cost proportion of a false alarm (log-odds axis)", "Loss per row")
        x, color = log_odds(self.cost_proportion), ACCENT if color is None else color
        if band:
            draw_band(ax, x, self.low, self.high, color)
        ax.plot(x, self.loss, color=color, linewidth=1.8, label=self.name if name is None else name)
        ax.plot(x, self.best, color=color, linestyle=(0, (4, 2)), linewidth=1.1, label="best thresholds")
        ax.plot(x, self.trivial, color=SOFT, linestyle=(0, (1, 2)), linewidth=1.2, label="flag none or all")
        odds_axis(ax.xaxis, float(self.cost_proportion.min()), float(self.cost_proportion.max()))
        if x.size > 1:
            ax.set_xlim(float(x.min()), float(x.max()))
        ax.set_ylim(0, 1.35 * max(float(self.trivial.max()), 1e-300))
        show_legend(ax, loc="upper right")
        return self
