"""Decision curve: net benefit against the probability from which one would act."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.errors import InputError
from rareclass.metrics.curve import ThresholdCurve
from rareclass.report.displays.base import ACCENT, SOFT, Display, Floats, odds_axis, show_legend


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

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_proba: Any,
        *,
        thresholds: Any = None,
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
            Probabilities in (0, 1); by default 300, evenly spaced in log-odds from a twentieth of the prevalence to
            0.9.
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
        proba = _check.scores(y_proba, "y_proba")
        if proba.min() < 0 or proba.max() > 1:
            raise InputError(f"`y_proba` must hold probabilities in [0, 1]; got {proba.min():g} to {proba.max():g}.")
        _check.both_classes(_check.binary_target(y_true, pos_label))
        curve = ThresholdCurve.from_predictions(y_true, proba, sample_weight=sample_weight, pos_label=pos_label)
        if thresholds is None:
            start = np.log(curve.prevalence / 20 / (1 - curve.prevalence / 20))
            t = 1 / (1 + np.exp(-np.linspace(start, np.log(9), 300)))
        else:
            t = _check.number_array(thresholds, "thresholds")
            if t.size == 0 or t.min() <= 0 or t.max() >= 1:
                raise InputError("`thresholds` must lie strictly between 0 and 1.")
        at = np.searchsorted(-curve.thresholds, -t, side="right") - 1
        weight = t / (1 - t)
        benefit = curve.tp[at] / curve.n - curve.fp[at] / curve.n * weight
        everyone = curve.prevalence - (1 - curve.prevalence) * weight
        return cls(t, benefit, everyone, curve.prevalence, name).plot(ax, color=color)

    def plot(self, ax: Any = None, *, name: str | None = None, color: str | None = None) -> "DecisionCurveDisplay":
        """Draw the model and the two trivial rules on `ax`, or on new axes."""
        ax = self._place(ax, "Threshold on the probability (log-odds axis)", "Net benefit per row")
        x = np.log(self.threshold / (1 - self.threshold))
        color = ACCENT if color is None else color
        ax.plot(x, self.net_benefit, color=color, linewidth=1.8, label=self.name if name is None else name)
        ax.plot(x, self.flag_all, color=SOFT, linestyle=(0, (1, 2)), linewidth=1.2, label="flag all")
        ax.axhline(0, color=SOFT, linestyle=(0, (3, 3)), linewidth=1, label="flag none")
        ax.set_ylim(-0.15 * self.prevalence, 1.08 * self.prevalence)
        odds_axis(ax.xaxis, float(self.threshold.min()), float(self.threshold.max()))
        if self.threshold.size > 1:
            ax.set_xlim(float(x.min()), float(x.max()))
        show_legend(ax, loc="upper right")
        return self
