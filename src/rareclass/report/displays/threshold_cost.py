"""Cost per row against the threshold, with the chosen point and the trivial rules."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.decisions.costs import CostMatrix, as_costs
from rareclass.report.displays.base import (
    ACCENT,
    INK,
    SOFT,
    Display,
    Floats,
    draw_band,
    log_odds,
    odds_axis,
    round_odds,
    show_legend,
)
from rareclass.uncertainty.costed_curve import threshold_costs


@dataclass(eq=False)
class ThresholdCostDisplay(Display):
    """What a row costs on average when all rows at or above one probability are flagged.

    A flat valley means that the exact threshold hardly matters; a curve that never falls below both trivial rules
    means that the model does not pay at these costs.

    Parameters
    ----------
    threshold, cost : float64 array (m,)
        Probabilities, ascending, and the mean cost per row.
    flag_none, flag_all : float
        Cost per row of the two rules that need no model.
    chosen : float or None
        Threshold to mark.
    name : str or None
    low, high : float64 array (m,) or None
        Pointwise interval of the cost.
    level : float

    Examples
    --------
    >>> display = ThresholdCostDisplay.from_predictions([0, 0, 1, 0], [0.1, 0.4, 0.35, 0.2], {"fp": 1, "fn": 4})
    >>> display.flag_none, display.flag_all, display.chosen
    (1.0, 0.75, 0.2)
    """

    threshold: Floats
    cost: Floats
    flag_none: float
    flag_all: float
    chosen: float | None = None
    name: str | None = None
    low: Floats | None = None
    high: Floats | None = None
    level: float = 0.95

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_proba: Any,
        costs: Any,
        *,
        chosen: float | None = None,
        level: float = 0.95,
        sample_weight: Any = None,
        pos_label: Any = None,
        name: str | None = None,
        color: str | None = None,
        ax: Any = None,
    ) -> "ThresholdCostDisplay":
        """Compute and draw.

        Parameters
        ----------
        y_true, y_proba : array-like (n,)
            Binary labels and calibrated probabilities.
        costs : CostMatrix, RowCosts or mapping
            Money per row (`rareclass.decisions`). With costs by row the curve is that of one threshold for all rows.
        chosen : float in (0, 1), optional
            Threshold to mark; by default that of the Bayes rule for class costs.
        level : float in (0, 1), default 0.95
            Coverage of the band at each threshold on its own.
        sample_weight, pos_label, name, color, ax
            As in `PrecisionRecallDisplay.from_predictions`.

        Returns
        -------
        ThresholdCostDisplay

        Raises
        ------
        InputError, CostError
            Unusable probabilities or costs.
        """
        proba = _check.scores(y_proba, "y_proba")
        found = as_costs(costs, n=proba.size)
        curve = threshold_costs(y_true, proba, found, level=level, sample_weight=sample_weight, pos_label=pos_label)
        if chosen is None and isinstance(found, CostMatrix):
            chosen = found.threshold
        display = cls(
            curve.thresholds, curve.cost, curve.flag_none, curve.flag_all, chosen, name, curve.low, curve.high, level
        )
        return display.plot(ax, color=color)

    def plot(
        self, ax: Any = None, *, name: str | None = None, color: str | None = None, band: bool = True
    ) -> "ThresholdCostDisplay":
        """Draw the curve, its band, the chosen threshold and the trivial rules on `ax`, or on new axes."""
        ax = self._place(ax, "Threshold on the probability (log-odds axis)", "Cost per row")
        color = ACCENT if color is None else color
        x = log_odds(self.threshold)
        if band:
            draw_band(ax, x, self.low, self.high, color)
        ax.plot(x, self.cost, color=color, linewidth=1.8, label=self.name if name is None else name)
        ax.axhline(
            self.flag_none, color=SOFT, linestyle=(0, (3, 3)), linewidth=1, label=f"flag none {self.flag_none:.3g}"
        )
        ax.axhline(
            self.flag_all, color=SOFT, linestyle=(0, (1, 2)), linewidth=1.2, label=f"flag all {self.flag_all:.3g}"
        )
        least, trivial = float(self.cost.min()), min(self.flag_none, self.flag_all)
        top = 1.3 * max(trivial, least) if max(trivial, least) > 0 else float(self.cost.max())
        shown = self.threshold[self.cost <= top]
        if self.chosen is not None and 0 < self.chosen < 1:
            shown = np.r_[shown, self.chosen]
            # the rows flagged from `chosen` on are those of the next higher score
            at = min(int(np.searchsorted(self.threshold, self.chosen)), self.threshold.size - 1)
            value = float(self.cost[at]) if self.chosen <= self.threshold[-1] else self.flag_none
            marker = f"chosen {self.chosen:.3g}: {value:.3g}"
            ax.plot(
                log_odds([self.chosen]),
                [value],
                "o",
                color=INK,
                markerfacecolor="white",
                markeredgewidth=1.8,
                label=marker,
            )
        low, high = round_odds(shown)
        odds_axis(ax.xaxis, low, high)
        ax.set_xlim(*log_odds([low, high]))
        ax.set_ylim(min(0.0, least), top)
        show_legend(ax)
        return self
