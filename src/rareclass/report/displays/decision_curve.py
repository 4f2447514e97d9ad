"""Decision curve: net benefit against the probability from which one would act."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.report.displays.base import ACCENT, SOFT, Display, Floats, draw_band, odds_axis, show_legend
from rareclass.uncertainty.utility import decision_curve


@dataclass(eq=False)
class DecisionCurveDisplay(Display):
    """Net benefit: caught events minus false alerts, these weighed by the odds of the threshold, per row.

    For whom costs are not known: each threshold stands for one exchange rate, a false alert being worth
    threshold / (1 - threshold) of a caught event. The model is useful where its line lies above both "flag all" and
    "flag none" (zero).

    Parameters
    ----------
    threshold, net_benefit, flag_all : float64 array (m,)
        Net benefit of the model and of flagging every row; at most the prevalence.
    prevalence : float
    name : str or None
    low, high : float64 array (m,) or None
        Pointwise interval of the net benefit of the model.
    level : float

    Notes
    -----
    Vickers and Elkin (2006), Medical Decision Making 26:565: ``tp / n - fp / n * t / (1 - t)``.

    Examples
    --------
    >>> display = DecisionCurveDisplay.from_predictions([0, 0, 1, 0], [0.1, 0.4, 0.35, 0.2], thresholds=[0.2, 0.3])
    >>> display.net_benefit.round(3).tolist()
    [0.125, 0.143]
    """

    threshold: Floats
    net_benefit: Floats
    flag_all: Floats
    prevalence: float
    name: str | None = None
    low: Floats | None = None
    high: Floats | None = None
    level: float = 0.95

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_proba: Any,
        *,
        thresholds: Any = None,
        level: float = 0.95,
        sample_weight: Any = None,
        pos_label: Any = None,
        name: str | None = None,
        color: str | None = None,
        ax: Any = None,
    ) -> "DecisionCurveDisplay":
        """Compute and draw.

        Parameters
        ----------
        y_true, y_proba : array-like (n,)
            Binary labels and calibrated probabilities in [0, 1].
        thresholds : array-like, optional
            Probabilities in (0, 1); default as in `rareclass.metrics.decision_curve`.
        level : float in (0, 1), default 0.95
            Coverage of the band at each threshold on its own.
        sample_weight, pos_label, name, color, ax
            As in `PrecisionRecallDisplay.from_predictions`.

        Returns
        -------
        DecisionCurveDisplay

        Raises
        ------
        InputError, TooFewEventsError
            Values outside [0, 1], thresholds outside (0, 1), or rows of one class only.
        """
        _check.both_classes(_check.binary_target(y_true, pos_label))
        curve = decision_curve(
            y_true, y_proba, thresholds=thresholds, level=level, sample_weight=sample_weight, pos_label=pos_label
        )
        display = cls(
            curve.thresholds, curve.net_benefit, curve.flag_all, curve.prevalence, name, curve.low, curve.high, level
        )
        return display.plot(ax, color=color)

    def plot(
        self, ax: Any = None, *, name: str | None = None, color: str | None = None, band: bool = True
    ) -> "DecisionCurveDisplay":
        """Draw the model, its band and the two trivial rules on `ax`, or on new axes."""
        ax = self._place(ax, "Threshold on the probability (log-odds axis)", "Net benefit per row")
        x = np.log(self.threshold / (1 - self.threshold))
        color = ACCENT if color is None else color
        if band:
            draw_band(ax, x, self.low, self.high, color)
        ax.plot(x, self.net_benefit, color=color, linewidth=1.8, label=self.name if name is None else name)
        ax.plot(x, self.flag_all, color=SOFT, linestyle=(0, (1, 2)), linewidth=1.2, label="flag all")
        ax.axhline(0, color=SOFT, linestyle=(0, (3, 3)), linewidth=1, label="flag none")
        most = self.prevalence if not band or self.high is None else max(self.prevalence, float(self.high.max()))
        ax.set_ylim(-0.15 * self.prevalence, 1.05 * most)
        odds_axis(ax.xaxis, float(self.threshold.min()), float(self.threshold.max()))
        if self.threshold.size > 1:
            ax.set_xlim(float(x.min()), float(x.max()))
        show_legend(ax, loc="upper right")
        return self
