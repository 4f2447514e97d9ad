"""Gain and lift: what share of the events the most suspicious rows hold."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.report.displays.base import ACCENT, SOFT, Display, Floats, draw_band, percent_label, show_legend
from rareclass.uncertainty.gain import gain_curve


@dataclass(eq=False)
class GainLiftDisplay(Display):
    """Share of events caught (gain), or how often chance (lift), against the share of rows that are flagged.

    The picture for capacity: what does it bring to look at twice as many alerts? The axis is logarithmic, because
    teams look at one row in a thousand, not at half of them.

    Parameters
    ----------
    alert_rate, recall : float64 array (m,)
        Ascending.
    low, high : float64 array (m,) or None
        Pointwise interval of the recall, cut at what is possible.
    lift_low, lift_high : float64 array (m,) or None
        Pointwise interval of the lift.
    prevalence : float
    level : float
    name : str or None

    Examples
    --------
    >>> display = GainLiftDisplay.from_predictions([0, 0, 1, 0, 1], [0.1, 0.4, 0.35, 0.2, 0.8])
    >>> display.recall.tolist(), display.lift.tolist()
    ([0.5, 0.5, 1.0, 1.0], [2.5, 1.25, 1.6666666666666667, 1.0])
    """

    alert_rate: Floats
    recall: Floats
    low: Floats | None = None
    high: Floats | None = None
    lift_low: Floats | None = None
    lift_high: Floats | None = None
    prevalence: float = float("nan")
    level: float = 0.95
    name: str | None = None

    @property
    def lift(self) -> Floats:
        """Recall over alert rate = precision over prevalence; 1 is chance."""
        return self.recall / self.alert_rate

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_score: Any,
        *,
        kind: str = "gain",
        sample_weight: Any = None,
        pos_label: Any = None,
        level: float = 0.95,
        name: str | None = None,
        color: str | None = None,
        ax: Any = None,
    ) -> "GainLiftDisplay":
        """Compute and draw.

        Parameters
        ----------
        y_true, y_score, sample_weight, pos_label, level, name, color, ax
            As in `PrecisionRecallDisplay.from_predictions`.
        kind : {"gain", "lift"}, default "gain"

        Returns
        -------
        GainLiftDisplay

        Raises
        ------
        InputError, TooFewEventsError
            Unusable scores, or rows of one class only.
        """
        _check.one_of(kind, "kind", ("gain", "lift"))
        curve = gain_curve(y_true, y_score, level=level, sample_weight=sample_weight, pos_label=pos_label)
        display = cls(
            curve.alert_rate, curve.recall, curve.low, curve.high, curve.lift_low, curve.lift_high, curve.prevalence,
            curve.level, name,
        )  # fmt: skip
        return display.plot(ax, kind=kind, color=color)

    def plot(
        self,
        ax: Any = None,
        *,
        kind: str = "gain",
        name: str | None = None,
        color: str | None = None,
        band: bool = True,
    ) -> "GainLiftDisplay":
        """Draw the curve, its band, the best possible one and chance on `ax`, or on new axes."""
        ax = self._place(ax, "Share of rows flagged", "Events caught" if kind == "gain" else "Lift over chance")
        x, color = self.alert_rate, ACCENT if color is None else color
        y, low, high = (
            (self.recall, self.low, self.high) if kind == "gain" else (self.lift, self.lift_low, self.lift_high)
        )
        if band:
            draw_band(ax, x, low, high, color)
        ax.plot(x, y, color=color, linewidth=1.8, label=self.name if name is None else name)
        grid = np.geomspace(x.min(), 1, 200)
        best, chance = np.minimum(grid / self.prevalence, 1), grid
        scale = np.ones_like(grid) if kind == "gain" else grid
        ax.plot(grid, best / scale, color=SOFT, linewidth=1, label="best possible")
        ax.plot(grid, chance / scale, color=SOFT, linestyle=(0, (3, 3)), linewidth=1, label="chance")
        ax.set_xscale("log")
        ax.set_xlim(float(x.min()), 1.0)
        ticks = [t for t in 10.0 ** np.arange(-9, 1) if t >= x.min()]
        ax.set_xticks(ticks, [percent_label(t) for t in ticks])
        if kind == "gain":
            ax.set_ylim(-0.01, 1.02)
        else:
            ax.set_ylim(bottom=0)
        show_legend(ax)
        return self
