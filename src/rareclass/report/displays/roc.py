"""ROC curve with its band."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.metrics.ranking import roc_auc_of
from rareclass.report.displays.base import ACCENT, SOFT, Display, Floats, draw_band, show_legend, unit_axes
from rareclass.uncertainty.bands import curve_of_both_classes, recall_band, thinned


@dataclass(eq=False)
class RocDisplay(Display):
    """Receiver operating characteristic.

    Blind to the prevalence: with one event in 10,000 rows a false-positive rate of 1 % still means a hundred false
    alarms for each event, so draw it beside `PrecisionRecallDisplay`. ``log=True`` opens up the small false-positive
    rates, which are those that can be used.

    Parameters
    ----------
    false_positive_rate, recall : float64 array (m,)
        Ascending, from (0, 0) to (1, 1).
    low, high : float64 array (m,) or None
        Pointwise interval of the recall.
    roc_auc : float or None
    level : float
    name : str or None

    Examples
    --------
    >>> display = RocDisplay.from_predictions([0, 0, 1, 0, 1], [0.1, 0.4, 0.35, 0.2, 0.8])
    >>> display.recall.tolist()
    [0.0, 0.5, 0.5, 1.0, 1.0]
    """

    false_positive_rate: Floats
    recall: Floats
    low: Floats | None = None
    high: Floats | None = None
    roc_auc: float | None = None
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
        log: bool = False,
        ax: Any = None,
    ) -> "RocDisplay":
        """Compute and draw.

        Parameters
        ----------
        y_true, y_score, sample_weight, pos_label, name, color, ax
            As in `PrecisionRecallDisplay.from_predictions`.
        level : float in (0, 1), default 0.95
            Coverage of the band: a Wilson interval of the recall at each threshold on its own.
        log : bool, default False
            Logarithmic false-positive rate.

        Returns
        -------
        RocDisplay

        Raises
        ------
        InputError, TooFewEventsError
            Unusable scores, or rows of one class only.
        """
        level = _check.fraction(level, "level", closed="neither")
        curve, scales = curve_of_both_classes(y_true, y_score, sample_weight, pos_label)
        # only corners matter: a run of points with the same recall is a horizontal line
        corner = np.r_[True, (np.diff(curve.tp)[:-1] > 0) | (np.diff(curve.tp)[1:] > 0), True]
        at = thinned(np.flatnonzero(corner))
        low, high = recall_band(curve.tp[at], curve.positives, scales, level)
        auc = roc_auc_of(curve)
        display = cls(curve.false_positive_rate[at], curve.recall[at], low, high, auc, level, name)
        return display.plot(ax, color=color, log=log)

    def plot(
        self,
        ax: Any = None,
        *,
        name: str | None = None,
        color: str | None = None,
        band: bool = True,
        log: bool = False,
    ) -> "RocDisplay":
        """Draw the curve, its band and the diagonal of chance on `ax`, or on new axes."""
        ax = self._place(ax, "False-positive rate", "Recall")
        name = self.name if name is None else name
        said = "" if self.roc_auc is None else f"AUC {self.roc_auc:.3f}"
        label = " · ".join(t for t in (name, said) if t)
        color = ACCENT if color is None else color
        x = self.false_positive_rate
        if band:
            draw_band(ax, x, self.low, self.high, color)
        ax.plot(x, self.recall, color=color, linewidth=1.8, label=label or None)
        chance = np.geomspace(1e-9, 1, 200) if log else np.array([0.0, 1.0])
        ax.plot(chance, chance, color=SOFT, linestyle=(0, (3, 3)), linewidth=1, label="chance")
        unit_axes(ax)
        if log:
            ax.set_xscale("log")
            ax.set_xlim(float(x[x > 0].min()) / 2, 1.0)
        show_legend(ax, loc="lower right")
        return self
