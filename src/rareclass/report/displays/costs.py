"""Displays of what decisions cost: against the threshold, and over all exchange rates of false alarms and misses."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, Unpack

import numpy as np
from numpy.typing import ArrayLike

from rareclass import _check
from rareclass._types import Flags, Label, Labels, Scores, Weights
from rareclass.decisions.costs import CostMatrix, CostsLike, as_costs
from rareclass.errors import CostError
from rareclass.kernels.logits import sigmoid
from rareclass.report.displays import base
from rareclass.uncertainty.costed_curve import ThresholdCosts, threshold_costs
from rareclass.uncertainty.utility import BrierCurve, CostCurve, DecisionCurve, brier_curve, cost_curve, decision_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(eq=False)
class ThresholdCostDisplay(base.CurveDisplay[ThresholdCosts]):
    """What a row costs on average when all rows at or above one probability are flagged.

    A flat valley means that the exact threshold hardly matters; a curve that never falls below both trivial rules
    means that the model does not pay at these costs.

    Parameters
    ----------
    curve : ThresholdCosts
        Its numbers (``cost``, ``flag_none``, ``flag_all``, ``low``, ``high``) are attributes here too.
    name : str or None
    chosen : float or None
        Threshold to mark.

    Examples
    --------
    >>> display = ThresholdCostDisplay.from_predictions([0, 0, 1, 0], [0.1, 0.4, 0.35, 0.2], {"fp": 1, "fn": 4})
    >>> display.flag_none, display.flag_all, display.chosen
    (1.0, 0.75, 0.2)
    """

    chosen: float | None = None

    @property
    def threshold(self) -> base.Floats:
        """Probabilities, ascending."""
        return self.curve.thresholds

    labels = "Threshold on the probability (log-odds axis)", "Cost per row"

    @classmethod
    def from_predictions(
        cls,
        y_true: Labels,
        y_proba: Scores,
        costs: CostsLike,
        *,
        chosen: float | None = None,
        level: float = 0.95,
        sample_weight: Weights = None,
        pos_label: Label = None,
        **drawn: Unpack[base.Drawn],
    ) -> Self:
        """Compute and draw; see `Display` for the other parameters.

        Parameters
        ----------
        costs : CostMatrix, RowCosts or mapping
            Money per row (`rareclass.decisions`). With costs by row the curve is that of one threshold for all rows.
        chosen : float in (0, 1), optional
            Threshold to mark; by default that of the Bayes rule for class costs.

        Raises
        ------
        CostError
            Unusable costs.
        """
        proba = _check.scores(y_proba, "y_proba")
        found = as_costs(costs, n=proba.size)
        curve = threshold_costs(y_true, proba, found, level=level, sample_weight=sample_weight, pos_label=pos_label)
        if chosen is None and isinstance(found, CostMatrix):
            chosen = found.threshold
        return cls(curve, chosen=chosen)._drawn(**drawn)

    def _draw(self, ax: "Axes", label: str | None, color: str, band: bool) -> None:
        c, at, soft = self.curve, self.threshold, base.SOFT
        limits = (c.low, c.high) if band else (None, None)
        base.draw_curve(ax, base.log_odds(at), c.cost, limits, color, label)
        none, every = f"flag none {c.flag_none:.3g}", f"flag all {c.flag_all:.3g}"
        ax.axhline(c.flag_none, color=soft, linestyle=base.DASHED, linewidth=1, label=none)
        ax.axhline(c.flag_all, color=soft, linestyle=base.DOTTED, linewidth=1.2, label=every)
        least, trivial = float(c.cost.min()), min(c.flag_none, c.flag_all)
        top = 1.3 * max(trivial, least) if max(trivial, least) > 0 else float(c.cost.max())
        shown = at[c.cost <= top]
        if self.chosen is not None and 0 < self.chosen < 1:
            shown = np.r_[shown, self.chosen]
            # the rows flagged from `chosen` on are those of the next higher score
            k = min(int(np.searchsorted(at, self.chosen)), at.size - 1)
            value = float(c.cost[k]) if self.chosen <= at[-1] else c.flag_none
            base.draw_point(ax, float(base.log_odds(self.chosen)), value, f"chosen {self.chosen:.3g}: {value:.3g}")
        low, high = base.round_odds(shown)
        base.odds_axis(ax.xaxis, low, high)
        ax.set_xlim(*base.log_odds([low, high]))
        ax.set_ylim(min(0.0, least), top)
        base.show_legend(ax)


class DecisionCurveDisplay(base.CurveDisplay[DecisionCurve]):
    """Net benefit: caught events minus false alerts, these weighed by the odds of the threshold, per row.

    For whom costs are not known: each threshold stands for one exchange rate, a false alert being worth
    threshold / (1 - threshold) of a caught event. The model is useful where its line lies above both "flag all" and
    "flag none" (zero).

    Parameters
    ----------
    curve : DecisionCurve
        Its numbers (``net_benefit``, ``flag_all``, ``prevalence``, ``low``, ``high``) are attributes here too.
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

    @property
    def threshold(self) -> base.Floats:
        """Probabilities from which one would act, ascending."""
        return self.curve.thresholds

    labels = "Threshold on the probability (log-odds axis)", "Net benefit per row"

    @classmethod
    def from_predictions(
        cls,
        y_true: Labels,
        y_proba: Scores,
        *,
        thresholds: ArrayLike | None = None,
        level: float = 0.95,
        sample_weight: Weights = None,
        pos_label: Label = None,
        **drawn: Unpack[base.Drawn],
    ) -> Self:
        """Compute and draw; see `Display` for the other parameters.

        Parameters
        ----------
        thresholds : array-like, optional
            Probabilities in (0, 1); default as in `rareclass.uncertainty.decision_curve`.
        """
        _check.both_classes(_check.binary_target(y_true, pos_label))
        curve = decision_curve(
            y_true, y_proba, thresholds=thresholds, level=level, sample_weight=sample_weight, pos_label=pos_label
        )
        return cls(curve)._drawn(**drawn)

    def _draw(self, ax: "Axes", label: str | None, color: str, band: bool) -> None:
        c, x = self.curve, np.log(self.threshold / (1 - self.threshold))
        limits = (c.low, c.high) if band else (None, None)
        base.draw_curve(ax, x, c.net_benefit, limits, color, label)
        ax.plot(x, c.flag_all, color=base.SOFT, linestyle=base.DOTTED, linewidth=1.2, label="flag all")
        ax.axhline(0, color=base.SOFT, linestyle=base.DASHED, linewidth=1, label="flag none")
        most = c.prevalence if not band or c.high is None else max(c.prevalence, float(c.high.max()))
        ax.set_ylim(-0.15 * c.prevalence, 1.05 * most)
        base.odds_axis(ax.xaxis, float(self.threshold.min()), float(self.threshold.max()))
        if x.size > 1:
            ax.set_xlim(float(x.min()), float(x.max()))
        base.show_legend(ax, "upper right")


@dataclass(eq=False)
class CostCurveDisplay(base.CurveDisplay[CostCurve]):
    """Cost of the best threshold, relative to getting every row wrong, for every exchange rate at once.

    The x axis is the share of the possible cost that missed events carry: prevalence and cost ratio in one number.
    Where the curve meets the dotted triangle, flagging none or all is as good as the scorer; the deeper it lies below,
    the more the scorer is worth. For the cost at one's own prices, see `ThresholdCostDisplay`.

    Parameters
    ----------
    curve : CostCurve
        Its numbers (``probability_cost``, ``normalized_cost``, ``trivial``, ``low``, ``high``) are attributes here too.
    name : str or None
    here : float or None
        Where one's own costs and these rows' prevalence lie on the x axis.

    Notes
    -----
    Drummond and Holte (2006), Machine Learning 65:95.

    Examples
    --------
    >>> display = CostCurveDisplay.from_predictions([0, 1, 1, 0], [0.4, 0.9, 0.2, 0.1], costs={"fp": 1, "fn": 4})
    >>> display.here, float(display.normalized_cost.max())
    (0.8, 0.25)
    """

    here: float | None = None

    labels = "Share of the possible cost that missed events carry", "Normalised expected cost"

    @classmethod
    def from_predictions(
        cls,
        y_true: Labels,
        y_score: Scores,
        *,
        costs: CostsLike | None = None,
        level: float = 0.95,
        sample_weight: Weights = None,
        pos_label: Label = None,
        **drawn: Unpack[base.Drawn],
    ) -> Self:
        """Compute and draw; see `Display` for the other parameters.

        Parameters
        ----------
        costs : CostMatrix or mapping, optional
            Marks where these costs lie at the prevalence of these rows.
        level : float in (0, 1), default 0.95
            The thresholds are the best ones on these rows, so with few events the curve itself is optimistic.

        Raises
        ------
        CostError
            Costs by row.
        """
        y = _check.both_classes(_check.binary_target(y_true, pos_label))
        curve = cost_curve(y_true, y_score, points=201, level=level, sample_weight=sample_weight, pos_label=pos_label)
        here = None if costs is None else _place_of(costs, y, sample_weight)
        return cls(curve, here=here)._drawn(**drawn)

    def _draw(self, ax: "Axes", label: str | None, color: str, band: bool) -> None:
        c, x = self.curve, self.curve.probability_cost
        limits = (c.low, c.high) if band else (None, None)
        base.draw_curve(ax, x, c.normalized_cost, limits, color, label)
        ax.plot(x, c.trivial, color=base.SOFT, linestyle=base.DOTTED, linewidth=1.2, label="flag none or all")
        if self.here is not None:
            cost = float(np.interp(self.here, x, c.normalized_cost))
            base.draw_point(ax, self.here, cost, f"these costs: {cost:.3g}")
        ax.set_xlim(-0.01, 1.01)
        ax.set_ylim(-0.005, 0.52)
        base.show_legend(ax, "upper right")


def _place_of(costs: CostsLike, y: Flags, sample_weight: Weights) -> float:
    """Share of the possible cost that missed events carry, at these costs and the prevalence of these rows."""
    found = as_costs(costs)
    if not isinstance(found, CostMatrix):
        raise CostError("A cost curve has one place for class costs; costs by row have none. Pass a CostMatrix.")
    share = float(np.average(y, weights=_check.weights(sample_weight, y.size)))
    missed, alarm = share * (found.fn - found.tp), (1 - share) * (found.fp - found.tn)
    return missed / (missed + alarm)


class BrierCurveDisplay(base.CurveDisplay[BrierCurve]):
    """What it costs to act on the probabilities as they are, for every exchange rate of a false alarm and a miss.

    The area under the curve, over cost proportions from 0 to 1, is the Brier score. The gap to the dashed line is what
    better calibration could gain; where the curve rises above the dotted one, the probabilities do harm. The axis is
    log-odds, because rare events are acted on at small cost proportions.

    Parameters
    ----------
    curve : BrierCurve
        Its numbers (``cost_proportion``, ``loss``, ``best``, ``trivial``, ``low``, ``high``) are attributes here too.
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

    labels = "Cost proportion of a false alarm (log-odds axis)", "Loss per row"

    @classmethod
    def from_predictions(
        cls,
        y_true: Labels,
        y_proba: Scores,
        *,
        cost_proportions: ArrayLike | None = None,
        level: float = 0.95,
        sample_weight: Weights = None,
        pos_label: Label = None,
        **drawn: Unpack[base.Drawn],
    ) -> Self:
        """Compute and draw; see `Display` for the other parameters.

        Parameters
        ----------
        cost_proportions : array-like, optional
            Cost of a false alarm over that of a false alarm and a miss, in (0, 1); by default 300, evenly spaced in
            log-odds from a fiftieth of the prevalence to 0.9.
        """
        y = _check.both_classes(_check.binary_target(y_true, pos_label))
        if cost_proportions is None:
            prevalence = float(np.average(y, weights=_check.weights(sample_weight, y.size)))
            low, high = base.log_odds([prevalence / 50, 0.9])
            cost_proportions = sigmoid(np.linspace(float(low), float(high), 300))
        points = np.atleast_1d(cost_proportions)
        curve = brier_curve(
            y_true, y_proba, points=points, level=level, sample_weight=sample_weight, pos_label=pos_label
        )
        return cls(curve)._drawn(**drawn)

    def _draw(self, ax: "Axes", label: str | None, color: str, band: bool) -> None:
        c = self.curve
        x, limits = base.log_odds(c.cost_proportion), (c.low, c.high) if band else (None, None)
        base.draw_curve(ax, x, c.loss, limits, color, label)
        ax.plot(x, c.best, color=color, linestyle=(0, (4, 2)), linewidth=1.1, label="best thresholds")
        ax.plot(x, c.trivial, color=base.SOFT, linestyle=base.DOTTED, linewidth=1.2, label="flag none or all")
        base.odds_axis(ax.xaxis, float(c.cost_proportion.min()), float(c.cost_proportion.max()))
        if x.size > 1:
            ax.set_xlim(float(x.min()), float(x.max()))
        ax.set_ylim(0, 1.35 * max(float(c.trivial.max()), 1e-300))
        base.show_legend(ax, "upper right")
