"""Reliability on log-odds axes, with the events of each bin."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rareclass.report.displays.base import ACCENT, SOFT, Display, log_odds, odds_axis, round_odds, show_legend
from rareclass.uncertainty.reliability import ReliabilityTable, reliability_table


@dataclass(eq=False)
class ReliabilityDisplay(Display):
    """Observed share of positives against the mean probability of each bin.

    On linear axes all bins of a rare-event model sit in one corner and everything looks calibrated; log-odds axes
    show a factor of two wherever it is. Bars on the axis show how many events each bin rests on.

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

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_proba: Any,
        *,
        n_bins: int = 10,
        by: str = "expected",
        sample_weight: Any = None,
        pos_label: Any = None,
        level: float = 0.95,
        name: str | None = None,
        color: str | None = None,
        ax: Any = None,
    ) -> "ReliabilityDisplay":
        """Compute and draw.

        Parameters
        ----------
        y_true : array-like (n,)
            Binary labels.
        y_proba : array-like (n,)
            Probabilities of the positive class.
        n_bins : int >= 1, default 10
        by : {"expected", "rows"}, default "expected"
            Bins of equal expected events show the high probabilities, where the alerts are; bins of equal rows the
            bulk of the negatives.
        sample_weight, pos_label
            As in `rareclass.uncertainty.reliability_table`.
        level : float in (0, 1), default 0.95
            Coverage of the Wilson interval of each bin.
        name, color : str, optional
        ax : matplotlib axes, optional

        Returns
        -------
        ReliabilityDisplay
        """
        table = reliability_table(
            y_true, y_proba, n_bins=n_bins, by=by, level=level, sample_weight=sample_weight, pos_label=pos_label
        )
        return cls(table, name).plot(ax, color=color)

    def plot(self, ax: Any = None, *, name: str | None = None, color: str | None = None) -> "ReliabilityDisplay":
        """Draw the bins with their intervals, the diagonal and the counts on `ax`, or on new axes.

        Bins without any event, or with events only, stand hollow on the edge of the frame.
        """
        ax = self._place(ax, "Predicted probability (log-odds axes)", "Observed share of events")
        t, color = self.table, ACCENT if color is None else color
        low, high = round_odds(np.r_[t.predicted, t.observed])
        ends = log_odds([low, high])
        x, y = log_odds(t.predicted, low=low / 2), np.clip(log_odds(t.observed, low=1e-12), *ends)
        reach = np.clip(log_odds(np.array([t.observed_low, t.observed_high]), low=1e-12), *ends)
        ax.plot(ends, ends, color=SOFT, linestyle=(0, (3, 3)), linewidth=1, label="calibrated")
        ax.vlines(x, reach[0], reach[1], color=color, alpha=0.5, linewidth=1.4)
        inside = (t.observed > 0) & (t.observed < 1)
        label = self.name if name is None else name
        ax.plot(x[inside], y[inside], "o", color=color, markersize=5.5, label=label)
        ax.plot(x[~inside], y[~inside], "o", color=color, markerfacecolor="white", markersize=5.5, clip_on=False)
        if t.positives.max() > 0:
            wide = (ends[1] - ends[0]) / 60
            tall = 0.16 * t.positives / t.positives.max()
            most = f"events in the bin, at most {t.positives.max():,.0f}"
            ax.bar(x, tall, wide, color=color, alpha=0.22, transform=ax.get_xaxis_transform(), label=most)
        odds_axis(ax.xaxis, low, high)
        odds_axis(ax.yaxis, low, high)
        ax.set_xlim(*ends)
        ax.set_ylim(*ends)
        show_legend(ax, loc="upper left")
        return self
