"""Displays of a ranking: precision against recall, ROC curve, gain and lift."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, Unpack

import numpy as np

from rareclass import _check
from rareclass._types import Label, Labels, Scores, Weights
from rareclass.metrics.ranking import average_precision_of, roc_auc_of
from rareclass.report.displays import base
from rareclass.uncertainty.bands import curve_of_both_classes, precision_band, recall_band, thinned
from rareclass.uncertainty.gain import GainCurve, gain_curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(eq=False, kw_only=True)
class PrecisionRecallDisplay(base.BandedDisplay):
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

    recall: base.Floats
    precision: base.Floats
    low: base.Floats | None = None
    high: base.Floats | None = None
    chance: float | None = None
    average_precision: float | None = None
    level: float = 0.95
    name: str | None = None

    labels = "Recall", "Precision"

    @classmethod
    def from_predictions(
        cls,
        y_true: Labels,
        y_score: Scores,
        *,
        level: float = 0.95,
        sample_weight: Weights = None,
        pos_label: Label = None,
        **drawn: Unpack[base.Drawn],
    ) -> Self:
        """Compute and draw; see `Display` for the parameters. The band is a Wilson interval at each threshold."""
        level = _check.fraction(level, "level", closed="neither")
        curve = curve_of_both_classes(y_true, y_score, sample_weight, pos_label)
        at = thinned(np.flatnonzero(np.diff(curve.tp) > 0) + 1)
        low, high = precision_band(curve.cells(at), level)
        display = cls(
            recall=curve.recall[at],
            precision=curve.precision[at],
            low=low,
            high=high,
            chance=curve.prevalence,
            average_precision=average_precision_of(curve),
            level=level,
        )
        return display._drawn(**drawn)

    def _draw(self, ax: "Axes", label: str | None, color: str, band: bool) -> None:
        said = None if self.average_precision is None else f"AP {self.average_precision:.3f}"
        # in steps, the band too
        x, y = np.r_[0.0, self.recall], np.r_[self.precision[:1], self.precision]
        if band and self.low is not None and self.high is not None:
            low, high = np.r_[self.low[:1], self.low], np.r_[self.high[:1], self.high]
            ax.fill_between(x, low, high, color=color, alpha=0.14, linewidth=0, step="pre")
        ax.step(x, y, where="pre", color=color, linewidth=1.8, label=base.joined(label, said))
        if self.chance is not None:
            chance = f"chance {self.chance:.3g}"
            ax.axhline(self.chance, color=base.SOFT, linestyle=base.DASHED, linewidth=1, label=chance)
        base.unit_axes(ax)
        base.show_legend(ax)


@dataclass(eq=False, kw_only=True)
class RocDisplay(base.Display):
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

    false_positive_rate: base.Floats
    recall: base.Floats
    low: base.Floats | None = None
    high: base.Floats | None = None
    roc_auc: float | None = None
    level: float = 0.95
    name: str | None = None

    @classmethod
    def from_predictions(
        cls,
        y_true: Labels,
        y_score: Scores,
        *,
        log: bool = False,
        level: float = 0.95,
        sample_weight: Weights = None,
        pos_label: Label = None,
        **drawn: Unpack[base.Drawn],
    ) -> Self:
        """Compute and draw; see `Display` for the other parameters. The band is a Wilson interval of the recall.

        Parameters
        ----------
        log : bool, default False
            Logarithmic false-positive rate.
        """
        level = _check.fraction(level, "level", closed="neither")
        curve = curve_of_both_classes(y_true, y_score, sample_weight, pos_label)
        # only corners matter: a run of points with the same recall is a horizontal line
        corner = np.r_[True, (np.diff(curve.tp)[:-1] > 0) | (np.diff(curve.tp)[1:] > 0), True]
        at = thinned(np.flatnonzero(corner))
        low, high = recall_band(curve.cells(at), level)
        rate, recall = curve.false_positive_rate[at], curve.recall[at]
        display = cls(
            false_positive_rate=rate, recall=recall, low=low, high=high, roc_auc=roc_auc_of(curve), level=level
        )
        return display._drawn(log=log, **drawn)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        name: str | None = None,
        color: str | None = None,
        band: bool = True,
        log: bool = False,
    ) -> Self:
        """Draw the curve, its band and the diagonal of chance on `ax`, or on new axes."""
        ax = self._place(ax, "False-positive rate", "Recall")
        said = None if self.roc_auc is None else f"AUC {self.roc_auc:.3f}"
        label = base.joined(self.name if name is None else name, said)
        x, limits = self.false_positive_rate, (self.low, self.high) if band else (None, None)
        base.draw_curve(ax, x, self.recall, limits, color or base.ACCENT, label)
        chance = np.geomspace(1e-9, 1, 200) if log else np.array([0.0, 1.0])
        ax.plot(chance, chance, color=base.SOFT, linestyle=base.DASHED, linewidth=1, label="chance")
        base.unit_axes(ax)
        if log:
            ax.set_xscale("log")
            ax.set_xlim(float(x[x > 0].min()) / 2, 1.0)
        base.show_legend(ax, "lower right")
        return self


class GainLiftDisplay(base.CurveDisplay[GainCurve]):
    """Share of events caught (gain), or how often chance (lift), against the share of rows that are flagged.

    The picture for capacity: what does it bring to look at twice as many alerts? The axis is logarithmic, because
    teams look at one row in a thousand, not at half of them.

    Parameters
    ----------
    curve : GainCurve
        Its numbers (``alert_rate``, ``recall``, ``lift``, ``prevalence``, limits of both) are attributes here too.
    name : str or None

    Examples
    --------
    >>> display = GainLiftDisplay.from_predictions([0, 0, 1, 0, 1], [0.1, 0.4, 0.35, 0.2, 0.8])
    >>> display.recall.tolist(), display.lift.tolist()
    ([0.5, 0.5, 1.0, 1.0], [2.5, 1.25, 1.6666666666666667, 1.0])
    """

    @classmethod
    def from_predictions(
        cls,
        y_true: Labels,
        y_score: Scores,
        *,
        kind: str = "gain",
        level: float = 0.95,
        sample_weight: Weights = None,
        pos_label: Label = None,
        **drawn: Unpack[base.Drawn],
    ) -> Self:
        """Compute and draw; see `Display` for the other parameters.

        Parameters
        ----------
        kind : {"gain", "lift"}, default "gain"
        """
        _check.one_of(kind, "kind", ("gain", "lift"))
        curve = gain_curve(y_true, y_score, level=level, sample_weight=sample_weight, pos_label=pos_label)
        return cls(curve)._drawn(kind=kind, **drawn)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        kind: str = "gain",
        name: str | None = None,
        color: str | None = None,
        band: bool = True,
    ) -> Self:
        """Draw the curve, its band, the best possible one and chance on `ax`, or on new axes."""
        ax = self._place(ax, "Share of rows flagged", "Events caught" if kind == "gain" else "Lift over chance")
        c, x = self.curve, self.curve.alert_rate
        y, low, high = (c.recall, c.low, c.high) if kind == "gain" else (c.lift, c.lift_low, c.lift_high)
        label = self.name if name is None else name
        base.draw_curve(ax, x, y, (low, high) if band else (None, None), color or base.ACCENT, label)
        grid = np.geomspace(x.min(), 1, 200)
        scale = np.ones_like(grid) if kind == "gain" else grid
        ax.plot(grid, np.minimum(grid / c.prevalence, 1) / scale, color=base.SOFT, linewidth=1, label="best possible")
        ax.plot(grid, grid / scale, color=base.SOFT, linestyle=base.DASHED, linewidth=1, label="chance")
        ax.set_xscale("log")
        ax.set_xlim(float(x.min()), 1.0)
        ticks = [float(t) for t in 10.0 ** np.arange(-9, 1) if t >= x.min()]
        ax.set_xticks(ticks, [base.percent_label(t) for t in ticks])
        if kind == "gain":
            ax.set_ylim(-0.01, 1.02)
        else:
            ax.set_ylim(bottom=0)
        base.show_legend(ax)
        return self
