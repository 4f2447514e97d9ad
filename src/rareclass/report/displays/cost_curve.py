"""Cost curve of Drummond and Holte: normalised expected cost over all cost ratios and prevalences."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass import _check
from rareclass.decisions.costs import CostMatrix, as_costs
from rareclass.errors import CostError
from rareclass.report.displays.base import ACCENT, INK, SOFT, Display, Floats, draw_band, show_legend
from rareclass.uncertainty.utility import cost_curve


@dataclass(eq=False)
class CostCurveDisplay(Display):
    """Cost of the best threshold, relative to getting every row wrong, for every exchange rate at once.

    The x axis is the share of the possible cost that missed events carry: prevalence and cost ratio in one number.
    Where the curve meets the dotted triangle, flagging none or all is as good as the scorer; the deeper it lies below,
    the more the scorer is worth. For the cost at one's own prices, see `ThresholdCostDisplay`.

    Parameters
    ----------
    probability_cost, normalized_cost, trivial : float64 array (m,)
        As in `rareclass.metrics.CostCurve`.
    low, high : float64 array (m,) or None
        Pointwise interval of the cost of each threshold, taken as fixed.
    here : float or None
        Where one's own costs and these rows' prevalence lie on the x axis.
    level : float
    name : str or None

    Notes
    -----
    Drummond and Holte (2006), Machine Learning 65:95.

    Examples
    --------
    >>> display = CostCurveDisplay.from_predictions([0, 1, 1, 0], [0.4, 0.9, 0.2, 0.1], costs={"fp": 1, "fn": 4})
    >>> display.here, float(display.normalized_cost.max())
    (0.8, 0.25)
    """

    probability_cost: Floats
    normalized_cost: Floats
    trivial: Floats
    low: Floats | None = None
    high: Floats | None = None
    here: float | None = None
    level: float = 0.95
    name: str | None = None

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_score: Any,
        *,
        costs: Any = None,
        level: float = 0.95,
        sample_weight: Any = None,
        pos_label: Any = None,
        name: str | None = None,
        color: str | None = None,
        ax: Any = None,
    ) -> "CostCurveDisplay":
        """Compute and draw.

        Parameters
        ----------
        y_true, y_score, sample_weight, pos_label, name, color, ax
            As in `PrecisionRecallDisplay.from_predictions`.
        costs : CostMatrix or mapping, optional
            Marks where these costs lie at the prevalence of these rows.
        level : float in (0, 1), default 0.95
            Coverage of the band at each point on its own. The thresholds are the best ones on these rows, so with few
            events the curve itself is optimistic.

        Returns
        -------
        CostCurveDisplay

        Raises
        ------
        InputError, TooFewEventsError, CostError
            Unusable scores, rows of one class only, or costs by row.
        """
        _check.both_classes(_check.binary_target(y_true, pos_label))
        curve = cost_curve(y_true, y_score, points=201, level=level, sample_weight=sample_weight, pos_label=pos_label)
        here = None if costs is None else _place_of(costs, y_true, sample_weight, pos_label)
        display = cls(
            curve.probability_cost, curve.normalized_cost, curve.trivial, curve.low, curve.high, here, level, name
        )
        return display.plot(ax, color=color)

    def plot(
        self, ax: Any = None, *, name: str | None = None, color: str | None = None, band: bool = True
    ) -> "CostCurveDisplay":
        """Draw the curve, its band and the trivial rules on `ax`, or on new axes."""
        ax = self._place(ax, "Share of the possible cost that missed events carry", "Normalised expected cost")
        x, color = self.probability_cost, ACCENT if color is None else color
        if band:
            draw_band(ax, x, self.low, self.high, color)
        ax.plot(x, self.normalized_cost, color=color, linewidth=1.8, label=self.name if name is None else name)
        ax.plot(x, self.trivial, color=SOFT, linestyle=(0, (1, 2)), linewidth=1.2, label="flag none or all")
        if self.here is not None:
            cost = float(np.interp(self.here, x, self.normalized_cost))
            label = f"these costs: {cost:.3g}"
            ax.plot([self.here], [cost], "o", color=INK, markerfacecolor="white", markeredgewidth=1.8, label=label)
        ax.set_xlim(-0.01, 1.01)
        ax.set_ylim(-0.005, 0.52)
        show_legend(ax, loc="upper right")
        return self


def _place_of(costs: Any, y_true: Any, sample_weight: Any, pos_label: Any) -> float:
    """Share of the possible cost that missed events carry, at these costs and the prevalence of these rows."""
    found = as_costs(costs)
    if not isinstance(found, CostMatrix):
        raise CostError("A cost curve has one place for class costs; costs by row have none. Pass a CostMatrix.")
    y = _check.binary_target(y_true, pos_label)
    share = float(np.average(y, weights=_check.weights(sample_weight, y.size)))
    missed, alarm = share * (found.fn - found.tp), (1 - share) * (found.fp - found.tn)
    return missed / (missed + alarm)
