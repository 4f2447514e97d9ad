"""Precision against recall, with its band and the chance line."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.metrics.ranking import average_precision_of
from rareclass.report.displays.base import ACCENT, SOFT, Display, Floats, draw_band, show_legend, unit_axes
from rareclass.uncertainty.bands import curve_of_both_classes, precision_band, thinned


@dataclass(eq=False)
class PrecisionRecallDisplay(Display):
    """Precision-recall curve: the picture to rank models of a rare class by.

    Drawn in steps, as average precision sums it; a straight line between two points would promise precision that no
    threshold reaches (Davis and Goadrich 2006).

    Parameters
    ----------
    recall, precision : float64 array (m,)
        Recall ascending.
    low, high : float64 array (m,) or None
        Pointwise interval of the precision.
    chance : float or None
        Precision of a score without information: the prevalence.
    average_precision : float or None
    level : float
        Nominal coverage of the interval.
    name : str or None

    Examples
    --------
    >>> display = PrecisionRecallDisplay.from_predictions([0, 0, 1, 0, 1], [0.1, 0.4, 0.35, 0.2, 0.8])
    >>> display.recall.tolist(), display.chance
    ([0.5, 1.0], 0.4)
    """

    recall: Floats
    precision: Floats
    low: Floats | None = None
    high: Floats | None = None
    chance: float | None = None
    average_precision: float | None = None
    level: float = 0.95
    name: str | None = None

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_score: Any,
        *,
        sample_weight: Any = None,
        pos_label: Any = None,
        level: float = 0.95,
        name: str | None = None,
        color: str | None = None,
        ax: Any = None,
    ) -> "PrecisionRecallDisplay":
        """Compute and draw.

        Parameters
        ----------
        y_true : array-like (n,)
            Binary labels of both classes; `pos_label` names the positive one.
        y_score : array-like (n,)
            Finite scores, higher = more likely positive.
        sample_weight : array-like (n,), optional
            The band then uses the effective number of rows (Kish); whole numbers are repetitions.
        pos_label : label, optional
        level : float in (0, 1), default 0.95
            Coverage of the band: a Wilson interval at each threshold on its own, not for the curve as a whole.
        name, color : str, optional
            Label and colour of the curve.
        ax : matplotlib axes, optional
            Draw several models on the same axes to compare them.

        Returns
        -------
        PrecisionRecallDisplay

        Raises
        ------
        InputError, TooFewEventsError
            Unusable scores, or rows of one class only.
        """
        level = _check.fraction(level, "level", closed="neither")
        curve, scales = curve_of_both_classes(y_true, y_score, sample_weight, pos_label)
        at = thinned(np.flatnonzero(np.diff(curve.tp) > 0) + 1)
        low, high = precision_band(curve.tp[at], curve.fp[at], scales, level)
        ap = average_precision_of(curve)
        display = cls(curve.recall[at], curve.precision[at], low, high, curve.prevalence, ap, level, name)
        return display.plot(ax, color=color)

    def plot(
        self, ax: Any = None, *, name: str | None = None, color: str | None = None, band: bool = True
    ) -> "PrecisionRecallDisplay":
        """Draw the curve, its band and the chance line on `ax`, or on new axes."""
        ax = self._place(ax, "Recall", "Precision")
        name = self.name if name is None else name
        said = "" if self.average_precision is None else f"AP {self.average_precision:.3f}"
        label = " · ".join(t for t in (name, said) if t)
        color = ACCENT if color is None else color
        x, y = np.r_[0.0, self.recall], np.r_[self.precision[:1], self.precision]
        if band and self.low is not None and self.high is not None:
            low, high = np.r_[self.low[:1], self.low], np.r_[self.high[:1], self.high]
            draw_band(ax, x, low, high, color, step="pre")
        ax.step(x, y, where="pre", color=color, linewidth=1.8, label=label or None)
        if self.chance is not None:
            ax.axhline(self.chance, color=SOFT, linestyle=(0, (3, 3)), linewidth=1, label=f"chance {self.chance:.3g}")
        unit_axes(ax)
        show_legend(ax)
        return self
