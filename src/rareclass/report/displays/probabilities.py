"""Displays of probabilities: reliability in bins, and the scores of both classes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, Unpack

import numpy as np

from rareclass import _check
from rareclass._types import Label, Labels, Scores, Weights
from rareclass.errors import InputError
from rareclass.report.displays import base
from rareclass.uncertainty.reliability import ReliabilityTable, reliability_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(eq=False)
class ReliabilityDisplay(base.BandedDisplay):
    """Observed share of positives against the mean probability of each bin.

    On linear axes all bins of a rare-event model sit in one corner and everything looks calibrated; log-odds axes
    show a factor of two wherever it is. Bars on the axis show how many events each bin rests on; bins with no event,
    or with events only, stand hollow on the edge of the frame.

    Parameters
    ----------
    table : ReliabilityTable
        Of `rareclass.uncertainty.reliability_table`.
    name : str or None

    Examples
    --------
    >>> display = ReliabilityDisplay.from_predictions([0, 0, 1, 0, 1, 1], [0.1, 0.3, 0.2, 0.6, 0.7, 0.9], n_bins=2)
    >>> display.table.positives.tolist()
    [1.0, 2.0]
    """

    table: ReliabilityTable
    name: str | None = None

    labels = "Predicted probability (log-odds axes)", "Observed share of events"

    @classmethod
    def from_predictions(
        cls,
        y_true: Labels,
        y_proba: Scores,
        *,
        n_bins: int = 10,
        by: str = "expected",
        level: float = 0.95,
        sample_weight: Weights = None,
        pos_label: Label = None,
        **drawn: Unpack[base.Drawn],
    ) -> Self:
        """Compute and draw; see `Display` for the other parameters.

        Parameters
        ----------
        n_bins : int >= 1, default 10
        by : {"expected", "rows"}, default "expected"
            Bins of equal expected events show the high probabilities, where the alerts are; bins of equal rows the
            bulk of the negatives.
        level : float in (0, 1), default 0.95
            Coverage of the Wilson interval of each bin.
        """
        table = reliability_table(
            y_true, y_proba, n_bins=n_bins, by=by, level=level, sample_weight=sample_weight, pos_label=pos_label
        )
        return cls(table)._drawn(**drawn)

    def _draw(self, ax: "Axes", label: str | None, color: str, band: bool) -> None:
        t = self.table
        low, high = base.round_odds(np.r_[t.predicted, t.observed])
        ends = base.log_odds([low, high])
        x, y = base.log_odds(t.predicted, low=low / 2), np.clip(base.log_odds(t.observed, low=1e-12), *ends)
        reach = np.clip(base.log_odds(np.array([t.observed_low, t.observed_high]), low=1e-12), *ends)
        ax.plot(ends, ends, color=base.SOFT, linestyle=base.DASHED, linewidth=1, label="calibrated")
        if band:
            ax.vlines(x, reach[0], reach[1], color=color, alpha=0.5, linewidth=1.4)
        inside = (t.observed > 0) & (t.observed < 1)
        ax.plot(x[inside], y[inside], "o", color=color, markersize=5.5, label=label)
        ax.plot(x[~inside], y[~inside], "o", color=color, markerfacecolor="white", markersize=5.5, clip_on=False)
        if t.positives.max() > 0:
            wide = (ends[1] - ends[0]) / 60
            tall = 0.16 * t.positives / t.positives.max()
            most = f"events in the bin, at most {t.positives.max():,.0f}"
            ax.bar(x, tall, wide, color=color, alpha=0.22, transform=ax.get_xaxis_transform(), label=most)
        base.odds_axis(ax.xaxis, low, high)
        base.odds_axis(ax.yaxis, low, high)
        ax.set_xlim(*ends)
        ax.set_ylim(*ends)
        base.show_legend(ax, "upper left")


@dataclass(eq=False)
class ScoreDensityDisplay(base.Display):
    """Histograms of the scores: events upwards, other rows downwards.

    Bar heights are logarithms of the counts, so that the few negatives among the alerts can be seen beside millions
    below the threshold.

    Parameters
    ----------
    edges : float64 array (bins + 1,)
        Log-odds.
    positives, negatives : float64 array (bins,)
        Rows (weight) in each bin.
    threshold : float or None
        Probability from which rows are flagged.
    name : str or None

    Examples
    --------
    >>> display = ScoreDensityDisplay.from_predictions([0, 0, 1, 0, 1], [0.1, 0.4, 0.35, 0.2, 0.8], bins=4)
    >>> display.positives.sum(), display.negatives.sum()
    (np.float64(2.0), np.float64(3.0))
    """

    edges: base.Floats
    positives: base.Floats
    negatives: base.Floats
    threshold: float | None = None
    name: str | None = None

    @classmethod
    def from_predictions(
        cls,
        y_true: Labels,
        y_proba: Scores,
        *,
        bins: int = 50,
        threshold: float | None = None,
        sample_weight: Weights = None,
        pos_label: Label = None,
        **drawn: Unpack[base.Drawn],
    ) -> Self:
        """Compute and draw; see `Display` for the other parameters.

        Parameters
        ----------
        bins : int >= 1, default 50
            Probabilities of exactly 0 or 1 are counted in the outermost bins; one class only is accepted.
        threshold : float in (0, 1), optional
            Drawn as a line that parts the four outcomes.
        """
        y = _check.binary_target(y_true, pos_label)
        proba = _check.scores(y_proba, "y_proba")
        _check.same_length(y_true=y, y_proba=proba)
        bins = _check.whole_number(bins, "bins", low=1)
        if proba.min() < 0 or proba.max() > 1:
            raise InputError(
                f"`y_proba` must hold probabilities in [0, 1]; got {proba.min():g} to {proba.max():g}. Pass log-odds "
                "through rareclass.kernels.logits.sigmoid first."
            )
        if threshold is not None:
            threshold = _check.fraction(threshold, "threshold", closed="neither")
        weight = _check.weights(sample_weight, y.size)
        inner = proba[(proba > 0) & (proba < 1)]
        ends = (float(inner.min()), float(inner.max())) if inner.size else (0.01, 0.99)
        span = base.log_odds(ends) if ends[0] < ends[1] else base.log_odds(ends) + np.array([-0.5, 0.5])
        edges = np.linspace(span[0], span[1], bins + 1)
        z = np.clip(base.log_odds(np.clip(proba, *ends)), edges[0], edges[-1])
        up, down = (
            np.histogram(z[side], edges, weights=None if weight is None else weight[side])[0].astype(np.float64)
            for side in (y, ~y)
        )
        return cls(edges, up, down, threshold)._drawn(**drawn)

    def plot(self, ax: "Axes | None" = None, *, name: str | None = None) -> Self:
        """Draw both histograms and the threshold on `ax`, or on new axes."""
        ax = self._place(ax, "Probability (log-odds axis)", "Rows (log scale)")
        wide = np.diff(self.edges)
        sides = (self.positives, 1, base.ACCENT, "events"), (self.negatives, -1, base.SOFT, "other rows")
        for counts, sign, color, word in sides:
            tall = np.log10(1 + counts) / max(float(np.log10(1 + counts.max())), 1e-9)
            label = f"{counts.sum():,.0f} {word}"
            alpha = 1.0 if sign > 0 else 0.55
            ax.bar(self.edges[:-1], sign * tall, wide * 0.92, align="edge", color=color, alpha=alpha, label=label)
        ax.axhline(0, color=base.SOFT, linewidth=0.8)
        if self.threshold is not None:
            at, label = float(base.log_odds(self.threshold)), f"p ≥ {self.threshold:.3g}"
            ax.axvline(at, color=base.INK, linewidth=1.3, label=label)
        low, high = 1 / (1 + np.exp(-self.edges[[0, -1]]))
        base.odds_axis(ax.xaxis, float(low), float(high))
        ax.set_yticks([])
        ax.set_ylim(-1.15, 1.15)
        base.show_title(ax, self.name if name is None else name)
        base.show_legend(ax, "upper left")
        return self
